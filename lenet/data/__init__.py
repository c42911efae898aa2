"""All images: datasets, published or drawn, augmentation, and pictures of a user's own."""

from lenet.data.base import Data, Dataset, Split
from lenet.data.cifar import CIFAR10
from lenet.data.emnist import EMNISTBalanced, EMNISTDigits, EMNISTLetters
from lenet.data.joined import Joined
from lenet.data.mnist import KMNIST, MNIST, FashionMNIST
from lenet.data.own import Csv, Folder, Npz
from lenet.data.strokes import Strokes

__all__ = [
    "CIFAR10",
    "KMNIST",
    "MNIST",
    "Csv",
    "Data",
    "Dataset",
    "EMNISTBalanced",
    "EMNISTDigits",
    "EMNISTLetters",
    "FashionMNIST",
    "Folder",
    "Joined",
    "Npz",
    "Split",
    "Strokes",
]
