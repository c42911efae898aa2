"""Activation functions: element by element, for arrays of any shape.

Where the derivative can be written in terms of the output y, that is all that has to be kept.
``non_decreasing`` functions commute with the maximum: max f(x) = f(max x).
"""

from dataclasses import dataclass
from math import pi, sqrt
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Lt

from lenet.nn.layers.base import Array, Layer


class Activation(Layer):
    """A function that is applied to each element on its own."""

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


@dataclass(frozen=True)
class ELU(Activation):
    """x where x > 0, else alpha (exp(x) - 1) (Clevert et al. 2015)."""

    non_decreasing = True
    alpha: Annotated[float, Ge(0)]

    def forward(self, x: Array) -> tuple[Array, Array]:
        """y = x, or alpha (exp(x) - 1) where x < 0."""
        y = np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
        return y, y

    def backward(self, dy: Array, y: Array) -> Array:
        """dx = dy, or (y + alpha) dy where y <= 0."""
        return np.where(y > 0, dy, dy * (y + self.alpha))


@dataclass(frozen=True)
class Softplus(Activation):
    """log(1 + exp(x)), a smooth ReLU (Dugas et al. 2000)."""

    non_decreasing = True

    def forward(self, x: Array) -> tuple[Array, Array]:
        """y = log(exp(0) + exp(x)), the form that cannot overflow."""
        y = np.logaddexp(0, x)
        return y, y

    def backward(self, dy: Array, y: Array) -> Array:
        """dx = (1 - exp(-y)) dy."""
        return -np.expm1(-y) * dy


@dataclass(frozen=True)
class SiLU(Activation):
    """x sigma(x), with sigma the logistic function (Elfwing et al. 2017); also known as Swish."""

    non_decreasing = False

    def forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        """y = x sigma(x)."""
        sigma, _ = Sigmoid().forward(x)
        y = x * sigma
        return y, (sigma, y)

    def backward(self, dy: Array, cache: tuple[Array, Array]) -> Array:
        """dx = (sigma + y (1 - sigma)) dy."""
        sigma, y = cache
        return (sigma + y * (1 - sigma)) * dy


@dataclass(frozen=True)
class GELU(Activation):
    """x Phi(x), with Phi the distribution function of N(0, 1) (Hendrycks and Gimpel 2016)."""

    non_decreasing = False

    def forward(self, x: Array) -> tuple[Array, tuple[Array, Array]]:
        """y = x Phi(x)."""
        from scipy.special import ndtr  # takes as long to import as all the rest

        Phi = ndtr(x)
        return x * Phi, (x, Phi)

    def backward(self, dy: Array, cache: tuple[Array, Array]) -> Array:
        """dx = (Phi(x) + x phi(x)) dy, with the density phi(x) = exp(-x^2 / 2) / sqrt(2 pi)."""
        x, Phi = cache
        bounded = np.clip(x, -40, 40)  # beyond, phi is 0 in every float type, and x^2 may overflow
        phi = np.exp(-0.5 * bounded**2) / sqrt(2 * pi)
        return (Phi + x * phi) * dy
