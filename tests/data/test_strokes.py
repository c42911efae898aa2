import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from lenet.data import Data, Strokes, skeletons, strokes
from lenet.data.door import check_data
from lenet.data.others import in_a_row
from lenet.data.strokes import draw
from lenet.nn.losses import NONE

Images = NDArray[np.uint8]
LABELS = np.tile(np.arange(10, dtype=np.uint8), 100)


def drawn(labels: Images = LABELS, seed: int = 0) -> Images:
    return draw(labels, np.random.default_rng(seed))


@pytest.fixture(scope="module")
def images() -> Images:
    return drawn()


@pytest.fixture(scope="module")
def data() -> Data:
    return Strokes(train_size=3000, test_size=1000, validation=500, seed=0).load(seed=0)


def sides(images: Images) -> NDArray[np.intp]:
    """The height and width (N, 2) of the ink that is at least half dark."""
    dark = images > 127
    spans = []
    for axis in (2, 1):
        line = dark.any(axis=axis)
        first, last = line.argmax(axis=1), line.shape[1] - line[:, ::-1].argmax(axis=1)
        spans.append(last - first)
    return np.stack(spans, axis=1)


def test_images_are_bytes_of_28_by_28(images: Images) -> None:
    assert images.dtype == np.uint8
    assert images.shape == (len(LABELS), 28, 28)


def test_the_background_is_0_and_the_ink_is_full(images: Images) -> None:
    flat = images.reshape(len(images), -1)
    assert (np.median(flat, axis=1) == 0).all()
    assert (flat.max(axis=1) > 240).all()
    assert ((flat > 0).mean(axis=1) > 0.03).all()


def test_the_edges_are_soft(images: Images) -> None:
    inked = images[images > 0]
    assert 0.3 < ((inked > 25) & (inked < 230)).mean() < 0.7


def test_the_same_state_gives_the_same_bits(images: Images) -> None:
    np.testing.assert_array_equal(drawn(), images)


def test_another_seed_gives_other_images(images: Images) -> None:
    assert (drawn(seed=1) != images).any(axis=(1, 2)).all()


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_the_chunks_do_not_matter(
    chunk: int, images: Images, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strokes, "CHUNK", chunk)
    np.testing.assert_array_equal(drawn(), images)


@pytest.mark.parametrize("count", [0, 1])
def test_few_labels(count: int) -> None:
    assert drawn(LABELS[:count]).shape == (count, 28, 28)


def test_a_label_that_is_no_digit_is_an_error() -> None:
    with pytest.raises(ValueError, match="low >= high"):
        drawn(np.array([10], np.uint8))


def test_the_larger_side_is_20_pixels(images: Images) -> None:
    larger = sides(images).max(axis=1)
    assert larger.max() <= 20
    assert np.median(larger) >= 19
    assert larger.min() >= 15


def test_the_centre_of_mass_is_in_the_middle(images: Images) -> None:
    mass = images / images.sum(axis=(1, 2), keepdims=True, dtype=float)
    centre = np.stack([mass.sum(axis=2), mass.sum(axis=1)], axis=1) @ np.arange(28)
    np.testing.assert_allclose(centre.mean(axis=0), 14, atol=0.2)
    np.testing.assert_allclose(centre, 14, atol=3)


def test_the_ink_stays_within_the_frame(images: Images) -> None:
    frame = np.concatenate(
        [
            images[:, [0, -1]].reshape(len(images), -1),
            images[:, :, [0, -1]].reshape(len(images), -1),
        ],
        axis=1,
    )
    assert (frame.max(axis=1) > 127).mean() < 0.02


@pytest.mark.parametrize("hands", ["mnist", "world"])
def test_every_way_is_in_use(hands: skeletons.Hands) -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 1000)
    ways = strokes._choose(skeletons.ways_of(hands), labels, rng)
    digits = [digit for digit, *_ in skeletons._table(hands)]
    assert digits == sorted(digits)
    assert set(digits) == set(range(10))
    np.testing.assert_array_equal(np.unique(ways), np.arange(len(digits)))
    np.testing.assert_array_equal(np.array(digits)[ways], np.repeat(np.arange(10), 1000))


@pytest.mark.parametrize(
    "ways", [skeletons.ways_of("world"), skeletons.ways_of_others()], ids=["world", "others"]
)
def test_every_way_of_writing_draws_what_fits(
    ways: skeletons.Ways, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = np.arange(len(ways.points))
    monkeypatch.setattr(strokes, "_choose", lambda *_: every)
    images = strokes._drawn(ways, every, np.random.default_rng(0), 1.0)
    assert (images.max(axis=(1, 2)) > 240).all()
    assert (sides(images).max(axis=1) >= 15).all()


def test_a_curve_goes_through_its_points_and_lifts_the_pen() -> None:
    points, runs = skeletons._parse("2,2 5,9 12,3! 18,3 / 4,18 15,16")
    assert runs == [[0, 1, 2], [2, 3], [4, 5]]
    starts, ends = np.split(skeletons._spline(points, runs) @ points, 2)
    for point in points:
        assert np.abs(np.concatenate([starts, ends]) - point).sum(axis=1).min() < 1e-12
    (jumps,) = np.nonzero(np.abs(starts[1:] - ends[:-1]).sum(axis=1) > 1e-12)
    (jump,) = jumps
    np.testing.assert_allclose([ends[jump], starts[jump + 1]], points[[3, 4]])


def test_a_spline_of_points_on_a_line_is_that_line() -> None:
    points, runs = skeletons._parse("0,0 3,3 9,9 20,20")
    curve = skeletons._spline(points, runs) @ points
    np.testing.assert_allclose(curve[:, 0], curve[:, 1], atol=1e-12)


def test_the_distance_from_a_straight_stroke() -> None:
    x = np.linspace(0, 28, 4 * 28 + 1)[None, :]
    dots = np.stack([x, np.full_like(x, 10.5)], axis=2)
    distance = strokes._distance(dots, np.full(x.shape, 0.25), np.array([0.7]))[0, :, 14]
    np.testing.assert_allclose(distance[6:15], np.abs(np.arange(6, 15) - 10), atol=0.01)


def test_the_world_writes_in_more_ways_than_mnist() -> None:
    mnist, world = (skeletons._table(hands) for hands in ("mnist", "world"))
    assert set(mnist) < set(world)
    assert not np.array_equal(drawn(), draw(LABELS, np.random.default_rng(0), "world"))


def test_several_digits_stand_beside_each_other() -> None:
    points, runs = skeletons._parse(in_a_row(["10,0 10,20", "2,2 15,1! 8,20 / 4,11 16,10"]))
    assert points[:, 0].tolist() == [0, 0, 14, 27, 20, 16, 28]
    assert points[:2, 1].tolist() == [-10, 10]
    assert runs == [[0, 1], [2, 3], [3, 4], [5, 6]]


def test_images_of_no_digit_are_to_train_on_alone(data: Data) -> None:
    more = Strokes(train_size=3000, test_size=1000, validation=500, seed=0, others=200)
    found = more.load(seed=0)
    assert more.has_none
    check_data(found, more)
    np.testing.assert_array_equal(found.train.images[:3000], data.train.images)
    assert (found.train.labels[3000:] == NONE).all()
    assert len(np.unique(found.train.images[3000:], axis=0)) == 200
    assert found.test.labels.dtype == np.uint8
    np.testing.assert_array_equal(found.test.images, data.test.images)


def test_sizes_and_class_names(data: Data) -> None:
    assert data.validation is not None
    assert [len(data.train), len(data.test), len(data.validation)] == [3000, 1000, 500]
    assert data.class_names == tuple("0123456789")


def test_the_labels_are_uniform(data: Data) -> None:
    counts = np.bincount(data.train.labels, minlength=10)
    assert data.train.labels.dtype == np.uint8
    assert len(counts) == 10
    assert counts.min() > 230
    assert counts.max() < 370


def test_each_image_shows_its_label() -> None:
    """A mean image per class, from other images, is enough to tell most digits."""
    means = drawn(seed=1).reshape(100, 10, -1).mean(axis=0)
    kinds = np.random.default_rng(3).integers(0, 10, 500, dtype=np.uint8)
    flat = drawn(kinds, seed=2).reshape(500, -1)
    distances = ((flat[:, None] - means) ** 2).sum(axis=2)
    assert (distances.argmin(axis=1) == kinds).mean() > 0.6


def test_no_image_is_in_two_splits(data: Data) -> None:
    assert data.validation is not None
    splits = (data.train, data.test, data.validation)
    images = [image.tobytes() for split in splits for image in split.images]
    assert len(set(images)) == 4500


def test_without_validation(data: Data) -> None:
    less = Strokes(train_size=3000, test_size=1000, validation=0, seed=0).load(seed=0)
    assert less.validation is None
    assert less.checksums.keys() == {"strokes-train", "strokes-test"}
    np.testing.assert_array_equal(less.train.images, data.train.images)


def test_the_seed_of_the_run_changes_nothing() -> None:
    source = Strokes(train_size=5, test_size=5, validation=0, seed=0)
    assert source.load(seed=0).checksums == source.load(seed=1).checksums


def test_the_seed_of_the_drawing_changes_all(data: Data) -> None:
    other = Strokes(train_size=3000, test_size=1000, validation=500, seed=1).load(seed=0)
    assert not set(other.checksums.values()) & set(data.checksums.values())


def test_the_checksums_are_of_images_and_labels(data: Data) -> None:
    content = data.test.images.tobytes() + data.test.labels.tobytes()
    assert data.checksums["strokes-test"] == hashlib.sha256(content).hexdigest()
    assert data.checksums.keys() == {"strokes-train", "strokes-test", "strokes-validation"}
