"""The network as a whole: its derivative, its parameters, and what the configuration changes."""

import numpy as np
import pytest
from gradients import assert_gradient
from oracles import ACTIVATIONS, POOLINGS, digits, name, random_theta
from random_networks import NORMALIZATIONS

from lenet.nn.architecture import LENET5, Architecture
from lenet.nn.layers import (
    Activation,
    Array,
    AveragePool,
    MaxPool,
    Normalization,
    Pooling,
    Subsampling,
    Tanh,
    TrainablePooling,
)
from lenet.nn.losses import cross_entropy, cross_entropy_gradient, log_softmax
from lenet.nn.model import LeNet5

LABELS = np.array([3, 0, 9], np.uint8)


def gradient_of(network: LeNet5, x: Array) -> Array:
    logits, caches = network.forward(x)
    return network.gradient(cross_entropy_gradient(log_softmax(logits), LABELS), caches)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
def test_gradient_of_the_whole_network(pooling: Pooling, activation: Activation) -> None:
    network = LeNet5(random_theta(), pooling, activation)
    x = digits()

    def loss() -> float:
        return float(cross_entropy(log_softmax(network.logits(x)), LABELS).sum())

    gradient = gradient_of(network, x)
    assert_gradient(loss, network.theta, gradient, directions=2)
    for parameter, part in zip(
        LENET5.views(network.theta).values(), LENET5.views(gradient).values(), strict=True
    ):
        assert np.linalg.norm(part) > 0
        assert_gradient(loss, parameter, part, directions=1)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
def test_gradient_by_the_images(pooling: Pooling, activation: Activation) -> None:
    """At noise: where the pixels of a window are equal, the maximum has no derivative."""
    network = LeNet5(random_theta(), pooling, activation)
    x = np.random.default_rng(0).uniform(size=(1, 32, 32, 3))

    def logits_of_their_classes() -> float:
        return float(network.logits(x)[LABELS, np.arange(len(LABELS))].sum())

    gradient = network.input_gradient(x, LABELS)
    assert_gradient(logits_of_their_classes, x, gradient, directions=2)


@pytest.mark.parametrize("normalization", NORMALIZATIONS, ids=name)
@pytest.mark.parametrize("pooling", [*POOLINGS, TrainablePooling(coefficient=0.5)], ids=name)
def test_layers_own_all_of_theta_in_its_order(
    pooling: Pooling, normalization: Normalization
) -> None:
    architecture = Architecture(1, 10, normalization, pooling=pooling)
    theta = np.random.default_rng(0).normal(size=architecture.size)
    network = LeNet5(theta, pooling, Tanh(), architecture=architecture)
    owned = [array for layer in network.layers.values() for array in layer.parameters]
    assert all(np.shares_memory(array, theta) for array in owned)
    np.testing.assert_array_equal(np.concatenate([array.ravel() for array in owned]), theta)


def test_a_layer_that_hides_its_parameters_is_refused() -> None:
    class Hidden(Subsampling):
        parameters = ()

    class HiddenPooling(TrainablePooling):
        def layer(self, parameters: dict[str, Array]) -> Hidden:
            return Hidden(**parameters)

    pooling = HiddenPooling(coefficient=0.5)
    architecture = Architecture(1, 10, NORMALIZATIONS[0], pooling=pooling)
    with pytest.raises(ValueError, match="names its arrays in parameters"):
        LeNet5(np.zeros(architecture.size), pooling, Tanh(), architecture=architecture)


def test_parameters_are_views_of_one_vector() -> None:
    theta = np.zeros(LENET5.size, np.float32)
    parameters = LENET5.views(theta)
    assert {key: view.shape for key, view in parameters.items()} == LENET5.shapes
    for number, view in enumerate(parameters.values(), start=1):
        view += number
    assert (theta > 0).all()
    assert sorted({*theta.tolist()}) == list(range(1, 11))


def test_a_vector_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"found float64 \(100,\); LeNet-5 has 61706 parameters"):
        LENET5.views(np.zeros(100))


def test_evaluation_between_forward_and_backward_changes_nothing() -> None:
    network = LeNet5(random_theta(), MaxPool(), Tanh())
    logits, caches = network.forward(digits())
    network.logits(digits(seed=1))
    network.forward(digits(seed=2))
    gradient = network.gradient(cross_entropy_gradient(log_softmax(logits), LABELS), caches)
    np.testing.assert_array_equal(gradient, gradient_of(network, digits()))


def test_gradient_of_a_batch_is_the_sum_of_its_images_gradients() -> None:
    network = LeNet5(random_theta(), MaxPool(), Tanh())
    x = digits()
    one_by_one = 0
    for n in range(3):
        logits, caches = network.forward(x[..., n : n + 1])
        dlogits = cross_entropy_gradient(log_softmax(logits), LABELS[n : n + 1])
        one_by_one = one_by_one + network.gradient(dlogits, caches)
    np.testing.assert_allclose(gradient_of(network, x), one_by_one, rtol=1e-9, atol=1e-12)


def test_logits_are_those_of_forward() -> None:
    network = LeNet5(random_theta(), AveragePool(), Tanh())
    np.testing.assert_array_equal(network.logits(digits()), network.forward(digits())[0])


@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
def test_order_of_pooling_and_activation_is_that_of_the_paper(pooling: Pooling) -> None:
    """The cheaper order gives what conv, tanh, pool gives, layer after layer."""
    theta, x = random_theta(), digits()
    network = LeNet5(theta, pooling, Tanh())
    for conv in (network.layers["C1"], network.layers["C3"]):
        x, _ = pooling.forward(Tanh().forward(conv.forward(x)[0])[0])
    for layer in list(network.layers.values())[6:]:
        x, _ = layer.forward(x)
    np.testing.assert_allclose(network.logits(digits()), x, rtol=1e-12)


def test_poolings_make_different_networks() -> None:
    theta = random_theta()
    outputs = [LeNet5(theta, pooling, Tanh()).logits(digits()) for pooling in POOLINGS]
    assert not np.allclose(*outputs)


def test_hidden_weights_are_those_before_the_output() -> None:
    weights, hidden = (
        {key for key, view in LENET5.views(mask.astype(float)).items() if view.all()}
        for mask in (LENET5.is_weight, LENET5.is_hidden_weight)
    )
    assert hidden == {"c1.weight", "c3.weight", "c5.weight", "f6.weight"}
    assert weights == hidden | {"output.weight"}
