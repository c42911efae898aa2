"""Which tests are run, with which random examples, and fixtures that several test files share."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from command import end_what_was_started, forks
from hypothesis import HealthCheck, Phase, settings
from refused import refused as refused
from scripted import script as script
from threadpoolctl import threadpool_limits

from lenet.data import MNIST, Data, Split

# In the background of a shell, or with nohup, they would be ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

threadpool_limits(1, user_api="blas")  # more would wait for each other: tests run side by side

UNHURRIED = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    database=None,
    print_blob=True,
)
settings.register_profile("repeatable", UNHURRIED, derandomize=True)
settings.register_profile(
    "fresh", UNHURRIED, derandomize=False, suppress_health_check=list(HealthCheck)
)  # finds become an @example; how many examples are thrown away is luck, and no find
settings.register_profile(
    "unshrunk", UNHURRIED, derandomize=True, phases=[Phase.explicit, Phase.generate]
)  # where it is enough to know that there is a find
settings.load_profile("repeatable")

TIERS = ("fast", "slow", "thorough", "stress")  # markers, but for the first


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--up-to", choices=TIERS, default="slow", help="run no tests that take longer by nature"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is beyond ``--up-to``, unless ``-m`` names its marker, or a test is named."""
    if any("::" in argument for argument in config.args):
        return
    beyond = TIERS[TIERS.index(config.getoption("up_to")) + 1 :]
    unasked = {tier for tier in beyond if tier not in config.getoption("markexpr")}
    out = [item for item in items if unasked & {mark.name for mark in item.iter_markers()}]
    items[:] = [item for item in items if item not in out]
    config.hook.pytest_deselected(items=out)


@pytest.fixture(autouse=True)
def _end_of_processes() -> Iterator[None]:
    yield
    end_what_was_started()


@pytest.fixture(scope="session", autouse=True)
def _end_of_forks() -> Iterator[None]:
    yield
    if forks.cache_info().currsize:
        forks().end()


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
