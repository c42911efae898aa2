"""Divergence: the layer and the step where numbers are no longer finite."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from lenet.data.base import Split
from lenet.errors import LenetError
from lenet.nn.input import network_input
from lenet.nn.layers import Array, Layer
from lenet.nn.losses import Loss, cross_entropy, log_softmax
from lenet.nn.model import LeNet5
from lenet.nn.overflow import overflow_is_found_later

PARAMETER = "the parameter"


class DivergedError(LenetError):
    """Something is no longer a finite number; ``origin`` says what was so first.

    It was found in a step, or ``testing`` what the step has come to.
    """

    def __init__(self, epoch: int, step: int, origin: str, *, testing: bool = False) -> None:
        at_the_start = step == 1 and not testing and not origin.startswith(PARAMETER)
        remedy = "smaller initial weights" if at_the_start else "a smaller optimizer.lr"
        super().__init__(
            f"{origin} is no longer finite at epoch {epoch}, step {step}; {remedy} may help"
        )
        self.epoch = epoch
        self.step = step
        self.origin = origin


@overflow_is_found_later()
def origin(network: LeNet5, loss: Loss, batches: Iterable[Split], *, testing: bool = False) -> str:
    """Name what is not finite first: a parameter, else what a layer makes of one of the batches.

    The batches go through the layers of training, or of testing, again, one by one, and back.
    """
    for name in network.architecture.not_finite(network.theta):
        return f"{PARAMETER} {name}"
    layers = network.inference_layers if testing else network.layers
    found = (origin_in_batch(layers, loss, batch, network.theta.dtype) for batch in batches)
    return next(filter(None, found), "the norm of the gradient")


def origin_in_batch(
    layers: dict[str, Layer], loss: Loss, batch: Split, dtype: np.dtype[Any]
) -> str | None:
    """Name the first output or gradient that is not finite, if there is one."""
    x = network_input(batch.images, dtype)
    caches = {}
    for name, layer in layers.items():
        x, caches[name] = layer.forward(x)
        if not is_finite(x):
            return f"the output of {name}"
    if not is_finite(cross_entropy(log_softmax(x), batch.labels)):
        return "the loss"
    dy: Array = loss.gradient(x, batch.labels) / len(batch)
    for name, layer in reversed(layers.items()):
        if not all(map(is_finite, layer.gradients(dy, caches[name]))):
            return f"the gradient by the parameters of {name}"
        dy = layer.backward(dy, caches[name])
        if not is_finite(dy):
            return f"the gradient by the input of {name}"
    return None


def is_finite(array: Array) -> bool:
    """Return whether all numbers are finite."""
    return bool(np.isfinite(array).all())
