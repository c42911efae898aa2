"""A short training, and what it needs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lenet.data import Data, Split, Strokes
from lenet.data.augmentation import Original
from lenet.nn.connections import TableConnections
from lenet.nn.gradient import BatchGradient
from lenet.nn.init import GlorotUniform, LecunUniform, initial_theta
from lenet.nn.input import Levels
from lenet.nn.layers import (
    Array,
    Dropout,
    MaxPool,
    Moments,
    NoNormalization,
    ScaledTanh,
    Tanh,
    TrainablePooling,
)
from lenet.nn.losses import MAP, CrossEntropy, Loss
from lenet.nn.model import LeNet5
from lenet.nn.output import RBFOutput
from lenet.nn.parts import complete
from lenet.training.batch import Batches, ends_of_parts, stack_result
from lenet.training.evaluation import Score, total
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


@dataclass(frozen=True)
class BatchResult:
    score: Score
    gradient: Array
    moments: list[Moments]


def batch_result(
    network: LeNet5,
    loss: Loss,
    batch: Split,
    parts: int,
    rngs: Sequence[np.random.Generator] | None = None,
) -> BatchResult:
    """What comes of a batch, the results of its parts added in their order."""
    cut = [batch[start:end] for start, end in ends_of_parts(len(batch), parts)]
    gradient = BatchGradient(network, len(cut), max(map(len, cut)))
    works = [
        stack_result(network, loss, len(batch), [part], rngs and [rngs[k]], gradient, [k])
        for k, part in enumerate(cut)
    ]
    results = complete(works)
    scores = np.concatenate([result.scores for result in results])
    for piece in range(len(gradient.shapes)):
        gradient.find(piece, len(cut))
    return BatchResult(total(scores), gradient.g, results[0].moments)
