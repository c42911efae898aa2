"""What every layer is: a function of arrays and its derivative, with nothing kept in between."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Cache = Any


class Layer(ABC):
    """A differentiable function y = f(x), whose parameters it may own.

    ``forward`` returns what ``backward`` and ``gradients`` need as a cache; the layer itself keeps
    nothing, so that one layer can work on several batches at once. The batch is the last axis of
    every array: (C, H, W, N) for feature maps, (features, N) for vectors.
    """

    @abstractmethod
    def forward(self, x: Array) -> tuple[Array, Cache]:
        """Return y = f(x) and the cache for the way back."""

    def tested(self) -> "Layer":
        """Return the layer of a network that is not trained any more: as a rule this one."""
        return self

    @abstractmethod
    def backward(self, dy: Array, cache: Cache) -> Array:
        """Return dL/dx, given dL/dy: the chain rule, eq. (9)."""

    def gradients(self, dy: Array, cache: Cache) -> tuple[Array, ...]:
        """Return dL/dparameter for each parameter, in order, summed over the batch."""
        return ()
