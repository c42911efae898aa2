"""Weights of a LeNet-5 in a file: its arrays by name, as an .npz file.

Normalizations are folded into the weights and biases of the layers that they follow: what is kept
is a LeNet-5 as it stands in the paper. Beside it there may be a temperature: divided by it, logits
give calibrated probabilities.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.errors import DataError
from lenet.formats.npz import brief, read_arrays, write_arrays
from lenet.nn.architecture import LENET5, Architecture
from lenet.nn.layers import Array

BYTES_OF_FLOAT64 = np.dtype(np.float64).itemsize  # bytes of a number
TEMPERATURE = "temperature"  # the name of its array, of shape ()
NAMED = 10  # problems in a message, at most


def write_weights(
    path: Path,
    theta: Array,
    architecture: Architecture = LENET5,
    temperature: float | None = None,
) -> None:
    """Write a network (P,), each array of the ``kept`` architecture under its name.

    Its temperature comes beside them, if it has one.
    """
    arrays = architecture.kept.views(architecture.folded(theta))
    if temperature is not None:
        arrays[TEMPERATURE] = np.array(temperature)
    write_arrays(path, arrays)


def read_weights(path: Path, architecture: Architecture = LENET5) -> Array:
    """Return all numbers of a ``kept`` network (P,), float32, from a file with any float type.

    Files of earlier versions have the arrays of normalizations as well.

    Raises:
        DataError: the file does not hold finite numbers of this architecture and nothing else.

    """
    arrays = _read(path, architecture)
    arrays.pop(TEMPERATURE, None)
    return kept(path, arrays, architecture)


def read_temperature(path: Path, architecture: Architecture = LENET5) -> float:
    """Return the temperature of the network in a file, 1 if it has none.

    Raises:
        DataError: it is not a finite number above 0.

    """
    temperature = _read(path, architecture).get(TEMPERATURE, np.array(1.0))
    fits = temperature.shape == () and temperature.dtype.kind == "f"
    if not (fits and 0 < temperature < np.inf):
        raise DataError(f"{path}: expected a temperature above 0, found {temperature!r:.60}")
    return float(temperature)


def _read(path: Path, architecture: Architecture) -> dict[str, NDArray[Any]]:
    """Return all arrays of a file."""
    try:
        return read_arrays(path, BYTES_OF_FLOAT64 * (architecture.size + 1))
    except OSError as error:
        raise DataError(f"{path}: expected weights, found: {error.strerror}") from error


def kept(
    path: Path, arrays: Mapping[str, NDArray[Any]], architecture: Architecture
) -> NDArray[np.float32]:
    """Return the arrays of a file, folded or not, as all numbers of a ``kept`` network (P,).

    Raises:
        DataError: they are not finite numbers of this architecture and nothing else.

    """
    if arrays.keys() == architecture.shapes.keys():
        return architecture.folded(joined(path, arrays, architecture))
    return joined(path, arrays, architecture.kept)


def joined(
    path: Path, arrays: Mapping[str, NDArray[Any]], architecture: Architecture
) -> NDArray[np.float32]:
    """Return the named arrays of a file, of any float type, as all numbers of a network (P,).

    Raises:
        DataError: they are not finite numbers of this architecture and nothing else.

    """
    problems = [*_other_arrays(arrays, architecture.shapes)]
    if not problems:
        theta = np.empty(architecture.size, np.float32)
        with np.errstate(over="ignore"):
            for name, view in architecture.views(theta).items():
                view[...] = arrays[name]
        unfit = architecture.not_finite(theta)
        problems = [f"{name} with values that are not finite" for name in unfit]
    if problems:
        more = f" and {len(problems) - NAMED} more" if len(problems) > NAMED else ""
        raise DataError(
            f"{path}: expected the weights of a LeNet-5, found {', '.join(problems[:NAMED])}{more}"
        )
    return theta


def _other_arrays(
    arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]
) -> Iterator[str]:
    """Yield what is wrong with the names, the shapes and the types of the arrays."""
    for name, shape in shapes.items():
        if name not in arrays:
            yield f"no {name} of shape {shape}"
        elif arrays[name].shape != shape:
            yield f"{name} of shape {arrays[name].shape} in place of {shape}"
        elif arrays[name].dtype.kind != "f":
            yield f"{name} of type {arrays[name].dtype} in place of a float type"
    for name, array in arrays.items():
        if name not in shapes:
            yield f"an unknown array {brief(name)} of shape {array.shape}"
