"""IDX files for tests, written as they are published."""

import gzip
import struct
from pathlib import Path

import numpy as np


def write_idx(path: Path, items: np.ndarray) -> None:
    header = struct.pack(f">{1 + items.ndim}I", 0x0800 + items.ndim, *items.shape)
    path.write_bytes(gzip.compress(header + items.tobytes(), compresslevel=1))


TRAIN, TEST = 50, 20


def numbered_images(count: int) -> np.ndarray:
    """Images (count, 28, 28) that can be told apart: the pixels of image i are all i."""
    return np.full((count, 28, 28), np.arange(count)[:, None, None], dtype=np.uint8)


def write_dataset(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, count in (("train", TRAIN), ("t10k", TEST)):
        write_idx(folder / f"{name}-images-idx3-ubyte.gz", numbered_images(count))
        write_idx(folder / f"{name}-labels-idx1-ubyte.gz", np.arange(count, dtype=np.uint8) % 10)
    return folder
