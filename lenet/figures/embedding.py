"""The figure of images as points, in the colours of their classes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lenet.figures.drawing import Figure
from lenet.figures.style import entitle, looks
from lenet.nn.layers import Array

SIDE, KEY = 6.4, (1.8, 24)  # inches; width of a column of the legend, and how many names it has


def draw(
    places: Array,
    shares: Array,
    labels: NDArray[np.uint8],
    class_names: Sequence[str],
    drawn: NDArray[np.intp],
    about: str,
) -> Figure:
    """Return the points (N, 2) of some images in the colour and with the mark of their class."""
    columns = -(-len(class_names) // KEY[1])
    figure = Figure(figsize=(SIDE + columns * KEY[0], SIDE))
    axes = figure.subplots()
    for label, (name, (colour, marker)) in enumerate(zip(class_names, looks(), strict=False)):
        of_class = places[labels == label]
        points = places[drawn[labels[drawn] == label]]
        axes.plot(*points.T, marker, color=colour, label=name, markersize=3.5, alpha=0.55, mew=0)
        if len(of_class):
            axes.annotate(
                name,
                of_class.mean(axis=0),
                weight="bold",
                ha="center",
                va="center",
                bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": colour, "lw": 2},
            )
    first, second = (
        f"Component {n} ({share:.1%} of the variance)" for n, share in enumerate(shares, 1)
    )
    axes.set(xlabel=first, ylabel=second, aspect="equal", adjustable="datalim")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), ncols=columns, markerscale=2)
    entitle(
        figure,
        f"{about}: the activations of F6 on their first two principal components (PCA)",
        f"which hold {sum(shares):.1%} of the variance; "
        f"{len(drawn):,} of {len(labels):,} test images",
    )
    return figure
