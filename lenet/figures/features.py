"""The figure of feature maps: what each layer makes of images."""

from collections.abc import Sequence

import numpy as np

from lenet.data import Split
from lenet.figures.drawing import Axes, Figure
from lenet.figures.images import abreast, frame, mosaic, show, show_signed
from lenet.figures.style import GREEN, VERMILION, entitle
from lenet.nn.features import OUTPUT
from lenet.nn.layers import Array
from lenet.nn.losses import log_softmax

LIKELIEST = 10  # classes beside an image
SIDE, AROUND = 1.9, (1.3, 1.0)  # inches: of an image; beside and above all
INPUT = "input"
WIDTHS = {INPUT: 1, "C1": 0.66, "S2": 0.66, "C3": 1, "S4": 1, "C5": 0.4, "F6": 0.4, OUTPUT: 0.6}
MAPS_ABREAST = {"C1": 2, "S2": 2, "C3": 4, "S4": 4}
STRIP = 9  # times as high as wide
STEPS = {
    "C1": "convolution",
    "S2": "pooling",
    "C3": "convolution",
    "S4": "pooling",
    "C5": "full",
    "F6": "full",
    OUTPUT: "softmax",
}


def draw(images: Split, seen: dict[str, Array], class_names: Sequence[str], about: str) -> Figure:
    """Return a row for each image, a column for each layer."""
    rows, widths = len(images), list(WIDTHS.values())
    figure = Figure(figsize=(SIDE * sum(widths) + AROUND[0], SIDE * rows + AROUND[1]))
    cells = figure.subplots(rows, len(widths), squeeze=False, width_ratios=widths)
    for name, column in zip(WIDTHS, cells.T, strict=True):
        array = seen[name]
        column[0].set_title(f"{name}\n{size(array)}", size=9)
        column[-1].set_xlabel(STEPS.get(name, ""), size=9, color="0.3")
        most = np.abs(array).max() or 1
        for n, axes in enumerate(column):
            axes.set_anchor("N")
            if name == INPUT:
                draw_input(axes, array[..., n], class_names[images.labels[n]])
            elif name == OUTPUT:
                draw_probabilities(axes, array[:, n], images.labels[n], class_names)
            else:
                draw_values(axes, array[..., n], most, MAPS_ABREAST.get(name, 1))
    entitle(
        figure,
        f"{about}: what each layer makes of an image",
        "blue is negative, white 0, red positive, on a scale for each layer",
    )
    return figure


def size(array: Array) -> str:
    """Return how many maps of how many values, or how many values, as the paper writes it."""
    *maps, _ = array.shape
    return f"{maps[0]}@{maps[1]}×{maps[2]}" if len(maps) == 3 else f"{maps[0]}"


def draw_input(axes: Axes, x: Array, name: str) -> None:
    """Draw an image (C, 32, 32) as the network gets it, beside the name of its class."""
    image = np.rint(255 * x).astype(np.uint8)
    title = axes.get_title()
    show(axes, image.squeeze(0) if len(image) == 1 else image, title)
    axes.set_ylabel(name, weight="bold")


def draw_values(axes: Axes, values: Array, most: float, columns: int) -> None:
    """Draw maps (C, H, W), so many side by side, or a vector as a strip."""
    if values.ndim == 3:
        show_signed(axes, mosaic(abreast(values, columns)), most)
    else:
        show_signed(axes, values[:, None], most)
        axes.set(aspect="auto", box_aspect=STRIP)
    frame(axes)


def draw_probabilities(axes: Axes, logits: Array, label: int, names: Sequence[str]) -> None:
    """Draw the probabilities of the most likely classes, the true one in bold."""
    probability = np.exp(log_softmax(logits[:, None]))[:, 0]
    likely = np.sort(np.argsort(-probability, kind="stable")[:LIKELIEST])
    predicted = probability.argmax()
    colours = np.where(likely == predicted, GREEN if predicted == label else VERMILION, "0.6")
    places = range(len(likely))
    axes.barh(places, probability[likely], color=list(colours))
    axes.set(xlim=(0, 1), ylim=(len(likely) - 0.5, -0.5))
    axes.set_xticks([])
    axes.set_yticks(places, [names[index] for index in likely], size=9)
    axes.yaxis.tick_right()
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    for index, text in zip(likely, axes.get_yticklabels(), strict=True):
        text.set_fontweight("bold" if index == label else "normal")
