"""Fixtures that several test files share."""

import os
import signal

import numpy as np
import pytest
from hypothesis import settings

from lenet.datasets import MNIST, Data, Split

# In the background of a shell, or with nohup, they would be ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

settings.register_profile("unhurried", deadline=None)  # tests run side by side
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def mnist() -> Data:
    """The real MNIST. Where LENET_DATA promises it, its absence is a failure, not a skip."""
    if not os.environ.get("LENET_DATA"):
        pytest.skip("LENET_DATA is not set")
    return MNIST(root=None, train_size=None, test_size=None, validation=0).load(seed=0)


@pytest.fixture(scope="session")
def bars() -> Data:
    """Ten classes that anything can learn: a bright bar whose place tells the class, plus noise."""
    rng = np.random.default_rng(0)

    def split(size: int) -> Split:
        labels = rng.integers(0, 10, size, dtype=np.uint8)
        images = rng.integers(0, 60, (size, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 * label + 4 : 2 * label + 6, 4:24] = 255
        return Split(images, labels)

    return Data(split(300), split(90), tuple("0123456789"), validation=split(50))
