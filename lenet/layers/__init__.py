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
from lenet.layers.flatten import Flatten
from lenet.layers.pool import AveragePool, MaxPool, Pooling

__all__ = [
    "ELU",
    "GELU",
    "Activation",
    "Array",
    "AveragePool",
    "Cache",
    "Conv2D",
    "Dense",
    "Flatten",
    "Layer",
    "LeakyReLU",
    "MaxPool",
    "Pooling",
    "ReLU",
    "ScaledTanh",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
]
