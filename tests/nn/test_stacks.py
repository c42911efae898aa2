"""Batches that go through a layer as a stack."""

from typing import Any

import numpy as np
import pytest

from lenet.nn.layers import (
    RBF,
    AveragePool,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    ReLU,
    Tanh,
)
from lenet.nn.layers.pool import Subsampling
from lenet.nn.layers.table import TableConv2D

STACK, N = 3, 5


def normal(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv2D(normal(6, 1, 5, 5), normal(6), block=2), (1, 32, 32)),
        (Conv2D(normal(3, 2, 3, 3), normal(3), padding=1, stride=2), (2, 9, 9)),
        (Conv2D(normal(64, 6, 5, 5), normal(64), block=2), (6, 14, 14)),
        (MaxPool(), (2, 2, 6, 14, 14)),
        (AveragePool(), (2, 2, 6, 14, 14)),
        (Tanh(), (2, 2, 6, 14, 14)),
        (ReLU(), (84,)),
        (Flatten(), (16, 5, 5)),
        (Dense(normal(120, 400), normal(120)), (400,)),
        (TableConv2D(normal(5, 3, 3), normal(3), [(0, 1), (1, 2), (0,)], block=2), (3, 6, 6)),
        (Subsampling(normal(6), normal(6)), (2, 2, 6, 14, 14)),
        (RBF(normal(10, 84)), (84,)),
    ],
)
def test_a_batch_in_a_stack_comes_to_what_it_comes_to_alone(
    layer: Layer, shape: tuple[int, ...]
) -> None:
    x = normal(STACK, *shape, N)
    y, cache = layer.forward(x)
    dy = normal(*y.shape)
    found = [y, layer.backward(dy, cache), *layer.gradients(dy, cache)]
    for k in range(STACK):
        y, cache = layer.forward(x[k])
        alone = [y, layer.backward(dy[k], cache), *layer.gradients(dy[k], cache)]
        for of_stack, one in zip(found, alone, strict=True):
            np.testing.assert_array_equal(of_stack[k], one)
