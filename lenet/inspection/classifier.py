"""A trained network that tells what is on a user's own pictures."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lenet.data import Dataset
from lenet.data.pictures.ink import NoInkError, digits_in
from lenet.data.pictures.preparation import framed
from lenet.data.pictures.reading import Picture, as_picture, read_picture
from lenet.formats.layout import WEIGHTS
from lenet.formats.weights import read_temperature, read_weights
from lenet.inspection.reader import READER
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.nn.losses import log_softmax
from lenet.nn.model import LeNet5
from lenet.runs.run import Run

REJECT = 0.4  # confidence, below which a prediction is refused by default
Box = tuple[int, int, int, int]
Source = str | PathLike[str] | NDArray[Any]


@dataclass(frozen=True)
class Prediction:
    """What a network makes of a picture."""

    picture: Picture  # as a user sees it
    image: NDArray[np.uint8]  # as the network sees it
    probabilities: Array  # of each class
    class_names: tuple[str, ...]
    refusal: str | None = None  # why it is taken for none of them
    box: Box | None = None  # of the digit in the picture: top, left, bottom, right, in pixels

    @property
    def is_digit(self) -> bool:
        """Whether the picture is taken for one of the classes."""
        return self.refusal is None

    @property
    def confidence(self) -> float:
        """The probability of the likeliest class."""
        return float(self.probabilities.max())

    def top(self, count: int) -> list[tuple[str, float]]:
        """Return the likeliest classes with their probabilities, the likeliest first."""
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(self.class_names[k], float(self.probabilities[k])) for k in order]


@dataclass(frozen=True)
class Classifier:
    """A network, and the dataset that it was trained on."""

    network: LeNet5
    dataset: Dataset
    temperature: float = 1.0  # that calibrates its probabilities

    @classmethod
    def read(cls, weights: str | PathLike[str] = READER) -> Self:
        """Return the classifier of a run folder, or of a file of weights in one.

        By default that of the weights that come with the code to read pictures with.

        Raises:
            DataError: there are no weights of a LeNet-5, or no config.yaml beside them.
            ConfigError: config.yaml is not one for this version, or names a class from elsewhere
                whose module has not been imported.

        """
        path = Path(weights)
        if path.is_dir():
            path = path / WEIGHTS
        config = Run(path.parent).config
        theta = read_weights(path, config.architecture)
        temperature = read_temperature(path, config.architecture)
        return cls(config.kept_network(theta), config.dataset, temperature)

    def predict(self, sources: Iterable[Source], reject: float = REJECT) -> list[Prediction]:
        """Return a prediction for each picture; ``refusal`` says of which there is none.

        Args:
            sources: paths, or arrays of uint8, (H, W), (H, W, 3) or with transparency (H, W, 4).
            reject: what is less probable is refused.

        Raises:
            DataError: one is no picture.

        """
        return [self._predict(opened(source), reject) for source in sources]

    def predict_several(self, source: Source, reject: float = REJECT) -> list[Prediction]:
        """Return a prediction for each of the digits in a row, from the left to the right.

        Raises:
            DataError: it is no picture.

        """
        picture = opened(source)
        if not self.dataset.shows_characters:
            return [self._predict(picture, reject)]
        try:
            digits, refusal = digits_in(picture, several=True)
        except NoInkError:
            return [self._blank(picture)]
        return [
            self._classified(picture, framed(digit.ink), refusal, reject, digit.box)
            for digit in digits
        ]

    def _predict(self, picture: Picture, reject: float) -> Prediction:
        if not self.dataset.shows_characters:
            return self._classified(picture, self.dataset.prepare(picture), None, reject)
        try:
            (digit,), refusal = digits_in(picture)
        except NoInkError:
            return self._blank(picture)
        return self._classified(picture, framed(digit.ink), refusal, reject, digit.box)

    def _blank(self, picture: Picture) -> Prediction:
        """Return what is said of a picture without ink: each class is as probable as any other."""
        names = self.dataset.class_names
        probabilities = np.full(len(names), 1 / len(names), self.network.theta.dtype)
        image = np.zeros(self.dataset.size, np.uint8)
        return Prediction(picture, image, probabilities, names, "no ink")

    def _classified(
        self,
        picture: Picture,
        image: NDArray[np.uint8],
        refusal: str | None,
        reject: float,
        box: Box | None = None,
    ) -> Prediction:
        logits = self.network.logits(network_input(image[None], self.network.theta.dtype))
        probabilities = np.exp(log_softmax(logits / self.temperature))[:, 0]
        if refusal is None and probabilities.max() < reject:
            refusal = f"none is as probable as {100 * reject:g}%"
        return Prediction(picture, image, probabilities, self.dataset.class_names, refusal, box)


def opened(source: Source) -> Picture:
    """Return a picture from a file or an array; DataError if it is none."""
    if isinstance(source, np.ndarray):
        return as_picture(source)
    return read_picture(Path(source))
