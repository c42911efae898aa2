"""What is not finite is found where it arises, and named."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from trainings import LOSS, RECIPE

from lenet.data import Data
from lenet.nn.architecture import LENET5
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.nn.layers import (
    Activation,
    Array,
    AveragePool,
    BatchNormalization,
    MaxPool,
    Pooling,
    ReLU,
    Tanh,
)
from lenet.nn.model import LeNet5
from lenet.training.divergence import DivergedError, origin
from lenet.training.loop import train
from lenet.training.optimizers import SGD
from lenet.training.state import TrainingState


def network(pooling: Pooling, activation: Activation) -> LeNet5:
    return LeNet5(initial_theta(GlorotUniform(), 0), pooling, activation)


@pytest.mark.parametrize("name", ["c1.bias", "c3.weight", "output.bias"])
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_parameter_is_named_before_what_follows_from_it(
    bars: Data, name: str, value: float
) -> None:
    broken = network(MaxPool(), Tanh())
    LENET5.views(broken.theta)[name].flat[0] = value
    assert origin(broken, LOSS, [bars.train]) == f"the parameter {name}"


@pytest.mark.parametrize("name", ["C1", "S2", "C3", "S4", "C5", "F6", "the activation of F6"])
def test_the_first_layer_whose_output_is_not_finite_is_named(bars: Data, name: str) -> None:
    broken = network(AveragePool(), Tanh())
    broken.layers[name] = Broken(broken.layers[name], forward=lambda y: y * np.inf)
    assert origin(broken, LOSS, [bars.train]) == f"the output of {name}"


@pytest.mark.parametrize("name", ["C3", "S4", "the activation of C5"])
def test_the_first_layer_on_the_way_back_is_named(bars: Data, name: str) -> None:
    broken = network(MaxPool(), Tanh())
    broken.layers[name] = Broken(broken.layers[name], backward=lambda dx: dx * np.nan)
    assert origin(broken, LOSS, [bars.train]) == f"the gradient by the input of {name}"


def test_what_overflows_by_itself_is_named(bars: Data) -> None:
    """Every parameter is finite, but products of them are not."""
    broken = network(MaxPool(), ReLU())
    LENET5.views(broken.theta)["c3.weight"] *= 1e30
    LENET5.views(broken.theta)["c5.weight"] *= 1e30
    assert origin(broken, LOSS, [bars.train]) == "the output of C5"


def test_the_batch_that_shows_it_is_looked_for(bars: Data) -> None:
    broken = network(MaxPool(), ReLU())
    LENET5.views(broken.theta)["c1.weight"][...] = 1e38
    black = replace(bars.train, images=np.zeros_like(bars.train.images))
    assert origin(broken, LOSS, [black]) == "the norm of the gradient"
    assert origin(broken, LOSS, [black, bars.train]) == "the output of C1"


def test_a_network_that_is_tested_is_looked_at_as_it_is_tested(bars: Data) -> None:
    """Its running mean is far from what the batch has, and its running variance 0."""
    architecture = replace(LENET5, normalization=BatchNormalization(momentum=0.1, eps=1e-30))
    theta = initial_theta(GlorotUniform(), 0, architecture)
    architecture.views(theta)["c3.variance"][...] = 0
    architecture.views(theta)["c3.mean"][...] = 1e30
    broken = LeNet5(theta, MaxPool(), Tanh(), architecture=architecture)
    assert origin(broken, LOSS, [bars.train]) == "the norm of the gradient"
    tested = origin(broken, LOSS, [bars.train], testing=True)
    assert tested == "the output of the normalization of C3"


def first_step(theta: Array, data: Data) -> None:
    optimizer = SGD(lr=0.1, momentum=0, nesterov=False)
    recipe = replace(RECIPE, activation=ReLU(), optimizer=optimizer, batch_size=100, parts=1)
    next(train(recipe, data, TrainingState(theta, optimizer.new_state(theta))))


def test_the_training_stops_at_the_step_and_names_the_layer(bars: Data) -> None:
    theta = initial_theta(GlorotUniform(), 0)
    LENET5.views(theta)["c3.weight"] *= 1e30
    LENET5.views(theta)["c5.weight"] *= 1e30
    before = theta.copy()
    with pytest.raises(DivergedError, match=r"output of C5 .* at epoch 1, step 1; smaller initial"):
        first_step(theta, bars)
    np.testing.assert_array_equal(theta, before)


def test_where_the_one_step_of_an_epoch_was_too_large_the_weights_were_not(bars: Data) -> None:
    optimizer = SGD(lr=1e38, momentum=0, nesterov=False)
    recipe = replace(RECIPE, activation=ReLU(), optimizer=optimizer, batch_size=300, parts=1)
    with pytest.raises(DivergedError, match=r"epoch 1, step 1; a smaller optimizer.lr may help"):
        list(train(recipe, bars, TrainingState.initial(recipe)))


def test_a_gradient_whose_norm_is_not_finite_stops_the_training_though_the_loss_is_fine(
    bars: Data,
) -> None:
    theta = initial_theta(GlorotUniform(), 0)
    LENET5.views(theta)["f6.weight"] *= 1e-22
    LENET5.views(theta)["output.weight"] *= 1e22
    with pytest.raises(DivergedError, match="the norm of the gradient is no longer finite"):
        first_step(theta, bars)


class Broken:
    """A layer whose output or gradient is changed."""

    def __init__(
        self,
        layer: object,
        forward: Callable[[Array], Array] = lambda y: y,
        backward: Callable[[Array], Array] = lambda dx: dx,
    ) -> None:
        self.layer = layer
        self.change_forward = forward
        self.change_backward = backward

    def forward(self, x: Array) -> tuple[Array, object]:
        y, cache = self.layer.forward(x)
        return self.change_forward(y), cache

    def backward(self, dy: Array, cache: object) -> Array:
        return self.change_backward(self.layer.backward(dy, cache))

    def gradients(self, dy: Array, cache: object) -> tuple[Array, ...]:
        return self.layer.gradients(dy, cache)
