"""The figure of learning rates by epoch."""

from math import ceil

import numpy as np

from lenet.config.schema import Config
from lenet.figures.drawing import Axes, Figure
from lenet.figures.style import COLOURS, VERMILION, entitle
from lenet.training.schedules import Progress

PER_EPOCH = 100  # points of a line
COLUMNS = 3
PANEL, AROUND = (3.8, 2.4), (0.2, 0.6)  # inches; beside and above all


def draw(configs: dict[str, Config]) -> Figure:
    """Return a panel for each schedule, all on the same axes."""
    columns = min(COLUMNS, len(configs))
    rows = ceil(len(configs) / columns)
    figure = Figure(figsize=(columns * PANEL[0] + AROUND[0], rows * PANEL[1] + AROUND[1]))
    cells = list(figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flat)
    for axes, (name, config) in zip(cells, configs.items(), strict=False):
        draw_schedule(axes, config)
        axes.set_title(name)
    for spare in cells[len(configs) :]:
        spare.remove()
    cells[0].set_ylim(0, None)
    figure.supxlabel("Epoch", size="medium")
    figure.supylabel("Learning rate", size="medium", color=COLOURS[0])
    momentum = any(config.schedule.sets_momentum for config in configs.values())
    entitle(
        figure,
        "Learning rate by epoch" + ("; dashed: momentum" if momentum else ""),
        "for a loss that stays the same, which plateau alone heeds",
    )
    return figure


def draw_schedule(axes: Axes, config: Config) -> None:
    """Draw a learning rate, and the momentum on an axis of its own if the schedule sets it."""
    points = all_points(config)
    epochs = [progress.epochs for progress in points]
    factors = [config.schedule.factor(progress) for progress in points]
    axes.plot(epochs, np.multiply(config.optimizer.lr, factors), color=COLOURS[0])
    if config.schedule.sets_momentum:
        right = axes.twinx()
        momenta = [config.schedule.momentum(progress) for progress in points]
        right.plot(epochs, np.array(momenta, float), color=VERMILION, linestyle="--")
        right.set_ylabel("Momentum", color=VERMILION)
        right.grid(visible=False)
        right.spines["right"].set_visible(True)


def all_points(config: Config) -> list[Progress]:
    """Return all steps of a training, epochs of which have one and the same loss."""
    steps = config.epochs * PER_EPOCH
    return [
        Progress(epoch * PER_EPOCH + place, steps, PER_EPOCH, losses)
        for epoch, losses in ((epoch, [1.0] * epoch) for epoch in range(config.epochs))
        for place in range(1, PER_EPOCH + 1)
    ]
