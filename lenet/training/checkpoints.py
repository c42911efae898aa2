"""A checkpoint: a training between two steps, in one file that shows whether it is intact.

An .npz file with vectors (P,): theta, optimizer.<name>, average and best, the latter two where
there are any; steps (t, 3); and as bytes meta, JSON with all that is no array, and sha256, a
checksum of everything else.
"""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from lenet.errors import DataError
from lenet.formats.npz import read_arrays, write_arrays
from lenet.training.evaluation import Score
from lenet.training.state import Metrics, Step, TrainingState

FORMAT = 1
OPTIMIZER = "optimizer."
LONGEST_SHOWN = 40  # characters of what is found, in a message


@dataclass(frozen=True)
class Checkpoint:
    """A training's state, and what it is the state of: hash of its configuration, its data."""

    state: TrainingState
    identity: str
    data: dict[str, str]


@dataclass(frozen=True)
class Meta:
    """What a checkpoint holds beside arrays."""

    format: int
    identity: str
    data: dict[str, str]
    metrics: list[Metrics]
    running: Score
    seconds: float


META = TypeAdapter(Meta)


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; a reader finds the whole one or, until it is safe on disk, none."""
    state = checkpoint.state
    optional = {"average": state.average, "best": state.best}
    meta = Meta(
        FORMAT,
        checkpoint.identity,
        checkpoint.data,
        state.metrics,
        state.running,
        state.seconds,
    )
    arrays: dict[str, NDArray[Any]] = {
        "theta": state.theta,
        **{f"{OPTIMIZER}{name}": array for name, array in state.optimizer.items()},
        **{name: array for name, array in optional.items() if array is not None},
        "steps": np.array(state.steps, float).reshape(-1, 3),
        "meta": np.frombuffer(json.dumps(asdict(meta)).encode(), np.uint8),
    }
    write_arrays(path, {**arrays, "sha256": checksum(arrays)})


def read_checkpoint(path: Path) -> Checkpoint:
    """Return what a file holds.

    Raises:
        DataError: it is no checkpoint, not intact, or of another format.
        OSError: it cannot be read.

    """
    arrays = read_arrays(path, limit=path.stat().st_size)
    try:
        if not np.array_equal(arrays.pop("sha256"), checksum(arrays)):
            raise DataError(f"{path}: its checksum does not fit its content")
        written = arrays["meta"].tobytes()
        found = json.loads(written)["format"]
        if found != FORMAT:
            raise DataError(
                f"{path}: expected format {FORMAT}, found {ascii(found)[:LONGEST_SHOWN]}"
            )
        meta = META.validate_json(written, strict=True)
        return Checkpoint(restored(arrays, meta), meta.identity, meta.data)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: expected a checkpoint, found something else") from error


def restored(arrays: dict[str, NDArray[Any]], meta: Meta) -> TrainingState:
    """Return the state that arrays and meta describe; KeyError, ValueError or TypeError if none."""
    vectors = {name: array for name, array in arrays.items() if name not in ("steps", "meta")}
    theta = arrays["theta"]
    if theta.dtype.kind != "f" or any(
        (vector.shape, vector.dtype) != ((theta.size,), theta.dtype) for vector in vectors.values()
    ):
        raise ValueError("not the vectors of one network")
    return TrainingState(
        theta=theta,
        optimizer={
            name.removeprefix(OPTIMIZER): vector
            for name, vector in vectors.items()
            if name.startswith(OPTIMIZER)
        },
        average=arrays.get("average"),
        best=arrays.get("best"),
        steps=[Step(*row) for row in arrays["steps"].tolist()],
        metrics=meta.metrics,
        running=meta.running,
        seconds=meta.seconds,
    )


def checksum(arrays: dict[str, NDArray[Any]]) -> NDArray[np.uint8]:
    """Return the SHA-256 (32,) of some arrays: their names, types, shapes and bytes."""
    found = sha256()
    for name in sorted(arrays):
        array = arrays[name]
        found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).data)
    return np.frombuffer(found.digest(), np.uint8)
