"""Calibration: a temperature that makes probabilities say how often a network is right."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import lenet
from numpy.typing import NDArray

from lenet.data import Split
from lenet.formats.layout import BEST, WEIGHTS
from lenet.formats.weights import read_temperature, read_weights
from lenet.inspection.classifier import Classifier
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.nn.layers import MaxPool, Tanh
from lenet.nn.losses import log_softmax
from lenet.nn.model import LeNet5
from lenet.runs import calibration
from lenet.runs.calibration import calibration_error, fitted_temperature, logits_of_all
from lenet.runs.run import Run

NETWORK = LeNet5(initial_theta(GlorotUniform(), 0), MaxPool(), Tanh())


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def drawn_from(probabilities: NDArray[Any], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Labels (N,) by chance, as likely as probabilities (classes, N) say."""
    below = rng.random(probabilities.shape[1]) > probabilities.cumsum(axis=0)
    return np.minimum(below.sum(axis=0), 9).astype(np.uint8)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_of_labels_that_are_drawn_by_it_is_found(
    temperature: float, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits = rng.normal(0, 3, (10, 20_000))
    labels = drawn_from(np.exp(log_softmax(logits / temperature)), rng)
    monkeypatch.setattr(calibration, "logits_of_all", lambda *_: logits)
    found = fitted_temperature(NETWORK, Split(np.zeros((20_000, 28, 28), np.uint8), labels))
    assert found == pytest.approx(temperature, rel=0.05)


def test_few_images_that_are_all_recognised_make_no_network_infinitely_sure(
    rng: np.random.Generator,
) -> None:
    images = rng.integers(0, 256, (3, 28, 28), np.uint8)
    labels = logits_of_all(NETWORK, Split(images, np.zeros(3, np.uint8))).argmax(axis=0)
    assert fitted_temperature(NETWORK, Split(images, labels)) >= 1 / calibration.MOST


def test_the_calibration_error_of_probabilities_that_are_right_is_small(
    rng: np.random.Generator,
) -> None:
    probabilities = np.exp(log_softmax(rng.normal(0, 3, (10, 50_000))))
    labels = drawn_from(probabilities, rng)
    assert calibration_error(probabilities, labels) < 0.01
    wrong = np.exp(log_softmax(3 * np.log(probabilities)))
    assert calibration_error(wrong, labels) > 0.05


def test_the_calibration_error_of_a_few_images_by_hand() -> None:
    confidence = np.array([0.61, 0.65, 0.95, 1.0])  # bins of 1/15: 0.60 to 0.67, 0.93 to 1
    probabilities = np.stack([confidence, 1 - confidence])
    labels = np.array([0, 1, 0, 0])
    expected = (abs(0.61 + 0.65 - 1) + abs(0.95 + 1.0 - 2)) / 4
    assert calibration_error(probabilities, labels) == pytest.approx(expected)


@pytest.mark.thorough
def test_a_run_with_validation_images_keeps_the_temperature_of_its_networks(
    tmp_path: Path,
) -> None:
    sizes = ["dataset.train_size=1000", "dataset.test_size=32", "epochs=1"]
    for words in (["dataset.validation=500", "hydra.run.dir=with"], ["hydra.run.dir=without"]):
        lenet(*sizes, *words, cwd=tmp_path).check_returncode()
    run = Run(tmp_path / "with")
    validation = run.data().validation
    assert validation is not None
    for name in (WEIGHTS, BEST):
        network = run.config.kept_network(read_weights(run.path / name))
        expected = fitted_temperature(network, validation)
        assert read_temperature(run.path / name) == pytest.approx(expected, rel=1e-3)
    assert read_temperature(tmp_path / "without" / WEIGHTS) == 1

    classifier = Classifier.read(run.path)
    picture = validation.images[0]
    (prediction,) = classifier.predict([picture])
    (other,) = replace(classifier, temperature=1.0).predict([picture])
    expected = np.exp(log_softmax(np.log(other.probabilities) / classifier.temperature))
    np.testing.assert_allclose(prediction.probabilities, expected, rtol=1e-4)
