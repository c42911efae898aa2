"""Draw what has gone on inside a network while it was trained, by epoch.

    python scripts/plot_training.py [RUN] [--output FOLDER]

Three figures, each as .png and .svg, of a run that was trained with inside=true: histograms of the
activations of each layer and of the gradients by its parameters, on a fixed handful of training
images, and how far the parameters have moved. Epoch 0 is the network before its first step.
"""

from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lenet.figures import COLOURS, save, style
from lenet.inside import ACTIVATIONS, EPOCH, GRADIENTS, MOVEMENT, Rows, of_kind
from lenet.panels import subject
from lenet.scripting import one_run, output_folder, run_script, writing_parser

RIDGES = 16  # in a panel, at most
RISE = 1.8  # of a ridge, in distances between two
PANEL, AROUND = (1.9, 3.6), (0.6, 1.1)  # inches
SHADES = matplotlib.colormaps["viridis_r"]


def main() -> list[Path]:
    arguments = writing_parser(__doc__).parse_args()
    run = one_run(arguments)
    folder, about = output_folder(arguments, [run]), subject(run)
    epochs = run.inside[EPOCH]
    activations, gradients, movement = (
        of_kind(run.inside, kind) for kind in (ACTIVATIONS, GRADIENTS, MOVEMENT)
    )
    with style():
        return [
            *save(
                draw_histograms(
                    epochs, activations, "activation", f"{about}: activations of each layer"
                ),
                folder / "activations",
            ),
            *save(
                draw_histograms(
                    epochs,
                    gradients,
                    "log₁₀ |gradient|",
                    f"{about}: gradients by the parameters of each layer",
                ),
                folder / "gradients",
            ),
            *save(draw_movement(epochs, movement, about), folder / "movement"),
        ]


def draw_histograms(
    epochs: NDArray[np.intp], histograms: Rows, quantity: str, title: str
) -> Figure:
    """Return a panel for each layer, with a ridge for each epoch, or for some of many."""
    figure = Figure(figsize=(PANEL[0] * len(histograms) + AROUND[0], PANEL[1] + AROUND[1]))
    shown = np.unique(np.linspace(0, len(epochs) - 1, RIDGES).round().astype(int))
    panels = np.atleast_1d(figure.subplots(1, len(histograms), sharey=True))
    for axes, (name, rows) in zip(panels, histograms.items(), strict=True):
        draw_ridges(axes, rows[shown])
        axes.set(title=name, xlabel=quantity)
    panels[0].set_yticks(-np.arange(len(shown)), [str(epoch) for epoch in epochs[shown]])
    panels[0].set_ylabel("epoch")
    figure.suptitle(
        f"{title}\nsquare roots of counts, on a fixed handful of training images", x=0.01, ha="left"
    )
    return figure


def draw_ridges(axes: Axes, histograms: NDArray[np.float64]) -> None:
    """Draw histograms (E, 2 + bins) below each other, the highest bin of each equally high.

    Heights are square roots of counts: so what is rare is seen beside many zeros.
    """
    for place, (low, high, *counts) in enumerate(histograms):
        edges = np.linspace(low, high, len(counts) + 1)
        heights = RISE * np.sqrt(np.array(counts) / (max(counts) or 1))
        axes.stairs(
            heights - place,
            edges,
            baseline=-place,
            fill=True,
            color=SHADES(place / len(histograms)),
            edgecolor="white",
            linewidth=0.5,
            zorder=2 + place,
        )
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_movement(epochs: NDArray[np.intp], movement: Rows, about: str) -> Figure:
    """Return norm, distance from the initial values and last update of each parameter."""
    figure = Figure(figsize=(11.5, 4))
    norms, distances, updates = figure.subplots(1, 3)
    layers = list(dict.fromkeys(name.partition(".")[0] for name in movement))
    colours = dict(zip(layers, cycle(COLOURS), strict=False))
    for name, rows in movement.items():
        layer, _, part = name.partition(".")
        look: dict[str, Any] = {"color": colours[layer], "marker": "o", "markersize": 3}
        look["linestyle"] = "-" if part == "weight" else "--"
        norm, distance, update = np.where(rows > 0, rows, np.nan).T
        norms.plot(epochs, norm, label=name, **look)
        distances.plot(epochs, distance, **look)
        updates.plot(epochs, update / norm, **look)
    norms.set(title="‖θ‖", yscale="log")
    distances.set(title="‖θ − initial θ‖", yscale="log")
    updates.set(title="‖last update‖ / ‖θ‖", yscale="log")
    for axes in (norms, distances, updates):
        axes.set_xlabel("epoch")
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.legend(*norms.get_legend_handles_labels(), loc="outside right center")
    figure.suptitle(f"{about}: how the parameters have moved", x=0.01, ha="left")
    return figure


if __name__ == "__main__":
    run_script(main)
