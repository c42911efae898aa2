"""Where images come from: MNIST and its kin from IDX files, and digits drawn from strokes."""

from lenet.datasets.base import Data, Dataset, Split
from lenet.datasets.mnist import MNIST, FashionMNIST
from lenet.datasets.strokes import Strokes

__all__ = ["MNIST", "Data", "Dataset", "FashionMNIST", "Split", "Strokes"]
