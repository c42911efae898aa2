"""Networks of other sizes than LeNet-5's: the same layers, and all else follows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gradients import assert_gradient
from oracles import POOLINGS, name
from trainings import RECIPE, run

from lenet.config.compose import configure
from lenet.config.identity import identity
from lenet.data import Data
from lenet.errors import ConfigError
from lenet.formats.state_dict import from_state_dict, to_state_dict
from lenet.formats.weights import joined, read_weights, write_weights
from lenet.nn.architecture import LENET5, LENET_SIZES, Architecture, Sizes
from lenet.nn.init import HeNormal, initial_theta
from lenet.nn.layers import BatchNormalization, NoNormalization, Pooling, Tanh
from lenet.nn.losses import cross_entropy, cross_entropy_gradient, log_softmax
from lenet.nn.model import LeNet5

SMALL = Sizes(c1=2, c3=3, c5=7, f6=5, kernel=5)
LARGE = Sizes(c1=4, c3=9, c5=300, f6=20, kernel=9)
ALL = [SMALL, LARGE, Sizes(c1=3, c3=2, c5=4, f6=6, kernel=1)]
NORMALIZATIONS = [NoNormalization(), BatchNormalization(momentum=0.1, eps=1e-5)]


def test_those_of_lenet5_are_61706_parameters() -> None:
    assert Architecture(1, 10, NoNormalization(), LENET_SIZES) == LENET5
    assert LENET5.parameters == 61_706


def test_parameters_are_as_many_as_counted_by_hand() -> None:
    c1, c3 = 2 * (25 + 1), 3 * (2 * 25 + 1)
    dense = 7 * (3 * 25 + 1) + 5 * (7 + 1) + 10 * (5 + 1)
    assert Architecture(1, 10, NoNormalization(), SMALL).parameters == c1 + c3 + dense


@pytest.mark.parametrize("sizes", ALL, ids=lambda sizes: f"kernel {sizes.kernel}")
@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
@pytest.mark.parametrize("normalization", NORMALIZATIONS, ids=name)
def test_the_gradient_is_that_of_the_loss(
    sizes: Sizes, pooling: Pooling, normalization: NoNormalization
) -> None:
    architecture = Architecture(1, 10, normalization, sizes)
    theta = initial_theta(HeNormal(), 0, architecture).astype(np.float64)
    network = LeNet5(theta, pooling, Tanh(), architecture=architecture)
    rng = np.random.default_rng(0)
    x, labels = rng.uniform(size=(1, 32, 32, 6)), np.arange(6, dtype=np.uint8)

    def f() -> float:
        return float(cross_entropy(log_softmax(network.forward(x)[0]), labels).sum())

    logits, caches = network.forward(x)
    dlogits = cross_entropy_gradient(log_softmax(logits), labels)
    assert_gradient(f, theta, network.gradient(dlogits, caches))


@pytest.mark.parametrize("sizes", ALL, ids=lambda sizes: f"kernel {sizes.kernel}")
def test_weights_go_to_files_and_come_back(sizes: Sizes, tmp_path: Path) -> None:
    """Also by the names of PyTorch, where C5 may be a convolution."""
    architecture = Architecture(3, 5, NoNormalization(), sizes)
    theta = initial_theta(HeNormal(), 0, architecture)
    write_weights(tmp_path / "a.npz", theta, architecture)
    np.testing.assert_array_equal(read_weights(tmp_path / "a.npz", architecture), theta)
    state = to_state_dict(architecture.views(theta))
    state["c5.weight"] = state["c5.weight"].reshape(sizes.c5, sizes.c3, sizes.s4, sizes.s4)
    arrays = from_state_dict(Path("x"), state, architecture)
    np.testing.assert_array_equal(joined(Path("x"), arrays, architecture), theta)


def test_more_units_than_120_are_normalized_by_all_workers_alike(bars: Data) -> None:
    recipe = {"normalization": NORMALIZATIONS[1], "network": replace(LARGE, kernel=5), "parts": 3}
    ends = [run(bars, workers, **recipe).theta for workers in (1, 2)]
    np.testing.assert_array_equal(*ends)


def test_sizes_are_keys_and_those_of_lenet5_leave_a_runs_name_as_it_was() -> None:
    assert configure("network.c1=8", "network.kernel=9").network == Sizes(8, 16, 120, 84, 9)
    typed = configure("network.c1=6", "network.c3=16", "network.c5=120", "network.f6=84")
    assert identity(typed) == identity(configure())
    assert identity(configure("network.c1=7")) != identity(configure())
    assert RECIPE.network == LENET_SIZES


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("network.kernel=3", "network: kernel = 3: should be 1, 5 or 9"),
        ("network.c1=0", "network.c1 = 0: should be greater than 0"),
        ("network.c2=3", "network.c2: no such key"),
    ],
)
def test_other_sizes_are_refused(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configure(override)
    assert message in str(caught.value)
