"""A short training, and what it needs."""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from itertools import repeat
from operator import add
from typing import Any

import numpy as np

from lenet.data import Data, Split, Strokes
from lenet.data.augmentation import Original
from lenet.nn.connections import TableConnections
from lenet.nn.init import GlorotUniform, LecunUniform, initial_theta
from lenet.nn.input import Levels
from lenet.nn.layers import Dropout, MaxPool, NoNormalization, ScaledTanh, Tanh, TrainablePooling
from lenet.nn.losses import MAP, CrossEntropy, Loss
from lenet.nn.model import LeNet5
from lenet.nn.output import RBFOutput
from lenet.nn.parts import complete
from lenet.training.batch import Batches, PartResult, ends_of_parts, part_result
from lenet.training.evaluation import Score
from lenet.training.loop import train
from lenet.training.optimizers import SDLM, Adam
from lenet.training.recipe import Recipe
from lenet.training.schedules import Constant
from lenet.training.state import TrainingState

ADAM = Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8)


def new_network(seed: int = 0, dtype: Any = np.float32) -> LeNet5:
    return LeNet5(initial_theta(GlorotUniform(), seed).astype(dtype), MaxPool(), Tanh())


LOSS = CrossEntropy(smoothing=0)
RECIPE = Recipe(
    dataset=Strokes(train_size=1, test_size=1, validation=0, seed=0),
    pooling=MaxPool(),
    activation=Tanh(),
    normalization=NoNormalization(),
    dropout=Dropout(rate=0),
    init=GlorotUniform(),
    loss=LOSS,
    optimizer=ADAM,
    schedule=Constant(),
    augmentation=Original(),
    seed=0,
    epochs=2,
    batch_size=32,
    clip_norm=None,
    ema=None,
    parts=2,
)

LECUN1998: dict[str, Any] = {  # what experiment=lecun1998 has, as far as there are ten classes
    "c3": TableConnections(),
    "pooling": TrainablePooling(coefficient=0.5),
    "activation": ScaledTanh(),
    "output": RBFOutput("bitmaps", 1.0),
    "init": LecunUniform(limit=1.0, power=0.5),
    "loss": MAP(j=1.0),
    "optimizer": SDLM(lr=0.0005, mu=0.02, patterns=70),
    "input": Levels(-0.1, 1.175),
    "reshuffle": False,
}


def run(data: Data, workers: int = 1, **changes: Any) -> TrainingState:
    """The end of a training."""
    recipe = replace(RECIPE, **changes)
    state = TrainingState.initial(recipe)
    list(train(recipe, data, state, workers))
    return state


def batch_of(batches: Batches, t: int) -> Split:
    """All parts of the batch of step t together."""
    parts = [batches.part(t, k) for k in range(len(batches.ends(t)))]
    images, labels = ([getattr(part, name) for part in parts] for name in ("images", "labels"))
    return Split(np.concatenate(images), np.concatenate(labels))


def batch_result(
    network: LeNet5,
    loss: Loss,
    batch: Split,
    parts: int,
    rngs: Iterable[np.random.Generator | None] = repeat(None),
) -> PartResult:
    """What comes of a batch, the results of its parts added in their order."""
    cut = [batch[start:end] for start, end in ends_of_parts(len(batch), parts)]
    works = [
        part_result(network, loss, len(batch), part, rng)
        for part, rng in zip(cut, rngs, strict=False)
    ]
    results = complete(works)
    return PartResult(
        sum((result.score for result in results), Score()),
        reduce(add, (result.gradient for result in results)),
        results[0].moments,
    )
