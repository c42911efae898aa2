"""The door: what a user's own dataset gives is used as it is meant, or refused with advice."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lenet.config.compose import configure
from lenet.config.schema import Config
from lenet.data import Data, Dataset, Split
from lenet.data.augmentation import Affine, Original
from lenet.data.door import check_data, check_split
from lenet.errors import DataError
from lenet.nn.architecture import LENET5
from lenet.nn.layers import MaxPool, Tanh
from lenet.nn.model import LeNet5
from lenet.training.evaluation import evaluate
from lenet.training.loop import train
from lenet.training.state import TrainingState

N, CLASSES = 40, 3
RNG = np.random.default_rng(0)
LABELS = np.arange(N) % CLASSES
GREY = RNG.integers(0, 256, (N, 28, 28), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (N, 3, 32, 32), dtype=np.uint8)
GOOD = Split(GREY, LABELS)


@dataclass(frozen=True)
class Own(Dataset):
    """A dataset as a user may write one."""

    data: Any

    class_names = ("cat", "dog", "bird")
    size = (28, 28)

    def load(self, seed: int) -> Data:
        return self.data


@dataclass(frozen=True)
class WithNone(Own):
    has_none = True


@dataclass(frozen=True)
class OwnInColour(Own):
    channels = 3
    size = (32, 32)


@pytest.fixture(scope="module")
def config() -> Config:
    return configure("epochs=1", "batch_size=16", "dataset.train_size=10", "dataset.test_size=10")


def given_images(images: Any, labels: Any = LABELS) -> Data:
    return Data(Split(images, labels), Split(images, labels), Own.class_names)


def refusal(config: Config, dataset: Dataset) -> str:
    """The one line in which data is refused, whether a run loads it or a user hands it over."""
    recipe = replace(config, dataset=dataset)
    with pytest.raises(DataError) as loaded:
        recipe.load()
    with pytest.raises(DataError) as trained:
        next(train(recipe, dataset.load(0), TrainingState.initial(recipe)))
    assert str(loaded.value) == str(trained.value)
    assert str(loaded.value).isprintable()
    return str(loaded.value)


@pytest.mark.parametrize(
    "images",
    [
        GREY,
        GREY[:, None],
        np.asfortranarray(GREY),
        np.repeat(GREY, 2, axis=0)[::2],
        np.broadcast_to(GREY[0], GREY.shape),  # read-only
    ],
    ids=["plain", "with an axis of channels", "by columns", "every other", "read-only"],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, ">i4"])
def test_images_and_labels_of_any_layout_are_trained_on(
    config: Config, images: np.ndarray, dtype: Any
) -> None:
    data = given_images(images, LABELS.astype(dtype))
    recipe = replace(config, dataset=Own(data))
    *_, metrics = train(recipe, recipe.load(), TrainingState.initial(recipe))
    plain = given_images(images.copy(), LABELS.astype(np.uint8))
    *_, expected = train(recipe, plain, TrainingState.initial(recipe))
    assert metrics.test_loss == expected.test_loss


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (GREY / 255, "float64 (40, 28, 28) in [0, 1]: multiply by 255, as in (255 * images)"),
        (GREY > 128, "bool (40, 28, 28): multiply by 255, as in (255 * images)"),
        (GREY.astype(np.float32), "float32 (40, 28, 28) in [0, 255]: images.round().astype(np."),
        (GREY.astype(int), "int64 (40, 28, 28) in [0, 255]: images.round().astype(np.uint8)"),
        (GREY / 127.5 - 1, "float64 (40, 28, 28) in [-1, 1]: bring them to 0 to 255 first"),
        (np.full(GREY.shape, np.nan), "float64 (40, 28, 28) in [nan, nan]: bring them"),
        (GREY.astype(object), "object (40, 28, 28)"),
        (GREY.tolist(), "list: np.asarray"),
        (None, "NoneType"),
        (GREY[..., None], "uint8 (40, 28, 28, 1) in [0, 255]: the channels come first"),
        (np.moveaxis(GREY, 0, -1), "uint8 (28, 28, 40) in [0, 255]: the images come first"),
        (GREY.reshape(N, -1), "uint8 (40, 784) in [0, 255]: images.reshape(-1, 28, 28)"),
        (GREY[0], "uint8 (28, 28) in [0, 255]: images[None]"),
        (GREY[:, :, :20], "uint8 (40, 28, 20) in [0, 255]"),
        (GREY.ravel(), "uint8 (31360,) in [0, 255]"),
        (COLOUR, "uint8 (40, 3, 32, 32) in [0, 255]"),
        (GREY[0, 0, 0], "uint8: np.asarray"),
    ],
    ids=lambda found: found.partition(":")[0] if isinstance(found, str) else "",
)
def test_images_of_another_form_are_refused_with_what_would_do(
    config: Config, images: Any, found: str
) -> None:
    data = Data(Split(images, LABELS), GOOD, Own.class_names)
    said = refusal(config, Own(data))
    assert said.startswith(f"train.images: expected uint8 images (N, 28, 28), found {found}")


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (np.moveaxis(COLOUR, 1, -1), "uint8 (40, 32, 32, 3) in [0, 255]: the channels come first"),
        (np.moveaxis(COLOUR, 0, -1), "uint8 (3, 32, 32, 40) in [0, 255]: the images come first"),
        (COLOUR.reshape(N, -1), "uint8 (40, 3072) in [0, 255]: images.reshape(-1, 3, 32, 32)"),
        (COLOUR[:, 0], "uint8 (40, 32, 32) in [0, 255]"),
    ],
)
def test_colour_images_of_another_form_are_refused_with_what_would_do(
    config: Config, images: Any, found: str
) -> None:
    said = refusal(config, OwnInColour(given_images(images)))
    assert said.startswith(f"train.images: expected uint8 images (N, 3, 32, 32), found {found}")


def test_what_the_messages_advise_is_accepted() -> None:
    for images in (
        (255 * (GREY / 255)).round().astype(np.uint8),
        (255 * (GREY > 128)).round().astype(np.uint8),
        GREY.astype(float).round().astype(np.uint8),
        np.moveaxis(GREY[..., None], -1, 1),
        np.moveaxis(np.moveaxis(GREY, 0, -1), -1, 0),
        GREY.reshape(N, -1).reshape(-1, 28, 28),
    ):
        check_split(Split(images, LABELS), 1, CLASSES, (28, 28))


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (LABELS.astype(float), "float64 (40,) in [0, 2]: labels.astype(np.uint8)"),
        (LABELS == 1, "bool (40,)"),
        (np.eye(CLASSES)[LABELS], "float64 (40, 3) in [0, 1]: labels.argmax(axis=1)"),
        (LABELS[:, None], "int64 (40, 1) in [0, 2]: labels[:, 0]"),
        (LABELS[:-1], "int64 (39,) in [0, 2]"),
        (LABELS + 1, "1 to 3: subtract 1"),
        (LABELS - 1, "-1 to 1"),
        (LABELS.tolist(), "list: np.asarray"),
        (np.array(Own.class_names)[LABELS], "<U4 (40,)"),
    ],
)
def test_labels_of_another_form_are_refused_with_what_would_do(
    config: Config, labels: Any, found: str
) -> None:
    said = refusal(config, Own(given_images(GREY, labels)))
    expected = "40 integers from 0 to 2, one for each image"
    assert said.startswith(f"train.labels: expected {expected}, found {found}")


def test_only_a_dataset_that_says_so_has_images_of_no_class_to_train_on(config: Config) -> None:
    labels = LABELS - 1
    images = given_images(GREY, labels)
    check_data(replace(images, test=Split(GREY, LABELS)), WithNone(images))
    for data in (images, replace(given_images(GREY), validation=Split(GREY, labels))):
        assert "from 0 to 2, one for each image, found -1 to 1" in refusal(config, WithNone(data))
    assert refusal(config, WithNone(given_images(GREY, LABELS - 2))).startswith("train.labels: ")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "the data: expected lenet.data.Data(train, test, class_names), found NoneType"),
        ((GREY, LABELS), "the data: expected lenet.data.Data(train, test, class_names)"),
        (Data((GREY, LABELS), GOOD, Own.class_names), "train: expected lenet.data.Split"),
        (Data(GOOD, None, Own.class_names), "test: expected lenet.data.Split"),
        (Data(GOOD, GOOD, ("cat", "dog")), "the data: expected 3 class_names, found 2"),
        (Data(GOOD[:0], GOOD, Own.class_names), "train.images: expected at least one image"),
        (Data(GOOD, GOOD[:0], Own.class_names), "test.images: expected at least one image"),
        (
            Data(GOOD, GOOD, Own.class_names, validation=GOOD[:0]),
            "validation.images: expected at least one image",
        ),
        (
            Data(GOOD, GOOD, Own.class_names, validation=Split(GREY / 255, LABELS)),
            "validation.images: expected uint8 images",
        ),
        (given_images(GREY // 255), "train.images: expected pixels up to 255, found none above 1"),
    ],
)
def test_data_that_lacks_something_is_refused(config: Config, data: Any, said: str) -> None:
    assert refusal(config, Own(data)).startswith(said)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"size": None}, "size of the class, height and width .*; found none"),
        ({"size": 28}, "size .* found 28"),
        ({"size": (28,)}, r"size .* found \(28,\)"),
        ({"size": (64, 64)}, r"size .*, at most 32; found \(64, 64\)"),
        ({"size": (0, 28)}, "size .* found"),
        ({"size": (28.0, 28.0)}, "size .* found"),
        ({"class_names": None}, "class_names .* a tuple of a name for each class; found none"),
        ({"class_names": ()}, "class_names .* found"),
        ({"class_names": "cat"}, "class_names .* found 'cat'"),
        ({"class_names": (0, 1)}, "class_names .* found"),
        ({"channels": 0}, "channels .* found 0"),
        ({"channels": "3"}, "channels .* found '3'"),
    ],
    ids=str,
)
def test_what_a_dataset_does_not_say_of_itself_is_asked_for(
    config: Config, attributes: dict[str, Any], expected: str
) -> None:
    """Before anything is loaded."""
    kind = type("Mine", (Own,), attributes)
    with pytest.raises(ValueError, match=f"^dataset = Mine: expected an attribute {expected}"):
        replace(config, dataset=kind(None))


def test_warped_images_have_to_be_square(config: Config) -> None:
    wide = type("Wide", (Own,), {"size": (28, 30)})(None)
    affine = Affine(1.0, 1.0, 0.1, 0.1, 0.1, flip=0.0)
    assert replace(config, dataset=wide, augmentation=Original())
    with pytest.raises(ValueError, match=r"Affine: expected square images, those of .* 28 x 30"):
        replace(config, dataset=wide, augmentation=affine)


@pytest.mark.parametrize(
    ("split", "said"),
    [
        (Split(GREY / 255, LABELS), "uint8 images .*multiply by 255"),
        (Split(COLOUR, LABELS), r"uint8 images \(N, H, W\), found uint8 \(40, 3, 32, 32\)"),
        (Split(np.zeros((N, 40, 40), np.uint8), LABELS), r"found uint8 \(40, 40, 40\)"),
        (Split(GREY, LABELS[1:]), "40 integers from 0 to 9"),
        (GOOD[:0], "at least one image"),
        ((GREY, LABELS), "Split"),
    ],
)
def test_evaluation_has_the_same_door(split: Any, said: str) -> None:
    network = LeNet5(np.zeros(LENET5.size, np.float32), MaxPool(), Tanh())
    with pytest.raises(DataError, match=f"the split.*: expected .*{said}"):
        evaluate(network, split)


DTYPES = st.sampled_from([np.uint8, np.uint8, np.int16, np.float32, np.bool_])


@given(
    DTYPES.flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=1, max_dims=5, max_side=4))),
    DTYPES.flatmap(lambda dtype: arrays(dtype, array_shapes(min_dims=1, max_dims=2, max_side=4))),
    st.integers(1, 3),
)
def test_whatever_is_let_in_can_be_trained_on(
    images: np.ndarray, labels: np.ndarray, channels: int
) -> None:
    try:
        check_split(Split(images, labels), channels, CLASSES)
    except DataError:
        return
    assert images.dtype == np.uint8
    assert images.reshape(len(labels), channels, *images.shape[-2:]).size == images.size > 0
    assert set(labels.tolist()) <= set(range(CLASSES))
