"""Layers: functions of arrays and their derivatives, with nothing kept in between."""

from abc import ABC, abstractmethod
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Cache = Any


def check_array(x: Array, lengths: tuple[int, ...], *names: str, advice: str = "") -> None:
    """Raise ValueError unless x is an array of floats with axes of these lengths, then of any.

    ``names`` are those of the others. NumPy would make something of many a wrong shape.
    """
    if not has_axes(x, lengths, len(names), (0,)):
        refuse_input(x, *map(str, lengths), *names, advice=advice)


def check_input(x: Array, lengths: tuple[int, ...], *names: str, advice: str = "") -> None:
    """Raise ValueError unless x is such an array, or a stack of them along one more axis."""
    if not has_axes(x, lengths, len(names), (0, 1)):
        refuse_input(x, *map(str, lengths), *names, advice=advice)


def has_axes(x: Any, lengths: tuple[int, ...], others: int, before: tuple[int, ...]) -> bool:
    """Return whether x is an array of floats with axes of these lengths, and some others after.

    ``before`` says how many there may be before them.
    """
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        return False
    first, last = x.ndim - others - len(lengths), x.ndim - others
    return first in before and x.shape[first:last] == lengths


def refuse_input(x: Any, *axes: str, advice: str = "") -> NoReturn:
    """Raise ValueError: x is no array of floats with such axes, and there may be a remedy."""
    last = ", the batch is last" if axes[-1:] == ("N",) else ""
    found = f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__
    comma = "," if len(axes) == 1 else ""
    raise ValueError(
        f"expected floats ({', '.join(axes)}{comma}){last}; found {found}{advice and f'; {advice}'}"
    )


class Layer(ABC):
    """A differentiable function y = f(x), whose parameters it may own.

    ``forward`` returns what ``backward`` and ``gradients`` need as a cache; the layer itself keeps
    nothing, so that one layer can work on several batches at once. The batch is the last axis of
    every array: (C, H, W, N) for feature maps, (features, N) for vectors. All arrays of these three
    may have one axis more, the first, along which several batches of one size are stacked; each
    comes to what it comes to alone. Where a shape does not fit, a ValueError says which would.
    """

    @abstractmethod
    def forward(self, x: Array) -> tuple[Array, Cache]:
        """Return y = f(x) and the cache for the way back."""

    @property
    def parameters(self) -> tuple[Array, ...]:
        """The arrays that it owns, in the order of theta; most layers own none."""
        return ()

    def inference(self) -> "Layer":
        """Return the layer of a network that is not trained any more: as a rule this one."""
        return self

    @abstractmethod
    def backward(self, dy: Array, cache: Cache) -> Array:
        """Return dL/dx, given dL/dy: the chain rule, eq. (9)."""

    def gradients(self, dy: Array, cache: Cache) -> tuple[Array, ...]:
        """Return dL/dparameter for each parameter, in order, summed over each batch."""
        return ()

    def curvature(self, hy: Array, cache: Cache) -> Array:
        """Return d2L/dx2, given d2L/dy2, of each element by itself: sum of (dy/dx)^2 hy.

        See ``lenet.nn.curvature``. NotImplementedError: the layer has none.
        """
        raise NotImplementedError(f"{type(self).__name__} has no curvature pass")

    def bending(self, dy: Array, cache: Cache) -> Array | float:
        """Return what d2y/dx2 adds to d2L/dx2, given dL/dy: nothing in a Gauss-Newton matrix."""
        return 0.0

    def curvatures(self, hy: Array, cache: Cache) -> tuple[Array, ...]:
        """Return d2L/dparameter2 for each parameter, in order, summed over the batch."""
        return ()
