"""The recipe of a training: everything that its numbers depend on, but for the data."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Lt

from lenet.augmentation import Augmentation
from lenet.init import Init, initial_theta
from lenet.layers import Activation, Array, Pooling
from lenet.model import LeNet5
from lenet.optimizers import Optimizer
from lenet.schedules import Schedule


@dataclass(frozen=True)
class Recipe:
    """A network, how it is trained, and the seed; ``conf/config.yaml`` says what each key means."""

    pooling: Pooling
    activation: Activation
    init: Init
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
                f"schedule = {type(self.schedule).__name__}: sets the momentum, which "
                f"optimizer = {type(self.optimizer).__name__} does not have"
            )

    def initial_theta(self) -> Array:
        """Return the parameters (61706,) before the first step."""
        return initial_theta(self.init, self.seed)

    def network(self, theta: Array) -> LeNet5:
        """Return the network with the given parameters (61706,)."""
        return LeNet5(theta, self.pooling, self.activation)
