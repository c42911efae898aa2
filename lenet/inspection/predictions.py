"""Predictions of test images, by loss."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lenet.data import Split
from lenet.formats.text import caption
from lenet.nn.layers import Array
from lenet.nn.losses import cross_entropy, log_softmax
from lenet.runs.run import Run
from lenet.training.evaluation import chunks, logits_of

NAME = 11  # characters of a class's, above an image


@dataclass(frozen=True)
class Predictions:
    """Test images and the logits (classes, N) that a network gives them."""

    images: Split
    logits: Array
    class_names: tuple[str, ...]

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """The class that each image is taken for (N,)."""
        return self.logits.argmax(axis=0)

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether each image is taken for another class than its own (N,)."""
        return self.predicted != self.images.labels

    @cached_property
    def log_probabilities(self) -> Array:
        """The logarithm of the probability of each class (classes, N)."""
        return log_softmax(self.logits)

    @cached_property
    def probability(self) -> Array:
        """The probability of the class that each image is taken for (N,)."""
        return np.exp(self.log_probabilities.max(axis=0))

    @cached_property
    def loss(self) -> Array:
        """The loss of each image (N,): -ln of the probability of its own class."""
        return cross_entropy(self.log_probabilities, self.images.labels)

    @cached_property
    def mistakes(self) -> NDArray[np.intp]:
        """The indices of the images that are taken for another class, highest loss first."""
        worst_first = np.argsort(-self.loss, kind="stable")
        return worst_first[self.wrong[worst_first]]

    def names(self, index: int) -> tuple[str, str]:
        """Return the names of an image's class and of the one it is taken for."""
        return (
            self.class_names[self.images.labels[index]],
            self.class_names[self.predicted[index]],
        )


def predict(run: Run) -> Predictions:
    """Let the run's network look at its test images."""
    network, data = run.network(), run.data()
    logits = [logits_of(network, chunk) for chunk in chunks(data.test)]
    names = tuple(caption(name, NAME) for name in data.class_names)
    return Predictions(data.test, np.concatenate(logits, axis=1), names)
