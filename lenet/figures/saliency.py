"""Figures of attribution: which pixels a prediction depends on."""

import numpy as np
from numpy.typing import NDArray

from lenet.figures.drawing import Axes, Figure
from lenet.figures.images import frame, mark_as_wrong, show
from lenet.figures.style import VERMILION, entitle
from lenet.inspection.attribution import occlusion, saliency
from lenet.inspection.predictions import Predictions
from lenet.nn.model import LeNet5

DPI = 120  # noise takes up much room in a PNG file
COLUMNS = 6  # at least
SQUARE = 7  # pixels on a side
INK = 40  # of 255, where an outline is drawn
CELL, AROUND = 1.6, (1.2, 1.2)  # inches: of an image; beside and above all


def draw(
    network: LeNet5, predictions: Predictions, indices: NDArray[np.intp], about: str
) -> Figure:
    """Return a column for each image: itself, its saliency, what hiding parts of it does."""
    images = predictions.images.images[indices]
    classes = predictions.predicted[indices]
    scores = np.stack([occlusion(network, image, SQUARE) for image in images])
    falls = predictions.logits[classes, indices, None, None] - scores[range(len(images)), classes]
    furthest = max(falls.max(), 0) or 1
    columns = max(len(images), COLUMNS)  # as the title needs the width
    figure = Figure(figsize=(CELL * columns + AROUND[0], 3 * CELL + AROUND[1]), dpi=DPI)
    cells, spare = np.split(figure.subplots(3, columns), [len(images)], axis=1)
    for axes in spare.flat:
        axes.remove()
    for axes, index in zip(cells[0], indices, strict=True):
        true, predicted = predictions.names(index)
        show(axes, predictions.images.images[index], f"predicted {predicted}\ntrue {true}")
        if predictions.wrong[index]:
            mark_as_wrong(axes)
    for axes, gradient in zip(cells[1], saliency(network, images), strict=True):
        axes.imshow(gradient, cmap="Reds", vmin=0)
    for axes, fall, score, label in zip(cells[2], falls, scores, classes, strict=True):
        fallen = axes.imshow(fall, cmap="Blues", vmin=0, vmax=furthest)
        y, x = np.nonzero(score.argmax(axis=0) != label)
        axes.plot(x, y, ".", color=VERMILION, markersize=3)
    for axes, image in zip(cells[1:].T, images, strict=True):
        for below in axes:
            draw_outline(below, image)
            frame(below)
    for axes, name in zip(cells[:, 0], ("image", "saliency", "occlusion"), strict=True):
        axes.set_ylabel(name)
    figure.colorbar(fallen, ax=cells[2, :], label="fall of the score", aspect=10, pad=0.01)
    entitle(
        figure,
        f"{about}: which pixels a prediction depends on",
        "saliency: the redder a pixel, the more its change moves the score (the logit) of the "
        "predicted class; each image on its own scale",
        f"occlusion: the bluer a place, the further that score falls when {SQUARE}×{SQUARE} pixels "
        "around it are grey; dots: the prediction changes",
    )
    return figure


def draw_outline(axes: Axes, image: NDArray[np.uint8]) -> None:
    """Draw where the ink of an image (H, W) ends; images in colour have no such line."""
    if image.ndim == 2 and image.min() < INK < image.max():
        axes.contour(image, levels=[INK], colors="black", linewidths=0.7)
