"""Initial weights; biases start at zero as a rule, a normalization as what changes nothing.

A unit's fan-in is how many inputs it sums, its fan-out how many units of its own shape (see
``Architecture.units``) use each of its inputs, as if all did.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import prod, sqrt
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import NDArray

from lenet.nn.architecture import LENET5, Architecture
from lenet.nn.random import stream


class Init(ABC):
    """A distribution of initial weights."""

    @abstractmethod
    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return weights of the given shape (out, in, ...)."""

    def biases(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return the biases (out,) of units with such weights: as a rule zeros."""
        return np.zeros(shape[0])


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return fan-in and fan-out of weights (out, in) or (out, in, F, F)."""
    field = prod(shape[2:])
    return shape[1] * field, shape[0] * field


@dataclass(frozen=True)
class Normal(Init):
    """N(0, std^2), whatever the layer."""

    std: Annotated[float, Gt(0), Le(1e6)]  # far beyond use, within float32

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return normal weights of the one standard deviation."""
        return rng.normal(0, self.std, shape)


@dataclass(frozen=True)
class GlorotUniform(Init):
    """Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return U(-a, a), a = sqrt(6 / (fan_in + fan_out))."""
        limit = sqrt(6 / sum(fans(shape)))
        return rng.uniform(-limit, limit, shape)


@dataclass(frozen=True)
class GlorotNormal(Init):
    """Normal with variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return N(0, 2 / (fan_in + fan_out))."""
        return rng.normal(0, sqrt(2 / sum(fans(shape))), shape)


@dataclass(frozen=True)
class HeUniform(Init):
    """Uniform with variance 2 / fan_in, made for ReLU (He et al. 2015)."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return U(-a, a), a = sqrt(6 / fan_in)."""
        limit = sqrt(6 / fans(shape)[0])
        return rng.uniform(-limit, limit, shape)


@dataclass(frozen=True)
class HeNormal(Init):
    """Normal with variance 2 / fan_in, made for ReLU (He et al. 2015)."""

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return N(0, 2 / fan_in)."""
        return rng.normal(0, sqrt(2 / fans(shape)[0]), shape)


@dataclass(frozen=True)
class LecunUniform(Init):
    """U(-2.4 / fan_in, 2.4 / fan_in): the fan-in itself, not its root (LeCun et al. 1998).

    Or, with other values than 2.4 and 1, U(-a, a) with a = limit / fan_in^power. With
    ``draws_biases`` these are drawn as the weights of their units are.
    """

    limit: Annotated[float, Gt(0), Le(1000)] = 2.4
    power: Annotated[float, Ge(0), Le(1)] = 1.0
    draws_biases: bool = False

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return U(-a, a)."""
        a = self._most(shape)
        return rng.uniform(-a, a, shape)

    def biases(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
        """Return zeros, or the same as of weights."""
        if not self.draws_biases:
            return super().biases(shape, rng)
        a = self._most(shape)
        return rng.uniform(-a, a, shape[0])

    def _most(self, shape: tuple[int, ...]) -> float:
        return self.limit / fans(shape)[0] ** self.power


def initial_theta(
    init: Init, seed: int, architecture: Architecture = LENET5
) -> NDArray[np.float32]:
    """Return the vector of all numbers (P,) that a training with this seed starts from."""
    theta = np.zeros(architecture.size, np.float32)
    for name, view in architecture.views(theta).items():
        layer, own = name.split(".")
        rng, units = stream(seed, "init", name), architecture.units[layer]
        start = architecture.initial.get(own)
        if own == "weight":
            drawn = [init.draw(shape, rng).ravel() for shape in units]
            view[...] = np.concatenate(drawn).reshape(view.shape)
        elif own == "bias":
            view[...] = np.concatenate([init.biases(shape, rng) for shape in units])
        elif start is None:
            view[...] = np.concatenate([init.draw(shape, rng)[:, 0] for shape in units])
        else:
            view[...] = start
    return theta
