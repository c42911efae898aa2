"""LeNet-5 by LeCun's names: C1, S2, C3, S4, C5, F6 and the output.

All parameters are one vector theta; the layers' weights and biases are views of it. So the
optimizer's eq. (8) is a few lines on vectors, and whatever changes theta changes the layers.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.nn.architecture import LENET5, Architecture
from lenet.nn.input import AS_THEY_ARE, INPUT_SIDE
from lenet.nn.layers import (
    Activation,
    Array,
    BatchNorm,
    Cache,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    Moments,
    Normalized,
    Pooling,
)
from lenet.nn.layers.base import check_array
from lenet.nn.losses import own

INPUT = "the input"  # the name of the layer before C1, if there is one
MAPS, VECTORS = -4, -2  # the axis of the features: (..., C, H, W, N), (features, N)


def subsample(
    convolution: str,
    pooling_name: str,
    pooling: Pooling,
    activation: Activation,
    parameters: dict[str, Array],
) -> dict[str, Layer]:
    """Return activation and pooling by name, in the cheaper of the orders of the same output.

    A maximum commutes with a function that never decreases, max f(x) = f(max x): then a quarter of
    the values go through the activation. An average does not: there the activation comes first.
    A pooling that is squashed has an activation of its own; ``parameters`` are the pooling's.
    """
    pool: dict[str, Layer] = {pooling_name: pooling.layer(parameters)}
    if pooling.squashed:
        pool[f"the activation of {pooling_name}"] = activation
    activate: dict[str, Layer] = {f"the activation of {convolution}": activation}
    if pooling.commutes_with_non_decreasing and activation.non_decreasing:
        return pool | activate
    return activate | pool


class LeNet5:
    """The network of the paper's Fig. 2: images (C, 32, 32, N) to logits (classes, N)."""

    def __init__(
        self,
        theta: Array,
        pooling: Pooling,
        activation: Activation,
        dropout: Dropout | None = None,
        architecture: Architecture = LENET5,
    ) -> None:
        self.theta = theta
        self.architecture = architecture
        p = architecture.views(theta)

        def own(layer: str) -> dict[str, Array]:
            return architecture.own(layer, p)

        def normalization(layer: str, axis: int) -> Layer | None:
            return architecture.normalization.layer(own(layer), axis)

        scaled = architecture.levels != AS_THEY_ARE
        layers: dict[str, Layer | None] = {
            INPUT: architecture.levels.layer if scaled else None,
            "C1": Conv2D(p["c1.weight"], p["c1.bias"], block=2),
            "the normalization of C1": normalization("c1", MAPS),
            **subsample("C1", "S2", pooling, activation, own("s2")),
            "C3": architecture.c3.layer(p["c3.weight"], p["c3.bias"]),
            "the normalization of C3": normalization("c3", MAPS),
            **subsample("C3", "S4", pooling, activation, own("s4")),
            "the vector of S4": Flatten(),
            "C5": Dense(p["c5.weight"], p["c5.bias"]),
            "the normalization of C5": normalization("c5", VECTORS),
            "the activation of C5": activation,
            "the dropout of C5": dropout,
            "F6": Dense(p["f6.weight"], p["f6.bias"]),
            "the normalization of F6": normalization("f6", VECTORS),
            "the activation of F6": activation,
            "the dropout of F6": dropout,
            "the output layer": architecture.output.layer(
                own("output"), architecture.classes, architecture.sizes.f6
            ),
        }
        self.layers = {name: layer for name, layer in layers.items() if layer is not None}
        self.normalizations = [one for one in self.layers.values() if isinstance(one, BatchNorm)]
        self._first_trained = list(self.layers).index("C1")
        self._check_layers()

    def _check_layers(self) -> None:
        """Refuse layers that do not own all of theta, one after the other."""
        owned = [array.shape for layer in self.layers.values() for array in layer.parameters]
        if owned != list(self.architecture.shapes.values()):
            raise ValueError(
                f"expected layers whose parameters are of the shapes {self.architecture.shapes}, "
                f"found {owned}; a layer of your own names its arrays in parameters"
            )

    def _check(self, x: Array) -> None:
        """Refuse what are no images (C, 32, 32, N)."""
        lengths = (self.architecture.channels, INPUT_SIDE, INPUT_SIDE)
        check_array(x, lengths, "N", advice="lenet.nn.input.network_input makes them")

    @property
    def inference_layers(self) -> dict[str, Layer]:
        """The layers of the network when it is not trained any more."""
        return {name: layer.inference() for name, layer in self.layers.items()}

    def logits(self, x: Array) -> Array:
        """Return the logits of a network that is not trained any more; nothing is kept."""
        self._check(x)
        for layer in self.inference_layers.values():
            x, _ = layer.forward(x)
        return x

    def forward(
        self, x: Array, rng: np.random.Generator | None = None
    ) -> tuple[Array, list[Cache]]:
        """Return the logits of training, and every layer's cache; ``rng`` decides what is dropped.

        Without it nothing is dropped.
        """
        self._check(x)
        caches = []
        for layer in self.layers.values():
            x, cache = layer.forward(x, rng) if isinstance(layer, Dropout) else layer.forward(x)
            caches.append(cache)
        return x, caches

    def gradient(self, dlogits: Array, caches: list[Cache]) -> Array:
        """Return dL/dtheta (P,), given dL/dlogits (classes, N): eq. (9) from layer to layer.

        The gradient with respect to the images is not needed, and not computed.
        """
        check_array(dlogits, (self.architecture.classes, caches[-1].shape[-1]))
        gradients: list[Array] = []
        dy = dlogits
        first, *others = self.trained_layers(caches)
        for _, layer, cache in reversed(others):
            gradients[:0] = layer.gradients(dy, cache)
            dy = layer.backward(dy, cache)
        _, layer, cache = first
        return self.joined([*layer.gradients(dy, cache), *gradients])

    def trained_layers(self, caches: list[Cache]) -> list[tuple[str, Layer, Cache]]:
        """Return the layers from the first that has parameters on: name, layer and cache."""
        layers = zip(self.layers, self.layers.values(), caches, strict=True)
        return list(layers)[self._first_trained :]

    @staticmethod
    def joined(gradients: Iterable[Array]) -> Array:
        """Return the gradients of all arrays as one vector (P,)."""
        return np.concatenate([gradient.ravel() for gradient in gradients])

    def moments(self, caches: list[Cache]) -> list[Moments]:
        """Return the moments of the batch, in the order of the normalizations."""
        return [cache.moments for cache in caches if isinstance(cache, Normalized)]

    def follow(self, moments: list[Moments]) -> None:
        """Move the running statistics towards the moments of a batch."""
        for layer, of_batch in zip(self.normalizations, moments, strict=True):
            layer.follow(of_batch)

    def input_gradient(self, x: Array, classes: NDArray[np.integer[Any]]) -> Array:
        """Return d logit / dx (C, 32, 32, N), each image's for the logit of its class (N,)."""
        self._check(x)
        passed: list[tuple[Layer, Cache]] = []
        for layer in self.inference_layers.values():
            x, cache = layer.forward(x)
            passed.append((layer, cache))
        dy = np.zeros_like(x)
        dy[own(dy, classes)] = 1
        for layer, cache in reversed(passed):
            dy = layer.backward(dy, cache)
        return dy
