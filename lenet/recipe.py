"""The recipe of a training: everything that its numbers depend on."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from lenet.architecture import Architecture
from lenet.augmentation import Augmentation
from lenet.datasets import Data, Dataset
from lenet.errors import DataError
from lenet.init import Init, initial_theta
from lenet.layers import Activation, Array, Dropout, Normalization, Pooling
from lenet.losses import CrossEntropy
from lenet.model import LeNet5
from lenet.optimizers import Optimizer
from lenet.schedules import Schedule


@dataclass(frozen=True)
class Recipe:
    """Data, a network, how it is trained, and the seed; see ``conf/config.yaml`` for each key."""

    dataset: Dataset
    pooling: Pooling
    activation: Activation
    normalization: Normalization
    dropout: Dropout
    init: Init
    loss: CrossEntropy
    optimizer: Optimizer
    schedule: Schedule
    augmentation: Augmentation
    seed: Annotated[int, Ge(0), Lt(2**63)]
    epochs: Annotated[int, Gt(0)]
    batch_size: Annotated[int, Gt(0)]
    clip_norm: Annotated[float, Gt(0)] | None
    ema: Annotated[float, Gt(0), Lt(1)] | None
    parts: Annotated[int, Gt(0)]

    def __post_init__(self) -> None:
        if self.schedule.sets_momentum and self.optimizer.momentum_key is None:
            raise ValueError(
                "schedule: sets the momentum, which the optimizer does not have; "
                "optimizer=sgd and optimizer=adam do"
            )

    @property
    def architecture(self) -> Architecture:
        """What the network has parameters for."""
        return Architecture(
            self.dataset.channels, len(self.dataset.class_names), self.normalization
        )

    def check(self, data: Data) -> None:
        """Compare data with what the recipe's dataset would give; DataError where it differs."""
        expected = (self.dataset.channels, *self.dataset.size)
        classes = self.architecture.classes
        for split in filter(None, (data.train, data.test, data.validation)):
            found = (1, *split.images.shape[1:])[-3:]
            if found != expected:
                raise DataError(f"expected images (channels, H, W) of {expected}, found {found}")
            if split.labels.max() >= classes:
                raise DataError(f"expected labels below {classes}, found {split.labels.max()}")

    def initial_theta(self) -> Array:
        """Return all numbers of the network (P,) before the first step."""
        return initial_theta(self.init, self.seed, self.architecture)

    def network(self, theta: Array) -> LeNet5:
        """Return the network with the given numbers (P,)."""
        dropout = self.dropout if self.dropout.rate else None
        return LeNet5(theta, self.pooling, self.activation, dropout, self.architecture)
