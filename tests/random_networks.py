"""Networks of random numbers, and images for them."""

import numpy as np

from lenet.data import Split
from lenet.nn.architecture import Architecture
from lenet.nn.init import HeNormal, initial_theta
from lenet.nn.layers import (
    Activation,
    BatchNormalization,
    Dropout,
    NoNormalization,
    Normalization,
    Pooling,
)
from lenet.nn.model import LeNet5

NORMALIZATIONS = [NoNormalization(), BatchNormalization(momentum=0.1, eps=1e-3)]


def network(
    pooling: Pooling,
    activation: Activation,
    normalization: Normalization = NORMALIZATIONS[0],
    *,
    channels: int = 1,
    classes: int = 10,
    seed: int = 0,
) -> LeNet5:
    """A network of random numbers, its biases and statistics among them."""
    architecture = Architecture(channels, classes, normalization)
    theta = initial_theta(HeNormal(), seed, architecture)
    others = ~architecture.is_weight
    theta[others] += np.random.default_rng(seed).uniform(-0.5, 0.5, others.sum())
    return LeNet5(theta, pooling, activation, Dropout(0.5), architecture)


def pictures(size: int, *shape: int) -> Split:
    """Random images of bytes, the first of them black, the last white."""
    images = np.random.default_rng(size).integers(0, 256, (size, *shape), np.uint8)
    images[0], images[-1] = 0, 255
    return Split(images, np.zeros(size, np.uint8))
