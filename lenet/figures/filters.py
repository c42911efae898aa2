"""The figure of the filters of both convolutions."""

import numpy as np

from lenet.figures.drawing import Axes, AxesImage, Figure
from lenet.figures.images import mosaic, show_signed
from lenet.figures.style import entitle
from lenet.nn.layers import Array

WIDTH, AROUND = 9.6, (2.2, 1.9)  # inches, of all columns of C3; what is beside and above all
ENLARGED = 1.6  # times as large as those of C3, those of C1 are drawn
COLOURS = {1: ["grey"], 3: ["red", "green", "blue"]}  # of so many channels


def draw(c1: Array, c3: Array, about: str) -> Figure:
    """Return the filters (C_out, C_in, F, F) of both convolutions, those of C1 above the others."""
    cell = WIDTH / len(c3)
    heights = [ENLARGED * cell * c1.shape[1], cell * c3.shape[1]]
    figure = Figure(figsize=(WIDTH + AROUND[0], sum(heights) + AROUND[1]))
    above, below = figure.subplots(2, height_ratios=heights)
    most = max(np.abs(c1).max(), np.abs(c3).max()) or 1
    draw_filters(above, c1, most)
    above.set(xlabel="map of C1", ylabel="channel")
    if names := COLOURS.get(c1.shape[1]):
        above.set_yticks(above.get_yticks(), names)
    image = draw_filters(below, c3, most)
    below.set(xlabel="map of C3", ylabel="map of S2")
    figure.colorbar(image, ax=[above, below], label="weight", fraction=0.1, aspect=40)
    for axes in (above, below):
        axes.set_anchor("W")
    entitle(figure, f"{about}: the filters of both convolutions, C1 above and C3 below")
    return figure


def draw_filters(axes: Axes, weight: Array, most: float) -> AxesImage:
    """Draw filters (C_out, C_in, F, F), a column for each output, 0 in the middle of a scale."""
    C_out, C_in, F, _ = weight.shape
    image = show_signed(axes, mosaic(weight.swapaxes(0, 1)), most)
    centre = (F - 1) / 2
    axes.set_xticks(centre + np.arange(C_out) * (F + 1), list(map(str, range(C_out))))
    axes.set_yticks(centre + np.arange(C_in) * (F + 1), list(map(str, range(C_in))))
    axes.tick_params(length=0)
    axes.spines[:].set(visible=False)
    axes.grid(visible=False)
    return image
