"""Second derivatives: what each layer makes of them, and what comes out for a whole network."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from oracles import ACTIVATIONS, name, normal
from test_lecun1998 import LECUN1998, POOLING

from lenet.data import Strokes
from lenet.nn.architecture import Architecture, Sizes
from lenet.nn.curvature import curvature
from lenet.nn.init import LecunUniform, initial_theta
from lenet.nn.input import Levels, network_input
from lenet.nn.layers import (
    RBF,
    Array,
    AveragePool,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    NoNormalization,
    ScaledTanh,
    Subsampling,
    TableConv2D,
    Tanh,
)
from lenet.nn.losses import MAP, MSE, CrossEntropy, Loss
from lenet.nn.model import LeNet5
from lenet.nn.output import RBFOutput

H = 1e-6
LAYERS: dict[str, tuple[Layer, Array]] = {
    "dense": (Dense(normal(3, 4), normal(3)), normal(4, 2)),
    "convolution": (Conv2D(normal(2, 2, 3, 3), normal(2)), normal(2, 5, 4, 2)),
    "in blocks": (Conv2D(normal(2, 1, 3, 3), normal(2), block=2), normal(1, 4, 6, 2)),
    "strided": (Conv2D(normal(2, 1, 3, 3), normal(2), stride=2, padding=1), normal(1, 5, 5, 2)),
    "table": (TableConv2D(normal(3, 3, 3), normal(2), [(0, 1), (1,)], block=2), normal(2, 4, 4, 2)),
    "subsampling": (Subsampling(normal(2), normal(2)), normal(2, 2, 2, 2, 3, 2)),
    "average": (AveragePool(), normal(2, 2, 2, 2, 3, 2)),
    "maximum": (MaxPool(), normal(2, 2, 2, 2, 3, 2)),
    "flatten": (Flatten(), normal(2, 2, 3, 2)),
    "dropout": (Dropout(0.5), normal(3, 2)),
    **{name(activation): (activation, normal(3, 2)) for activation in ACTIVATIONS},
}
PARAMETERS = ("weight", "coefficient", "bias")


def jacobian(f: Callable[[], Array], x: Array) -> Array:
    """df/dx (f, x) by central differences, of an array that f reads."""
    columns = []
    for place in np.ndindex(x.shape):
        origin = x[place]
        x[place] = origin + H
        above = f().copy()
        x[place] = origin - H
        columns.append((above - f()).ravel() / (2 * H))
        x[place] = origin
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("case", LAYERS)
def test_a_layer_takes_the_diagonal_of_its_jacobian_on_both_sides(case: str) -> None:
    """diag(J^T diag(h) J): with shared weights the squares of their connections, added up."""
    layer, x = LAYERS[case]
    y, cache = layer.forward(x)
    h = np.random.default_rng(0).uniform(0, 1, y.shape)

    def through(J: Array) -> Array:
        return np.asarray(h.ravel() @ J**2)

    def f() -> Array:
        return layer.forward(x)[0]

    found = layer.curvature(h, cache)
    np.testing.assert_allclose(found.ravel(), through(jacobian(f, x)), atol=1e-7)
    curvatures = layer.curvatures(h, cache)
    own = [getattr(layer, each) for each in PARAMETERS if hasattr(layer, each)]
    assert len(curvatures) == len(own)
    for parameter, of_parameter in zip(own, curvatures, strict=True):
        assert of_parameter.shape == parameter.shape
        np.testing.assert_allclose(of_parameter.ravel(), through(jacobian(f, parameter)), atol=1e-6)


def test_of_a_squared_distance_all_second_derivatives_count() -> None:
    """With the penalty of the right class as the loss, they are 2 by each unit of F6, eq. (7)."""
    layer, x = RBF(normal(5, 7)), normal(7, 3)
    z, cache = layer.forward(x)
    labels = np.array([4, 0, 1], np.uint8)
    for loss in (MSE(), MAP(j=1.0)):
        d, h = loss.gradient(z, labels), loss.curvature(z, labels)
        found = layer.curvature(h, cache) + layer.bending(d, cache)
        if isinstance(loss, MSE):
            np.testing.assert_allclose(found, 2)
        assert (found >= 0).all()
    J = np.stack([jacobian(lambda: layer.forward(x)[0][:, 1], x[:, 1:2])])[0]
    np.testing.assert_allclose(layer.curvature(np.ones_like(z), cache)[:, 1], (J**2).sum(axis=0))


SIZES = Sizes(c1=2, c3=3, c5=5, f6=4, kernel=9)
TINY = Architecture(
    1, 3, NoNormalization(), SIZES, pooling=POOLING, output=RBFOutput("random", 1.0)
)


def tiny(seed: int) -> tuple[LeNet5, Array, Array]:
    """A small network in double precision, an image, and its label."""
    theta = 0.3 * normal(TINY.size, seed=seed)
    x = np.abs(normal(1, 32, 32, 1, seed=seed))
    return LeNet5(theta, POOLING, ScaledTanh(), None, TINY), x, np.array([1], np.uint8)


def gauss_newton(network: LeNet5, x: Array) -> dict[str, Array]:
    """The diagonal of J^T 2 J, with the Jacobian J of F6 by the parameters, by name."""

    def f6() -> Array:
        y = x
        for layer in list(network.layers.values())[:-1]:
            y, _ = layer.forward(y)
        return y

    views = TINY.views(network.theta)
    return {
        name: 2 * (jacobian(f6, view) ** 2).sum(axis=0).reshape(view.shape)
        for name, view in views.items()
    }


def test_it_is_the_diagonal_of_the_gauss_newton_matrix_for_the_two_last_layers() -> None:
    network, x, label = tiny(0)
    h, exact = TINY.views(curvature(network, MSE(), x, label)), gauss_newton(network, x)
    for layer in ("f6", "c5"):
        for own in ("weight", "bias"):
            name = f"{layer}.{own}"
            np.testing.assert_allclose(h[name], exact[name], rtol=1e-5, atol=1e-7)


def test_it_goes_from_layer_to_layer_by_their_jacobians() -> None:
    network, x, label = tiny(0)
    passed = []
    for layer in network.layers.values():
        passed.append((layer, x.copy()))
        x, _ = layer.forward(x)
    h, expected = np.full(SIZES.f6, 2.0), []
    for layer, y in reversed(passed[:-1]):
        own = [getattr(layer, each) for each in PARAMETERS if hasattr(layer, each)]
        by_array = [jacobian(lambda: layer.forward(y)[0], array) for array in (*own, y)]  # noqa: B023
        *of_own, h = [h @ J**2 for J in by_array]
        expected[:0] = of_own
    found = curvature(network, MSE(), passed[0][1], label)
    np.testing.assert_allclose(found, np.concatenate(expected), rtol=1e-4, atol=1e-6)


def test_it_is_summed_over_images_and_never_negative() -> None:
    network, x, label = tiny(0)
    once = curvature(network, MAP(j=5.0), x, label)
    twice = curvature(network, MAP(j=5.0), np.concatenate([x, x], axis=3), np.repeat(label, 2))
    np.testing.assert_allclose(twice, 2 * once)
    assert (once >= 0).all()


def test_half_the_distance_has_half_the_second_derivatives() -> None:
    network, x, label = tiny(0)
    half = LeNet5(
        network.theta, POOLING, ScaledTanh(), None, replace(TINY, output=RBFOutput("random", 0.5))
    )
    np.testing.assert_allclose(
        2 * curvature(half, MSE(), x, label), curvature(network, MSE(), x, label)
    )


def test_a_linear_output_and_cross_entropy_have_one_too() -> None:
    architecture = Architecture(1, 10, NoNormalization(), levels=Levels(-0.1, 1.175))
    network = LeNet5(0.1 * normal(architecture.size), MaxPool(), Tanh(), None, architecture)
    loss: Loss = CrossEntropy(smoothing=0.0)
    z, caches = network.forward(np.ones((1, 32, 32, 2)))
    h = architecture.views(curvature(network, loss, np.ones((1, 32, 32, 2)), np.array([3, 4])))
    y_hat = np.exp(z) / np.exp(z).sum(axis=0)
    np.testing.assert_allclose(h["output.bias"], (y_hat * (1 - y_hat)).sum(axis=1))
    assert caches[-1].shape == (84, 2)


@pytest.mark.slow
def test_the_rates_of_the_first_pass_are_those_of_the_paper() -> None:
    """From 7e-5 to 0.016 with eta = 0.0005 and mu = 0.02, so h was from 0.011 to 7.1."""
    images = Strokes(train_size=500, test_size=1, validation=0, seed=0).load(0).train
    x = network_input(images.images, np.dtype(np.float32))
    init = LecunUniform(limit=1.0, power=0.5)
    rates = []
    for seed in range(5):
        theta = initial_theta(init, seed, LECUN1998)
        network = LeNet5(theta, POOLING, ScaledTanh(), None, LECUN1998)
        h = curvature(network, MSE(), x, images.labels) / len(images)
        rates.append([0.0005 / (0.02 + h.max()), 0.0005 / (0.02 + h.min())])
    np.testing.assert_allclose(np.median(rates, axis=0), [7e-5, 0.016], rtol=0.5)
