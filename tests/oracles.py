"""Layers by loops, and random arrays: what the code is compared with."""

import numpy as np

from lenet.nn.architecture import LENET5
from lenet.nn.layers import (
    ELU,
    GELU,
    Array,
    AveragePool,
    LeakyReLU,
    MaxPool,
    ReLU,
    ScaledTanh,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)

ACTIVATIONS = [
    Tanh(),
    ScaledTanh(),
    Sigmoid(),
    ReLU(),
    LeakyReLU(slope=0.1),
    ELU(alpha=0.7),
    Softplus(),
    SiLU(),
    GELU(),
]

POOLINGS = [MaxPool(), AveragePool()]


def name(thing: object) -> str:
    return type(thing).__name__


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def convolution_by_loops(x: Array, K: Array, b: Array, stride: int = 1, padding: int = 0) -> Array:
    """Eq. (1), with the sum over input channels that it leaves out, for a batch."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    F = K.shape[-1]
    rows, columns = ((side - F) // stride + 1 for side in x.shape[1:3])
    Y = np.zeros((len(K), rows, columns, x.shape[3]))
    for k, i, j in np.ndindex(len(K), rows, columns):
        for c, m, n in np.ndindex(K.shape[1:]):
            Y[k, i, j] += x[c, i * stride + m, j * stride + n] * K[k, c, m, n]
        Y[k, i, j] += b[k]
    return Y


def random_theta() -> Array:
    """Weights of a size that keeps signals alive, and biases that are not zero."""
    theta = 0.1 * normal(LENET5.size)
    for name_, view in LENET5.views(theta).items():
        if name_.startswith("c1"):
            view *= 3
    return theta


def digits(seed: int = 0) -> Array:
    """Three images (1, 32, 32, 3) with a black margin, so that windows tie as in real ones."""
    x = np.zeros((1, 32, 32, 3))
    x[:, 6:26, 8:24] = np.random.default_rng(seed).uniform(size=(1, 20, 16, 3))
    return x
