"""What layers, the network and the losses say of arrays that they cannot take."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes
from oracles import normal, random_theta

from lenet.nn.architecture import LENET5
from lenet.nn.input import network_input
from lenet.nn.layers import (
    Array,
    AveragePool,
    BatchNorm,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    Tanh,
)
from lenet.nn.layers.pool import maps, windows
from lenet.nn.losses import (
    MAP,
    MSE,
    CrossEntropy,
    cross_entropy,
    cross_entropy_gradient,
    log_softmax,
)
from lenet.nn.model import LeNet5

NETWORK = LeNet5(random_theta(), MaxPool(), Tanh())
CONV = Conv2D(normal(6, 3, 5, 5), normal(6), block=2)
DENSE = Dense(normal(10, 84), normal(10))
LABELS = np.arange(8)


def normalization(features: int, axis: int) -> BatchNorm:
    arrays = {name: np.ones(features) for name in BatchNormalization.initial}
    return BatchNormalization(momentum=0.1, eps=1e-5).layer(arrays, axis)


def assert_said(call: Callable[[], object], expected: str, found: str = "") -> None:
    with pytest.raises(ValueError, match=r"^expected ") as caught:
        call()
    text = str(caught.value)
    assert text.startswith(f"expected {expected}")
    assert f"; found {found}" in text
    assert text.isprintable()


@pytest.mark.parametrize(
    "x",
    [
        normal(8, 1, 32, 32),
        normal(1, 28, 28, 8),
        normal(3, 32, 32, 8),
        normal(32, 32, 1, 8),
        normal(1, 32, 32),
        normal(32, 32),
        np.zeros((8, 28, 28), np.uint8),
        np.zeros((1, 32, 32, 8), np.uint8),
        np.zeros((1, 32, 32, 8), complex),
        [[0.0]],
    ],
    ids=lambda x: f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else "list",
)
@pytest.mark.parametrize(
    "call",
    [NETWORK.logits, NETWORK.forward, lambda x: NETWORK.input_gradient(x, LABELS)],
    ids=["logits", "forward", "input_gradient"],
)
def test_a_network_takes_images_with_the_batch_last(call: Callable[[Any], Any], x: Any) -> None:
    found = f"{x.dtype} {x.shape}; " if isinstance(x, np.ndarray) else "list; "
    expected = "floats (1, 32, 32, N), the batch is last"
    assert_said(lambda: call(x), expected, f"{found}lenet.nn.input.network_input makes them")


def test_what_the_network_advises_is_what_it_takes() -> None:
    x = network_input(np.zeros((8, 28, 28), np.uint8), np.dtype(float))
    assert NETWORK.logits(x).shape == (10, 8)


CASES: dict[str, tuple[Layer, str, list[tuple[int, ...]]]] = {
    "conv": (CONV, "(3, H, W, N)", [(8, 3, 28, 28), (28, 28, 3, 8), (3, 28, 28), (1, 28, 28, 8)]),
    "dense": (DENSE, "(84, N)", [(8, 84), (84,), (84, 1, 1, 8), (10, 8)]),
    "max": (MaxPool(), "(2, 2, C, H, W, N)", [(6, 28, 28, 8), (8, 6, 28, 28), (3, 3, 6, 9, 9, 8)]),
    "average": (AveragePool(), "(2, 2, C, H, W, N)", [(6, 28, 28, 8), (2, 2, 28, 8)]),
    "flatten": (Flatten(), "(C, H, W, N)", [(2, 2, 6, 14, 14, 8), (400, 8), (5,)]),
    "batch norm of maps": (
        normalization(6, -4),
        "(..., 6, H, W, N)",
        [(8, 6, 28, 28), (28, 28, 6, 8), (6, 8), (6,), (6, 28, 28, 0)],
    ),
    "batch norm of vectors": (normalization(6, -2), "(..., 6, N)", [(8, 6), (6,), (6, 0)]),
}


@pytest.mark.parametrize(
    ("layer", "expected", "shape"),
    [(layer, expected, shape) for layer, expected, shapes in CASES.values() for shape in shapes],
    ids=lambda value: None if isinstance(value, Layer) else str(value),
)
def test_a_layer_says_which_shape_it_takes(
    layer: Layer, expected: str, shape: tuple[int, ...]
) -> None:
    message = f"floats {expected}, the batch is last"
    assert_said(lambda: layer.forward(normal(*shape)), message, f"float64 {shape}")


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (CONV, (3, 28, 28, 8)),
        (DENSE, (84, 8)),
        (MaxPool(), (2, 2, 6, 14, 14, 8)),
        (AveragePool(), (2, 2, 6, 14, 14, 8)),
        (normalization(6, -2), (6, 8)),
    ],
    ids=["conv", "dense", "max", "average", "batch norm"],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool, complex, object])
def test_a_layer_takes_floats_alone(layer: Layer, shape: tuple[int, ...], dtype: Any) -> None:
    """The sum of four bytes would be another one."""
    assert_said(lambda: layer.forward(np.ones(shape, dtype)), "floats", str(np.dtype(dtype)))


def test_dropout_takes_floats_alone() -> None:
    """Of 1 / (1 - p) times an integer, an integer would be left."""
    rng = np.random.default_rng(0)
    assert_said(lambda: Dropout(0.5).forward(np.ones((4, 8), int), rng), "floats (..., N)")


@given(st.data(), st.sampled_from(sorted(CASES)), st.booleans())
def test_any_shape_is_taken_or_refused_in_words(
    data: st.DataObject, name: str, right: bool
) -> None:
    layer, _, _ = CASES[name]
    shape = data.draw(array_shapes(min_dims=1, max_dims=7, min_side=0, max_side=7))
    if right:
        start = {"conv": (3,), "dense": (84,), "max": (2, 2), "average": (2, 2)}.get(name, (6,))
        shape = (*start, *shape)
    try:
        y, _ = layer.forward(np.zeros(shape))
    except ValueError as error:
        said = str(error)
    else:
        assert y.shape[-1] == shape[-1]
        return
    assert said.startswith("expected ")
    assert "; found " in said


@pytest.mark.parametrize(
    ("shape", "expected", "found"),
    [
        ((3, 27, 28, 2), "blocks of 2 fill", "27 x 28, which gives 23 x 24"),
        ((3, 5, 28, 2), "maps of at least 6 x 6", "5 x 28, which gives 1 x 24"),
        ((3, 2, 2, 2), "maps of at least 6 x 6", "2 x 2, which gives 0 x 0"),
    ],
)
def test_a_convolution_says_which_maps_would_do(
    shape: tuple[int, ...], expected: str, found: str
) -> None:
    with pytest.raises(ValueError, match=f"^expected .*{expected}.*; found {found}$"):
        CONV.forward(normal(*shape))


@pytest.mark.parametrize(
    ("make", "expected", "found"),
    [
        (lambda: Conv2D(normal(6, 1, 5, 3), normal(6)), "floats (6, 1, 5, 5)", ""),
        (lambda: Conv2D(normal(6, 5, 5), normal(6)), "floats (6, 5, 5, 5)", ""),
        (lambda: Conv2D(normal(6, 1, 5, 5), normal(1)), "floats (6,)", "float64 (1,)"),
        (lambda: Conv2D(normal(6, 1, 5, 5), normal(6, 1)), "floats (6,)", "float64 (6, 1)"),
        (lambda: Conv2D(np.ones((1, 1, 3, 3), int), normal(1)), "floats", "int64 (1, 1, 3, 3)"),
        (lambda: Conv2D(normal(6, 1, 5, 5), normal(6), block=0), "block and stride from 1", "0"),
        (lambda: Conv2D(normal(6, 1, 5, 5), normal(6), padding=-1), "block and stride", "1, 1, -1"),
        (lambda: Dense(normal(10, 84, 1), normal(10)), "floats (out, in)", "float64 (10, 84, 1)"),
        (lambda: Dense(normal(10, 84), normal(84)), "floats (10,)", "float64 (84,)"),
        (lambda: Dense(normal(10, 84), normal(10, 1)), "floats (10,)", "float64 (10, 1)"),
        (lambda: LeNet5(normal(10), MaxPool(), Tanh()), "floats (61706,)", "float64 (10,); LeNet"),
        (lambda: LeNet5([0.0] * LENET5.size, MaxPool(), Tanh()), "floats (61706,)", "list; LeNet"),
        (
            lambda: LeNet5(np.zeros(LENET5.size, int), MaxPool(), Tanh()),
            "floats (61706,)",
            "int64 (61706,); LeNet-5 has 61706 parameters",
        ),
    ],
)
def test_parameters_of_another_form_are_refused(
    make: Callable[[], object], expected: str, found: str
) -> None:
    assert_said(make, expected, found)


# The way back


def test_a_convolution_takes_gradients_in_blocks() -> None:
    """Maps of as many numbers would be taken for them."""
    y, cache = CONV.forward(normal(3, 28, 28, 2))
    for call in (CONV.backward, CONV.gradients):
        found = "float64 (6, 24, 24, 2); pool.windows(maps, 2) cuts maps"
        assert_said(lambda call=call: call(maps(y), cache), "floats (2, 2, 6, 12, 12, 2)", found)
        call(windows(maps(y)), cache)


def test_gradients_have_the_shape_of_the_output() -> None:
    _, x = DENSE.forward(normal(84, 8))
    _, won = MaxPool().forward(normal(2, 2, 3, 4, 5, 8))
    assert_said(lambda: DENSE.gradients(normal(8, 10), x), "floats (10, 8)")
    assert_said(lambda: DENSE.gradients(normal(10, 1), x), "floats (10, 8)")
    assert_said(lambda: DENSE.backward(normal(8, 10), x), "floats (10, N)")
    assert_said(lambda: MaxPool().backward(normal(8, 3, 4, 5), won), "floats (3, 4, 5, 8)")
    assert_said(lambda: AveragePool().backward(normal(60, 8), None), "floats (C, H, W, N)")
    _, caches = NETWORK.forward(normal(1, 32, 32, 8))
    assert_said(lambda: NETWORK.gradient(normal(8, 10), caches), "floats (10, 8)")


def test_a_batch_may_be_empty() -> None:
    x = np.zeros((1, 32, 32, 0))
    logits, caches = NETWORK.forward(x)
    assert logits.shape == NETWORK.logits(x).shape == (10, 0)
    assert log_softmax(logits).shape == (10, 0)
    assert not NETWORK.gradient(logits, caches).any()


def test_images_may_lie_in_memory_in_any_way() -> None:
    x = normal(1, 32, 32, 8)
    for other in (np.asfortranarray(x), np.repeat(x, 2, axis=-1)[..., ::2]):
        assert not other.flags.c_contiguous
        np.testing.assert_allclose(NETWORK.logits(other), NETWORK.logits(x), rtol=1e-12)


# Between maps and windows


@pytest.mark.parametrize("shape", [(6, 28, 28), (2, 2, 6, 14, 14, 8), (6, 1, 28, 8)])
def test_windows_are_cut_from_maps(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^expected maps \(C, H, W, N\) of at least 2 x 2, found"):
        windows(normal(*shape))


@pytest.mark.parametrize("shape", [(6, 28, 28, 8), (2, 3, 6, 14, 14, 8)])
def test_maps_are_joined_from_windows(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^expected windows \(b, b, C, H, W, N\), found"):
        maps(normal(*shape))


# Labels


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (LABELS[:5], "int64 (5,)"),
        (LABELS[:1], "int64 (1,)"),
        (LABELS[:, None], "int64 (8, 1)"),
        (np.eye(10)[LABELS], "float64 (8, 10)"),
        (LABELS.astype(float), "float64 (8,)"),
        (LABELS > 3, "bool (8,)"),
        (LABELS - 2, "int64 (8,) below -1"),
    ],
)
@pytest.mark.parametrize(
    "loss",
    [
        cross_entropy,
        cross_entropy_gradient,
        CrossEntropy(smoothing=0.1),
        CrossEntropy(smoothing=0.1).gradient,
        MSE(),
        MSE().gradient,
        MAP(j=30.0),
        MAP(j=30.0).gradient,
    ],
    ids=[
        "loss",
        "gradient",
        "smoothed loss",
        "smoothed gradient",
        "mse",
        "mse gradient",
        "map",
        "map gradient",
    ],
)
def test_a_loss_takes_an_integer_for_each_image(
    loss: Callable[[Array, Any], Array], labels: Any, found: str
) -> None:
    """Fewer would leave images out, and -2 would be the last class but one."""
    expected = "labels (N,), integers from 0, for (classes, N) = (10, 8)"
    assert_said(lambda: loss(log_softmax(normal(10, 8)), labels), expected, found)


def test_a_class_that_there_is_not_is_named() -> None:
    with pytest.raises(IndexError, match="index 10 is out of bounds for axis 0 with size 10"):
        cross_entropy(log_softmax(normal(10, 8)), LABELS + 3)


@pytest.mark.parametrize("shape", [(28, 28), (2, 64, 64), (2, 1, 1, 28, 28), (784,)])
def test_pixels_come_from_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"^expected images \(N, H, W\) or \(N, C, H, W\) of at"):
        network_input(np.zeros(shape, np.uint8), np.dtype(np.float32))
