"""Figures of runs at the edge of what there is: a projector shows them as they are."""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_runs import fake_run
from matplotlib.figure import Figure
from matplotlib.text import Text
from scripted import SCRIPTS

from lenet.config.compose import configure
from lenet.data import Data, Split
from lenet.figures.invariance import draw
from lenet.figures.sheet import sheet
from lenet.figures.style import style
from lenet.formats.layout import WEIGHTS
from lenet.formats.weights import write_weights
from lenet.inspection.classifier import Prediction
from lenet.inspection.invariance import DISTORTIONS
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.runs.run import Run

pytestmark = pytest.mark.slow

SMALLEST = 9  # points
NUMBERS = "−.0123456789"  # those of ticks beyond an axis are not drawn
LONG = tuple(f"{number} $\\frac{{x$ \udcff {'very ' * 20}long" for number in range(10))


def images(dataset: str, labels: list[int], names: tuple[str, ...] = ()) -> Data:
    source = configure(f"dataset={dataset}").dataset
    shape = (len(labels), *((3,) if source.channels == 3 else ()), *source.size)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    split = Split(pixels, np.array(labels, np.uint8))
    return Data(split, split, names or source.class_names)


RUNS = {
    "one image": ("mnist", images("mnist", [3])),
    "two images of one class": ("mnist", images("mnist", [3, 3])),
    "colours": ("cifar10", images("cifar10", [0, 3, 3, 9])),
    "47 classes": ("emnist_balanced", images("emnist_balanced", list(range(47)))),
    "long names": ("fashion_mnist", images("fashion_mnist", list(range(10)), LONG)),
}


PARTS_OF_1998 = [
    "dataset=mnist", "c3=table", "pooling=trainable", "activation=scaled_tanh", "output=rbf",
    "input.background=-0.1", "input.foreground=1.175",
]  # fmt: skip


@pytest.fixture(params=RUNS)
def run(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    dataset, data = RUNS[request.param]
    run = fake_run(tmp_path, f"dataset={dataset}", accuracies=(0.5,))
    architecture = run.config.architecture
    theta = initial_theta(GlorotUniform(), 0, architecture)
    write_weights(run.path / WEIGHTS, theta, architecture)
    monkeypatch.setattr(Run, "data", lambda run: data)
    return run


def drawn(script: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Return the figures of a script, laid out in place of being written."""
    figures: list[Figure] = []

    def lay_out(figure: Figure, *_: Any, **__: Any) -> None:
        figure.draw_without_rendering()
        figures.append(figure)

    monkeypatch.setattr(Figure, "savefig", lay_out)
    monkeypatch.setattr("sys.argv", [script, str(run.path)])
    runpy.run_path(str(SCRIPTS / f"{script}.py"), run_name="__main__")
    return figures


def is_readable(text: Text, figure: Figure) -> bool:
    box, all_of_it = text.get_window_extent(), figure.bbox
    beside = box.x0 >= -1 and box.x1 <= all_of_it.x1 + 1
    above = box.y0 >= -1 and box.y1 <= all_of_it.y1 + 1
    return beside and above and text.get_fontsize() >= SMALLEST


@pytest.mark.parametrize(
    "script",
    [
        "embedding",
        "features",
        "filters",
        pytest.param("predictions", marks=pytest.mark.slow),
        pytest.param("saliency", marks=pytest.mark.slow),
    ],
)
def test_every_text_is_large_enough_and_whole(
    script: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for figure in drawn(f"plot_{script}", run, monkeypatch):
        texts = [text for text in figure.findobj(Text) if text.get_text().strip(NUMBERS)]
        unreadable = [text.get_text() for text in texts if not is_readable(text, figure)]
        assert not unreadable


@pytest.mark.parametrize("refusal", [None, "none is as probable as 99.999%"])
@pytest.mark.parametrize("count", [1, 2, 6])
def test_every_text_on_a_sheet_of_pictures_is_whole(count: int, refusal: str | None) -> None:
    picture, image = np.zeros((28, 28, 3), np.uint8), np.zeros((28, 28), np.uint8)
    prediction = Prediction(picture, image, np.full(10, 0.1), tuple("0123456789"), refusal)
    with style():
        figure = sheet({Path(f"{k}.png"): [prediction] for k in range(count)}, count)
        figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert not [text.get_text() for text in texts if not is_readable(text, figure)]


def test_errors_of_all_distortions_are_within_the_axes() -> None:
    errors = [
        np.full((1, len(distortion.amounts)), share)
        for distortion, share in zip(DISTORTIONS, (0.5, 0.95, 0.1, 0.2), strict=True)
    ]
    for axes in draw(DISTORTIONS, {"": errors}, 100).axes:
        low, high = axes.get_ylim()
        assert low == 0
        assert high > 95


def test_a_network_that_says_the_same_to_all_images_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = fake_run(tmp_path, "dataset=mnist")
    write_weights(run.path / WEIGHTS, np.zeros(run.config.architecture.size))
    monkeypatch.setattr(Run, "data", lambda run: images("mnist", [0] * 5))
    for script in ("embedding", "features", "filters", "predictions", "saliency"):
        assert drawn(f"plot_{script}", run, monkeypatch)


@pytest.mark.parametrize(
    "overrides",
    [PARTS_OF_1998, ["dataset=mnist", "network.c1=3", "network.c3=9"]],
    ids=["the network of 1998", "odd numbers of maps"],
)
def test_any_network_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: list[str]
) -> None:
    run = fake_run(tmp_path, *overrides)
    architecture = run.config.architecture
    theta = initial_theta(GlorotUniform(), 0, architecture)
    write_weights(run.path / WEIGHTS, theta, architecture)
    monkeypatch.setattr(Run, "data", lambda run: images("mnist", list(range(10))))
    for script in ("embedding", "features", "filters", "predictions", "saliency"):
        assert drawn(f"plot_{script}", run, monkeypatch)
