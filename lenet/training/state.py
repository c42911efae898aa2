"""The state of a training between two steps, and the figures that it hands out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple, Self

from lenet.formats.rows import Row
from lenet.nn.layers import Array
from lenet.training.evaluation import Score
from lenet.training.optimizers import State
from lenet.training.recipe import Recipe
from lenet.training.workers import shared_copy


class Step(NamedTuple):
    """A step of the optimizer: the mean loss of its batch, the rate, the gradient's 2-norm.

    The loss is the cross-entropy to the labels themselves, the norm that before clipping.
    """

    loss: float
    learning_rate: float
    gradient_norm: float


@dataclass(frozen=True)
class Metrics:
    """One row of metrics.csv. Losses are means over images, accuracies fractions of them.

    A loss is the cross-entropy to the labels, also where training makes it to smoothed ones. The
    training figures are running ones: each image counts as it was when its batch came, before
    the step. Test and validation are read at the end of the epoch, on all images.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    learning_rate: float
    train_seconds: float
    eval_seconds: float

    @property
    def loss_to_watch(self) -> float:
        """The validation loss, else the training loss: never that of the test images."""
        return self.train_loss if self.validation_loss is None else self.validation_loss


@dataclass
class TrainingState:
    """A training between two steps: with its configuration and data, all that the rest depends on.

    Its random streams need no place here: each is a function of the seed and the epoch, and how far
    an epoch has come follows from the number of steps.
    """

    theta: Array
    optimizer: State  # what that remembers
    average: Array | None = None  # exponential moving average of theta, if there is to be one
    best: Array | None = None  # what was trained (P,) at the best validation accuracy
    steps: list[Step] = field(default_factory=list)
    metrics: list[Metrics] = field(default_factory=list)
    running: Score = field(default_factory=Score)  # of the epoch in hand
    seconds: float = 0.0  # of training in it

    @classmethod
    def initial(cls, recipe: Recipe) -> Self:
        """Return the state before the first step."""
        theta = recipe.initial_theta()
        average = theta.copy() if recipe.ema else None
        weights, hidden = recipe.architecture.is_weight, recipe.architecture.is_hidden_weight
        return cls(theta, recipe.optimizer.new_state(theta, weights, hidden), average)

    def share(self) -> None:
        """Move what a step changes to memory that processes made by fork have in common."""
        self.theta = shared_copy(self.theta)
        self.optimizer = {name: shared_copy(vector) for name, vector in self.optimizer.items()}
        self.average = None if self.average is None else shared_copy(self.average)

    @property
    def trained(self) -> Array:
        """What is tested and kept: the average of theta, if there is one, else theta."""
        return self.theta if self.average is None else self.average

    @property
    def t(self) -> int:
        """The number of steps taken."""
        return len(self.steps)

    @property
    def epoch(self) -> int:
        """The number of the epoch in hand, from 1."""
        return len(self.metrics) + 1


def metrics_rows(metrics: Sequence[Metrics]) -> list[Row]:
    """Return the rows of metrics.csv, without the columns that have no value."""
    rows = map(asdict, metrics)
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def step_rows(steps: Sequence[Step], written: int = 0) -> list[Row]:
    """Return the rows of steps.csv, without those that have been written."""
    return [{"step": t, **step._asdict()} for t, step in enumerate(steps[written:], written + 1)]
