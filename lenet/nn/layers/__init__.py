"""The layers of LeNet-5, each with its forward and backward pass side by side."""

from lenet.nn.layers.activation import (
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
from lenet.nn.layers.base import Array, Cache, Layer
from lenet.nn.layers.conv import Conv2D
from lenet.nn.layers.dense import Dense
from lenet.nn.layers.dropout import Dropout
from lenet.nn.layers.flatten import Flatten
from lenet.nn.layers.normalization import (
    BatchNorm,
    BatchNormalization,
    Moments,
    NoNormalization,
    Normalization,
    Normalized,
)
from lenet.nn.layers.pool import (
    AveragePool,
    MaxPool,
    Pooling,
    Subsampling,
    TrainablePooling,
)
from lenet.nn.layers.rbf import RBF
from lenet.nn.layers.scaling import Scaling
from lenet.nn.layers.table import TableConv2D

__all__ = [
    "ELU",
    "GELU",
    "RBF",
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
    "Scaling",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Subsampling",
    "TableConv2D",
    "Tanh",
    "TrainablePooling",
]
