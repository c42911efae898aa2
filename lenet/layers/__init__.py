"""The layers of LeNet-5, each with its forward and backward pass side by side."""

from lenet.layers.activation import (
    ELU,
    GELU,
    Activation,
    LeakyReLU,
    ReLU,
    ScaledTanh,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from lenet.layers.base import Array, Cache, Layer
from lenet.layers.conv import Conv2D
from lenet.layers.dense import Dense
from lenet.layers.dropout import Dropout
from lenet.layers.flatten import Flatten
from lenet.layers.normalization import (
    BatchNorm,
    BatchNormalization,
    Moments,
    NoNormalization,
    Normalization,
    Normalized,
)
from lenet.layers.pool import AveragePool, MaxPool, Pooling

__all__ = [
    "ELU",
    "GELU",
    "Activation",
    "Array",
    "AveragePool",
    "BatchNorm",
    "BatchNormalization",
    "Cache",
    "Conv2D",
    "Dense",
    "Dropout",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "MaxPool",
    "Moments",
    "NoNormalization",
    "Normalization",
    "Normalized",
    "Pooling",
    "ReLU",
    "ScaledTanh",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
]
