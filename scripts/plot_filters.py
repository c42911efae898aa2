"""Draw the filters that a trained network has learnt: filters.png and filters.svg.

    python scripts/plot_filters.py [RUN] [--output FOLDER]

The weights of C1 and C3, all on one scale: a row for each map that they make, a column for each
that they read, numbered from 0 as in Table I of LeCun et al. (1998).
"""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from lenet.figures import save, style
from lenet.layers import Array
from lenet.panels import DIVERGING, mosaic, subject
from lenet.scripting import one_run, output_folder, run_script, writing_parser

HEIGHT, AROUND = 6.6, (2.0, 0.9)  # inches, of all rows; what is beside and above them
CHANNELS = {1: ["grey"], 3: ["red", "green", "blue"]}


def main() -> list[Path]:
    arguments = writing_parser(__doc__).parse_args()
    run = one_run(arguments)
    network = run.network()
    parameters = network.architecture.views(network.theta)
    with style():
        figure = draw(parameters["c1.weight"], parameters["c3.weight"], subject(run))
        return save(figure, output_folder(arguments, [run]) / "filters")


def draw(c1: Array, c3: Array, about: str) -> Figure:
    """Return the filters (C_out, C_in, F, F) of both convolutions side by side."""
    widths = [HEIGHT * weight.shape[1] / weight.shape[0] for weight in (c1, c3)]
    figure = Figure(figsize=(sum(widths) + AROUND[0], HEIGHT + AROUND[1]))
    left, right = figure.subplots(1, 2, width_ratios=widths)
    most = max(np.abs(c1).max(), np.abs(c3).max()) or 1
    draw_filters(left, c1, most)
    left.set(title="C1", ylabel="map of C1", xlabel="channel")
    left.set_xticks(left.get_xticks(), CHANNELS[c1.shape[1]])
    image = draw_filters(right, c3, most)
    right.set(title="C3", ylabel="map of C3", xlabel="map of S2")
    figure.colorbar(image, ax=right, label="weight", fraction=0.1, aspect=40)
    figure.suptitle(f"{about}: the filters of both convolutions", x=0.01, ha="left")
    return figure


def draw_filters(axes: Axes, weight: Array, most: float) -> AxesImage:
    """Draw filters (C_out, C_in, F, F), a row for each output, with 0 in the middle of a scale."""
    C_out, C_in, F, _ = weight.shape
    image = axes.imshow(mosaic(weight), cmap=DIVERGING, vmin=-most, vmax=most)
    centre = (F - 1) / 2
    axes.set_xticks(centre + np.arange(C_in) * (F + 1), list(map(str, range(C_in))))
    axes.set_yticks(centre + np.arange(C_out) * (F + 1), list(map(str, range(C_out))))
    axes.tick_params(length=0)
    axes.spines[:].set(visible=False)
    axes.grid(visible=False)
    return image


if __name__ == "__main__":
    run_script(main)
