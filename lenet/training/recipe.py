"""The recipe of a training: everything that its numbers depend on."""

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Gt, Le, Lt

from lenet.data import Data, Dataset
from lenet.data.augmentation import Augmentation
from lenet.data.door import check_data, check_dataset
from lenet.errors import DataError
from lenet.nn.architecture import LENET_SIZES, Architecture, Sizes
from lenet.nn.connections import Connections, DenseConnections, TableConnections
from lenet.nn.init import Init, initial_theta
from lenet.nn.input import AS_THEY_ARE, Levels
from lenet.nn.layers import Activation, Array, Dropout, Normalization, Pooling
from lenet.nn.losses import MSE, Loss
from lenet.nn.model import LeNet5
from lenet.nn.output import LinearOutput, Output, RBFOutput
from lenet.nn.random import Seed
from lenet.training.optimizers import SGD, Optimizer
from lenet.training.schedules import Schedule

MOST_EPOCHS = 1_000_000  # of the shortest, some days


@dataclass(frozen=True)
class Recipe:
    """Data, a network, how it is trained, and the seed; see ``conf/config.yaml`` for each key."""

    dataset: Dataset
    pooling: Pooling
    activation: Activation
    normalization: Normalization
    dropout: Dropout
    init: Init
    loss: Loss
    optimizer: Optimizer
    schedule: Schedule
    augmentation: Augmentation
    seed: Seed
    epochs: Annotated[int, Gt(0), Le(MOST_EPOCHS)]
    batch_size: Annotated[int, Gt(0)]
    clip_norm: Annotated[float, Gt(0)] | None
    ema: Annotated[float, Gt(0), Lt(1)] | None
    parts: Annotated[int, Gt(0)]
    network: Sizes = field(default=LENET_SIZES, kw_only=True)
    patience: Annotated[int, Gt(0)] | None = field(default=None, kw_only=True)
    max_seconds: Annotated[float, Gt(0)] | None = field(default=None, kw_only=True)
    c3: Connections = field(default=DenseConnections(), kw_only=True)
    output: Output = field(default=LinearOutput(), kw_only=True)
    input: Levels = field(default=AS_THEY_ARE, kw_only=True)
    reshuffle: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        check_dataset(self.dataset)
        height, width = self.dataset.size
        if self.augmentation.needs_square_images and height != width:
            raise ValueError(
                f"augmentation = {type(self.augmentation).__name__}: expected square images, those "
                f"of dataset = {type(self.dataset).__name__} are {height} x {width}"
            )
        key, validation = self.dataset.set_aside
        if self.patience is not None and not validation:
            raise ValueError(
                f"patience = {self.patience}: when to stop is chosen on validation images, and "
                f"there are none; set some training images aside, such as dataset.{key}=5000"
            )
        if self.normalization.initial and self.batch_size == 1:
            raise ValueError(
                "batch_size = 1: expected at least 2 with normalization=batch, by whose moments "
                "the only image of a batch is 0"
            )
        self._check_momentum()
        self._check_parts_of_1998()

    def _check_momentum(self) -> None:
        """Refuse a momentum of the schedule or of Nesterov where there is none to be had."""
        optimizer, is_set = self.optimizer, self.schedule.sets_momentum
        if is_set and optimizer.momentum_key is None:
            raise ValueError(
                "schedule: sets the momentum, which the optimizer does not have; "
                "adam, adamw, muon and sgd do"
            )
        if isinstance(optimizer, SGD) and optimizer.nesterov and not (optimizer.momentum or is_set):
            raise ValueError(
                "optimizer.nesterov: has no effect without momentum; set optimizer.momentum above 0"
            )

    def _check_parts_of_1998(self) -> None:
        """Refuse parts that do not go together; ValueError says which do."""
        architecture = self.architecture  # which refuses sizes that C3 or the output cannot have
        normalized = architecture.normalization.initial != {}
        if self.optimizer.curvature_images and normalized:
            raise ValueError("optimizer = SDLM: expected normalization=none, found another")
        if isinstance(self.c3, TableConnections) and normalized:
            raise ValueError("c3 = table: expected normalization=none, found another")
        if isinstance(self.loss, MSE) and not isinstance(self.output, RBFOutput):
            raise ValueError("loss = MSE: expected output=rbf, whose distances it is of")
        if isinstance(self.loss, MSE) and self.dataset.has_none:
            raise ValueError("loss = MSE: expected a class for each image, found images of none")

    @property
    def architecture(self) -> Architecture:
        """What the network has parameters for."""
        return Architecture(
            self.dataset.channels,
            len(self.dataset.class_names),
            self.normalization,
            self.network,
            c3=self.c3,
            pooling=self.pooling,
            output=self.output,
            levels=self.input,
        )

    @property
    def depends_on_length(self) -> bool:
        """Whether a training of more epochs would have begun otherwise than this one."""
        return self.schedule.depends_on_length or self.augmentation.depends_on_length

    def load(self) -> Data:
        """Return the data of the recipe's dataset; DataError if it is not what that says it is."""
        data = self.dataset.load(self.seed)
        self.check(data)
        return data

    def check(self, data: Data) -> None:
        """Compare data with what the recipe's dataset would give; DataError where it differs.

        Nor may a normalization be left with a single image, whose moments leave nothing of it.
        """
        check_data(data, self.dataset)
        fresh = min(self.normalization.fresh_images, len(data.train))
        for images, what in ((len(data.train), "training images"), (fresh, "fresh images")):
            if self.normalization.initial and images % self.batch_size == 1:
                raise DataError(
                    f"{images:,} {what} in batches of {self.batch_size:,} leave a last one of a "
                    "single image, by whose moments it is 0; with normalization=batch choose "
                    "another batch_size"
                )

    def initial_theta(self) -> Array:
        """Return all numbers of the network (P,) before the first step."""
        return initial_theta(self.init, self.seed, self.architecture)

    def network_of(self, theta: Array) -> LeNet5:
        """Return the network with the given numbers (P,)."""
        dropout = self.dropout if self.dropout.rate else None
        return LeNet5(theta, self.pooling, self.activation, dropout, self.architecture)

    def kept_network(self, theta: Array) -> LeNet5:
        """Return the network that is kept, with the given numbers of ``architecture.kept`` (P,)."""
        return LeNet5(theta, self.pooling, self.activation, architecture=self.architecture.kept)
