"""Names of PyTorch: a layer is known by its shapes, whatever it is called."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import normal

from lenet.errors import DataError
from lenet.formats.state_dict import from_state_dict, to_state_dict
from lenet.nn.architecture import Architecture, Sizes
from lenet.nn.layers import Array, BatchNormalization, NoNormalization

PATH = Path("some.pt")
NORMALIZATIONS = [NoNormalization(), BatchNormalization(momentum=0.1, eps=1e-5)]
ARCHITECTURES = st.builds(
    Architecture, st.integers(1, 130), st.integers(2, 130), st.sampled_from(NORMALIZATIONS)
)
NORMALIZED = Architecture(1, 10, NORMALIZATIONS[1])


def some_arrays(architecture: Architecture) -> dict[str, Array]:
    return architecture.views(normal(architecture.size))


@given(ARCHITECTURES, st.randoms(use_true_random=False), st.booleans())
def test_any_names_in_any_order_are_understood(
    architecture: Architecture, random: Random, convolution: bool
) -> None:
    """Numbers of channels and classes that are those of other layers are no exception."""
    arrays = some_arrays(architecture)
    state = list(to_state_dict(arrays).items())
    random.shuffle(state)
    modules = {name.rpartition(".")[0]: f"net.{k}" for k, (name, _) in enumerate(state)}
    renamed = {
        f"{modules[module]}.{own}": array
        for name, array in state
        for module, _, own in [name.rpartition(".")]
    }
    if convolution:
        (c5,) = (name for name, array in renamed.items() if array is arrays["c5.weight"])
        renamed[c5] = renamed[c5].reshape(120, 16, 5, 5)
    found = from_state_dict(PATH, renamed, architecture)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_the_names_that_we_write() -> None:
    assert list(to_state_dict(some_arrays(NORMALIZED)))[:9] == [
        "c1.weight",
        "c1.bias",
        "c1_norm.weight",
        "c1_norm.bias",
        "c1_norm.running_mean",
        "c1_norm.running_var",
        "c1_norm.num_batches_tracked",
        "c3.weight",
        "c3.bias",
    ]


def test_our_own_names_tell_layers_of_one_shape_apart() -> None:
    sizes = Sizes(6, 16, 84, 84, 5)
    alike = Architecture(1, 84, NORMALIZATIONS[1], sizes)
    arrays = some_arrays(alike)
    found = from_state_dict(PATH, to_state_dict(arrays), alike)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_what_is_unknown_keeps_its_name() -> None:
    state = {"c1.weight": np.zeros((6, 1, 3, 3)), "fc.bias": np.zeros(10), "weight": np.zeros(3)}
    assert from_state_dict(PATH, state, NORMALIZED).keys() == state.keys()


def test_two_layers_of_one_shape_are_refused() -> None:
    state = to_state_dict(some_arrays(NORMALIZED)) | {"fc.weight": np.zeros((84, 120))}
    with pytest.raises(
        DataError, match=r"some.pt: expected one f6.weight, found 'fc.weight' as well"
    ):
        from_state_dict(PATH, state, NORMALIZED)
