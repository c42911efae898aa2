"""The scripts, run as a user runs them: what they draw, write and say."""

import math
import os
import signal
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from command import lenet
from fake_runs import fake_run
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from scripted import SCRIPTS, Script

from lenet.commands.plot.features import chosen as first_of_each_class
from lenet.commands.plot.saliency import chosen
from lenet.commands.plot.schedule import composed
from lenet.config.compose import configure
from lenet.data import Data, Split
from lenet.figures import curves as plots
from lenet.figures import features as figure_of_features
from lenet.figures import filters, saliency, schedule
from lenet.figures import predictions as figures_of_predictions
from lenet.figures.histograms import draw_gradients
from lenet.figures.paper import departures
from lenet.figures.style import style
from lenet.formats.layout import WEIGHTS
from lenet.formats.weights import write_weights
from lenet.inspection.predictions import Predictions, predict
from lenet.nn.features import features
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.nn.input import network_input
from lenet.runs.groups import by_setting
from lenet.runs.run import Run
from lenet.training.evaluation import evaluate
from lenet.training.histograms import BINS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which ``lenet`` has been run."""
    folder = tmp_path_factory.mktemp("trained")
    sizes = ["dataset.train_size=64", "dataset.test_size=32"]
    lenet("dataset=strokes", *sizes, "epochs=1", cwd=folder).check_returncode()
    return folder


def test_curves_of_a_run_of_lenet_are_drawn_without_a_display(trained: Path) -> None:
    """With the command line of a user who has just trained a first network."""
    done = subprocess.run(
        [sys.executable, "-W", "error", SCRIPTS / "plot_curves.py"],
        cwd=trained,
        env={key: value for key, value in os.environ.items() if key != "DISPLAY"},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    (run,) = (trained / "runs").iterdir()
    folder = Path("runs", run.name)
    assert done.stdout == f"{folder / 'curves.png'}\n{folder / 'curves.svg'}\n"
    assert done.stderr == ""


def test_predictions_of_a_run_of_lenet(trained: Path, script: Script) -> None:
    paths = script("plot_predictions", trained, "--output", "figures").paths
    assert paths == [
        f"figures/{name}.{kind}"
        for name in ("predictions", "mistakes", "confusion")
        for kind in ("png", "svg")
    ]
    for path in paths[::2]:
        with Image.open(path) as image:
            image.verify()


# Where the scripts read and write


def test_figures_go_to_the_folder_that_was_given(tmp_path: Path, script: Script) -> None:
    for seed in (0, 1):
        fake_run(tmp_path / "sweep" / str(seed), "dataset=mnist", seed=seed)
    assert script("table1", "sweep").paths == ["sweep/table1.md", "sweep/table1.csv"]
    assert script("table1", "sweep/0").paths == ["sweep/0/table1.md", "sweep/0/table1.csv"]
    both = script("table1", "sweep/0", tmp_path / "sweep" / "1")
    assert both.paths == ["sweep/table1.md", "sweep/table1.csv"]
    assert script("table1", "sweep", "--output", "a/b").paths == ["a/b/table1.md", "a/b/table1.csv"]


def test_paths_outside_the_current_folder_are_absolute(
    tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_run(tmp_path / "run", "dataset=mnist")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert script("table1", "../run").paths[0] == str(tmp_path / "run" / "table1.md")


def test_nothing_to_read_is_said_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPTS / "table1.py", "nowhere"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == ("table1.py: there is no run in nowhere\n")


def test_a_folder_that_cannot_be_written_is_said_in_one_line(
    tmp_path: Path, script: Script
) -> None:
    fake_run(tmp_path / "run", "dataset=mnist")
    (tmp_path / "file").touch()
    error = script("table1", "run", "--output", "file").error
    assert error == "table1.py: [Errno 17] File exists: 'file'"


@pytest.mark.parametrize("arguments", [["--help"], ["runs"]])
def test_a_reader_who_wants_no_more_is_left_alone(tmp_path: Path, arguments: list[str]) -> None:
    """As with ``python scripts/table1.py | head``, where head has ended already."""
    fake_run(tmp_path / "runs" / "a", "dataset=mnist")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [sys.executable, SCRIPTS / "table1.py", *arguments],
            cwd=tmp_path,
            check=False,
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.stderr == ""
    assert done.returncode in (0, 128 + signal.SIGPIPE)  # argparse lets it pass without a buffer
    assert (tmp_path / "runs" / "table1.md").exists() == (arguments == ["runs"])


@pytest.mark.parametrize(
    ("name", "package", "remedy"),
    [
        ("export_onnx", "onnx", "pip install -e '.[onnx]'"),
        ("to_torch", "torch", "pip install torch"),
        ("from_torch", "torch", "pip install torch"),
    ],
)
def test_where_a_package_is_missing_a_line_says_what_would_do(
    script: Script, monkeypatch: pytest.MonkeyPatch, name: str, package: str, remedy: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert script(name).error == f"{name}.py: {package} is not installed; {remedy}"


# Table I


def accuracy_runs(folder: Path, *rows: tuple[float, ...]) -> None:
    """One run for each row of test accuracies by epoch."""
    for seed, accuracies in enumerate(rows):
        fake_run(folder / str(seed), "dataset=mnist", seed=seed, accuracies=accuracies)


THREE_SEEDS = (
    (0.96, 0.9750, 0.9772, 0.99),
    (0.97, 0.9760, 0.9762, 0.99),
    (0.98, 0.9770, 0.9782, 0.99),
)


def test_table1_by_hand(tmp_path: Path, script: Script) -> None:
    """Half of an interval: t(2) = 4.302653 times std / sqrt(3)."""
    accuracy_runs(tmp_path / "sweep", *THREE_SEEDS)
    outcome = script("table1", "sweep")
    table = pd.read_csv("sweep/table1.csv", index_col="epoch")
    assert list(table["paper"][:3]) == [95.32, 97.35, 97.97]
    assert list(table["mean"]) == [97, 97.6, 97.72, 99]
    assert list(table["std"]) == [1, 0.1, 0.1, 0]
    assert list(table["ci_low"]) == [94.5159, 97.3516, 97.4716, 99]
    assert list(table["ci_high"]) == [99.4841, 97.8484, 97.9684, 99]
    assert list(table["n"]) == [3, 3, 3, 3]
    assert list(table["min"]) == [96, 97.5, 97.62, 99]
    assert list(table["max"]) == [98, 97.7, 97.82, 99]
    assert list(table["paper_is"].fillna("")) == ["inside", "below", "above", ""]
    assert outcome.text.startswith(Path("sweep/table1.md").read_text(encoding="utf-8"))
    assert outcome.text.splitlines()[:6] == [
        "| Epoch | Paper |  Mean |  Std |        95 % CI | Seeds |   Min |   Max | Paper is |",
        "| ----: | ----: | ----: | ---: | -------------: | ----: | ----: | ----: | -------: |",
        "|     1 | 95.32 | 97.00 | 1.00 | 94.52 to 99.48 |     3 | 96.00 | 98.00 |   inside |",
        "|     2 | 97.35 | 97.60 | 0.10 | 97.35 to 97.85 |     3 | 97.50 | 97.70 |    below |",
        "|     3 | 97.97 | 97.72 | 0.10 | 97.47 to 97.97 |     3 | 97.62 | 97.82 |    above |",
        "|     4 |     – | 99.00 | 0.00 | 99.00 to 99.00 |     3 | 99.00 | 99.00 |        – |",
    ]


def test_a_single_seed_has_no_spread(tmp_path: Path, script: Script) -> None:
    accuracy_runs(tmp_path / "runs", (0.96,))
    text = script("table1").text
    assert "|     1 | 95.32 | 96.00 |   – |       – |     1 | 96.00 | 96.00 |        – |" in text
    assert "nan" not in text + Path("runs/0/table1.csv").read_text()


def test_table1_names_several_settings(tmp_path: Path, script: Script) -> None:
    fake_run(tmp_path / "a", "dataset=mnist", "init=normal")
    fake_run(tmp_path / "b", "dataset=mnist")
    rows = script("table1", "a", "b").text.splitlines()
    assert rows[0].startswith("|             Setting | Epoch |")
    assert rows[2].startswith("|         init=normal |     1 |")
    assert rows[5].startswith("| init=glorot_uniform |     1 |")


def test_table1_is_about_the_papers_recipe(tmp_path: Path, script: Script) -> None:
    fake_run(tmp_path / "runs" / "a", "dataset=mnist", "init=normal")
    fake_run(tmp_path / "runs" / "b", "dataset=mnist", "pooling=avg", "optimizer=sgd")
    outcome = script("table1", "runs")
    assert outcome.error == (
        "table1.py: runs/b: Table I is of the paper's recipe, which lenet dataset=mnist trains; "
        "this run departs from it in pooling, optimizer"
    )
    assert not list(tmp_path.rglob("table1*"))


@pytest.mark.parametrize(
    ("overrides", "keys"),
    [
        ([], []),
        (["init=normal", "init.std=0.003", "seed=7", "epochs=9", "threads=1", "inside=true"], []),
        (["dataset.train_size=60000", "dataset.test_size=10000", "dataset.root=/data"], []),
        (["dataset.train_size=2000"], ["dataset"]),
        (["dataset.validation=5000"], ["dataset"]),
        (["dataset=fashion_mnist"], ["dataset"]),
        (
            ["pooling=avg", "activation=relu", "optimizer=sgd"],
            ["pooling", "activation", "optimizer"],
        ),
        (["optimizer.lr=0.01"], ["optimizer"]),
        (["optimizer=adamw", "optimizer.weight_decay=0"], ["optimizer"]),
        (["normalization=batch", "dropout=dense"], ["normalization", "dropout"]),
        (["loss=label_smoothing", "schedule=cosine"], ["loss", "schedule"]),
        (["augmentation=affine", "batch_size=64"], ["augmentation", "batch_size"]),
        (["clip_norm=1.0", "ema=0.9"], ["clip_norm", "ema"]),
    ],
    ids=" ".join,
)
def test_what_departs_from_the_papers_recipe(overrides: list[str], keys: list[str]) -> None:
    assert departures(configure("dataset=mnist", *overrides)) == keys


def test_the_markdown_of_table1_keeps_its_columns(tmp_path: Path, script: Script) -> None:
    for name in "ab":
        fake_run(tmp_path / name, "dataset=mnist", f"dataset.root=/{name}|{name}")
    lines = script("table1", "a", "b").text.splitlines()
    assert len({line.replace(r"\|", "").count("|") for line in lines[:8]}) == 1


def test_what_is_left_out_is_said(
    tmp_path: Path, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    made = [
        ("a", 0, 0.91, {"finished": "2026-01-01T00:00:00+00:00"}),
        ("b", 0, 0.96, {"finished": "2026-01-02T00:00:00+00:00"}),
        ("c", 1, 0.93, {"status": "interrupted"}),
    ]
    for name, seed, accuracy, record in made:
        fake_run(
            tmp_path / "runs" / name, "dataset=mnist", seed=seed, accuracies=(accuracy,), **record
        )
    text = script("table1", "runs").text
    assert "|     1 | 95.32 | 96.00 |   – |       – |     1 | 96.00 | 96.00 |        – |" in text
    assert caplog.messages == [
        "runs/c left out: its status is interrupted",
        "runs/a left out: runs/b is a newer run of the same",
    ]


# Curves


def curves(runs: list[Run]) -> Figure:
    """Return the figure of some runs, laid out."""
    with style():
        figure = plots.curves(by_setting(runs))
        figure.draw_without_rendering()
    return figure


def legend_texts(figure: Figure) -> list[list[str]]:
    """Return what the legends say, that of the splits first."""
    return [[text.get_text() for text in legend.get_texts()] for legend in figure.legends[::-1]]


def visible_ticks(axes: Axes) -> list[float]:
    low, high = axes.get_xlim()
    return [tick for tick in axes.get_xticks() if low <= tick <= high]


def test_curves_are_means_in_bands(tmp_path: Path) -> None:
    runs = [
        fake_run(tmp_path / str(seed), seed=seed, accuracies=accuracies)
        for seed, accuracies in enumerate([(0.5, 0.75), (0.75, 0.75)])
    ]
    figure = curves(runs)
    loss, accuracy, alone = figure.axes
    train, test = accuracy.lines
    np.testing.assert_allclose(train.get_ydata(), [60.5, 73])
    np.testing.assert_allclose(test.get_ydata(), [62.5, 75])
    np.testing.assert_allclose([line.get_ydata() for line in alone.lines], [[62.5, 75]])
    np.testing.assert_allclose(loss.lines[1].get_ydata(), [0.475, 0.35])
    band = accuracy.collections[1].get_paths()[0].vertices[:, 1]
    std = 25 / math.sqrt(2)
    assert (band.min(), band.max()) == pytest.approx((62.5 - std, 62.5 + std))
    assert visible_ticks(accuracy) == [1, 2]
    title = figure.get_suptitle().split("\n")
    assert title == [
        "dataset=strokes, epochs=2",
        "lines: mean, bands: ± 1 standard deviation of 2 seeds",
    ]
    assert legend_texts(figure) == [["train (during the epoch)", "test"]]


def test_a_single_epoch_can_be_seen(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(i), seed=i, accuracies=(0.9 + i / 100,)) for i in range(2)]
    alone = curves(runs[:1])
    assert alone.get_suptitle() == "dataset=strokes, epochs=1\n1 seed"
    dots = [line.get_ydata() for line in alone.axes[1].lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots, [[88], [90]])
    assert visible_ticks(alone.axes[1]) == [1]
    _, (bar,) = [container[2] for container in curves(runs).axes[1].containers]
    ends = bar.get_segments()[0][:, 1]
    assert ends.tolist() == pytest.approx([90.5 - math.sqrt(0.5), 90.5 + math.sqrt(0.5)])


def test_the_papers_accuracies_are_drawn_by_its_recipe_as_far_as_the_runs_go(
    tmp_path: Path,
) -> None:
    accuracies = (0.95, 0.96, 0.97, 0.98)
    for epochs in (2, 4):
        run = fake_run(tmp_path / str(epochs), "dataset=mnist", accuracies=accuracies[:epochs])
        figure = curves([run])
        crosses = figure.axes[2].lines[-1]
        assert crosses.get_marker() == "x"
        np.testing.assert_array_equal(crosses.get_ydata(), [95.32, 97.35, 97.97][:epochs])
        assert legend_texts(figure) == [["train (during the epoch)", "test", "paper, Table I"]]
    other = fake_run(tmp_path / "other", "dataset=mnist", "activation=relu", validation=True)
    both = curves([run, other])
    assert legend_texts(both)[0] == ["train (during the epoch)", "validation", "test"]
    assert both.get_suptitle() == "dataset=mnist\n1 seed"


def test_what_tells_table_1_apart_can_be_seen(tmp_path: Path) -> None:
    """The axis of the test accuracies is theirs, not that of a first epoch's training."""
    runs = [
        fake_run(tmp_path / init, "dataset=mnist", f"init={init}", accuracies=(first, 0.98))
        for init, first in (("normal", 0.9516), ("glorot_uniform", 0.9768))
    ]
    low, high = curves(runs).axes[2].get_ylim()
    assert 94.9 < low < 95.16
    assert 98 < high < 98.3


SGD = [
    ["optimizer=sgd", f"optimizer.lr={lr}", f"optimizer.momentum={momentum}", f"pooling={pooling}"]
    for lr in (0.01, 0.05, 0.1)
    for momentum in (0.0, 0.9)
    for pooling in ("max", "avg")
]
WORDY = [
    ["dataset=mnist", "dataset.train_size=10000", "activation=leaky_relu", "init=he_normal"],
    ["schedule=constant", "optimizer=rmsprop", "optimizer.eps=1e-6", "pooling=avg", "epochs=9"],
]


@pytest.mark.parametrize(
    "choices",
    [[["init=normal"], ["init=he_normal"]], SGD[:6], SGD, [*WORDY, [*WORDY[0], *WORDY[1]]]],
    ids=["two", "six", "twelve", "long labels"],
)
def test_legends_hide_nothing_and_are_whole(tmp_path: Path, choices: list[list[str]]) -> None:
    runs = [fake_run(tmp_path / str(i), *overrides) for i, overrides in enumerate(choices)]
    figure = curves(runs)
    assert len(legend_texts(figure)[1]) == len(choices)
    panels = [axes.get_tightbbox() for axes in figure.axes]
    for legend in figure.legends:
        box = legend.get_window_extent()
        assert not any(box.overlaps(panel) for panel in panels if panel)
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
    assert all(axes.bbox.height > figure.dpi * 2.5 for axes in figure.axes)
    looks = {(line.get_color(), line.get_marker()) for line in figure.axes[0].lines}
    assert len(looks) == len(choices)


def test_the_same_runs_give_the_same_svg(tmp_path: Path, script: Script) -> None:
    fake_run(tmp_path / "run")
    once, again = (script("plot_curves", "run", "--output", name).paths[1] for name in "ab")
    assert Path(once).read_bytes() == Path(again).read_bytes()


# Comparisons


def test_a_comparison_at_any_time(tmp_path: Path, script: Script) -> None:
    for seed in (0, 1):
        fake_run(tmp_path / "runs" / f"a{seed}", "optimizer=adam", seed=seed)
        fake_run(tmp_path / "runs" / f"b{seed}", "optimizer=sgd", seed=seed)
    fake_run(tmp_path / "runs" / "c", "optimizer=sgd", seed=2, status="failed", error="Boom: no")
    outcome = script("compare", "runs", "--output", "out")
    assert outcome.error is None
    assert "2 settings, 4 of 5 runs finished\nall: dataset=strokes\n" in outcome.text
    assert "failed  c  optimizer=sgd, seed 2; Boom: no" in outcome.text
    names = ("settings.csv", "runs.csv", "comparisons.csv", "curves.png", "accuracy.png")
    for name in names:
        assert f"wrote out/{name}\n" in outcome.text
        assert (tmp_path / "out" / name).is_file()
    assert not list(tmp_path.rglob("seconds.*"))
    assert (
        "wrote out/seconds.png\n" in script("compare", "runs", "--output", "out", "--seconds").text
    )
    assert script("compare", "nowhere").error == "compare.py: there is no run in nowhere"


def test_the_list_of_a_sweep_names_its_runs(tmp_path: Path, script: Script) -> None:
    fake_run(tmp_path / "runs" / "a")
    fake_run(tmp_path / "runs" / "other", "pooling=avg")
    view = tmp_path / "runs" / "sweeps" / "x"
    view.mkdir(parents=True)
    (view / "runs.txt").write_text("../../a\n../../missing\n")
    assert script("plot_curves", view).paths[0] == "runs/sweeps/x/curves.png"
    text = script("compare", view).text
    assert "1 of 2 runs finished" in text
    assert "missing" in text


# Predictions

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


def titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


def draw(figure_of: str, *arguments: Any) -> Figure:
    with style():
        figure: Figure = getattr(figures_of_predictions, figure_of)(*arguments)
        figure.draw_without_rendering()
    return figure


def test_wrong_predictions_are_marked_not_by_colour_alone() -> None:
    figure = draw("sample_figure", MIXED, "Shop, seed 0", 0)
    assert sorted(titles(figure)) == [
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
    assert titles(figure) == [
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


# Inside a network


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
