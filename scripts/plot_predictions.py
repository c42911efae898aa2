"""Draw what a trained network makes of test images, as in the paper's Fig. 11.

    python scripts/plot_predictions.py [RUN] [--seed SEED] [--output FOLDER]

Three figures, each as .png and .svg: predictions of images chosen at random, the mistakes of
highest loss, and the confusion matrix, which counts what was taken for what.
"""

from argparse import ArgumentParser
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lenet.datasets import Split
from lenet.errors import LenetError
from lenet.evaluation import chunks, logits_of
from lenet.figures import COLOURS, save, style
from lenet.layers import Array
from lenet.losses import cross_entropy, log_softmax
from lenet.results import Run, find_runs
from lenet.scripting import output_folder, run_script, writing_parser
from lenet.streams import stream

SHOWN, COLUMNS = 20, 5
CELL, TITLE = (1.75, 1.9), 0.5  # inches
WRONG = COLOURS[3]
SLANTED: dict[str, Any] = {"rotation": 45, "rotation_mode": "anchor", "ha": "right"}


@dataclass(frozen=True)
class Predictions:
    """Test images and the logits (10, N) that a network gives them."""

    images: Split
    logits: Array
    class_names: tuple[str, ...]

    @cached_property
    def predicted(self) -> NDArray[np.intp]:
        """The class that each image is taken for (N,)."""
        return self.logits.argmax(axis=0)

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Whether each image is taken for another class than its own (N,)."""
        return self.predicted != self.images.labels

    def names(self, index: int) -> tuple[str, str]:
        """Return the names of an image's class and of the one it is taken for."""
        return (
            self.class_names[self.images.labels[index]],
            self.class_names[self.predicted[index]],
        )


def main() -> list[Path]:
    arguments = predictions_parser().parse_args()
    runs = find_runs(arguments.runs)
    run = only(runs)
    folder = output_folder(arguments, runs)
    predictions = predict(run)
    subject = f"{run.dataset}, seed {run.seed}"
    with style():
        return [
            *save(sample_figure(predictions, subject, arguments.seed), folder / "predictions"),
            *save(mistakes_figure(predictions, subject), folder / "mistakes"),
            *save(confusion_figure(predictions, subject), folder / "confusion"),
        ]


def only(runs: list[Run]) -> Run:
    """Return the one run; LenetError if there are more to choose from."""
    if len(runs) > 1:
        raise LenetError(f"{len(runs)} runs found: name the folder of one, such as {runs[0].path}")
    return runs[0]


def predict(run: Run) -> Predictions:
    """Let the run's network look at its test images."""
    network, data = run.network(), run.data()
    logits = [logits_of(network, chunk) for chunk in chunks(data.test)]
    return Predictions(data.test, np.concatenate(logits, axis=1), data.class_names)


def sample_figure(predictions: Predictions, subject: str, seed: int) -> Figure:
    """Return images chosen at random, each with its predicted and its true class."""
    total = len(predictions.images)
    chosen = stream(seed, "predictions").permutation(total)[:SHOWN]
    figure, cells = grid(len(chosen))
    for index, axes in zip(chosen, cells, strict=True):
        true, predicted = predictions.names(index)
        show(axes, predictions.images.images[index], f"predicted {predicted}\ntrue {true}")
        if predictions.wrong[index]:
            mark_as_wrong(axes)
    mistakes = np.count_nonzero(predictions.wrong[chosen])
    figure.suptitle(
        f"{subject}\n{len(chosen)} of {total:,} test images chosen at random, "
        f"{mistakes or 'none'} predicted wrongly"
    )
    return figure


def mistakes_figure(predictions: Predictions, subject: str) -> Figure:
    """Return the wrongly predicted images of highest loss, with the probability of the mistake."""
    log_y_hat = log_softmax(predictions.logits)
    loss = cross_entropy(log_y_hat, predictions.images.labels)
    probability = np.exp(log_y_hat).max(axis=0)
    worst_first = np.argsort(-loss, kind="stable")
    mistakes = worst_first[predictions.wrong[worst_first]]
    figure, cells = grid(min(len(mistakes), SHOWN))
    for index, axes in zip(mistakes, cells, strict=False):
        text = f"{' → '.join(predictions.names(index))}\n{probability[index]:.1%}"
        show(axes, predictions.images.images[index], text)
    figure.suptitle(
        f"{subject}: {counted(predictions)}\n"
        "the worst, as true → predicted with the probability given to the prediction"
    )
    return figure


def confusion_figure(predictions: Predictions, subject: str) -> Figure:
    """Return how often each class was taken for each; only mistakes are coloured."""
    names = predictions.class_names
    counts = confusion(predictions)
    mistakes = np.where(np.eye(len(names), dtype=bool), np.nan, counts)
    most = max(np.nanmax(mistakes), 1)
    figure = Figure(figsize=(6.6, 6.6))
    axes = figure.subplots()
    axes.imshow(
        mistakes, cmap=matplotlib.colormaps["Blues"].with_extremes(bad="0.9"), vmin=0, vmax=most
    )
    for (true, predicted), count in np.ndenumerate(counts):
        look: dict[str, Any] = {
            "color": "white" if mistakes[true, predicted] > 0.6 * most else "black",
            "weight": "bold" if true == predicted else "normal",
        }
        axes.text(predicted, true, str(count or ""), ha="center", va="center", **look)
    axes.set(xlabel="Predicted", ylabel="True")
    axes.set_xticks(range(len(names)), names, **(SLANTED if max(map(len, names)) > 3 else {}))
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False)
    figure.suptitle(f"{subject}\n{counted(predictions)}")
    return figure


def confusion(predictions: Predictions) -> NDArray[np.intp]:
    """Return how many images of each class (rows) were taken for each (columns)."""
    classes = len(predictions.class_names)
    counts = np.zeros((classes, classes), np.intp)
    np.add.at(counts, (predictions.images.labels, predictions.predicted), 1)
    return counts


def counted(predictions: Predictions) -> str:
    """Return how many images are predicted wrongly, in words."""
    mistakes = np.count_nonzero(predictions.wrong)
    return f"{mistakes:,} of {len(predictions.images):,} test images predicted wrongly"


def grid(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure and so many axes in rows."""
    rows = max(ceil(count / COLUMNS), 1)
    figure = Figure(figsize=(COLUMNS * CELL[0], rows * CELL[1] + TITLE))
    cells = list(figure.subplots(rows, COLUMNS, squeeze=False).flat)
    for spare in cells[count:]:
        spare.remove()
    return figure, cells[:count]


def show(axes: Axes, image: NDArray[np.uint8], text: str) -> None:
    """Draw an image as ink on paper, below a text."""
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
    axes.set_title(text, size=9)
    axes.spines[:].set(visible=True, color="0.8")


def mark_as_wrong(axes: Axes) -> None:
    """Make a wrongly predicted image stand out, in colour and without."""
    axes.set_title(f"✗ {axes.get_title()}", size=9, weight="bold", color=WRONG)
    axes.spines[:].set(color=WRONG, linewidth=3)


def predictions_parser() -> ArgumentParser:
    """Return the command line of the scripts, with a seed."""
    arguments = writing_parser(__doc__)
    arguments.add_argument(
        "--seed", type=natural, default=0, help="of the choice of images (default: 0)"
    )
    return arguments


def natural(text: str) -> int:
    """Return the whole number, at least 0, that a text stands for."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


if __name__ == "__main__":
    run_script(main)
