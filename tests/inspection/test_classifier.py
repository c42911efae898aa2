"""The weights that come with the code, and what they say of pictures."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from lenet.config.compose import configure
from lenet.config.identity import identity
from lenet.data import Data
from lenet.data.strokes import draw
from lenet.errors import DataError
from lenet.inspection.classifier import Classifier
from lenet.nn.losses import log_softmax
from lenet.nn.random import stream
from lenet.runs.calibration import calibration_error, logits_of_all
from lenet.runs.run import Run
from lenet.training.evaluation import evaluate

ROOT = Path(__file__).parents[2]
BEST, READER = ROOT / "results" / "best", ROOT / "results" / "reader"
LABELS = np.arange(10, dtype=np.uint8)
DIGITS = draw(LABELS, stream(0, "pictures to predict"))


@pytest.mark.parametrize("times", [1, 10])
def test_any_size_and_polarity_is_classified_alike(times: int) -> None:
    classifier = Classifier.read(READER / "weights.npz")
    digits = [np.asarray(Image.fromarray(digit).resize(2 * (28 * times,))) for digit in DIGITS]
    for sources in (digits, [255 - digit for digit in digits]):
        predictions = classifier.predict(sources)
        assert [prediction.top(1)[0][0] for prediction in predictions] == list("0123456789")
        for prediction in predictions:
            assert sum(share for _, share in prediction.top(10)) == pytest.approx(1, abs=1e-5)


def flagged(height: int, flag: int, fall: int, pen: int) -> np.ndarray:
    """A picture of a 1, in pixels: an upright stem, and a flag from its top down to the left."""
    picture = Image.new("L", (260, 260), 255)
    x, y = 130 + flag // 2, 130 - height // 2
    line = [(x - flag, y + fall), (x, y), (x, y + height)]
    ImageDraw.Draw(picture).line(line, fill=0, width=pen, joint="curve")
    return np.asarray(picture)


@pytest.mark.slow
@pytest.mark.parametrize("height", [120, 200])
def test_1s_with_flags_are_1s(height: int) -> None:
    shares = [(0.2, 0.2), (0.3, 0.2), (0.2, 0.35), (0.3, 0.35), (0.4, 0.3), (0.4, 0.5), (0.5, 0.5)]
    pictures = [
        flagged(height, round(flag * height), round(fall * height), pen)
        for flag, fall in shares
        for pen in (8, 14, 20)
    ]
    read = [prediction.top(1)[0][0] for prediction in Classifier.read().predict(pictures)]
    assert read.count("1") >= 0.8 * len(read)


@pytest.mark.slow
def test_of_what_is_no_digit_the_reader_is_not_sure() -> None:
    """Letters by another pen than that of the images that it was trained on."""
    font = ImageFont.truetype(get_data_path() + "/fonts/ttf/DejaVuSans.ttf", 120)
    pictures = []
    for letter in "ABEFHKMNPRTWXhkmnrtw":
        picture = Image.new("L", (200, 200), 255)
        ImageDraw.Draw(picture).text((30, 20), letter, font=font, fill=0)
        pictures.append(np.asarray(picture))
    sure = [prediction.top(1)[0][1] for prediction in Classifier.read().predict(pictures)]
    assert np.mean(sure) < 0.35
    assert np.mean(np.array(sure) > 0.9) <= 0.05


@pytest.mark.parametrize("shape", [(28,), (28, 28, 2), (0, 5)])
def test_an_array_that_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="expected a picture of uint8"):
        Classifier.read(READER).predict([np.zeros(shape, np.uint8)])


@pytest.mark.parametrize(
    "dataset",
    ["fashion_mnist", "cifar10", "kmnist", "emnist_balanced", "emnist_digits", "emnist_letters"],
)
def test_every_dataset_prepares_pictures_in_its_own_shape(dataset: str) -> None:
    config = configure(f"dataset={dataset}")
    classifier = Classifier(config.network_of(config.initial_theta()), config.dataset)
    picture = np.full((90, 120, 3), 255, np.uint8)
    picture[20:70, 50:60] = 0
    (prediction,) = classifier.predict([picture])
    channels, size = config.dataset.channels, config.dataset.size
    assert prediction.image.shape == ((channels, *size) if channels > 1 else size)
    assert len(prediction.probabilities) == len(config.dataset.class_names)


@pytest.mark.parametrize("path", [BEST, READER], ids=lambda path: path.name)
def test_the_weights_that_come_with_the_code_are_of_the_recipe_as_it_is(path: Path) -> None:
    assert identity(Run(path).config) == identity(configure(f"experiment={path.name}", "seed=0"))


@pytest.mark.mnist
@pytest.mark.parametrize(("path", "accuracy"), [(BEST, 0.9960), (READER, 0.9946)])
def test_the_weights_that_come_with_the_code_are_as_good_as_the_readme_says(
    mnist: Data, path: Path, accuracy: float
) -> None:
    assert evaluate(Run(path).network(), mnist.test).accuracy == pytest.approx(accuracy)


@pytest.mark.mnist
def test_the_reader_is_right_as_often_as_its_probabilities_say(mnist: Data) -> None:
    classifier = Classifier.read()
    logits = logits_of_all(classifier.network, mnist.test)
    probabilities = np.exp(log_softmax(logits / classifier.temperature))
    assert calibration_error(probabilities, mnist.test.labels) < 0.01
