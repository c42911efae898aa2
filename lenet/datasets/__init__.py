"""Where images come from: files that were published, and digits drawn from strokes."""

from lenet.datasets.base import Data, Dataset, Split
from lenet.datasets.mnist import KMNIST, MNIST, FashionMNIST
from lenet.datasets.strokes import Strokes

__all__ = ["KMNIST", "MNIST", "Data", "Dataset", "FashionMNIST", "Split", "Strokes"]
