"""Features are what the paper's Fig. 2 names, in whatever order the network computes them."""

import numpy as np
import pytest
from oracles import ACTIVATIONS, POOLINGS, digits, name, random_theta

from lenet.nn.architecture import LENET5
from lenet.nn.features import features
from lenet.nn.layers import Activation, MaxPool, Pooling, Tanh
from lenet.nn.layers.pool import maps, windows
from lenet.nn.model import LeNet5

SHAPES = {
    "C1": (6, 28, 28, 3),
    "S2": (6, 14, 14, 3),
    "C3": (16, 10, 10, 3),
    "S4": (16, 5, 5, 3),
    "C5": (120, 3),
    "F6": (84, 3),
    "output": (10, 3),
}


def test_each_layer_has_the_shape_of_the_paper() -> None:
    found = features(LeNet5(random_theta(), MaxPool(), Tanh()), digits())
    assert {layer: array.shape for layer, array in found.items()} == SHAPES
    assert list(found) == list(SHAPES)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
def test_features_are_those_of_the_forward_pass_in_the_papers_order(
    pooling: Pooling, activation: Activation
) -> None:
    """Convolution, activation, pooling; dense layer, activation: one after the other by hand."""
    theta, x = random_theta(), digits()
    network = LeNet5(theta, pooling, activation)
    p = LENET5.views(theta)
    y, expected = x, {}
    for convolution, subsampling in (("C1", "S2"), ("C3", "S4")):
        y, _ = network.layers[convolution].forward(y)
        y, _ = activation.forward(maps(y))
        expected[convolution] = y
        y, _ = pooling.forward(windows(y))
        expected[subsampling] = y
    y = y.reshape(400, 3)
    for dense in ("C5", "F6"):
        W, b = (p[f"{dense.lower()}.{part}"] for part in ("weight", "bias"))
        y, _ = activation.forward(W @ y + b[:, None])
        expected[dense] = y
    expected["output"] = network.logits(x)
    for layer, array in features(network, x).items():
        np.testing.assert_allclose(array, expected[layer], rtol=1e-10, atol=1e-12, err_msg=layer)
