"""Batch normalization: over the whole batch, however it is cut up, and as PyTorch has it."""

from dataclasses import replace
from functools import reduce
from operator import add

import numpy as np
import pytest
from gradients import assert_gradient
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike
from oracles import ACTIVATIONS, POOLINGS, name, normal
from trainings import LOSS, RECIPE, batch_result, run

from lenet.data import Data, Split
from lenet.nn.architecture import Architecture
from lenet.nn.features import features
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.nn.input import network_input
from lenet.nn.layers import (
    Activation,
    Array,
    BatchNorm,
    BatchNormalization,
    Pooling,
    Sigmoid,
    SiLU,
    Tanh,
)
from lenet.nn.layers.pool import windows
from lenet.nn.model import MAPS, VECTORS, LeNet5
from lenet.nn.random import stream
from lenet.training.evaluation import evaluate
from lenet.training.loop import train
from lenet.training.optimizers import AdamW
from lenet.training.state import TrainingState

BATCH = BatchNormalization(momentum=0.1, eps=1e-5)
NORMALIZED = Architecture(channels=1, classes=10, normalization=BATCH)
SHAPES = {MAPS: (2, 2, 3, 4, 5, 6), VECTORS: (7, 6)}


def new_layer(features: int, axis: int, seed: int = 0) -> BatchNorm:
    arrays = {"gamma": 1, "beta": 2, "mean": 3, "variance": 4}
    values = {key: normal(features, seed=seed + 10 * k) for key, k in arrays.items()}
    values["variance"] = np.abs(values["variance"])
    return BATCH.layer(values, axis)


def count(axis: int) -> int:
    return SHAPES[axis][axis]


def new_network(pooling: Pooling, activation: Activation, dtype: DTypeLike = np.float64) -> LeNet5:
    theta = initial_theta(GlorotUniform(), 0, NORMALIZED).astype(dtype)
    theta += 0.1 * normal(theta.size)
    NORMALIZED.views(theta)["c1.gamma"][0] *= -1  # with it the order of pooling would matter
    return LeNet5(theta, pooling, activation, architecture=NORMALIZED)


def some_digits(size: int) -> Split:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (size, 28, 28), np.uint8)
    return Split(images, rng.integers(0, 10, size).astype(np.uint8))


@pytest.mark.parametrize("axis", SHAPES)
def test_derivatives(axis: int) -> None:
    layer = new_layer(count(axis), axis)
    x = normal(*SHAPES[axis], seed=1)
    y, cache = layer.forward(x)
    dy = normal(*y.shape, seed=2)

    def f() -> float:
        return float(np.sum(dy * layer.forward(x)[0]))

    dgamma, dbeta, *statistics = layer.gradients(dy, cache)
    assert_gradient(f, layer.gamma, dgamma)
    assert_gradient(f, layer.beta, dbeta)
    assert_gradient(f, x, layer.backward(dy, cache))
    assert not np.any(statistics)


@pytest.mark.parametrize("axis", SHAPES)
def test_each_feature_has_the_mean_beta_and_the_deviation_gamma(axis: int) -> None:
    layer = new_layer(count(axis), axis)
    y, _ = layer.forward(100 + 50 * normal(*SHAPES[axis]))
    by_feature = np.moveaxis(y, axis, 0).reshape(count(axis), -1)
    np.testing.assert_allclose(by_feature.mean(axis=1), layer.beta, atol=1e-12)
    np.testing.assert_allclose(by_feature.std(axis=1), np.abs(layer.gamma), rtol=1e-6)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=5), st.integers(0, 1000))
def test_parts_have_together_the_moments_and_the_gradient_of_the_whole(
    sizes: list[int], seed: int
) -> None:
    layer = new_layer(3, VECTORS, seed)
    x, dy = 10 + normal(3, sum(sizes), seed=seed), normal(3, sum(sizes), seed=seed + 1)
    y, cache = layer.forward(x)
    ends = np.cumsum(sizes)[:-1]
    xs, dys = np.split(x, ends, axis=1), np.split(dy, ends, axis=1)

    moments = reduce(add, map(layer.part, xs))
    parts = [layer.forward(part, moments) for part in xs]
    np.testing.assert_allclose(np.concatenate([y for y, _ in parts], axis=1), y, atol=1e-9)

    gradients = [layer.gradients(dy, cache) for dy, (_, cache) in zip(dys, parts, strict=True)]
    sums = sum(np.stack(part[:2]) for part in gradients)
    dxs = [layer.backward(dy, cache, sums) for dy, (_, cache) in zip(dys, parts, strict=True)]
    np.testing.assert_allclose(np.concatenate(dxs, axis=1), layer.backward(dy, cache), atol=1e-9)


def test_far_from_zero_the_moments_are_as_exact_as_near_it() -> None:
    """The mean square minus the squared mean, in float32, would be nothing but rounding here."""
    layer = new_layer(1, VECTORS)
    x = (1e4 + normal(1, 1000)).astype(np.float32)
    moments = layer.part(x[:, :300]) + layer.part(x[:, 300:])
    np.testing.assert_allclose(moments.variance, np.var(x.astype(np.float64)), rtol=1e-3)


def test_the_running_variance_follows_that_of_a_sample() -> None:
    latest = BatchNormalization(momentum=1.0, eps=1e-5)
    arrays = {name: np.zeros(3) for name in latest.initial}
    layer, x = latest.layer(arrays, VECTORS), normal(3, 5)
    layer.follow(layer.part(x))
    np.testing.assert_allclose(layer.mean, x.mean(axis=1))
    np.testing.assert_allclose(layer.variance, x.var(axis=1, ddof=1))


@pytest.mark.parametrize("axis", SHAPES)
def test_pytorch_normalizes_learns_and_remembers_the_same(axis: int) -> None:
    torch = pytest.importorskip("torch")
    layer = new_layer(count(axis), axis)
    theirs = torch.nn.BatchNorm1d(count(axis), momentum=0.1, eps=1e-5, dtype=torch.float64)
    own = {
        "weight": layer.gamma,
        "bias": layer.beta,
        "running_mean": layer.mean,
        "running_var": layer.variance,
    }
    theirs.load_state_dict(
        {key: torch.tensor(array) for key, array in own.items()}
        | {"num_batches_tracked": torch.tensor(0)}
    )
    x, dy = normal(*SHAPES[axis], seed=5), normal(*SHAPES[axis], seed=6)

    def columns(array: Array) -> "torch.Tensor":
        return torch.tensor(np.moveaxis(array, axis, 0).reshape(count(axis), -1).T.copy())

    input_ = columns(x).requires_grad_()
    output = theirs(input_)
    output.backward(columns(dy))
    y, cache = layer.forward(x)
    layer.follow(cache.moments)
    np.testing.assert_allclose(columns(y), output.detach(), atol=1e-12)
    np.testing.assert_allclose(columns(layer.backward(dy, cache)), input_.grad, atol=1e-12)
    np.testing.assert_allclose(layer.mean, theirs.running_mean, atol=1e-12)
    np.testing.assert_allclose(layer.variance, theirs.running_var, atol=1e-12)
    theirs.eval()
    np.testing.assert_allclose(
        columns(layer.inference().forward(x)[0]), theirs(columns(x)).detach(), atol=1e-12
    )


@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
@pytest.mark.parametrize("activation", [Tanh(), Sigmoid(), SiLU()], ids=name)
def test_derivatives_of_the_network_in_parts(activation: Activation, pooling: Pooling) -> None:
    network, batch = new_network(pooling, activation), some_digits(7)
    outcome = batch_result(network, LOSS, batch, parts=3)

    def f() -> float:

        logits, _ = network.forward(network_input(batch.images, network.theta.dtype))
        return float(LOSS(logits, batch.labels).mean())

    statistics = NORMALIZED.views(outcome.gradient)["f6.variance"]
    assert not statistics.any()
    assert_gradient(f, network.theta, outcome.gradient, directions=3)


def test_the_gradient_does_not_depend_on_the_number_of_parts() -> None:
    network, batch = new_network(POOLINGS[0], ACTIVATIONS[0]), some_digits(9)
    whole, *others = (batch_result(network, LOSS, batch, parts) for parts in (1, 2, 4, 9))
    for other in others:
        np.testing.assert_allclose(other.gradient, whole.gradient, atol=1e-12)
        assert other.score.loss == pytest.approx(whole.score.loss)
        for one, of_whole in zip(other.moments, whole.moments, strict=True):
            np.testing.assert_allclose(one.variance, of_whole.variance)


def test_a_training_has_the_same_bits_whatever_the_number_of_workers(bars: Data) -> None:
    ends = []
    for workers in (1, 2, 3):
        ends.append(run(bars, workers, normalization=BATCH, parts=3).theta)
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], ends[2])


@pytest.mark.parametrize(("batch_size", "layers"), [(10_000, 4), (64, 1)])
def test_fresh_statistics_are_the_moments_of_what_the_tested_network_makes_of_the_images(
    bars: Data, batch_size: int, layers: int
) -> None:
    """Of all images together; the first layer's do not depend on the batches they come in."""
    fresh = replace(BATCH, fresh_images=10_000)
    recipe = replace(RECIPE, normalization=fresh, ema=0.9, epochs=1, batch_size=batch_size)
    state = TrainingState.initial(recipe)
    list(train(recipe, bars, state))
    assert state.average is not None
    network = recipe.network_of(state.average)
    _, caches = network.forward(network_input(bars.train.images, np.float32))
    pairs = list(zip(network.normalizations, network.moments(caches), strict=True))
    for layer, of_images in pairs[:layers]:
        np.testing.assert_allclose(layer.mean, of_images.mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(layer.variance, of_images.unbiased_variance, rtol=1e-4)


def test_fresh_statistics_change_what_is_tested_and_nothing_that_is_trained(bars: Data) -> None:
    followed = run(bars, normalization=BATCH, ema=0.9)
    fresh = run(bars, normalization=replace(BATCH, fresh_images=100), ema=0.9)
    np.testing.assert_array_equal(fresh.theta, followed.theta)
    assert fresh.metrics[-1].train_loss == followed.metrics[-1].train_loss
    assert fresh.metrics[-1].test_loss != followed.metrics[-1].test_loss


def test_what_is_tested_is_one_image_at_a_time(bars: Data) -> None:
    """The running statistics, not those of the images that happen to be tested together."""
    state = run(bars, normalization=BATCH)
    network = replace(RECIPE, normalization=BATCH).network_of(state.theta)
    together = evaluate(network, bars.test)
    alone = sum(evaluate(network, bars.test[i : i + 1]).loss for i in range(len(bars.test)))
    assert alone == pytest.approx(together.loss, rel=1e-4)
    assert together.accuracy > 0.9


@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
def test_folded_into_weights_and_biases_it_does_the_same(
    pooling: Pooling, activation: Activation
) -> None:
    """In 61,706 numbers, also where a scale is negative or far from 1."""
    network = new_network(pooling, activation, dtype=np.float32)
    rng = np.random.default_rng(0)
    for array, view in NORMALIZED.views(network.theta).items():
        if array.endswith(("gamma", "beta", "mean")):
            view[...] = rng.normal(size=view.shape)
        elif array.endswith("variance"):
            view[...] = rng.uniform(0.01, 10, view.shape)
    theta = NORMALIZED.folded(network.theta)
    assert theta.size == NORMALIZED.kept.parameters == 61_706
    x = rng.uniform(size=(1, 32, 32, 20)).astype(np.float32)
    logits = network.logits(x)
    folded = LeNet5(theta, pooling, activation, architecture=NORMALIZED.kept).logits(x)
    np.testing.assert_allclose(folded, logits, rtol=0, atol=1e-5 * np.abs(logits).max())


def test_gradient_by_the_images_is_that_of_the_tested_network() -> None:
    network = new_network(POOLINGS[0], Tanh())
    NORMALIZED.views(network.theta)["c3.variance"][...] = 3
    x, classes = np.random.default_rng(0).uniform(size=(1, 32, 32, 2)), np.array([3, 8])

    def f() -> float:
        return float(network.logits(x)[classes, [0, 1]].sum())

    assert_gradient(f, x, network.input_gradient(x, classes), directions=2)


def test_features_are_those_of_the_tested_network() -> None:
    network = new_network(POOLINGS[0], Tanh())
    x = np.random.default_rng(0).uniform(size=(1, 32, 32, 3))
    found = features(network, x)
    np.testing.assert_allclose(found["output"], network.logits(x))
    np.testing.assert_allclose(
        found["S2"], POOLINGS[0].forward(windows(found["C1"]))[0], atol=1e-12
    )


def test_weight_decay_and_optimizers_leave_statistics_alone(bars: Data) -> None:
    """They are what the last batches were like, with momentum 1 those of the very last."""
    latest = BatchNormalization(momentum=1.0, eps=1e-5)
    optimizer = AdamW(lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=10.0)
    recipe = replace(RECIPE, normalization=latest, optimizer=optimizer, epochs=1, batch_size=300)
    state = TrainingState.initial(recipe)
    views = recipe.architecture.views
    before = recipe.network_of(state.theta.copy())
    rng = stream(recipe.seed, "order", 1)
    batch = bars.train[rng.permutation(len(bars.train))]
    moments = batch_result(before, LOSS, batch, parts=2).moments[0]

    list(train(recipe, bars, state))
    np.testing.assert_allclose(views(state.theta)["c1.mean"], moments.mean, rtol=1e-6)
    assert abs(views(state.theta)["c1.gamma"] - 1).max() < 0.011


def test_the_order_of_pooling_and_activation_stays_cheap() -> None:
    layers = list(new_network(POOLINGS[0], ACTIVATIONS[0]).layers)
    assert layers[:4] == ["C1", "the normalization of C1", "S2", "the activation of C1"]


def test_it_adds_904_numbers_of_which_half_are_trained() -> None:
    assert NORMALIZED.size == 61_706 + 4 * (6 + 16 + 120 + 84)
    assert NORMALIZED.parameters == 61_706 + 2 * (6 + 16 + 120 + 84)
