"""Schedules, and what is inside a network: filters, features, saliency, histograms."""

from pathlib import Path

import numpy as np
import pytest
from command import lenet
from matplotlib.figure import Figure
from scripted import SCRIPTS, Script

from lenet.commands.plot.features import chosen as first_of_each_class
from lenet.commands.plot.saliency import chosen
from lenet.commands.plot.schedule import composed
from lenet.data import Split
from lenet.figures import features as figure_of_features
from lenet.figures import filters, saliency, schedule
from lenet.figures.histograms import draw_gradients
from lenet.figures.style import style
from lenet.inspection.predictions import predict
from lenet.nn.features import features
from lenet.nn.input import network_input
from lenet.runs.run import Run
from lenet.training.histograms import BINS

pytestmark = pytest.mark.slow


def titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


def test_the_schedule_of_a_command_line_is_drawn(script: Script) -> None:
    outcome = script("plot_schedule", "schedule=onecycle", "epochs=30", "--output", "out")
    assert outcome.paths == ["out/schedule.png", "out/schedule.svg"]


def test_all_schedules_are_drawn_where_none_is_chosen_and_none_hides_another() -> None:
    with style():
        figure = schedule.draw(composed([], None))
    panels = [axes for axes in figure.axes if axes.get_title()]
    names = {path.stem for path in (SCRIPTS.parent / "conf" / "schedule").glob("*.yaml")}
    assert {axes.get_title() for axes in panels} == names
    assert all(len(axes.lines) == 1 for axes in panels)
    assert len({axes.get_ylim() for axes in panels}) == 1
    (momentum,) = set(figure.axes) - set(panels)
    assert momentum.get_ylabel() == "Momentum"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["schedule=onecyle"], "schedule = 'onecyle': no such choice; did you mean 'onecycle'?"),
        (["schedule.rise=2"], "schedule.rise: no such key"),
        (["schedule=onecycle", "optimizer=rmsprop"], "the optimizer does not have"),
    ],
)
def test_a_schedule_that_cannot_be_is_not_drawn(
    script: Script, arguments: list[str], message: str
) -> None:
    outcome = script("plot_schedule", *arguments)
    assert message in str(outcome.error)
    assert not outcome.paths


@pytest.mark.parametrize("name", ["filters", "features", "saliency", "embedding"])
def test_what_is_inside_a_network_is_drawn(trained: Path, script: Script, name: str) -> None:
    outcome = script(f"plot_{name}", trained, "--output", "figures")
    assert outcome.error is None
    assert outcome.paths == [f"figures/{name}.png", f"figures/{name}.svg"]


def test_filters_of_images_in_colour_have_a_row_for_each_channel() -> None:
    rng = np.random.default_rng(0)
    c1, c3 = rng.normal(size=(6, 3, 5, 5)), rng.normal(size=(16, 6, 5, 5))
    with style():
        figure = filters.draw(c1, c3, "CIFAR10, seed 0")
        figure.draw_without_rendering()
    above, below, _ = figure.axes
    for axes, weight in ((above, c1), (below, c3)):
        image = axes.images[0]
        assert image.norm.vmax == -image.norm.vmin == max(np.abs(c1).max(), np.abs(c3).max())
        np.testing.assert_array_equal(image.get_array()[12:17, 6:11], weight[1, 2])
    assert [label.get_text() for label in above.get_yticklabels()] == ["red", "green", "blue"]
    assert len(below.get_xticklabels()) == 16
    assert figure.bbox.width > figure.bbox.height


def test_an_image_is_followed_from_layer_to_layer(trained: Path) -> None:
    (path,) = trained.glob("runs/*")
    run = Run(path)
    data = run.data()
    images = data.test[np.array([3, 0])]
    x = network_input(images.images, np.dtype(np.float32))
    seen = {"input": x, **features(run.network(), x)}
    with style():
        figure = figure_of_features.draw(images, seen, data.class_names, "Strokes, seed 0")
        figure.draw_without_rendering()
    assert titles(figure)[:8] == [
        "input\n1@32×32",
        "C1\n6@28×28",
        "S2\n6@14×14",
        "C3\n16@10×10",
        "S4\n16@5×5",
        "C5\n120",
        "F6\n84",
        "output\n10",
    ]
    second = figure.axes[8:]
    np.testing.assert_array_equal(second[0].images[0].get_array(), np.rint(255 * x[0, ..., 1]))
    last_map = second[3].images[0].get_array()[-10:, -10:]
    np.testing.assert_array_equal(last_map, seen["C3"][15, ..., 1])
    widths = [bar.get_width() for bar in second[7].patches]
    assert sum(widths) == pytest.approx(1)
    assert np.argmax(widths) == seen["output"][:, 1].argmax()
    assert second[0].get_ylabel() == data.class_names[images.labels[1]]


def test_the_first_images_of_three_classes_are_followed_where_none_is_named() -> None:
    labels = np.array([46, 3, 3, 0, *range(47)], np.uint8)
    chosen = first_of_each_class(Split(np.zeros((51, 28, 28), np.uint8), labels), None)
    assert chosen.labels.tolist() == [0, 1, 2]


def test_an_image_that_is_not_there_is_not_followed(trained: Path, script: Script) -> None:
    assert script("plot_features", trained, "--image", "0", "32").error == (
        "plot_features.py: --image 32: the test images are 0 to 31"
    )
    assert script("plot_features", trained, "--image", "-1").error == "2"


def test_saliency_is_that_of_images_at_random_and_of_the_worst_mistakes(trained: Path) -> None:
    (path,) = trained.glob("runs/*")
    run = Run(path)
    found = predict(run)
    indices = chosen(found, 0)
    others = [index for index in found.mistakes if index not in indices[:3]]
    assert indices[3:].tolist() == others[:3]
    with style():
        figure = saliency.draw(run.network(), found, indices[1:4], "")
        figure.draw_without_rendering()
    assert [axes.get_title()[0] == "✗" for axes in figure.axes[:3]] == found.wrong[
        indices[1:4]
    ].tolist()


def test_a_run_that_was_watched_is_drawn_epoch_by_epoch(tmp_path: Path, script: Script) -> None:
    done = lenet("dataset.train_size=64", "dataset.test_size=32", "inside=true", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    outcome = script("plot_training", "--output", "figures")
    assert outcome.error is None
    assert outcome.paths == [
        f"figures/{name}.{kind}"
        for name in ("activations", "gradients", "movement")
        for kind in ("png", "svg")
    ]


def test_gradients_of_all_layers_are_on_one_axis() -> None:
    """So that those that vanish are seen to be smaller, by the names of the paper's layers."""
    counts = np.ones(BINS)
    gradients = {
        "c1": np.array([[-9, -6, *counts]]),
        "f6": np.array([[-3, -1, *counts]]),
        "output": np.array([[-2, 0, *counts]]),
    }
    with style():
        figure = draw_gradients(np.array([0]), gradients, "MNIST, seed 0")
        figure.draw_without_rendering()
    assert titles(figure) == ["C1", "F6", "output"]
    assert len({axes.get_xlim() for axes in figure.axes}) == 1
    ticks = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert {"10⁻⁸", "10⁻⁴", "10⁰"} <= set(ticks)


def test_a_run_that_was_not_watched_says_how_to_watch_one(trained: Path, script: Script) -> None:
    (run,) = trained.glob("runs/*")
    assert script("plot_training", run).error == (
        f"plot_training.py: {run}/inside.npz: expected what inside=true has a run write, "
        "found: No such file or directory"
    )
