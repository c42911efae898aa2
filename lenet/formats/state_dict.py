"""A LeNet-5 in PyTorch: its arrays by the names of modules there, as in a state_dict.

Ours are the names of ``nn.Conv2d``, ``nn.Linear`` and ``nn.BatchNorm``: ``c1.weight``, ``c1.bias``,
``c1_norm.weight`` and so on. In a state_dict that was made elsewhere modules may have any names: by
the paper's sizes no two have a weight, or a running mean, of the same shape, so that the shape
tells which is which.
"""

from collections import defaultdict
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.errors import DataError
from lenet.formats.npz import brief
from lenet.nn.architecture import Architecture

Arrays = Mapping[str, NDArray[Any]]

NORMALIZATION = {
    "gamma": "weight",
    "beta": "bias",
    "mean": "running_mean",
    "variance": "running_var",
}
COUNT = "num_batches_tracked"  # no logit depends on it


def to_state_dict(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return all arrays of a network (see ``Architecture.views``) by their names in PyTorch."""
    state: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        state[in_pytorch(name)] = array
        if name.endswith(".variance"):
            module, _ = in_pytorch(name).split(".")
            state[f"{module}.{COUNT}"] = np.zeros((), np.int64)
    return state


def in_pytorch(name: str) -> str:
    """Return the name in PyTorch of an array of ours."""
    layer, own = name.split(".")
    return f"{layer}_norm.{NORMALIZATION[own]}" if own in NORMALIZATION else name


def from_state_dict(
    path: Path, state: Arrays, architecture: Architecture
) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file's state_dict by our names; those of unknown modules keep theirs.

    Raises:
        DataError: there are two arrays of one name.

    """
    ours = our_names(state, architecture)
    arrays: dict[str, NDArray[Any]] = {}
    for name, array in state.items():
        our_name = ours.get(name, name)
        if our_name in arrays:
            raise DataError(f"{path}: expected one {our_name}, found {brief(name)} as well")
        if name.rpartition(".")[2] != COUNT:
            shape = architecture.shapes.get(our_name, array.shape)
            is_c5 = our_name == "c5.weight" and array.size == prod(shape)
            arrays[our_name] = array.reshape(shape) if is_c5 else array
    return arrays


def our_names(state: Arrays, architecture: Architecture) -> dict[str, str]:
    """Return our names of arrays, by those they have: as ``to_state_dict`` gives them, or any."""
    written = {in_pytorch(name): name for name in architecture.shapes}
    if written.keys() == {name for name in state if not name.endswith(f".{COUNT}")}:
        return written
    known = known_modules(architecture)
    modules: dict[str, dict[str, str]] = defaultdict(dict)
    for name, array in state.items():
        module, _, own = name.rpartition(".")
        modules[module] |= known.get((own, array.shape), {})
    return {
        f"{module}.{own}" if module else own: name
        for module, names in modules.items()
        for own, name in names.items()
    }


def known_modules(architecture: Architecture) -> dict[tuple[str, tuple[int, ...]], dict[str, str]]:
    """Return our names of each module's arrays, by the name and shape that only one of them has."""
    known = {}
    for name, shape in architecture.shapes.items():
        layer, own = name.split(".")
        if own == "weight":
            known[own, shape] = {own: f"{layer}.{own}" for own in ("weight", "bias")}
        elif own == "mean":
            names = {theirs: f"{layer}.{ours}" for ours, theirs in NORMALIZATION.items()}
            known[NORMALIZATION[own], shape] = names
    n = architecture.sizes
    as_convolution = n.c5, n.c3, n.s4, n.s4
    known["weight", as_convolution] = known["weight", architecture.shapes["c5.weight"]]
    return known
