"""Activation functions: element by element, for arrays of any shape.

Each derivative is written in terms of the output y, which is all that has to be kept.
``non_decreasing`` functions commute with the maximum: max f(x) = f(max x).
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Lt

from lenet.layers.base import Array, Layer


class Activation(Layer):
    """A function that is applied to each element on its own; ``backward`` is given y itself."""

    non_decreasing: ClassVar[bool]


@dataclass(frozen=True)
class Tanh(Activation):
    """Hyperbolic tangent, eq. (3), with values in (-1, 1)."""

    non_decreasing = True

    def forward(self, x: Array) -> tuple[Array, Array]:
        """y = tanh x."""
        y = np.tanh(x)
        return y, y

    def backward(self, dy: Array, y: Array) -> Array:
        """dx = (1 - y^2) dy, eq. (12)."""
        return (1 - y * y) * dy


@dataclass(frozen=True)
class ScaledTanh(Activation):
    """LeCun's squashing function 1.7159 tanh(2x/3), for which f(1) = 1 and f(-1) = -1 (1998)."""

    non_decreasing = True
    amplitude: ClassVar[float] = 1.7159
    slope: ClassVar[float] = 2 / 3

    def forward(self, x: Array) -> tuple[Array, Array]:
        """y = A tanh(S x)."""
        y = self.amplitude * np.tanh(self.slope * x)
        return y, y

    def backward(self, dy: Array, y: Array) -> Array:
        """dx = S (A - y^2 / A) dy."""
        return self.slope * (self.amplitude - y * y / self.amplitude) * dy


@dataclass(frozen=True)
class Sigmoid(Activation):
    """Logistic function 1 / (1 + exp(-x)), with values in (0, 1)."""

    non_decreasing = True

    def forward(self, x: Array) -> tuple[Array, Array]:
        """y = (1 + tanh(x/2)) / 2, the form that cannot overflow."""
        y = 0.5 + 0.5 * np.tanh(0.5 * x)
        return y, y

    def backward(self, dy: Array, y: Array) -> Array:
        """dx = y (1 - y) dy."""
        return y * (1 - y) * dy


@dataclass(frozen=True)
class ReLU(Activation):
    """Rectified linear unit max(x, 0); its derivative at 0 is taken as 0."""

    non_decreasing = True

    def forward(self, x: Array) -> tuple[Array, Array]:
        """y = max(x, 0)."""
        y = np.maximum(x, 0)
        return y, y

    def backward(self, dy: Array, y: Array) -> Array:
        """dx = dy where y > 0, else 0."""
        return dy * (y > 0)


@dataclass(frozen=True)
class LeakyReLU(Activation):
    """x where x > 0, else a small slope times x; its derivative at 0 is taken as the slope."""

    non_decreasing = True
    slope: Annotated[float, Ge(0), Lt(1)]

    def forward(self, x: Array) -> tuple[Array, Array]:
        """y = max(x, slope x), as slope < 1."""
        y = np.maximum(x, self.slope * x)
        return y, y

    def backward(self, dy: Array, y: Array) -> Array:
        """dx = dy where y > 0, else slope dy."""
        return dy * np.where(y > 0, y.dtype.type(1), y.dtype.type(self.slope))
