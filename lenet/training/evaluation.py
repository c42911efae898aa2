"""Evaluation: loss and accuracy on images, whatever the size of the chunks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lenet.data.base import Split
from lenet.data.door import check_split
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.nn.losses import cross_entropy, log_softmax
from lenet.nn.model import LeNet5
from lenet.nn.overflow import overflow_is_found_later

EVALUATION_CHUNK = 64


@dataclass(frozen=True)
class Score:
    """The sum of the losses of some images, how many were recognised, and how many there were."""

    loss: float = 0.0
    correct: int = 0
    images: int = 0

    def __add__(self, other: "Score") -> "Score":
        return Score(
            self.loss + other.loss, self.correct + other.correct, self.images + other.images
        )

    @property
    def mean_loss(self) -> float:
        """Loss per image."""
        return self.loss / self.images

    @property
    def accuracy(self) -> float:
        """Fraction of the images that were recognised."""
        return self.correct / self.images


def score(log_y_hat: Array, labels: NDArray[np.uint8]) -> Score:
    """Compare log probabilities (classes, N) with labels (N,)."""
    loss = cross_entropy(log_y_hat, labels).sum(dtype=np.float64)
    correct = np.count_nonzero(log_y_hat.argmax(axis=0) == labels)
    return Score(float(loss), int(correct), len(labels))


def evaluate(network: LeNet5, split: Split) -> Score:
    """Score all images of a split, a chunk at a time.

    DataError unless they are of a form that the network takes.
    """
    check_split(split, network.architecture.channels, network.architecture.classes)
    return sum((score_chunk(network, chunk) for chunk in chunks(split)), Score())


@overflow_is_found_later()
def score_chunk(network: LeNet5, chunk: Split) -> Score:
    """Score images that are few enough for all of a network's maps."""
    return score(log_softmax(logits_of(network, chunk)), chunk.labels)


def chunks(split: Split) -> list[Split]:
    """Cut a split into pieces small enough for all of a network's maps."""
    starts = range(0, len(split), EVALUATION_CHUNK)
    return [split[start : start + EVALUATION_CHUNK] for start in starts]


def logits_of(network: LeNet5, split: Split) -> Array:
    """Return the logits (classes, N) of a split's images."""
    return network.logits(network_input(split.images, network.theta.dtype))
