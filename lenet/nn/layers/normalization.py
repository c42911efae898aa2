"""Batch normalization: each feature is shifted and scaled by its moments over a batch.

The moments are those of the whole batch, also where it is worked on in parts: a part tells what it
adds to them (``part``), and is given the sum over all parts. So is the way back.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, NamedTuple, Self

import numpy as np
from annotated_types import Ge, Gt, Le
from numpy.typing import DTypeLike

from lenet.nn.layers.base import Array, Layer, refuse_input
from lenet.nn.layers.scaling import Scaling


@dataclass(frozen=True)
class Moments:
    """How many values there are of each feature, their mean, and the sum of squared deviations."""

    count: int
    mean: Array
    deviation: Array

    def __add__(self, other: "Moments") -> "Moments":
        """Return the moments of both together (Chan et al. 1979)."""
        count = self.count + other.count
        between = other.mean - self.mean
        mean = self.mean + between * (other.count / count)
        within = self.deviation + other.deviation
        return Moments(count, mean, within + between**2 * (self.count * other.count / count))

    @property
    def rows(self) -> Array:
        """The same as one array (3, features), float64, which holds any count."""
        return np.stack([np.full(len(self.mean), float(self.count)), self.mean, self.deviation])

    @classmethod
    def from_rows(cls, rows: Array, dtype: DTypeLike) -> Self:
        """Return what ``rows`` has made one array of."""
        count, mean, deviation = rows
        return cls(int(count[0]), mean.astype(dtype), deviation.astype(dtype))

    @property
    def variance(self) -> Array:
        """The mean squared deviation."""
        return self.deviation / self.count

    @property
    def unbiased_variance(self) -> Array:
        """The sum of squared deviations by one less than the count."""
        return self.deviation / max(self.count - 1, 1)


class Normalized(NamedTuple):
    """What a batch normalization keeps of its way forward."""

    x_hat: Array
    scale: Array  # gamma / sqrt(variance + eps)
    moments: Moments  # of the whole batch


class BatchNorm(Layer):
    """y = gamma x_hat + beta, with x_hat = (x - mean) / sqrt(variance + eps) (Ioffe, Szegedy 2015).

    Parameters: gamma, beta, and the running mean and variance (features,), which take the place of
    the batch's own when the network is tested; they follow the batches by ``momentum``, and have no
    gradient. ``axis``, from the end, is that of the features.
    """

    def __init__(
        self, parameters: dict[str, Array], axis: int, *, momentum: float, eps: float
    ) -> None:
        self.gamma, self.beta, self.mean, self.variance = (
            parameters[name] for name in BatchNormalization.initial
        )
        self.axis = axis
        self.momentum = momentum
        self.eps = eps

    @property
    def parameters(self) -> tuple[Array, ...]:
        """Gamma, beta, mean and variance."""
        return self.gamma, self.beta, self.mean, self.variance

    def part(self, x: Array) -> Moments:
        """Return the moments of a part of the batch."""
        self._check(x)
        axes = self._others(x)
        mean = x.mean(axis=axes)
        return Moments(x.size // len(mean), mean, ((x - self._wide(mean)) ** 2).sum(axis=axes))

    def forward(self, x: Array, moments: Moments | None = None) -> tuple[Array, Normalized]:
        """Normalize by the moments of the batch, by default those of x."""
        self._check(x)
        moments = moments or self.part(x)
        root = np.sqrt(moments.variance + self.eps)
        x_hat = (x - self._wide(moments.mean)) / self._wide(root)
        y = self._wide(self.gamma) * x_hat + self._wide(self.beta)
        return y, Normalized(x_hat, self.gamma / root, moments)

    def inference(self) -> "Scaling":
        """Return what normalizes by the running mean and variance."""
        scale = self.gamma / np.sqrt(self.variance + self.eps)
        return Scaling(self._wide(scale), self._wide(self.beta - scale * self.mean))

    def gradients(self, dy: Array, cache: Normalized) -> tuple[Array, ...]:
        """dgamma = sum of dy x_hat and dbeta = sum of dy; zeros for the running statistics."""
        axes = self._others(dy)
        dgamma, dbeta = (dy * cache.x_hat).sum(axis=axes), dy.sum(axis=axes)
        return dgamma, dbeta, np.zeros_like(self.mean), np.zeros_like(self.variance)

    def backward(self, dy: Array, cache: Normalized, sums: Array | None = None) -> Array:
        """dx = scale (dy - mean of dy - x_hat mean of dy x_hat), with means over the batch.

        ``sums`` are dgamma and dbeta (2, features) of the whole batch, by default those of dy.
        """
        x_hat, scale, moments = cache
        dgamma, dbeta = self.gradients(dy, cache)[:2] if sums is None else sums
        mean, mean_x_hat = (self._wide(total / moments.count) for total in (dbeta, dgamma))
        return self._wide(scale) * (dy - mean - x_hat * mean_x_hat)

    def follow(self, moments: Moments) -> None:
        """Move the running mean and variance towards a batch's, the variance without its bias."""
        self.mean += self.momentum * (moments.mean - self.mean)
        self.variance += self.momentum * (moments.unbiased_variance - self.variance)

    def take(self, moments: Moments) -> None:
        """Let these moments be the running mean and variance."""
        self.mean[...] = moments.mean
        self.variance[...] = moments.unbiased_variance

    def _check(self, x: Array) -> None:
        """Refuse what does not have the features along their axis, or has none of them."""
        axis, features = self.axis, self.gamma.size
        fits = x.dtype.kind == "f" and x.ndim >= -axis and x.shape[axis] == features
        if not fits or x.size == 0:
            refuse_input(x, "...", str(features), *("H", "W", "N")[axis + 1 :])

    def _others(self, x: Array) -> tuple[int, ...]:
        """Return all axes but that of the features."""
        return tuple(axis for axis in range(x.ndim) if axis != x.ndim + self.axis)

    def _wide(self, values: Array) -> Array:
        """Return one value for each feature (features,) in a shape that meets x."""
        return values.reshape(-1, *(1,) * (-1 - self.axis))


class Normalization(ABC):
    """What is done to the output of every layer but the last, before its activation."""

    initial: ClassVar[dict[str, float]]  # value of each array (features,) before the first step
    statistics: ClassVar[frozenset[str]] = frozenset()  # those of them that are not trained

    @property
    def fresh_images(self) -> int:
        """How many training images the statistics for tests are from; 0: they follow batches."""
        return 0

    @abstractmethod
    def layer(self, parameters: dict[str, Array], axis: int) -> Layer | None:
        """Return the layer of some arrays (see ``initial``), for features along an axis, if any."""

    @abstractmethod
    def folded(self, weight: Array, bias: Array, own: dict[str, Array]) -> tuple[Array, Array]:
        """Return weight and bias of the layer below that do on their own what both do when tested.

        ``own`` are the arrays of the normalization. weight (features, ...), bias (features,).
        """


@dataclass(frozen=True)
class NoNormalization(Normalization):
    """Outputs as they are."""

    initial: ClassVar[dict[str, float]] = {}

    def layer(self, parameters: dict[str, Array], axis: int) -> None:
        """Return None."""
        return None

    def folded(self, weight: Array, bias: Array, own: dict[str, Array]) -> tuple[Array, Array]:
        """Return them as they are."""
        return weight, bias


@dataclass(frozen=True)
class BatchNormalization(Normalization):
    """Batch normalization of all layers alike; ``momentum`` is the weight of the newest batch.

    With ``fresh_images`` the statistics for tests are anew those of so many training images.
    """

    momentum: Annotated[float, Gt(0), Le(1)]
    eps: Annotated[float, Ge(1e-30)]  # less would be 0 in float32
    initial: ClassVar[dict[str, float]] = {"gamma": 1.0, "beta": 0.0, "mean": 0.0, "variance": 1.0}
    statistics = frozenset({"mean", "variance"})
    fresh_images: Annotated[int, Ge(0)] = field(default=0, kw_only=True)

    def layer(self, parameters: dict[str, Array], axis: int) -> BatchNorm:
        """Return the layer."""
        return BatchNorm(parameters, axis, momentum=self.momentum, eps=self.eps)

    def folded(self, weight: Array, bias: Array, own: dict[str, Array]) -> tuple[Array, Array]:
        """a (W x + b) + c is (a W) x + (a b + c), where a and c scale and shift."""
        scaling = self.layer(own, axis=-1).inference()
        return (scaling.a * weight.T).T, scaling.a * bias + scaling.b
