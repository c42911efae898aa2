"""Draw which pixels a network's predictions hang on: saliency.png and saliency.svg.

    python scripts/plot_saliency.py [RUN] [--seed SEED] [--output FOLDER]

Below each image the gradient of the predicted class's logit by the pixels (Simonyan et al. 2013),
and the probability of that class while a grey square hides the pixels around a place (Zeiler and
Fergus 2014). The images are test images chosen at random, and the mistakes of highest loss.
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lenet.attribution import occlusion, saliency
from lenet.figures import save, style
from lenet.model import LeNet5
from lenet.panels import frame, mark_as_wrong, show, subject
from lenet.predictions import Predictions, predict
from lenet.scripting import one_run, output_folder, run_script, seeded_parser
from lenet.streams import stream

EACH = 4  # images at random, and worst mistakes
SQUARE = 7  # pixels on a side
INK = 40  # of 255, where an outline is drawn
CELL, AROUND = 1.75, (1.2, 1.2)  # inches: of an image; beside and above all


def main() -> list[Path]:
    arguments = seeded_parser(__doc__).parse_args()
    run = one_run(arguments)
    predictions = predict(run)
    indices = chosen(predictions, arguments.seed)
    with style():
        figure = draw(run.network(), predictions, indices, subject(run))
        return save(figure, output_folder(arguments, [run]) / "saliency")


def chosen(predictions: Predictions, seed: int) -> NDArray[np.intp]:
    """Return the indices of some images at random, then of the worst mistakes."""
    at_random = stream(seed, "saliency").permutation(len(predictions.images))[:EACH]
    return np.concatenate([at_random, predictions.mistakes[:EACH]])


def draw(
    network: LeNet5, predictions: Predictions, indices: NDArray[np.intp], about: str
) -> Figure:
    """Return a column for each image: itself, its saliency, what hiding parts of it does."""
    images = predictions.images.images[indices]
    gradients = saliency(network, images)
    figure = Figure(figsize=(CELL * len(images) + AROUND[0], 3 * CELL + AROUND[1]))
    cells = figure.subplots(3, len(images), squeeze=False)
    for index, image, gradient, column in zip(indices, images, gradients, cells.T, strict=True):
        true, predicted = predictions.names(index)
        show(column[0], image, f"predicted {predicted}\ntrue {true}")
        if predictions.wrong[index]:
            mark_as_wrong(column[0])
        column[1].imshow(gradient, cmap="Reds", vmin=0)
        hidden = occlusion(network, image, predictions.predicted[index], SQUARE)
        probability = column[2].imshow(hidden, cmap="cividis", vmin=0, vmax=1)
        for axes in column[1:]:
            draw_outline(axes, image)
            frame(axes)
    cells[0, 0].set_ylabel("image")
    cells[1, 0].set_ylabel("saliency")
    cells[2, 0].set_ylabel("occlusion")
    figure.colorbar(
        probability, ax=cells, label="probability", shrink=0.3, aspect=10, anchor=(0, 0), pad=0.01
    )
    figure.suptitle(
        f"{about}: which pixels a prediction hangs on\n"
        "the gradient of its logit, each on its own scale; its probability when "
        f"{SQUARE}×{SQUARE} pixels around a place are grey",
        x=0.01,
        ha="left",
    )
    return figure


def draw_outline(axes: Axes, image: NDArray[np.uint8]) -> None:
    """Draw where the ink of an image (H, W) ends; images in colour have no such line."""
    if image.ndim == 2 and image.min() < INK < image.max():
        axes.contour(image, levels=[INK], colors="black", linewidths=0.7)


if __name__ == "__main__":
    run_script(main)
