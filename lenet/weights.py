"""Weights of a LeNet-5 in a file: its ten arrays by name, as an .npz file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.errors import DataError
from lenet.layers import Array
from lenet.model import PARAMETERS, SHAPES, not_finite, views
from lenet.npz import brief, read_arrays, write_arrays

LARGEST = PARAMETERS * np.dtype(np.float64).itemsize  # bytes
NAMED = 10  # problems in a message, at most


def write_weights(path: Path, theta: Array) -> None:
    """Write all parameters (61706,), each array under its name."""
    write_arrays(path, views(theta))


def read_weights(path: Path) -> Array:
    """Return all parameters (61706,), float32, of a file that was written with any float type.

    Raises:
        DataError: the file does not hold the finite weights of a LeNet-5 and nothing else.

    """
    try:
        arrays = read_arrays(path, LARGEST)
    except OSError as error:
        raise DataError(f"{path}: expected weights, found: {error.strerror}") from error
    problems = [*_other_arrays(arrays)]
    if not problems:
        theta = np.empty(PARAMETERS, np.float32)
        with np.errstate(over="ignore"):
            for name, view in views(theta).items():
                view[...] = arrays[name]
        problems = [f"{name} with values that are not finite" for name in not_finite(theta)]
    if problems:
        more = f" and {len(problems) - NAMED} more" if len(problems) > NAMED else ""
        raise DataError(
            f"{path}: expected the weights of a LeNet-5, found {', '.join(problems[:NAMED])}{more}"
        )
    return theta


def _other_arrays(arrays: Mapping[str, NDArray[Any]]) -> Iterator[str]:
    """Yield what is wrong with the names, the shapes and the types of the arrays."""
    for name, shape in SHAPES.items():
        if name not in arrays:
            yield f"no {name}"
        elif arrays[name].shape != shape:
            yield f"{name} of shape {arrays[name].shape} in place of {shape}"
        elif arrays[name].dtype.kind != "f":
            yield f"{name} of type {arrays[name].dtype} in place of a float type"
    yield from (f"an unknown array {brief(name)}" for name in arrays if name not in SHAPES)
