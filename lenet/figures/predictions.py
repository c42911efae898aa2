"""Figures of predictions, of mistakes, and the confusion matrix."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.figures.drawing import Figure
from lenet.figures.images import grid, mark_as_wrong, show
from lenet.figures.style import entitle
from lenet.inspection.predictions import Predictions
from lenet.nn.random import stream

SHOWN = 18
SIDE, CONFUSION_CELL, CONFUSION_MARGIN = 6.6, 0.34, 1.5  # inches
RIGHT = "0.9"  # the shade of what is predicted rightly
SLANTED: dict[str, Any] = {"rotation": 45, "rotation_mode": "anchor", "ha": "right"}


def sample_figure(predictions: Predictions, about: str, seed: int) -> Figure:
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
    entitle(
        figure,
        about,
        f"{len(chosen)} of {total:,} test images chosen at random, "
        f"{mistakes or 'none'} predicted wrongly",
    )
    return figure


def mistakes_figure(predictions: Predictions, about: str) -> Figure:
    """Return the wrongly predicted images of highest loss, which each has below its classes."""
    worst = predictions.mistakes[:SHOWN]
    figure, cells = grid(len(worst))
    for index, axes in zip(worst, cells, strict=True):
        loss, probability = predictions.loss[index], predictions.probability[index]
        text = f"{' → '.join(predictions.names(index))}\nloss {loss:.2f} ({probability:.1%})"
        show(axes, predictions.images.images[index], text)
    entitle(
        figure,
        f"{about}: {counted(predictions)}",
        "the worst first: true → predicted, with the loss, −ln of the probability of the true "
        "class, and (the probability of the predicted one)",
    )
    return figure


def confusion_figure(predictions: Predictions, about: str) -> Figure:
    """Return how often each class was taken for each; only mistakes are coloured."""
    names = predictions.class_names
    counts = confusion(predictions)
    mistakes = np.where(np.eye(len(names), dtype=bool), np.nan, counts)
    most = np.nanmax(mistakes, initial=1)
    side = max(SIDE, CONFUSION_CELL * len(names) + CONFUSION_MARGIN)
    figure = Figure(figsize=(side, side))
    axes = figure.subplots()
    axes.set_facecolor(RIGHT)
    axes.imshow(mistakes, cmap="Blues", vmin=0, vmax=most)
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
    entitle(figure, f"{about}: test images by class and prediction", counted(predictions))
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
