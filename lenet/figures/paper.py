"""The paper's Table I, and the recipe of the runs that its figures may stand beside."""

from typing import Any

from lenet.config.schema import Config
from lenet.data import MNIST, Dataset
from lenet.data.augmentation import Original
from lenet.errors import LenetError
from lenet.nn.architecture import LENET_SIZES
from lenet.nn.connections import DenseConnections
from lenet.nn.input import AS_THEY_ARE
from lenet.nn.layers import Dropout, MaxPool, NoNormalization, Tanh
from lenet.nn.losses import CrossEntropy
from lenet.nn.output import LinearOutput
from lenet.runs.run import Run
from lenet.training.optimizers import Adam
from lenet.training.schedules import Constant

ACCURACY = {1: 95.32, 2: 97.35, 3: 97.97}  # Table I: % of MNIST's test images, by epoch
WHOLE = {"train_size": (None, 60_000), "test_size": (None, 10_000), "validation": (0,)}
RECIPE: dict[str, Any] = {
    "pooling": MaxPool(),
    "activation": Tanh(),
    "normalization": NoNormalization(),
    "dropout": Dropout(rate=0.0),
    "loss": CrossEntropy(smoothing=0.0),
    "optimizer": Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8),
    "schedule": Constant(),
    "augmentation": Original(),
    "network": LENET_SIZES,
    "c3": DenseConnections(),
    "output": LinearOutput(),
    "input": AS_THEY_ARE,
    "batch_size": 128,
    "reshuffle": True,
    "clip_norm": None,
    "ema": None,
}
FREE = {"init", "seed", "epochs", "patience", "max_seconds", "parts"}


def departures(config: Config) -> list[str]:
    """Return the keys in which a configuration departs from the paper's recipe.

    What the paper does not name is free: the initial weights and the seed. So is the number of
    epochs, as Table I has a row for each, and how a batch is shared among workers.
    """
    others = [key for key, value in RECIPE.items() if getattr(config, key) != value]
    return [*departures_of_data(config.dataset), *others]


def departures_of_data(dataset: Dataset) -> list[str]:
    """Return the keys in which a dataset departs from MNIST with every image in its place."""
    if type(dataset) is not MNIST:
        return ["dataset"]
    return [f"dataset.{key}" for key, sizes in WHOLE.items() if getattr(dataset, key) not in sizes]


def follows_paper(run: Run) -> bool:
    """Return whether a run is by the paper's recipe; one of another version is not.

    DataError if the run does not say what it is on.
    """
    if run.dataset != "mnist":
        return False
    try:
        return not departures(run.config)
    except LenetError:
        return False
