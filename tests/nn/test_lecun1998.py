"""The network of LeCun, Bottou, Bengio and Haffner (1998): its parts, and what is known of it."""

from dataclasses import replace

import numpy as np
import pytest
from gradients import assert_gradient, assert_layer
from oracles import convolution_by_loops, normal

from lenet.nn.architecture import Architecture, Sizes
from lenet.nn.codes import HEIGHT, WIDTH, digit_codes
from lenet.nn.connections import TABLE, TableConnections
from lenet.nn.features import features
from lenet.nn.init import LecunUniform, initial_theta
from lenet.nn.input import Levels, network_input
from lenet.nn.layers import (
    RBF,
    Array,
    NoNormalization,
    ScaledTanh,
    Subsampling,
    TableConv2D,
    TrainablePooling,
)
from lenet.nn.layers.pool import maps
from lenet.nn.losses import MAP, MSE, CrossEntropy, Loss
from lenet.nn.model import LeNet5
from lenet.nn.output import RBFOutput

LABELS = np.array([3, 0, 9], np.uint8)
POOLING = TrainablePooling(coefficient=0.6)
LECUN1998 = Architecture(
    channels=1,
    classes=10,
    normalization=NoNormalization(),
    c3=TableConnections(),
    pooling=POOLING,
    output=RBFOutput("bitmaps", 1.0),
    levels=Levels(-0.1, 1.175),
)


def network(theta: Array, architecture: Architecture = LECUN1998) -> LeNet5:
    return LeNet5(theta, POOLING, ScaledTanh(), None, architecture)


def random_network() -> LeNet5:
    """In double precision, with weights that keep signals alive and biases that are not zero."""
    return network(0.2 * normal(LECUN1998.size))


def digits() -> Array:
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    return network_input(images, np.dtype(np.float64))


def test_it_has_sixty_thousand_parameters() -> None:
    by_layer: dict[str, int] = {}
    for name, view in LECUN1998.views(np.zeros(LECUN1998.size)).items():
        layer = name.partition(".")[0]
        by_layer[layer] = by_layer.get(layer, 0) + view.size
    assert by_layer == {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48120, "f6": 10164}
    assert LECUN1998.parameters == LECUN1998.size == 60_000


def test_it_has_340908_connections() -> None:
    """Of ones everywhere, the gradient of a parameter counts the connections that share it."""
    ones = network(np.ones(LECUN1998.size))
    x, count = np.ones((1, 32, 32, 1)), {}
    for name, layer in ones.layers.items():
        y, cache = layer.forward(x)
        if name in ("C1", "S2", "C3", "S4", "C5", "F6"):
            _, cache = layer.forward(np.ones_like(x))
            gradients = layer.gradients(np.ones_like(y), cache)
            count[name] = int(sum(gradient.sum() for gradient in gradients))
        x = y
    assert count == {
        "C1": 122_304, "S2": 5_880, "C3": 151_600, "S4": 2_000, "C5": 48_120, "F6": 10_164
    }  # fmt: skip
    assert sum(count.values()) + digit_codes().size == 340_908


def test_background_is_a_little_below_zero_and_ink_above_one() -> None:
    """A digit's ink is 255 of 255, what is around it 0."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 14, 14] = 255
    x = network_input(image, np.dtype(np.float64))
    seen, _ = random_network().layers["the input"].forward(x)
    assert seen[0, 16, 16, 0] == pytest.approx(1.175)
    np.testing.assert_allclose(np.delete(seen.ravel(), 16 * 32 + 16), -0.1)


def test_each_map_of_c3_sees_those_of_table_i() -> None:
    assert [len(maps_seen) for maps_seen in TABLE] == 6 * [3] + 9 * [4] + [6]
    assert sum(map(len, TABLE)) == 60
    fed = [sum(s2 in maps_seen for maps_seen in TABLE) for s2 in range(6)]
    assert fed == 6 * [10]
    assert len(set(TABLE)) == 16
    K, b, x = normal(60, 5, 5), normal(16), normal(6, 14, 14, 2)
    y, _ = TableConv2D(K, b, TABLE, block=2).forward(x)
    first = 0
    for k, seen in enumerate(TABLE):
        filters = K[first : first + len(seen)][None]
        expected = convolution_by_loops(x[list(seen)], filters, b[k : k + 1])
        np.testing.assert_allclose(maps(y)[k : k + 1], expected)
        first += len(seen)


def test_convolution_by_a_table_has_the_right_derivatives() -> None:
    table = [(0, 2), (1,), (0, 1, 2)]
    layer = TableConv2D(normal(6, 3, 3), normal(3), table, block=2)
    assert_layer(layer, normal(3, 6, 6, 2), (layer.weight, layer.bias))


def test_subsampling_is_a_coefficient_times_the_sum_of_four() -> None:
    layer = Subsampling(np.array([2.0, -1.0]), np.array([0.5, 0.0]))
    x = np.ones((2, 2, 2, 3, 3, 1))
    y, _ = layer.forward(x)
    np.testing.assert_allclose(y[:, 0, 0, 0], [8.5, -4])
    assert_layer(layer, normal(2, 2, 2, 3, 4, 2), (layer.coefficient, layer.bias))


def test_squashing_has_slope_1_1439_at_0_and_follows_six_layers() -> None:
    slope = ScaledTanh().backward(np.ones(1), np.zeros(1))
    np.testing.assert_allclose(slope, 1.1439, atol=1e-4)
    squashed = [name for name in random_network().layers if name.startswith("the activation of")]
    assert [name[-2:] for name in squashed] == ["C1", "S2", "C3", "S4", "C5", "F6"]


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_rbf_units_have_the_right_derivatives(scale: float) -> None:
    layer = RBF(normal(5, 7), scale)
    assert_layer(layer, normal(7, 3, seed=1))


def test_all_penalties_are_84_before_f6_says_anything() -> None:
    codes = digit_codes()
    assert codes.shape == (10, WIDTH * HEIGHT) == (10, 84)
    assert set(codes.ravel()) == {-1.0, 1.0}
    z, _ = RBF(codes).forward(np.zeros((84, 1)))
    np.testing.assert_array_equal(z, -84)


def test_the_class_is_that_of_the_smallest_distance() -> None:
    """Which is also the largest w x, as all codes are equally long."""
    codes, x = digit_codes(), 0.5 * normal(84, 50)
    z, _ = RBF(codes).forward(x)
    distances = ((x.T[:, None] - codes) ** 2).sum(axis=2)
    np.testing.assert_array_equal(z.argmax(axis=0), distances.argmin(axis=1))
    np.testing.assert_array_equal(z.argmax(axis=0), (codes @ x).argmax(axis=0))
    z, _ = RBF(codes).forward(codes.T)
    np.testing.assert_array_equal(z.argmax(axis=0), range(10))


def test_digits_that_look_alike_have_codes_that_are_alike() -> None:
    codes = digit_codes()
    apart = (codes[:, None] != codes).sum(axis=2)
    assert apart[~np.eye(10, dtype=bool)].min() >= 8
    for alike, other in [((3, 8), (1, 8)), ((0, 8), (1, 0)), ((7, 2), (7, 6))]:
        assert apart[alike] < apart[other]


@pytest.mark.parametrize("loss", [MSE(), MAP(j=1.0), MAP(j=60.0), CrossEntropy(0.1)], ids=repr)
def test_losses_have_the_right_derivatives(loss: Loss) -> None:
    z = normal(10, 3)
    assert_gradient(lambda: float(loss(z, LABELS).sum()), z, loss.gradient(z, LABELS))
    curvature = loss.curvature(z, LABELS)
    for place in np.ndindex(z.shape):
        above, below = z.copy(), z.copy()
        above[place] += 1e-5
        below[place] -= 1e-5
        change = loss.gradient(above, LABELS) - loss.gradient(below, LABELS)
        assert change[place] / 2e-5 == pytest.approx(curvature[place], abs=1e-8)


def test_map_is_what_equation_9_says() -> None:
    z, j = -np.abs(normal(10, 3)), 2.0
    y = -z
    expected = [
        y[own, n] + np.log(np.exp(-j) + np.exp(-y[:, n]).sum()) for n, own in enumerate(LABELS)
    ]
    np.testing.assert_allclose(MAP(j)(z, LABELS), expected)


def test_map_is_mse_for_a_small_j_and_cross_entropy_for_a_large_one() -> None:
    """Other penalties are far above a small j: e^-y is nothing beside e^-j."""
    z, _ = RBF(digit_codes()).forward(digit_codes()[LABELS].T + 0.1 * normal(84, 3))
    z[LABELS, range(3)] = -6.0
    np.testing.assert_allclose(MAP(1.0).gradient(z, LABELS), MSE().gradient(z, LABELS), atol=0.01)
    np.testing.assert_allclose(
        MAP(1e3).gradient(z, LABELS), CrossEntropy(0.0).gradient(z, LABELS), atol=1e-12
    )


def test_it_has_the_right_derivatives() -> None:
    whole, x, loss = random_network(), digits(), MAP(j=60.0)

    def f() -> float:
        return float(loss(whole.logits(x), LABELS).sum())

    z, caches = whole.forward(x)
    assert_gradient(f, whole.theta, whole.gradient(loss.gradient(z, LABELS), caches), directions=2)


def test_weights_start_by_the_inputs_of_their_unit() -> None:
    arrays = LECUN1998.views(initial_theta(LecunUniform(), 0, LECUN1998))
    fans = np.repeat([75, 100, 150], [18, 36, 6])
    largest = np.abs(arrays["c3.weight"]).max(axis=(1, 2))
    assert (largest <= 2.4 / fans).all()
    assert (largest > 0.6 * 2.4 / fans).all()
    np.testing.assert_array_equal(arrays["s2.coefficient"], np.float32(0.6))
    assert not any(array.any() for name, array in arrays.items() if name.endswith("bias"))


def test_coefficients_and_biases_are_drawn_where_that_is_asked_for() -> None:
    architecture = replace(LECUN1998, pooling=TrainablePooling(coefficient=None))
    theta = initial_theta(LecunUniform(draws_biases=True), 0, architecture)
    arrays = architecture.views(theta)
    for name, fan_in in {"s4.coefficient": 4, "s4.bias": 4, "f6.bias": 120, "c1.bias": 25}.items():
        largest = np.abs(arrays[name]).max()
        assert 0.5 * 2.4 / fan_in < largest <= 2.4 / fan_in


def test_what_each_layer_says_is_shown_after_its_squashing() -> None:
    whole, x = random_network(), digits()
    seen = features(whole, x)
    shapes = {name: array.shape[:-1] for name, array in seen.items()}
    assert shapes == {
        "C1": (6, 28, 28), "S2": (6, 14, 14), "C3": (16, 10, 10), "S4": (16, 5, 5),
        "C5": (120,), "F6": (84,), "output": (10,),
    }  # fmt: skip
    for name in ("C1", "S2", "C3", "S4", "C5", "F6"):
        assert np.abs(seen[name]).max() <= 1.7159
    s2 = whole.layers["S2"].forward(whole.layers["C1"].forward(x)[0])[0]
    assert s2.shape == seen["S2"].shape
    np.testing.assert_allclose(seen["output"], whole.logits(x))


def test_a_table_for_other_numbers_of_maps_is_refused() -> None:
    with pytest.raises(ValueError, match="c3 = table: connects 6 maps to 16, not 8 to 16"):
        Architecture(
            1, 10, NoNormalization(), Sizes(8, 16, 120, 84, 5), c3=TableConnections()
        )  # fmt: skip


def test_classes_of_one_code_are_refused() -> None:
    with pytest.raises(ValueError, match=r"network\.f6 = 3: two of 10 classes have the same code"):
        RBFOutput("random", 1.0).shapes(10, 3)
    assert RBFOutput("random", 1.0).shapes(10, 84) == {}


def test_bitmaps_of_other_classes_than_the_digits_are_refused() -> None:
    with pytest.raises(ValueError, match="should be 'random' for 47 classes and 84 units"):
        Architecture(1, 47, NoNormalization(), output=RBFOutput("bitmaps", 1.0))
