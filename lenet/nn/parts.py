"""Layers over a batch in parts, some of which have to know all of it.

Batch normalization is by the moments of the whole batch. So the way of a part through a network,
forward and back, is a generator here: where a layer needs what the other parts have found, it
yields an array of its own and is sent those of all parts, in their order. Other layers have nothing
to ask; then it is ``LeNet5.forward`` and ``gradient``, step by step.
"""

from collections.abc import Callable, Generator, Sequence
from functools import reduce
from operator import add
from typing import TypeVar

import numpy as np

from lenet.nn.layers import Array, BatchNorm, Cache, Dropout, Moments
from lenet.nn.model import LeNet5
from lenet.nn.overflow import overflow_is_found_later

Result = TypeVar("Result")
Part = Generator[Array, Array, Result]


def forward_part(
    network: LeNet5, x: Array, rng: np.random.Generator | None = None
) -> Part[tuple[Array, list[Cache]]]:
    """Return the logits of a part of a batch, and every layer's cache."""
    caches: list[Cache] = []
    for layer in network.layers.values():
        cache: Cache
        match layer:
            case BatchNorm():
                of_parts = yield layer.part(x).rows
                moments = (Moments.from_rows(rows, x.dtype) for rows in of_parts)
                x, cache = layer.forward(x, reduce(add, moments))
            case Dropout():
                x, cache = layer.forward(x, rng)
            case _:
                x, cache = layer.forward(x)
        caches.append(cache)
    return x, caches


def gradient_part(
    network: LeNet5, dlogits: Array, caches: list[Cache], out: Array | None = None
) -> Part[Array]:
    """Return what a part of a batch adds to the gradient (P,), ``out`` if it is given."""
    gradients: list[Array] = []
    dy = dlogits
    layers = network.trained_layers(caches)
    depth = len(layers)
    for layer, cache in reversed(layers):
        depth -= 1
        own = layer.gradients(dy, cache)
        gradients[:0] = own
        if isinstance(layer, BatchNorm):
            of_parts = yield np.stack(own[:2])
            dy = layer.backward(dy, cache, reduce(add, of_parts))
        elif depth > 0:
            dy = layer.backward(dy, cache)
    return network.joined(gradients, out)


Exchange = Callable[[Sequence[Array]], Array]


@overflow_is_found_later()
def complete(parts: Sequence[Part[Result]], exchange: Exchange = np.stack) -> list[Result]:
    """Return what each part comes to.

    All of them yield equally often. ``exchange`` is given the arrays that these parts have yielded,
    and returns those of all parts of the batch: by default there are no others.
    """
    of_all: Array | None = None
    while True:
        results, yielded = [], []
        for part in parts:
            try:
                yielded.append(part.send(of_all))  # type: ignore[arg-type]  # None begins it
            except StopIteration as end:
                results.append(end.value)
        if not yielded:
            return results
        of_all = exchange(yielded)
