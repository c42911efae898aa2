"""Pictures of a digit: whatever they are like, the same image comes of them, or a clear refusal."""

import os
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from damaged import peak_memory, refusal
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import Base
from scipy import ndimage

from lenet.data import Data, FashionMNIST
from lenet.data.pictures.grey import grey_of, otsu
from lenet.data.pictures.ink import ink_of
from lenet.data.pictures.preparation import STROKE, digit, in_colour, whole
from lenet.data.pictures.reading import MOST_PIXELS, as_picture, read_picture
from lenet.data.strokes import draw
from lenet.errors import DataError
from lenet.nn.random import stream
from lenet.training.evaluation import evaluate

pytestmark = pytest.mark.slow

DIGITS = draw(np.arange(10, dtype=np.uint8), stream(0, "pictures"))
LABELS = st.integers(0, 9)
FEW = settings(max_examples=10)
ROUND = 80  # of 255: the mean difference between two images of the same digit, at most


def shades(label: int, side: int = 280, margin: int = 0) -> np.ndarray:
    """A digit, black on white, with a margin around it."""
    image = Image.fromarray(255 - DIGITS[label]).resize((side, side), Image.Resampling.BICUBIC)
    return np.pad(np.asarray(image), margin, constant_values=255)


def cropped(ink: np.ndarray, least: int) -> np.ndarray:
    """The smallest part of an image that holds all pixels above ``least``."""
    rows, columns = ndimage.find_objects(ink > least, 1)[0]
    return ink[rows, columns]


def prepared(array: np.ndarray) -> np.ndarray:
    return digit(as_picture(array))


def difference(first: np.ndarray, second: np.ndarray) -> float:
    """The mean difference where there is ink, after the best move by one pixel at most.

    A centre of mass that is halfway between two pixels goes to either.
    """
    shifts = product((-1, 0, 1), repeat=2)
    apart = [np.abs(np.roll(first, shift, (0, 1)) - second.astype(float)) for shift in shifts]
    return min(float(each.sum()) for each in apart) / np.count_nonzero(second)


# What must not change the image


@given(LABELS)
@FEW
def test_an_image_like_those_of_mnist_stays_as_it_is(label: int) -> None:
    assert difference(prepared(DIGITS[label]), DIGITS[label]) < 20


@given(LABELS, st.integers(56, 700))
@FEW
def test_polarity_changes_nothing(label: int, side: int) -> None:
    array = shades(label, side)
    assert difference(prepared(array), prepared(255 - array)) < 3


@given(LABELS, st.integers(56, 1500))
@FEW
def test_size_changes_little(label: int, side: int) -> None:
    assert difference(prepared(shades(label, side)), DIGITS[label]) < ROUND


@given(LABELS, st.integers(0, 200), st.integers(0, 200))
@FEW
def test_position_changes_nothing(label: int, top: int, left: int) -> None:
    ground = np.full((400, 400), 255, np.uint8)
    ground[top : top + 200, left : left + 200] = shades(label, 200)
    assert difference(prepared(ground), prepared(shades(label, 200))) < ROUND


@given(LABELS)
@FEW
def test_a_digit_may_touch_the_edge(label: int) -> None:
    array = 255 - cropped(255 - shades(label), 127)
    assert difference(prepared(array), DIGITS[label]) < ROUND


@pytest.mark.parametrize("side", [16, 28])
@pytest.mark.parametrize("light", [True, False])
@pytest.mark.parametrize("label", range(10))
def test_a_thick_digit_may_fill_its_picture(label: int, light: bool, side: int) -> None:
    """Half of it is ink then, and parts of the paper are shut in."""
    ink = cropped(ndimage.grey_dilation(255 - shades(label), 9), 128)
    fitted = Image.fromarray(ink).resize((side, side), Image.Resampling.BOX)
    filled = np.asarray(fitted) if light else 255 - np.asarray(fitted)
    with_margin = np.pad(filled, 16, constant_values=0 if light else 255)
    assert difference(prepared(filled), prepared(with_margin)) < ROUND


def coarse(label: int) -> Image.Image:
    """A digit in 8 x 8 pixels, white on black."""
    return Image.fromarray(cropped(DIGITS[label], 30)).resize((8, 8), Image.Resampling.BOX)


@pytest.mark.parametrize("label", range(10))
def test_a_soft_enlargement_is_seen_as_a_whole(label: int) -> None:
    enlarged = np.asarray(coarse(label).resize((160, 160), Image.Resampling.BICUBIC))
    assert difference(prepared(enlarged), prepared(np.asarray(coarse(label)))) < ROUND


@given(LABELS, st.integers(2, 30))
@FEW
def test_squares_in_place_of_pixels_change_nothing(label: int, side: int) -> None:
    small = np.asarray(coarse(label))
    squares = np.kron(small, np.ones((side, side), np.uint8))
    np.testing.assert_array_equal(prepared(squares), prepared(small))


@given(LABELS, st.booleans())
@FEW
def test_transparency_shows_a_digit_in_any_colour(label: int, light: bool) -> None:
    alpha = 255 - shades(label)
    colour = np.full((*alpha.shape, 3), 240 if light else 10, np.uint8)
    assert difference(prepared(np.dstack([colour, alpha])), DIGITS[label]) < ROUND


@given(LABELS)
@FEW
def test_colours_of_the_same_brightness_are_told_apart(label: int) -> None:
    ink = (255 - shades(label)) // 2
    picture = np.dstack([ink, 128 - ink, np.zeros_like(ink)]).astype(np.uint8)
    assert difference(digit(picture), DIGITS[label]) < ROUND


@given(LABELS, st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.integers(0, 99))
@FEW
def test_uneven_light_noise_and_specks(label: int, down: float, right: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    array = shades(label, margin=60).astype(float)
    rows, columns = rng.integers(0, 400, (2, 5))
    array[rows, columns] = 0
    y, x = np.mgrid[-0.5:0.5:400j, -0.5:0.5:400j]
    lit = array * 0.8 * (1 + down * y + right * x) + rng.normal(0, 4, array.shape)
    assert difference(prepared(np.clip(lit, 0, 255).astype(np.uint8)), DIGITS[label]) < ROUND


@given(LABELS, st.integers(0, 3))
@FEW
def test_a_dark_border_is_no_ink(label: int, side: int) -> None:
    array = np.rot90(shades(label, margin=60), side).copy()
    array[:12] = 30
    assert difference(prepared(np.rot90(array, -side)), DIGITS[label]) < ROUND


def test_a_stroke_that_is_apart_belongs_to_the_digit() -> None:
    """The top of this 5 does not touch what is below it."""
    array = np.full((200, 200), 255, np.uint8)
    array[40:52, 90:140] = 0
    array[70:110, 70:82] = array[98:110, 70:130] = array[98:160, 118:130] = 0
    alone = array.copy()
    alone[40:52] = 255
    assert np.count_nonzero(prepared(array)[:8]) > 5
    assert difference(prepared(array), prepared(alone)) > ROUND


@pytest.mark.parametrize("width", [1, 2, 5])
def test_thin_lines_do_not_fade(width: int) -> None:
    array = np.full((400, 600), 255, np.uint8)
    array[50:350, 300 : 300 + width] = 0
    image = prepared(array)
    assert image.max() == 255
    assert image[14].sum() / 255 == pytest.approx(STROKE[0], abs=0.4)


def test_thick_lines_leave_the_holes_open() -> None:
    rows, columns = np.mgrid[-240:240, -240:240]
    radius = np.hypot(rows, columns)
    array = np.where((radius < 180) & (radius > 70), 0, 255).astype(np.uint8)
    image = prepared(array)
    assert not image[12:16, 12:16].any()
    assert image[14].sum() / 255 / 2 == pytest.approx(STROKE[1], abs=1)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
@FEW
def test_any_picture_gives_an_image_or_is_refused(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    array = rng.integers(0, 256, (height, width, rng.choice([3, 4])), dtype=np.uint8)
    try:
        image = prepared(array)
    except DataError:
        return
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.max() > 100


@pytest.mark.parametrize("value", [0, 90, 255])
@pytest.mark.parametrize("noise", [0, 6])
def test_no_ink_is_refused(value: int, noise: float) -> None:
    array = value + np.random.default_rng(0).normal(0, noise, (200, 300))
    with pytest.raises(DataError, match="expected a digit, found no ink"):
        prepared(np.clip(array, 0, 255).astype(np.uint8))


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4)), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4), np.uint8)]
)
def test_arrays_that_are_no_pictures(array: np.ndarray) -> None:
    with pytest.raises(DataError, match="expected a picture of uint8"):
        as_picture(array)


# Parts


def test_grey_has_the_brightness_of_a_grey_picture() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (30, 40), dtype=np.uint8)
    np.testing.assert_allclose(grey_of(as_picture(grey)), grey / 255, atol=1e-6)


def test_otsu_parts_two_heaps() -> None:
    assert 0.2 < otsu(np.array([0.0, 0.1, 0.2, 0.8, 0.9])) <= 0.8


def test_ink_is_full_in_a_stroke_and_none_on_paper() -> None:
    ink = ink_of(as_picture(shades(0)))
    assert ink.min() == 0
    assert np.count_nonzero(ink == 1) > 0.3 * np.count_nonzero(ink)


def test_a_whole_picture_is_turned_to_black_ground_and_fitted() -> None:
    picture = np.full((100, 50, 3), 250, np.uint8)
    picture[20:80, 10:40] = 20
    image = whole(picture, (28, 28))
    assert not image[:5].any()
    assert not image[:, :9].any()
    assert image[14, 14] > 200
    assert whole(picture, (32, 32)).shape == (32, 32)
    assert in_colour(picture, (32, 32)).shape == (3, 32, 32)


def test_images_on_black_ground_are_whole_already() -> None:
    image = DIGITS[3]
    dataset = FashionMNIST(None, None, None, 0)
    np.testing.assert_array_equal(dataset.prepare(as_picture(image)), image)


# Files


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "digit.png"


MODES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "1": lambda image: image.convert("1", dither=Image.Dither.NONE),
    "L": lambda image: image,
    "P": lambda image: image.convert("RGB").quantize(16),
    "LA": lambda image: image.convert("LA"),
    "RGB": lambda image: image.convert("RGB"),
    "RGBA": lambda image: image.convert("RGBA"),
    "CMYK": lambda image: image.convert("CMYK"),
    "I;16": lambda image: Image.fromarray(np.asarray(image).astype(np.uint16) * 16),
    "F": lambda image: Image.fromarray(np.asarray(image) / np.float32(255)),
}


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *((mode, "PNG") for mode in ("1", "L", "P", "LA", "RGB", "RGBA", "I;16")),
        *((mode, "JPEG") for mode in ("L", "RGB", "CMYK")),
        *((mode, "TIFF") for mode in ("1", "L", "P", "RGB", "RGBA", "CMYK", "I;16", "F")),
        ("P", "GIF"),
        ("RGB", "BMP"),
        ("RGBA", "WEBP"),
    ],
)
def test_modes_and_formats(path: Path, mode: str, kind: str) -> None:
    MODES[mode](Image.fromarray(shades(2))).save(path, kind)
    assert difference(digit(read_picture(path)), DIGITS[2]) < ROUND


@given(orientation=st.integers(1, 8))
@FEW
def test_a_photo_is_turned_upright(
    tmp_path_factory: pytest.TempPathFactory, orientation: int
) -> None:
    turns = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(shades(5))
    turn = turns[orientation]
    exif = Image.Exif()
    exif[Base.Orientation] = orientation
    path = tmp_path_factory.mktemp("turned") / "photo.jpg"
    (image if turn is None else image.transpose(turn)).save(path, exif=exif)
    assert difference(digit(read_picture(path)), DIGITS[5]) < ROUND


def png(width: int, height: int) -> bytes:
    """A PNG file whose header promises so many pixels."""

    def part(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    data = part(b"IDAT", zlib.compress(bytes(100_000)))
    return b"\x89PNG\r\n\x1a\n" + header + data + part(b"IEND", b"")


def test_a_bomb_is_refused_by_its_header(path: Path) -> None:
    path.write_bytes(png(100_000, 100_000))
    text = refusal(lambda: read_picture(path), path)
    assert text == (
        f"{path}: expected a picture of at most {MOST_PIXELS:,} pixels, "
        "found one of 100000 x 100000"
    )
    with pytest.raises(DataError):
        assert peak_memory(lambda: read_picture(path)) < 2**20


def test_no_picture_is_said_in_a_line(path: Path, tmp_path: Path) -> None:
    assert refusal(lambda: read_picture(path), path).endswith("found no such file")
    assert refusal(lambda: read_picture(tmp_path), tmp_path).endswith("found a folder without any")
    os.mkfifo(path)
    assert refusal(lambda: read_picture(path), path).endswith("found no such file")
    path.unlink()
    path.write_text("no picture")
    assert refusal(lambda: read_picture(path), path).endswith("found a file of another kind")


def test_a_picture_that_another_program_would_be_started_for_is_refused(path: Path) -> None:
    Image.new("L", (8, 8)).save(path, "EPS")
    assert refusal(lambda: read_picture(path), path).endswith("found a file of another kind")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP"])
@given(data=st.data())
@FEW
def test_a_damaged_file_is_read_or_refused_in_a_line(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    buffer = BytesIO()
    Image.fromarray(shades(7, 56)).save(buffer, kind)
    content = bytearray(buffer.getvalue())
    content = content[: data.draw(st.integers(1, len(content)))]
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=5)):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "picture"
    path.write_bytes(content)
    with suppress(DataError):
        assert read_picture(path).shape[2] == 3
        return
    refusal(lambda: read_picture(path), path)


# The real MNIST


@pytest.mark.mnist
@pytest.mark.thorough
def test_mnist_is_recognised_as_well_after_preparation(mnist: Data) -> None:
    """By a network of drawn digits: it loses less than 0.5 points on 1,000 images."""
    from lenet.config.compose import configure
    from lenet.data import Split
    from lenet.training.loop import train
    from lenet.training.state import TrainingState

    config = configure("epochs=1")
    data = config.dataset.load(0)
    state = TrainingState.initial(config)
    for _ in train(config, data, state):
        pass
    test = mnist.test[:1000]
    images = np.stack([digit(as_picture(image)) for image in test.images])
    network = config.network_of(state.trained)
    before = evaluate(network, test).accuracy
    assert evaluate(network, Split(images, test.labels)).accuracy > before - 0.005
