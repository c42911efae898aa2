"""Augmentation: images are warped as the maps say, and the maps are as random as they should be."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from lenet.data import Data, Split
from lenet.data.augmentation import Affine, Augmentation, Elastic, Original, resample

PARTS = ("rotation", "translation", "scale", "squeeze", "shear", "flip")
STILL = dict.fromkeys(PARTS, 0.0)
AFFINE = Affine(rotation=20.0, translation=3.0, scale=0.2, squeeze=0.1, shear=0.2, flip=0.0)
ELASTIC = Elastic(20.0, 3.0, 0.2, 0.1, 0.2, 0.0, displacement=1.0, sigma=4.0)
RNG = np.random.default_rng(0)
HALVES = (slice(0, 2), slice(2, 5))
TIMES = (0.0, 0.5, 0.75, 0.9)  # shares of a training that are done
IMAGES = RNG.integers(0, 256, (5, 28, 28), dtype=np.uint8)


def warped(augmentation: Augmentation, images: np.ndarray = IMAGES, t: int = 1) -> np.ndarray:
    batch = Split(images, np.zeros(len(images), np.uint8))
    return np.asarray(augmentation(batch, 0, t, 0, len(batch)).images)


@given(st.integers(1, 9), st.integers(1, 40), st.floats(0.1, 100))
def test_resampling_is_bilinear_interpolation_with_zeros_around(
    n: int, side: int, spread: float
) -> None:
    """Against SciPy's, at places within an image and far outside."""
    rng = np.random.default_rng(n)
    images = rng.integers(0, 256, (n, side, side), dtype=np.uint8)
    places = rng.uniform(-spread, side + spread, (2, n, side, side)).astype(np.float32)
    expected = [
        map_coordinates(image.astype(float), place, order=1, mode="grid-constant")
        for image, place in zip(images, places.swapaxes(0, 1), strict=True)
    ]
    np.testing.assert_allclose(resample(images, *places), expected, atol=0.02)


@pytest.mark.parametrize("augmentation", [Original(), Affine(**STILL)], ids=str)
def test_a_map_that_moves_nothing_leaves_images_as_they_are(augmentation: Augmentation) -> None:
    np.testing.assert_array_equal(warped(augmentation), IMAGES)


def test_a_shift_is_a_shift() -> None:
    right = np.tile(np.float32([1, 0, 0, 1, 0, -2]), (5, 1))  # read from two columns to the left
    shifted = AFFINE.warp(IMAGES, right)
    np.testing.assert_array_equal(shifted[:, :, 2:], IMAGES[:, :, :-2])
    assert not shifted[:, :, :2].any()


@pytest.mark.parametrize(
    ("changes", "A"),
    [
        ({"rotation": 90.0}, lambda u: rotation(np.pi / 2 * u)),
        ({"scale": 0.5}, lambda u: (1 + 0.5 * u) * np.eye(2)),
        ({"squeeze": 0.5}, lambda u: np.diag([1 + 0.5 * u, 1 / (1 + 0.5 * u)])),
        ({"shear": 0.5}, lambda u: np.array([[1, 0], [0.5 * u, 1]])),
    ],
    ids=["rotation", "scale", "squeeze", "shear"],
)
def test_each_part_of_a_linear_map_is_what_it_is_called(changes: dict[str, float], A: Any) -> None:
    """u is uniform in [-1, 1]."""
    parameters = Affine(**STILL | changes).draw(1000, 28, np.random.default_rng(0))
    place = ["rotation", "scale", "squeeze", "shear"].index(*changes)
    u = np.random.default_rng(0).uniform(-1, 1, (1000, 6))[:, place]
    expected = [A(value).ravel() for value in u]
    np.testing.assert_allclose(parameters[:, :4], expected, atol=1e-6)
    assert not parameters[:, 4:].any()


def test_a_flip_is_the_mirror_image_left_to_right() -> None:
    np.testing.assert_array_equal(warped(Affine(**STILL | {"flip": 1.0})), IMAGES[:, :, ::-1])


@pytest.mark.parametrize("augmentation", [AFFINE, ELASTIC], ids=lambda each: type(each).__name__)
def test_as_many_images_are_flipped_as_asked_for_and_the_others_stay(augmentation: Affine) -> None:
    draws = [
        replace(augmentation, flip=flip).draw(4000, 28, np.random.default_rng(0))
        for flip in (0.0, 0.3)
    ]
    still, some = draws
    flipped = (some != still).any(axis=1)
    assert flipped.mean() == pytest.approx(0.3, abs=0.03)
    mirrored = still[flipped]
    mirrored[:, [2, 3, 5]] *= -1  # the column that a pixel is read from, counted from the centre
    np.testing.assert_array_equal(some[flipped], mirrored)


def rotation(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_displacements_are_smooth_and_as_large_as_asked_for_everywhere() -> None:
    """Correlated like white noise that a Gaussian has smoothed: exp(-d^2 / (2 sigma)^2)."""
    elastic = Elastic(**STILL, displacement=1.5, sigma=4.0)
    parameters = elastic.draw(4000, 28, np.random.default_rng(0))
    rows, columns = elastic.places(28, parameters)
    along = np.arange(28)
    for moved, still in ((rows, along[:, None]), (columns, along)):
        displacement = moved - still
        np.testing.assert_allclose(displacement.std(axis=0), 1.5, rtol=0.1)
        correlation = np.mean(displacement[:, 14, 14] * displacement[:, 14, 18]) / 1.5**2
        assert correlation == pytest.approx(np.exp(-1 / 4), abs=0.06)


@pytest.mark.parametrize("augmentation", [AFFINE, ELASTIC], ids=lambda each: type(each).__name__)
def test_the_maps_follow_from_seed_and_step(augmentation: Augmentation) -> None:
    np.testing.assert_array_equal(warped(augmentation), warped(augmentation))
    assert not np.array_equal(warped(augmentation, t=1), warped(augmentation, t=2))
    copies = np.repeat(IMAGES[:1], 2, axis=0)
    first, second = warped(augmentation, copies)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_rectangle_is_erased(channels: int) -> None:
    shape = (400, 28, 28) if channels == 1 else (400, channels, 28, 28)
    white = np.full(shape, 255, np.uint8)
    found = warped(replace(Affine(**STILL), erase=0.5), white)
    assert set(np.unique(found)) == {0, 255}
    erased = found.reshape(400, channels, 28, 28) == 0
    assert (erased == erased[:, :1]).all()
    some = erased[erased.any(axis=(1, 2, 3)), 0]
    assert 160 < len(some) < 240
    rows, columns = some.any(axis=2), some.any(axis=1)
    np.testing.assert_array_equal(some, rows[:, :, None] & columns[:, None, :])
    for lines in (rows, columns):
        assert {*lines.sum(axis=1)} == set(range(4, 13))
        assert (np.abs(np.diff(lines.astype(int), prepend=0, append=0)).sum(axis=1) == 2).all()
        assert lines.mean(axis=0).min() > 0.02
        assert lines[:, 10:18].mean() == pytest.approx(lines[:, 4:24].mean(), abs=0.1)


def test_what_is_erased_does_not_depend_on_the_parts_and_differs_from_batch_to_batch() -> None:
    augmentation = replace(AFFINE, erase=0.5)
    batch = Split(IMAGES, np.zeros(5, np.uint8))
    whole = augmentation(batch, 0, 1, 0, 5).images
    parts = [augmentation(batch[part], 0, 1, part.start, 5).images for part in HALVES]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert (whole != warped(augmentation, t=2)).any()
    assert (whole != warped(AFFINE)).any()


def test_erasing_fades_with_the_maps() -> None:
    fading = replace(Affine(**STILL), erase=1.0, fade=0.5)
    batch = Split(np.full((1000, 28, 28), 255, np.uint8), np.zeros(1000, np.uint8))
    shares = [(fading(batch, 0, 1, 0, 1000, done).images == 0).any(axis=(1, 2)) for done in TIMES]
    np.testing.assert_allclose(np.mean(shares, axis=1), [1, 1, 0.5, 0.2], atol=0.06)


@pytest.mark.parametrize("augmentation", [AFFINE, ELASTIC], ids=lambda each: type(each).__name__)
def test_maps_fade_over_the_last_share_of_a_training(augmentation: Affine) -> None:
    """As strong as ever before; half as far from the identity half-way; flips stay."""
    fading = replace(augmentation, fade=0.2, scale=0.0, squeeze=0.0, shear=0.0, rotation=0.0)
    assert [fading.strength(done) for done in (0.0, 0.8)] == pytest.approx([1, 1])
    assert [fading.strength(done) for done in (0.9, 0.95)] == pytest.approx([0.5, 0.25])
    still = np.float32([1, 0, 0, 1])
    whole, half = (fading.draw(50, 28, np.random.default_rng(0), s) for s in (1.0, 0.5))
    np.testing.assert_allclose(half[:, :4] - still, (whole[:, :4] - still) / 2)
    np.testing.assert_allclose(half[:, 4:], whole[:, 4:] / 2, rtol=1e-6)
    mirrored = replace(fading, flip=1.0)
    last = Split(IMAGES, np.zeros(len(IMAGES), np.uint8))
    seen = mirrored(last, 0, 1, 0, len(last), done=1 - 1e-9).images
    np.testing.assert_allclose(seen, IMAGES[:, :, ::-1], atol=0.01)


def test_parts_of_a_batch_are_warped_as_the_whole(bars: Data) -> None:
    batch = bars.train[:10]
    whole = ELASTIC(batch, 0, 1, 0, 10)
    parts = [ELASTIC(batch[:3], 0, 1, 0, 10), ELASTIC(batch[3:], 0, 1, 3, 10)]
    np.testing.assert_array_equal(np.concatenate([part.images for part in parts]), whole.images)
    np.testing.assert_array_equal(parts[0].labels, bars.train.labels[:3])
