"""The gradient of a batch is that of its images, in whatever parts and stacks they come."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from trainings import LOSS, new_network

from lenet.data import Data, Split
from lenet.nn.gradient import BatchGradient, places
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.nn.model import LeNet5
from lenet.nn.parts import complete
from lenet.training.batch import stack_result


def found(
    gradient: BatchGradient, network: LeNet5, batch: Split, stacks: Sequence[Sequence[int]]
) -> Array:
    """The gradient of a batch whose parts are of the sizes in some stacks, one after the other."""
    first = number = 0
    for sizes in stacks:
        ends = first + np.cumsum([0, *sizes])
        parts = [batch[start:end] for start, end in pairwise(ends)]
        numbers = list(range(number, number + len(sizes)))
        complete([stack_result(network, LOSS, len(batch), parts, None, gradient, numbers)])
        first, number = ends[-1], number + len(sizes)
    assert first == len(batch)
    return np.concatenate(
        [gradient.find(piece, number).copy() for piece in range(len(gradient.shapes))]
    )


def gradient_of(network: LeNet5, batch: Split) -> Array:
    """The gradient of a batch as a whole."""
    z, caches = network.forward(network_input(batch.images, network.theta.dtype))
    return network.gradient(LOSS.gradient(z, batch.labels) / len(batch), caches)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("stacks", [[[5]], [[2, 2], [1]], [[1], [2, 2]], [[1] * 5], [[3], [2]]])
def test_parts_and_stacks_make_no_difference(
    bars: Data, stacks: list[list[int]], whole: bool
) -> None:
    network, batch = new_network(dtype=np.float64), bars.train[:5]
    gradient = BatchGradient(network, 5, 5, whole=whole)
    expected = gradient_of(network, batch)
    np.testing.assert_allclose(found(gradient, network, batch, stacks), expected, atol=1e-14)
    np.testing.assert_array_equal(gradient.g, found(gradient, network, batch, stacks))


def test_nothing_of_a_batch_is_left_in_the_next(bars: Data) -> None:
    network, smaller = new_network(), bars.train[:5]
    used, fresh = (BatchGradient(network, 3, 4) for _ in range(2))
    found(used, network, bars.train[5:16], [[4, 4], [3]])
    np.testing.assert_array_equal(
        found(used, network, smaller, [[3], [2]]), found(fresh, network, smaller, [[3], [2]])
    )


def test_pieces_follow_each_other_through_theta() -> None:
    network = new_network()
    whole, cut = (BatchGradient(network, 2, 2, whole=whole) for whole in (True, False))
    assert whole.shapes == list(network.architecture.shapes.values())
    for gradient in (whole, cut):
        count = len(gradient.shapes)
        assert gradient.place(range(count)) == slice(0, network.architecture.size)
        assert gradient.place(range(3, 3)) == slice(gradient.ends[3], gradient.ends[3])
    assert max(np.diff(cut.ends)) < network.architecture.size / 10


@pytest.mark.parametrize("parts", [[0], [5], [0, 1, 2], [1, 3, 5], [0, 2, 3], [0, 1, 3], [4, 7]])
def test_parts_are_found_by_their_numbers(parts: list[int]) -> None:
    np.testing.assert_array_equal(np.arange(8)[places(parts)], parts)
