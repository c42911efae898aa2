"""Where images come from: files that were published, and digits drawn from strokes."""

from lenet.datasets.base import Data, Dataset, Split
from lenet.datasets.cifar import CIFAR10
from lenet.datasets.emnist import EMNISTBalanced, EMNISTDigits
from lenet.datasets.mnist import KMNIST, MNIST, FashionMNIST
from lenet.datasets.strokes import Strokes

__all__ = [
    "CIFAR10",
    "KMNIST",
    "MNIST",
    "Data",
    "Dataset",
    "EMNISTBalanced",
    "EMNISTDigits",
    "FashionMNIST",
    "Split",
    "Strokes",
]
