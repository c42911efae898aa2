"""Digits where people have them are read or refused, and what is no digit is said to be none."""

import os
from collections.abc import Callable

import numpy as np
import pytest
from surroundings import (
    BLACK,
    FILLING,
    NONE,
    SPOILT,
    SURROUNDED,
    WHITE,
    Grey,
    Recipe,
    broken_five,
    comb,
    form,
    ring,
    row,
)
from test_classifier import READER

from lenet.data import Data, Split
from lenet.data.pictures.ink import digits_in
from lenet.data.pictures.reading import as_picture
from lenet.data.strokes import draw
from lenet.inspection.classifier import Classifier, Prediction
from lenet.nn.random import stream

pytestmark = pytest.mark.slow

RECIPES = {**SURROUNDED, **FILLING, **SPOILT}
SURE = 0.9
MANY = 50  # pictures of a recipe


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.read(READER)


@pytest.fixture(scope="module")
def digits(request: pytest.FixtureRequest) -> Split:
    """MNIST's test images where they are, else digits that the program draws."""
    if os.environ.get("LENET_DATA"):
        mnist: Data = request.getfixturevalue("mnist")
        return mnist.test[:MANY]
    labels = np.arange(MANY, dtype=np.uint8) % 10
    return Split(draw(labels, stream(0, "surroundings")), labels)


def names(predictions: list[Prediction]) -> str:
    return "".join(prediction.top(1)[0][0] for prediction in predictions)


def only(classifier: Classifier, picture: Grey) -> Prediction:
    (prediction,) = classifier.predict([picture])
    return prediction


@pytest.mark.thorough
@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_digits_in_all_surroundings(classifier: Classifier, digits: Split, recipe: Recipe) -> None:
    """At least 90 % are read rightly or refused, 60 % rightly, one at most wrong with certainty."""
    rng = np.random.default_rng(0)
    pictures = [recipe(image, rng) for image in digits.images]
    read = [
        (names([prediction]) == str(label), prediction.confidence)
        for label, prediction in zip(digits.labels, classifier.predict(pictures), strict=True)
        if prediction.is_digit
    ]
    wrong = [confidence for is_right, confidence in read if not is_right]
    assert len(wrong) <= 0.1 * len(digits)
    assert len(read) - len(wrong) >= 0.6 * len(digits)
    assert sum(confidence > SURE for confidence in wrong) <= 1


@pytest.mark.parametrize("recipe", SURROUNDED.values(), ids=SURROUNDED)
def test_a_digit_is_read_in_spite_of_what_is_around_it(
    classifier: Classifier, recipe: Recipe
) -> None:
    """A drawn 3, so that this can be told without MNIST."""
    (image,) = draw(np.array([3], np.uint8), stream(3, "surroundings"))
    prediction = only(classifier, recipe(image, np.random.default_rng(1)))
    assert not prediction.is_digit or names([prediction]) == "3"


@pytest.mark.parametrize("picture", [picture() for picture in NONE.values()], ids=NONE)
def test_no_digit_is_said_to_be_none(classifier: Classifier, picture: Grey) -> None:
    prediction = only(classifier, picture)
    assert not prediction.is_digit
    assert prediction.refusal is not None


def test_several_digits_are_refused_or_read_one_by_one(classifier: Classifier) -> None:
    images = list(draw(np.array([7, 2, 1], np.uint8), stream(2, "several")))
    for picture in (row(images, np.random.default_rng(0)), form(images, np.random.default_rng(0))):
        assert only(classifier, picture).refusal == "several digits"
        predictions = classifier.predict_several(picture)
        assert names(predictions) == "721"
        lefts = [prediction.box[1] for prediction in predictions if prediction.box]
        assert lefts == sorted(lefts)
        for prediction in predictions:
            assert prediction.box is not None
            top, left, bottom, right = prediction.box
            assert (255 - picture[top:bottom, left:right]).sum() > 0


@pytest.mark.parametrize("several", [row, form, comb])
def test_of_digits_beside_each_other_none_is_lost(
    classifier: Classifier, several: Callable[[list[Grey], np.random.Generator], Grey]
) -> None:
    rng = np.random.default_rng(0)
    for seed in range(10):
        images = draw(rng.integers(0, 10, 5, np.uint8), stream(seed, "several"))
        assert len(classifier.predict_several(several(list(images), rng))) == 5


def test_a_digit_in_pieces_is_one_beside_others() -> None:
    """As a 5 whose strokes are apart: each is low, and together they are as tall as the others."""
    page = np.full((200, 300), WHITE, np.uint8)
    page[40:160, 40:52] = page[40:80, 130:200] = page[110:160, 120:190] = BLACK
    digits, _ = digits_in(as_picture(page), several=True)
    assert [round(digit.box[1], -1) for digit in digits] == [40, 120]
    assert all(digit.box[2] - digit.box[0] >= 120 for digit in digits)


@pytest.mark.parametrize("light", [True, False])
def test_what_fills_its_picture_is_read_the_right_way_round(
    classifier: Classifier, light: bool
) -> None:
    for picture, name in ((ring(), "0"), (broken_five(), "5")):
        prediction = only(classifier, picture if light else 255 - picture)
        assert prediction.is_digit
        assert names([prediction]) == name


def test_what_is_less_probable_is_refused(classifier: Classifier) -> None:
    (image,) = draw(np.array([8], np.uint8), stream(0, "refused"))
    ((read,), (refused,)) = (classifier.predict([image], reject=share) for share in (0.0, 1.0))
    assert read.is_digit
    assert refused.refusal == "none is as probable as 100%"
    assert refused.top(1) == read.top(1)


def test_one_picture_without_ink_does_not_lose_the_others(classifier: Classifier) -> None:
    (image,) = draw(np.array([8], np.uint8), stream(0, "refused"))
    blank = np.full((28, 28), 255, np.uint8)
    first, second = classifier.predict([blank, image])
    assert first.refusal == "no ink"
    assert names([second]) == "8"


@pytest.mark.mnist
@pytest.mark.thorough
def test_ordinary_digits_are_read_as_before(classifier: Classifier, mnist: Data) -> None:
    """Of every eighth of MNIST's test images."""
    test = mnist.test[::8]
    predictions = classifier.predict(test.images)
    right = [p.top(1)[0][0] == str(y) for p, y in zip(predictions, test.labels, strict=True)]
    assert np.mean(right) >= 0.993
    assert np.mean([not prediction.is_digit for prediction in predictions]) <= 0.01
