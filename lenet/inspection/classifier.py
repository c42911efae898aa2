"""A trained network that tells what is on a user's own pictures."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lenet.data import Dataset
from lenet.data.pictures.reading import Picture, as_picture, read_picture
from lenet.errors import DataError
from lenet.formats.layout import WEIGHTS
from lenet.formats.weights import read_temperature, read_weights
from lenet.inspection.reader import READER
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.nn.losses import log_softmax
from lenet.nn.model import LeNet5
from lenet.runs.run import Run

Source = str | PathLike[str] | NDArray[Any]


@dataclass(frozen=True)
class Prediction:
    """What a network makes of a picture."""

    picture: Picture  # as a user sees it
    image: NDArray[np.uint8]  # as the network sees it
    probabilities: Array  # of each class
    class_names: tuple[str, ...]

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

    def predict(self, sources: Iterable[Source]) -> list[Prediction]:
        """Return a prediction for each picture.

        Args:
            sources: paths, or arrays of uint8, (H, W), (H, W, 3) or with transparency (H, W, 4).

        Raises:
            DataError: one is no picture, or there is nothing in it.

        """
        return [self._predict(source) for source in sources]

    def _predict(self, source: Source) -> Prediction:
        if isinstance(source, np.ndarray):
            picture = as_picture(source)
            image = self.dataset.prepare(picture)
        else:
            picture = read_picture(Path(source))
            try:
                image = self.dataset.prepare(picture)
            except DataError as error:
                raise DataError(f"{source}: {error}") from error
        logits = self.network.logits(network_input(image[None], self.network.theta.dtype))
        probabilities = np.exp(log_softmax(logits / self.temperature))[:, 0]
        return Prediction(picture, image, probabilities, self.dataset.class_names)
