"""Layers over a batch in parts, some of which have to know all of it.

Parts of one size go through the network as a stack, (parts, C, H, W, N). Each comes to what it
comes to alone, to the bit, and NumPy's calls, which cost as much for one part as for several, are
fewer.

Batch normalization is by the moments of the whole batch. So the way of a stack through a network,
forward and back, is a generator here: where a layer needs what the other parts have found, it
yields what its own have found, (parts, ...), and is sent that of all parts, in their order. Other
layers have nothing to ask; then it is ``LeNet5.forward`` and ``gradient``, step by step.
"""

from collections.abc import Callable, Generator, Sequence
from functools import reduce
from operator import add
from typing import TypeVar

import numpy as np

from lenet.nn.gradient import BatchGradient, places
from lenet.nn.layers import Array, BatchNorm, Cache, Dense, Dropout, Moments, Normalized
from lenet.nn.model import LeNet5
from lenet.nn.overflow import overflow_is_found_later

Result = TypeVar("Result")
Stack = Generator[Array, Array, Result]


def forward_stack(
    network: LeNet5, x: Array, rngs: Sequence[np.random.Generator] | None = None
) -> Stack[tuple[Array, list[Cache]]]:
    """Return the logits (parts, classes, N) of a stack, and every layer's cache.

    ``rngs`` decide what is dropped, one for each part. Without them nothing is.
    """
    caches: list[Cache] = []
    for layer in network.layers.values():
        cache: Cache
        match layer:
            case BatchNorm():
                of_parts = yield np.stack([layer.part(part).rows for part in x])
                moments = (Moments.from_rows(rows, x.dtype) for rows in of_parts)
                x, cache = layer.forward(x, reduce(add, moments))
            case Dropout() if rngs:
                dropped = [layer.forward(part, rng) for part, rng in zip(x, rngs, strict=True)]
                x, cache = map(np.stack, zip(*dropped, strict=True))
            case _:
                x, cache = layer.forward(x)
        caches.append(cache)
    return x, caches


def gradient_stack(
    network: LeNet5,
    dlogits: Array,
    caches: list[Cache],
    gradient: BatchGradient,
    parts: Sequence[int],
) -> Stack[None]:
    """Contribute what some parts, by their numbers, have of the gradient of their batch."""
    dy, own_places = dlogits, places(parts)
    layers = network.trained_layers(caches)
    first = layers[0][0]
    for name, layer, cache in reversed(layers):
        if isinstance(layer, BatchNorm):
            own = normalization_gradients(layer, dy, cache)
            gradient.take(name, own_places, own)
            of_parts = yield np.stack(own[:2], axis=1)
            dy = layer.backward(dy, cache, reduce(add, of_parts))
            continue
        if layer.parameters:
            factors = isinstance(layer, Dense)
            gradient.take(name, own_places, (dy, cache) if factors else layer.gradients(dy, cache))
        if name != first:
            dy = layer.backward(dy, cache)


def normalization_gradients(layer: BatchNorm, dy: Array, cache: Normalized) -> list[Array]:
    """Return the gradients of a normalization's arrays, each (parts, features)."""
    of_parts = [
        layer.gradients(part, cache._replace(x_hat=x_hat))
        for part, x_hat in zip(dy, cache.x_hat, strict=True)
    ]
    return list(map(np.stack, zip(*of_parts, strict=True)))


Exchange = Callable[[Array], Array]


def whole(yielded: Array) -> Array:
    """Return what the parts of a batch have found, where there are no other parts."""
    return yielded


@overflow_is_found_later()
def complete(stacks: Sequence[Stack[Result]], exchange: Exchange = whole) -> list[Result]:
    """Return what each stack comes to.

    All of them yield equally often. ``exchange`` is given what the parts of these stacks have
    found, one after the other, and returns what all parts of the batch have.
    """
    of_all: Array | None = None
    while True:
        results, yielded = [], []
        for stack in stacks:
            try:
                yielded.append(stack.send(of_all))  # type: ignore[arg-type]  # None begins it
            except StopIteration as end:
                results.append(end.value)
        if not yielded:
            return results
        of_all = exchange(np.concatenate(yielded))
