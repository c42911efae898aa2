"""IDX files for tests, written as they are published."""

import gzip
import struct
from pathlib import Path

import numpy as np


def write_idx(path: Path, items: np.ndarray) -> None:
    header = struct.pack(f">{1 + items.ndim}I", 0x0800 + items.ndim, *items.shape)
    path.write_bytes(gzip.compress(header + items.tobytes(), compresslevel=1))
