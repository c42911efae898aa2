"""Figures of histograms by epoch, and of how the parameters moved."""

from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lenet.figures.drawing import Axes, Figure, FuncFormatter, MaxNLocator, colormaps
from lenet.figures.style import COLOURS, entitle, logarithmic
from lenet.nn.architecture import OUTPUT
from lenet.training.histograms import Rows

HOW = "by epoch, on a fixed handful of training images; heights are square roots of counts"
RIDGES = 16  # in a panel, at most
RISE = 1.8  # of a ridge, in distances between two
PANEL, AROUND = (1.9, 3.6), (0.6, 1.1)  # inches
SHADES, LIGHTEST = "viridis_r", 0.15  # of 1: what is lighter does not stand out from paper
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def draw_activations(epochs: NDArray[np.intp], activations: Rows, about: str) -> Figure:
    """Return histograms of what each layer says, each on its own axis."""
    figure = draw_histograms(epochs, activations, "Activation")
    entitle(figure, f"{about}: histograms of the activations of each layer", HOW)
    return figure


def draw_gradients(epochs: NDArray[np.intp], gradients: Rows, about: str) -> Figure:
    """Return histograms of |gradient| by layer, all on one logarithmic axis."""
    figure = draw_histograms(epochs, gradients, "|Gradient|", sharex=True)
    first = figure.axes[0]
    first.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    first.xaxis.set_major_formatter(FuncFormatter(power_of_ten))
    entitle(figure, f"{about}: histograms of the gradient by the parameters of each layer", HOW)
    return figure


def power_of_ten(exponent: float, _: int | None = None) -> str:
    """Return a power of ten as one writes it, such as 10⁻³."""
    return f"10{f'{exponent:.0f}'.translate(SUPERSCRIPTS)}"


def draw_histograms(
    epochs: NDArray[np.intp], histograms: Rows, quantity: str, *, sharex: bool = False
) -> Figure:
    """Return a panel for each layer, with a ridge for each epoch, or for some of many."""
    figure = Figure(figsize=(PANEL[0] * len(histograms) + AROUND[0], PANEL[1] + AROUND[1]))
    shown = np.unique(np.linspace(0, len(epochs) - 1, RIDGES).round().astype(int))
    panels = np.atleast_1d(figure.subplots(1, len(histograms), sharex=sharex, sharey=True))
    for axes, (name, rows) in zip(panels, histograms.items(), strict=True):
        draw_ridges(axes, rows[shown])
        axes.set(title=layer(name), xlabel=quantity)
    panels[0].set_yticks(-np.arange(len(shown)), [str(epoch) for epoch in epochs[shown]])
    panels[0].set_ylabel("Epoch")
    return figure


def layer(name: str) -> str:
    """Return what the paper calls a layer, such as C1, by the name of its parameters."""
    return name if name == OUTPUT else name.upper()


def draw_ridges(axes: Axes, histograms: NDArray[np.float64]) -> None:
    """Draw histograms (E, 2 + bins) below each other, the highest bin of each equally high.

    Heights are square roots of counts: so what is rare is seen beside many zeros.
    """
    shades = colormaps[SHADES](np.linspace(LIGHTEST, 1, len(histograms)))
    for place, (low, high, *counts) in enumerate(histograms):
        edges = np.linspace(low, high, len(counts) + 1)
        heights = RISE * np.sqrt(np.array(counts) / (max(counts) or 1))
        axes.stairs(
            heights - place,
            edges,
            baseline=-place,
            fill=True,
            color=shades[place],
            edgecolor="white",
            linewidth=0.5,
            zorder=2 + place,
        )
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def draw_movement(epochs: NDArray[np.intp], movement: Rows, about: str) -> Figure:
    """Return norm, distance from the initial values and last update of each parameter."""
    figure = Figure(figsize=(12.6, 4.6))
    norms, distances, updates = figure.subplots(1, 3)
    layers = dict.fromkeys(name.partition(".")[0] for name in movement)
    colours = dict(zip(layers, cycle(COLOURS), strict=False))
    for name, rows in movement.items():
        of, _, part = name.partition(".")
        look: dict[str, Any] = {"color": colours[of], "marker": "o", "markersize": 3}
        look["linestyle"] = "-" if part == "weight" else "--"
        norm, distance, update = np.where(rows > 0, rows, np.nan).T
        norms.plot(epochs, norm, label=f"{layer(of)} {part}", **look)
        distances.plot(epochs, distance, **look)
        updates.plot(epochs, update / norm, **look)
    norms.set_title("Size ‖θ‖")
    distances.set_title("Distance from the initial values ‖θ − θ₀‖")
    updates.set_title("Size of the last update ‖Δθ‖ / ‖θ‖")
    for axes in (norms, distances, updates):
        logarithmic(axes, "y")
        axes.set_xlabel("Epoch")
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.legend(*norms.get_legend_handles_labels(), loc="outside right center")
    entitle(figure, f"{about}: how the parameters θ have moved, as 2-norms")
    return figure
