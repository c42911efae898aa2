"""Activation functions: element by element, for arrays of any shape.

Where the derivative can be written in terms of the output y, that is all that has to be kept.
``non_decreasing`` functions commute with the maximum: max f(x) = f(max x).
"""

from dataclasses import dataclass
from math import pi, sqrt
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge, Lt

from lenet.nn.layers.base import Array, Cache, Layer


class Activation(Layer):
    """A function that is applied to each element on its own."""

    non_decreasing: ClassVar[bool]

    def curvature(self, hy: Array, cache: Cache) -> Array:
        """hx = f'(x)^2 hy, eq. (26) of LeCun et al. (1998): the derivative, twice."""
        return self.backward(self.backward(hy, cache), cache)


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
        dx = y * y
        np.subtract(1, dx, out=dx)
        dx *= dy
        return dx


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

    def forward(self, x: Array) -> tuple[Array, tuple[Array, ...]]:
        """y = x Phi(x)."""
        Phi, phi = normal_distribution(x)
        return x * Phi, (x, Phi, phi)

    def backward(self, dy: Array, cache: tuple[Array, ...]) -> Array:
        """dx = (Phi(x) + x phi(x)) dy, with the density phi(x) = exp(-x^2 / 2) / sqrt(2 pi)."""
        x, Phi, phi = cache
        return (Phi + x * phi) * dy


# Of Phi(-z) = exp(-z^2 / 2) p(z) / q(z), highest powers first (Hart et al. 1968, no. 5666)
NUMERATOR = (
    3.52624965998911e-2, 0.700383064443688, 6.37396220353165, 33.912866078383,
    112.079291497871, 221.213596169931, 220.206867912376,
)  # fmt: skip
DENOMINATOR = (
    8.83883476483184e-2, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674,
    637.333633378831, 793.826512519948, 440.413735824752,
)  # fmt: skip


def normal_distribution(x: Array) -> tuple[Array, Array]:
    """Return the distribution function Phi and the density phi of N(0, 1), to 1e-15."""
    z = np.minimum(np.abs(x), 40)  # beyond, both are at their limits, and x^2 may overflow
    bell = np.exp(-0.5 * z**2)
    tail = bell * polynomial(NUMERATOR, z) / polynomial(DENOMINATOR, z)
    return np.where(x > 0, 1 - tail, tail), bell / sqrt(2 * pi)


def polynomial(coefficients: tuple[float, ...], z: Array) -> Array:
    """Return the value of a polynomial, given its coefficients from the highest power on."""
    value = np.full_like(z, coefficients[0])
    for coefficient in coefficients[1:]:
        value *= z
        value += coefficient
    return value
