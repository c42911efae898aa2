"""Predictions and mistakes as figures, and evaluation on other images."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_runs import fake_run
from matplotlib.figure import Figure
from scripted import Script

from lenet.data import Data, Split
from lenet.figures import predictions as figures_of_predictions
from lenet.figures.style import style
from lenet.formats.layout import WEIGHTS
from lenet.formats.weights import write_weights
from lenet.inspection.predictions import Predictions, predict
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.runs.run import Run
from lenet.training.evaluation import evaluate

pytestmark = pytest.mark.slow


CLASSES = ("T-shirt/top", "Ankle boot", "Bag")


def predictions(labels: list[int], probabilities: list[list[float]]) -> Any:
    """Predictions of blank images, of which the first has one black pixel, and so on."""
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images.reshape(len(labels), -1)[np.tri(len(labels), 784, dtype=bool)] = 255
    split = Split(images, np.array(labels, np.uint8))
    return Predictions(split, np.log(probabilities).T, CLASSES)


MIXED = predictions(
    [0, 0, 1, 2, 2],
    [[0.8, 0.1, 0.1], [0.3, 0.6, 0.1], [0.98, 0.01, 0.01], [0.1, 0.1, 0.8], [0.45, 0.35, 0.2]],
)


def draw(figure_of: str, *arguments: Any) -> Figure:
    with style():
        figure: Figure = getattr(figures_of_predictions, figure_of)(*arguments)
        figure.draw_without_rendering()
    return figure


def test_wrong_predictions_are_marked_not_by_colour_alone() -> None:
    figure = draw("sample_figure", MIXED, "Shop, seed 0", 0)
    assert sorted([axes.get_title() for axes in figure.axes]) == [
        "predicted Bag\ntrue Bag",
        "predicted T-shirt/top\ntrue T-shirt/top",
        "✗ predicted Ankle boot\ntrue T-shirt/top",
        "✗ predicted T-shirt/top\ntrue Ankle boot",
        "✗ predicted T-shirt/top\ntrue Bag",
    ]
    assert figure.get_suptitle() == (
        "Shop, seed 0\n5 of 5 test images chosen at random, 3 predicted wrongly"
    )
    for axes in figure.axes:
        shown = axes.images[0].get_array()
        index = np.count_nonzero(shown) - 1  # see predictions()
        assert ("✗" in axes.get_title()) == (index in (1, 2, 4))


def test_the_seed_chooses_the_images() -> None:
    many = predictions([0] * 100, [[0.8, 0.1, 0.1]] * 100)

    def shown(seed: int) -> list[int]:
        figure = draw("sample_figure", many, "", seed)
        return [np.count_nonzero(axes.images[0].get_array()) for axes in figure.axes]

    assert len(set(shown(0))) == 18
    assert shown(0) == shown(0) != shown(1)


def test_mistakes_begin_with_the_highest_loss() -> None:
    figure = draw("mistakes_figure", MIXED, "Shop, seed 0")
    assert [axes.get_title() for axes in figure.axes] == [
        "Ankle boot → T-shirt/top\nloss 4.61 (98.0%)",
        "Bag → T-shirt/top\nloss 1.61 (45.0%)",
        "T-shirt/top → Ankle boot\nloss 1.20 (60.0%)",
    ]
    assert figure.get_suptitle().startswith("Shop, seed 0: 3 of 5 test images predicted wrongly\n")


def test_no_mistakes_leave_an_empty_figure() -> None:
    right = predictions([0], [[0.8, 0.1, 0.1]])
    assert not draw("mistakes_figure", right, "").axes
    assert "none predicted wrongly" in draw("sample_figure", right, "", 0).get_suptitle()
    draw("confusion_figure", right, "")


def test_long_names_do_not_run_into_each_other() -> None:
    wrong = predictions([1] * 25, [[0.8, 0.1, 0.1]] * 25)
    for figure in (
        draw("mistakes_figure", wrong, "FashionMNIST, seed 0"),
        draw("sample_figure", wrong, "FashionMNIST, seed 0", 0),
    ):
        boxes = [axes.title.get_window_extent() for axes in figure.axes]
        assert len(boxes) == 18
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
        assert min(box.x0 for box in boxes) > 0
        assert max(box.x1 for box in boxes) < figure.bbox.x1


def test_confusion_counts_true_in_rows_and_predicted_in_columns() -> None:
    figure = draw("confusion_figure", MIXED, "Shop, seed 0")
    (axes,) = figure.axes
    written = {text.get_position(): text.get_text() for text in axes.texts}
    counts = [[written[column, row] for column in range(3)] for row in range(3)]
    assert counts == [["1", "1", ""], ["1", "", ""], ["1", "", "1"]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Predicted", "True")
    assert [label.get_text() for label in axes.get_yticklabels()] == list(CLASSES)
    coloured = np.ma.getmaskarray(np.ma.masked_invalid(axes.images[0].get_array()))
    np.testing.assert_array_equal(coloured, np.eye(3, dtype=bool))


def test_47_classes_have_room_in_the_confusion_matrix() -> None:
    names = tuple(f"letter {number}" for number in range(47))
    labels = np.arange(47, dtype=np.uint8).repeat(2)
    logits = np.eye(47)[:, labels]
    many = Predictions(Split(np.zeros((94, 3, 32, 32), np.uint8), labels), logits, names)
    (axes,) = draw("confusion_figure", many, "EMNIST, seed 0").axes
    boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    (image,) = draw("sample_figure", many, "", 0).axes[0].images
    assert image.get_array().shape == (32, 32, 3)


def test_predictions_are_those_of_the_network_and_its_data(tmp_path: Path) -> None:
    run = fake_run(tmp_path, "dataset.train_size=16", "dataset.test_size=600")
    write_weights(tmp_path / WEIGHTS, initial_theta(GlorotUniform(), 0))
    found = predict(run)
    score = evaluate(run.network(), run.data().test)
    assert found.logits.shape == (10, 600)
    assert np.count_nonzero(~found.wrong) == score.correct


def test_predictions_are_of_one_run(tmp_path: Path, script: Script) -> None:
    for seed in range(2):
        fake_run(tmp_path / "sweep" / str(seed), seed=seed)
    assert script("plot_predictions", "sweep").error == (
        "plot_predictions.py: 2 runs found: name the folder of one, such as sweep/0"
    )
    assert script("plot_predictions", "sweep/0").error == (
        "plot_predictions.py: sweep/0/weights.npz: "
        "expected weights, found: No such file or directory"
    )


@pytest.mark.parametrize("seed", ["-1", "one", "0.5"])
def test_a_seed_that_is_none_is_refused(script: Script, seed: str) -> None:
    assert script("plot_predictions", f"--seed={seed}").error == "2"


def test_evaluation_on_the_runs_own_test_images_repeats_the_last_row(
    trained: Path, script: Script
) -> None:
    outcome = script("evaluate", trained)
    (run,) = trained.glob("runs/*")
    last = Run(run).metrics.iloc[-1]
    expected = f"loss {last['test_loss']:.4f}, accuracy {last['test_accuracy']:.2%} of 32\n"
    assert outcome.text == f"{run}: {expected}"


def test_evaluation_on_another_dataset_that_does_not_exist(trained: Path, script: Script) -> None:
    error = script("evaluate", trained, "--dataset", "mnits").error
    assert error == "evaluate.py: dataset = 'mnits': no such choice; did you mean 'mnist'?"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("emnist_balanced", "emnist_balanced, which has 1 channel and 47 classes"),
        ("cifar10", "cifar10, which has 3 channels and 10 classes"),
    ],
)
def test_a_network_of_other_channels_or_classes_is_not_evaluated(
    tmp_path: Path, script: Script, name: str, found: str
) -> None:
    """Before any file of the dataset is looked for."""
    fake_run(tmp_path / "run")
    assert script("evaluate", "run", "--dataset", name).error == (
        f"evaluate.py: run: a network for 1 channel and 10 classes cannot be tested on {found}"
    )


@pytest.mark.mnist
@pytest.mark.thorough
def test_a_network_that_has_seen_drawn_digits_only_reads_mnist(
    mnist: Data, tmp_path: Path, script: Script
) -> None:
    """How real the drawn digits are: the default run, tested on the real MNIST."""
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "lenet", f"hydra.run.dir={folder}"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    assert Run(folder).metrics["test_accuracy"].iloc[-1] > 0.97
    text = script("evaluate", folder, "--dataset", "mnist").text
    accuracy, _, images = text.partition("accuracy ")[2].partition("% of ")
    assert images == "10,000\n"
    assert float(accuracy) > 93
