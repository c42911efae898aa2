"""LeNet-5 by LeCun's names: C1, S2, C3, S4, C5, F6 and the output.

All parameters are one vector theta; the layers' weights and biases are views of it. So the
optimizer's eq. (8) is a few lines on vectors, and whatever changes theta changes the layers.
"""

from math import prod

import numpy as np
from numpy.typing import NDArray

from lenet.layers import Activation, Array, Cache, Conv2D, Dense, Flatten, Layer, Pooling

# C5 is written as the paper's FC1; on 5x5 maps it is the same as its Conv 3 with 120 filters.
SHAPES: dict[str, tuple[int, ...]] = {
    "c1.weight": (6, 1, 5, 5),
    "c1.bias": (6,),
    "c3.weight": (16, 6, 5, 5),
    "c3.bias": (16,),
    "c5.weight": (120, 16 * 5 * 5),
    "c5.bias": (120,),
    "f6.weight": (84, 120),
    "f6.bias": (84,),
    "output.weight": (10, 84),
    "output.bias": (10,),
}
PARAMETERS = sum(map(prod, SHAPES.values()))
assert PARAMETERS == 61_706

INPUT_SIDE = 32


def views(theta: Array) -> dict[str, Array]:
    """Cut a vector of all parameters (61706,) into named arrays that share its memory."""
    if theta.shape != (PARAMETERS,):
        raise ValueError(f"LeNet-5 has {PARAMETERS} parameters, not an array of {theta.shape}")
    ends = np.cumsum([prod(shape) for shape in SHAPES.values()])
    parts = np.split(theta, ends[:-1])
    return {name: part.reshape(SHAPES[name]) for name, part in zip(SHAPES, parts, strict=True)}


def not_finite(theta: Array) -> list[str]:
    """Return the names of the parameters (61706,) that hold anything but finite numbers."""
    return [name for name, view in views(theta).items() if not np.isfinite(view).all()]


def is_weight() -> NDArray[np.bool_]:
    """Return which of the parameters (61706,) are weights; the others are biases."""
    sizes = [prod(shape) for shape in SHAPES.values()]
    return np.repeat([name.endswith("weight") for name in SHAPES], sizes)


def subsample(
    convolution: str, pooling_name: str, pooling: Pooling, activation: Activation
) -> dict[str, Layer]:
    """Return activation and pooling by name, in the cheaper of the orders of the same output.

    A maximum commutes with a function that never decreases, max f(x) = f(max x): then a quarter of
    the values go through the activation. An average does not: there the activation comes first.
    """
    pool: dict[str, Layer] = {pooling_name: pooling}
    activate: dict[str, Layer] = {f"the activation of {convolution}": activation}
    if pooling.commutes_with_non_decreasing and activation.non_decreasing:
        return pool | activate
    return activate | pool


class LeNet5:
    """The network of the paper's Fig. 2: images (1, 32, 32, N) to logits (10, N)."""

    def __init__(self, theta: Array, pooling: Pooling, activation: Activation) -> None:
        self.theta = theta
        p = views(theta)
        self.layers: dict[str, Layer] = {
            "C1": Conv2D(p["c1.weight"], p["c1.bias"], block=2),
            **subsample("C1", "S2", pooling, activation),
            "C3": Conv2D(p["c3.weight"], p["c3.bias"], block=2),
            **subsample("C3", "S4", pooling, activation),
            "the vector of S4": Flatten(),
            "C5": Dense(p["c5.weight"], p["c5.bias"]),
            "the activation of C5": activation,
            "F6": Dense(p["f6.weight"], p["f6.bias"]),
            "the activation of F6": activation,
            "the output layer": Dense(p["output.weight"], p["output.bias"]),
        }

    def forward(self, x: Array) -> tuple[Array, list[Cache]]:
        """Return the logits and every layer's cache."""
        caches = []
        for layer in self.layers.values():
            x, cache = layer.forward(x)
            caches.append(cache)
        return x, caches

    def logits(self, x: Array) -> Array:
        """Return the logits alone; no cache outlives its layer."""
        for layer in self.layers.values():
            x, _ = layer.forward(x)
        return x

    def gradient(self, dlogits: Array, caches: list[Cache]) -> Array:
        """Return dL/dtheta (61706,), given dL/dlogits (10, N): eq. (9) from layer to layer.

        The gradient with respect to the images is not needed, and not computed.
        """
        gradients: list[Array] = []
        dy = dlogits
        layers = list(self.layers.values())
        for depth in reversed(range(len(layers))):
            layer, cache = layers[depth], caches[depth]
            gradients[:0] = layer.gradients(dy, cache)
            if depth > 0:
                dy = layer.backward(dy, cache)
        return np.concatenate([gradient.ravel() for gradient in gradients])

    def input_gradient(self, dlogits: Array, caches: list[Cache]) -> Array:
        """Return dL/dx (1, 32, 32, N) by the images, given dL/dlogits (10, N)."""
        dy = dlogits
        for layer, cache in zip(reversed(self.layers.values()), reversed(caches), strict=True):
            dy = layer.backward(dy, cache)
        return dy
