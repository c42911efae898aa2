"""Softmax, and what training makes small: cross-entropy, or one of the criteria of 1998."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any

import numpy as np
from annotated_types import Ge, Lt
from numpy.typing import NDArray

from lenet.nn.layers import Array

NONE = -1  # the label of an image of none of the classes


def own(y: Array, labels: NDArray[np.integer[Any]]) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the places in y (classes, N) of the class of each image (N,) that is of one.

    ValueError unless there is one integer for each image, not below 0 but for NONE.
    """
    labels, N = np.asarray(labels), y.shape[-1]
    fits = y.ndim == 2 and labels.shape == (N,) and labels.dtype.kind in "iu"
    if not fits or (labels.dtype.kind == "i" and labels.min(initial=0) < NONE):
        below = f" below {NONE}" if fits else ""
        raise ValueError(
            f"expected labels (N,), integers from 0, for (classes, N) = {y.shape}; "
            f"found {labels.dtype} {labels.shape}{below}"
        )
    if labels.dtype.kind == "u":
        return labels, np.arange(N)
    known = np.flatnonzero(labels != NONE)
    return labels[known], known


def log_softmax(z: Array) -> Array:
    """Logarithm of eq. (6) for logits (classes, N); the shift by the maximum avoids overflow."""
    shifted = z - z.max(axis=0)
    return shifted - np.log(sum_over_classes(np.exp(shifted)))


def sum_over_classes(y: Array) -> Array:
    """Return the sums (N,) of an array (classes, N), added in the order of the classes.

    NumPy adds those of a single image in another order, so that their last bits would depend on
    what shares an array with it.
    """
    sums: Array = reduce(np.add, y)
    return sums


def cross_entropy(log_y_hat: Array, labels: NDArray[Any]) -> Array:
    """Loss of each image (N,), eq. (7) with one-hot y: -log of the right class's probability.

    Where the label is NONE, y is the same for all classes (Hendrycks et al. 2019).
    """
    classes, known = own(log_y_hat, labels)
    loss = np.empty(len(labels), log_y_hat.dtype)
    loss[known] = -log_y_hat[classes, known]
    if len(known) < len(labels):
        none = np.equal(labels, NONE)
        loss[none] = -sum_over_classes(log_y_hat)[none] / len(log_y_hat)
    return loss


def cross_entropy_gradient(log_y_hat: Array, labels: NDArray[Any]) -> Array:
    """Derivative of each image's loss by its logits (classes, N): y_hat - y, eq. (10)."""
    gradient = np.exp(log_y_hat)
    classes, known = own(gradient, labels)
    gradient[classes, known] -= 1
    if len(known) < len(labels):
        gradient[:, np.equal(labels, NONE)] -= 1 / len(gradient)
    return gradient


class Loss(ABC):
    """What training makes small: a function of logits z (classes, N) and labels (N,)."""

    @abstractmethod
    def __call__(self, z: Array, labels: NDArray[Any]) -> Array:
        """Loss of each image (N,)."""

    @abstractmethod
    def gradient(self, z: Array, labels: NDArray[Any]) -> Array:
        """Derivative of each image's loss by its logits (classes, N)."""

    @abstractmethod
    def curvature(self, z: Array, labels: NDArray[Any]) -> Array:
        """Second derivative of each image's loss by each of its logits (classes, N)."""


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy, to labels that may be smoothed.

    A share ``smoothing`` of each one-hot y is spread evenly over all classes (Szegedy et al. 2016).
    """

    smoothing: Annotated[float, Ge(0), Lt(1)]

    def __call__(self, z: Array, labels: NDArray[Any]) -> Array:
        """Loss of each image (N,): - sum of y log y_hat."""
        s, log_y_hat = self.smoothing, log_softmax(z)
        mean = sum_over_classes(log_y_hat) / len(log_y_hat)
        return (1 - s) * cross_entropy(log_y_hat, labels) - s * mean

    def gradient(self, z: Array, labels: NDArray[Any]) -> Array:
        """Derivative of each image's loss by its logits (classes, N): y_hat - smoothed y."""
        gradient = cross_entropy_gradient(log_softmax(z), labels)
        if self.smoothing:
            classes, known = own(gradient, labels)
            gradient[classes, known] += self.smoothing
            gradient[:, known] -= self.smoothing / len(gradient)
        return gradient

    def curvature(self, z: Array, labels: NDArray[Any]) -> Array:
        """y_hat (1 - y_hat), whatever the labels."""
        y_hat = np.exp(log_softmax(z))
        return y_hat * (1 - y_hat)


@dataclass(frozen=True)
class MSE(Loss):
    """The penalty y = -z of the right class, eq. (8) of LeCun et al. (1998).

    Of ``output=rbf`` that is the squared distance of F6 from the code of the class.
    """

    def __call__(self, z: Array, labels: NDArray[Any]) -> Array:
        """Loss of each image (N,): y of its class."""
        return -z[own(z, labels)]

    def gradient(self, z: Array, labels: NDArray[Any]) -> Array:
        """-1 for the class of each image, 0 for the others."""
        gradient = np.zeros_like(z)
        gradient[own(z, labels)] = -1
        return gradient

    def curvature(self, z: Array, labels: NDArray[Any]) -> Array:
        """0: the loss is linear in z."""
        return np.zeros_like(z)


@dataclass(frozen=True)
class MAP(Loss):
    """y of the right class, and log(e^-j + sum of all e^-y): eq. (9) of LeCun et al. (1998).

    With the penalties y = -z it is the cross-entropy of one more class, "none of these", whose
    penalty is always ``j``: the second term pushes a class away as far as its penalty is below j.
    """

    j: Annotated[float, Ge(0), Lt(1e6)]

    def __call__(self, z: Array, labels: NDArray[Any]) -> Array:
        """Loss of each image (N,)."""
        return cross_entropy(self._log_y_hat(z), labels)

    def gradient(self, z: Array, labels: NDArray[Any]) -> Array:
        """y_hat - y, as for cross-entropy."""
        return cross_entropy_gradient(self._log_y_hat(z), labels)

    def curvature(self, z: Array, labels: NDArray[Any]) -> Array:
        """y_hat (1 - y_hat), as for cross-entropy."""
        y_hat = np.exp(self._log_y_hat(z))
        return y_hat * (1 - y_hat)

    def _log_y_hat(self, z: Array) -> Array:
        """Return log probabilities (classes, N), without those of "none of these"."""
        none = np.full_like(z[:1], -self.j)
        return log_softmax(np.concatenate([z, none]))[:-1]
