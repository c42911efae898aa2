"""Every layer: its derivatives, and what they have to get right at the edges."""

from typing import Any

import numpy as np
import pytest
from gradients import assert_layer
from hypothesis import given
from hypothesis import strategies as st
from oracles import ACTIVATIONS, POOLINGS, convolution_by_loops, name, normal
from scipy.special import ndtr
from scipy.stats import norm

from lenet.nn.layers import Activation, Array, Conv2D, Dense, Flatten, MaxPool, Pooling, ScaledTanh
from lenet.nn.layers.activation import normal_distribution
from lenet.nn.layers.pool import maps, windows
from lenet.nn.layers.rows import output_size


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
@pytest.mark.parametrize("shape", [(7, 3), (2, 2, 3, 4, 5, 2)])
def test_activation_has_the_right_derivative(
    activation: Activation, shape: tuple[int, ...]
) -> None:
    assert_layer(activation, 2 * normal(*shape))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
def test_activation_stays_finite_for_huge_inputs(activation: Activation) -> None:
    x = np.array([-1e30, -1e4, 0, 1e4, 1e30], np.float32)
    y, cache = activation.forward(x)
    assert np.isfinite(y).all()
    assert np.isfinite(activation.backward(np.ones_like(x), cache)).all()


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
def test_activation_that_says_so_never_decreases(activation: Activation) -> None:
    y, _ = activation.forward(np.sort(10 * normal(1000)))
    assert activation.non_decreasing == bool((np.diff(y) >= 0).all())


@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-15), (np.float32, 2e-7)])
def test_the_normal_distribution_is_scipys(dtype: type, close: float) -> None:
    x = np.concatenate([np.linspace(-45, 45, 20001), [0, -1e30, 1e30]]).astype(dtype)
    Phi, phi = normal_distribution(x)
    assert Phi.dtype == phi.dtype == dtype
    np.testing.assert_allclose(Phi, ndtr(x), rtol=0, atol=close)
    np.testing.assert_allclose(phi, norm.pdf(x), rtol=0, atol=close)


def test_scaled_tanh_passes_through_one_at_one() -> None:
    y, _ = ScaledTanh().forward(np.array([-1.0, 1.0]))
    np.testing.assert_allclose(y, [-1, 1], atol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
@pytest.mark.parametrize("offset", [0.0, -50.0], ids=["mixed", "all negative"])
def test_pooling_has_the_right_derivative(pooling: Pooling, offset: float) -> None:
    assert_layer(pooling, normal(2, 2, 3, 4, 5, 2) + offset)


def test_max_pooling_of_negative_windows_is_negative() -> None:
    x = -1 - np.abs(normal(2, 6, 4, 3))
    y, _ = MaxPool().forward(windows(x))
    assert (y < -1).all()


@given(st.integers(0, 2**32 - 1))
def test_max_pooling_gives_each_gradient_to_one_member_also_where_they_tie(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (2, 2, 3, 2, 4, 2)).astype(float)
    y, cache = MaxPool().forward(x)
    dy = rng.normal(size=y.shape)
    dx = MaxPool().backward(dy, cache)
    np.testing.assert_array_equal(dx.sum(axis=(0, 1)), dy)
    np.testing.assert_array_equal(np.count_nonzero(dx, axis=(0, 1)), 1)
    winner = dx.reshape(4, -1) != 0
    np.testing.assert_array_equal(x.reshape(4, -1).T[winner.T], y.ravel())


def test_max_pooling_lets_the_first_of_equals_win() -> None:
    _, cache = MaxPool().forward(np.zeros((2, 2, 1, 1, 1, 1)))
    dx = MaxPool().backward(np.ones((1, 1, 1, 1)), cache)
    assert dx.ravel().tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("activation", [a for a in ACTIVATIONS if a.non_decreasing], ids=name)
def test_max_pooling_commutes_with_a_function_that_never_decreases(activation: Activation) -> None:
    x = 2 * normal(2, 2, 3, 4, 5, 2)
    dy = normal(3, 4, 5, 2, seed=1)

    pooled, pool_cache = MaxPool().forward(x)
    y, activation_cache = activation.forward(pooled)
    dx = MaxPool().backward(activation.backward(dy, activation_cache), pool_cache)

    activated, activation_cache = activation.forward(x)
    y_swapped, pool_cache = MaxPool().forward(activated)
    dx_swapped = activation.backward(MaxPool().backward(dy, pool_cache), activation_cache)

    np.testing.assert_array_equal(y, y_swapped)
    np.testing.assert_allclose(dx, dx_swapped, rtol=1e-14)


def test_windows_and_maps_undo_each_other() -> None:
    x = normal(3, 6, 4, 2)
    np.testing.assert_array_equal(maps(windows(x)), x)
    np.testing.assert_array_equal(windows(x)[1, 0, 2, 1, 1], x[2, 3, 2])


def test_windows_leave_out_what_does_not_fill_one() -> None:
    assert windows(normal(3, 7, 5, 2)).shape == (2, 2, 3, 3, 2, 2)


def test_dense_has_the_right_derivative() -> None:
    W, b = normal(4, 6), normal(4, seed=1)
    assert_layer(Dense(W, b), normal(6, 3, seed=2), (W, b))


def test_dense_adds_its_bias() -> None:
    y, _ = Dense(np.zeros((2, 3)), np.array([1.0, -2.0])).forward(normal(3, 4))
    np.testing.assert_array_equal(y, [[1] * 4, [-2] * 4])


def test_flatten_has_the_right_derivative() -> None:
    assert_layer(Flatten(), normal(2, 3, 4, 5))


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Conv2D, Array]:
    """A convolution of any kind, and maps of a shape, square or not, that it takes."""
    block, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    F, padding = draw(st.integers(1, 5)), draw(st.integers(0, 2))
    C_in, C_out = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    sides = []
    for _ in range(2):
        outputs = block * draw(st.integers(1, 3))
        spare = draw(st.integers(0, stride - 1))
        sides.append(max((outputs - 1) * stride + F - 2 * padding, 1) + spare)
    seed = draw(st.integers(0, 2**32 - 1))
    layer = Conv2D(
        normal(C_out, C_in, F, F, seed=seed),
        normal(C_out, seed=seed + 1),
        block=block,
        stride=stride,
        padding=padding,
    )
    return layer, normal(C_in, *sides, draw(st.integers(1, 3)), seed=seed + 2)


def fits(layer: Conv2D, x: Array) -> bool:
    F = layer.weight.shape[-1]
    outputs = [output_size(side, F, layer.padding, layer.stride) for side in x.shape[1:3]]
    return all(n > 0 and n % layer.block == 0 for n in outputs)


@given(convolutions())
def test_convolution_equals_its_definition_for_any_shape(case: tuple[Conv2D, Array]) -> None:
    layer, x = case
    if not fits(layer, x):
        with pytest.raises(ValueError, match="block"):
            layer.forward(x)
        return
    y, _ = layer.forward(x)
    expected = convolution_by_loops(x, layer.weight, layer.bias, layer.stride, layer.padding)
    np.testing.assert_allclose(maps(y), expected, rtol=1e-11, atol=1e-11)


@given(convolutions())
def test_convolution_has_the_right_derivative_for_any_shape(case: tuple[Conv2D, Array]) -> None:
    layer, x = case
    if fits(layer, x):
        assert_layer(layer, x, (layer.weight, layer.bias))


def test_a_convolution_sees_arrays_of_one_shape_whatever_their_type_and_order() -> None:
    K, b = normal(4, 3, 5, 5), normal(4, seed=1)
    x, dy = normal(2, 3, 14, 14, 8, seed=2), normal(2, 2, 2, 4, 5, 5, 8, seed=3)
    layer = Conv2D(K, b, block=2)
    y, cache = layer.forward(x)
    expected = [y, layer.backward(dy, cache), *layer.gradients(dy, cache)]
    for dtype, order in ((np.float32, "C"), (np.float64, "F"), (np.float32, "F")):
        layer = Conv2D(K.astype(dtype), b.astype(dtype), block=2)
        y, cache = layer.forward(x.astype(dtype, order))
        other = dy.astype(dtype, order)
        actual = [y, layer.backward(other, cache), *layer.gradients(other, cache)]
        for one, right in zip(actual, expected, strict=True):
            assert one.dtype == dtype
            np.testing.assert_allclose(one, right, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("weight", "side"), [((6, 1, 5, 5), 32), ((16, 6, 5, 5), 14)], ids=["C1", "C3"]
)
def test_convolution_equals_its_definition_for_the_shapes_of_lenet(
    weight: tuple[int, ...], side: int
) -> None:
    layer = Conv2D(normal(*weight), normal(weight[0], seed=1), block=2)
    x = normal(weight[1], side, side, 2, seed=2)
    y, _ = layer.forward(x)
    np.testing.assert_allclose(
        maps(y), convolution_by_loops(x, layer.weight, layer.bias), rtol=1e-11, atol=1e-11
    )


def test_conv_3_with_120_filters_is_fc1_on_five_by_five_maps() -> None:
    W, b, x = normal(120, 16, 5, 5), normal(120, seed=1), normal(16, 5, 5, 3, seed=2)
    convolved, _ = Conv2D(W, b).forward(x)
    dense, _ = Dense(W.reshape(120, 400), b).forward(x.reshape(400, 3))
    np.testing.assert_allclose(maps(convolved)[:, 0, 0], dense, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "layer",
    [
        *ACTIVATIONS,
        *POOLINGS,
        Conv2D(normal(2, 2, 3, 3), normal(2)),
        Dense(normal(2, 2), normal(2)),
    ],
    ids=name,
)
def test_layers_keep_the_type_of_their_numbers(layer: Any, dtype: Any) -> None:
    for parameter in ("weight", "bias"):
        if hasattr(layer, parameter):
            setattr(layer, parameter, getattr(layer, parameter).astype(dtype))
    shape = (2, 2, 2, 5, 5, 2) if isinstance(layer, Pooling) else (2, 5, 5, 2)
    x = normal(*shape).astype(dtype)
    x = x[:, 0, 0] if isinstance(layer, Dense) else x
    y, cache = layer.forward(x)
    assert y.dtype == dtype
    assert layer.backward(y, cache).dtype == dtype
    assert all(gradient.dtype == dtype for gradient in layer.gradients(y, cache))
