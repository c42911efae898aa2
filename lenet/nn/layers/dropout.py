"""Dropout."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Lt

from lenet.nn.layers.base import Array, Layer, refuse_input


@dataclass(frozen=True)
class Dropout(Layer):
    """Each number becomes 0 with probability p = ``rate``, else 1 / (1 - p) times as much.

    Only in training (Srivastava et al. 2014; scaled there, so that testing needs no change).
    """

    rate: Annotated[float, Ge(0), Lt(1)]

    def forward(
        self, x: Array, rng: np.random.Generator | None = None
    ) -> tuple[Array, Array | None]:
        """y = x m / (1 - p), with a mask m of ones and zeros from chance; without that y = x."""
        if rng is None:
            return x, None
        if x.dtype.kind != "f":
            refuse_input(x, "...", "N")
        kept = rng.random(x.shape, np.float32) >= self.rate
        mask = kept * x.dtype.type(1 / (1 - self.rate))
        return x * mask, mask

    def backward(self, dy: Array, mask: Array | None) -> Array:
        """dx = dy m / (1 - p)."""
        return dy if mask is None else dy * mask

    def curvature(self, hy: Array, mask: Array | None) -> Array:
        """hx = hy (m / (1 - p))^2."""
        return self.backward(self.backward(hy, mask), mask)
