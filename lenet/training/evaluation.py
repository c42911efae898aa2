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

EVALUATION_CHUNK = 128


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


def scores(log_y_hat: Array, labels: NDArray[np.uint8], parts: int = 1) -> NDArray[np.float64]:
    """Compare log probabilities (classes, N) with labels (N,), of some equal parts side by side.

    A row for each part: the sum of its losses, how many images were recognised, and how many there
    were.
    """
    rows = np.empty((parts, 3))
    of_images = cross_entropy(log_y_hat, labels), log_y_hat.argmax(axis=0) == labels
    for column, values in enumerate(of_images):
        values.reshape(parts, -1).sum(axis=1, dtype=rows.dtype, out=rows[:, column])
    rows[:, 2] = len(labels) // parts
    return rows


def total(rows: NDArray[np.float64]) -> Score:
    """Return the sum of such rows."""
    loss, correct, images = rows.sum(axis=0).tolist()
    return Score(loss, int(correct), int(images))


def evaluate(network: LeNet5, split: Split) -> Score:
    """Score all images of a split, a chunk at a time.

    DataError unless they are of a form that the network takes.
    """
    check_split(split, network.architecture.channels, network.architecture.classes)
    return total(np.concatenate([score_chunk(network, chunk) for chunk in chunks(split)]))


@overflow_is_found_later()
def score_chunk(network: LeNet5, chunk: Split) -> NDArray[np.float64]:
    """Return the scores (1, 3) of images that are few enough for all of a network's maps."""
    return scores(log_softmax(logits_of(network, chunk)), chunk.labels)


def chunks(split: Split, size: int = EVALUATION_CHUNK) -> list[Split]:
    """Cut a split into pieces, by default small enough for all of a network's maps."""
    return [split[start : start + size] for start in range(0, len(split), size)]


def logits_of(network: LeNet5, split: Split) -> Array:
    """Return the logits (classes, N) of a split's images."""
    return network.logits(network_input(split.images, network.theta.dtype))
