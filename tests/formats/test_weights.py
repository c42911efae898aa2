"""Files of weights: what is written is read, and no other network is taken for a LeNet-5."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lenet.errors import DataError
from lenet.formats.npz import read_arrays, write_arrays
from lenet.formats.weights import read_temperature, read_weights, write_weights
from lenet.nn.architecture import LENET5, Architecture
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.nn.layers import BatchNormalization

THETA = initial_theta(GlorotUniform(), 0)
LARGEST = float(np.finfo(np.float32).max)
FINITE = st.floats(-LARGEST, LARGEST, width=32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.npz"


def message(path: Path) -> str:
    """The one line that says what is wrong, without the beginning that all have in common."""
    with pytest.raises(DataError) as caught:
        read_weights(path)
    text = str(caught.value)
    assert text.isprintable()
    begin = f"{path}: expected the weights of a LeNet-5, found "
    assert text.startswith(begin)
    return text.removeprefix(begin)


@settings(max_examples=20)
@given(arrays(np.float32, LENET5.size, elements=FINITE, fill=FINITE))
def test_any_finite_weights_survive(
    tmp_path_factory: pytest.TempPathFactory, theta: np.ndarray[Any, Any]
) -> None:
    path = tmp_path_factory.mktemp("weights") / "some.npz"
    write_weights(path, theta)
    found = read_weights(path)
    assert found.dtype == np.float32
    assert found.tobytes() == theta.tobytes()


def test_normalizations_are_folded_when_written_and_when_read_from_an_earlier_file(
    path: Path,
) -> None:
    architecture = Architecture(1, 10, BatchNormalization(momentum=0.1, eps=1e-5))
    theta = initial_theta(GlorotUniform(), 0, architecture)
    architecture.views(theta)["c3.mean"][...] = 2
    write_weights(path, theta, architecture)
    assert read_arrays(path, 10**6).keys() == LENET5.shapes.keys()
    found = read_weights(path, architecture)
    np.testing.assert_array_equal(found, architecture.folded(theta))
    write_arrays(path, architecture.views(theta))
    np.testing.assert_array_equal(read_weights(path, architecture), found)


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8"])
def test_weights_of_another_float_type_are_rounded(path: Path, dtype: str) -> None:
    write_weights(path, THETA.astype(dtype))
    np.testing.assert_array_equal(read_weights(path), THETA.astype(dtype).astype(np.float32))


@pytest.mark.parametrize(
    ("name", "array", "found"),
    [
        ("f6.bias", None, "no f6.bias of shape (84,)"),
        ("f6.bias", np.zeros(83), "f6.bias of shape (83,) in place of (84,)"),
        ("f6.bias", np.zeros(1), "f6.bias of shape (1,) in place of (84,)"),
        ("f6.bias", np.zeros(84, int), "f6.bias of type int64 in place of a float type"),
        ("f6.bias", np.full(84, np.nan), "f6.bias with values that are not finite"),
        ("c1.bias", np.full(6, -np.inf), "c1.bias with values that are not finite"),
        ("c1.bias", np.full(6, 1e39), "c1.bias with values that are not finite"),
        ("f7.bias", np.zeros(84), "an unknown array 'f7.bias' of shape (84,)"),
        (
            "f7.\n" * 99,
            np.zeros(84),
            r"an unknown array 'f7.\n" + r"f7.\n" * 9 + "...' of shape (84,)",
        ),
    ],
)
def test_weights_of_another_network(
    path: Path, name: str, array: np.ndarray[Any, Any] | None, found: str
) -> None:
    weights = LENET5.views(THETA) | {name: array}
    np.savez(path, **{name: array for name, array in weights.items() if array is not None})
    assert message(path) == found


def test_all_that_is_wrong_is_said_in_a_line(path: Path) -> None:
    np.savez(path, **{str(number): np.zeros(2) for number in range(100)}, **{"c1.bias": THETA[:5]})
    assert message(path).startswith(
        "no c1.weight of shape (6, 1, 5, 5), c1.bias of shape (5,) in place of (6,), no c3."
    )
    assert message(path).endswith(", no output.bias of shape (10,) and 100 more")


def test_the_temperature_is_kept_beside_the_weights(path: Path) -> None:
    write_weights(path, THETA, temperature=1.25)
    np.testing.assert_array_equal(read_weights(path), THETA)
    assert read_temperature(path) == 1.25
    write_weights(path, THETA)
    assert read_arrays(path, 10**6).keys() == LENET5.shapes.keys()
    assert read_temperature(path) == 1


@pytest.mark.parametrize("temperature", [0.0, -1.0, np.nan, np.inf, 1, [1.0]])
def test_what_is_no_temperature_is_refused(path: Path, temperature: Any) -> None:
    write_arrays(path, LENET5.views(THETA) | {"temperature": np.array(temperature)})
    with pytest.raises(DataError, match="expected a temperature above 0, found "):
        read_temperature(path)


def test_a_file_of_too_much_is_refused_before_it_is_read(path: Path) -> None:
    np.savez(path, a=np.zeros(LENET5.size + 10_000))
    with pytest.raises(DataError, match=f"expected at most {8 * (LENET5.size + 1)} "):
        read_weights(path)
