"""Draw the learning rate, and the momentum where it changes, by epoch: schedule.png and .svg.

    python scripts/plot_schedule.py [OVERRIDE ...] [--output FOLDER] [--config-dir FOLDER]

The overrides are those of lenet, such as schedule=onecycle optimizer=adamw optimizer.lr=0.004
epochs=30. Without a schedule among them, all that there are are drawn, in a panel each. The loss
that a plateau waits for is taken to be the same after every epoch.
"""

from math import ceil
from pathlib import Path

import numpy as np

from lenet.commands.arguments import add_overrides, command_line, run_script
from lenet.config.compose import configure
from lenet.config.schema import CONF, Config
from lenet.figures.drawing import Axes, Figure
from lenet.figures.style import COLOURS, VERMILION, entitle, save, style
from lenet.training.schedules import Moment

PER_EPOCH = 100  # points of a line
COLUMNS = 3
PANEL, AROUND = (3.8, 2.4), (0.2, 0.6)  # inches; beside and above all


def main() -> list[Path]:
    parser = command_line(__doc__)
    add_overrides(parser)
    parser.add_argument(
        "--output", type=Path, default=Path("runs"), metavar="FOLDER", help="(default: runs)"
    )
    arguments = parser.parse_intermixed_args()
    configs = composed(arguments.overrides, arguments.config_dir)
    with style():
        return save(draw(configs), arguments.output / "schedule")


def composed(overrides: list[str], config_dir: Path | None) -> dict[str, Config]:
    """Return the configuration of the schedule that is chosen, or of each that there is."""
    chosen = [value for key, _, value in (o.partition("=") for o in overrides) if key == "schedule"]
    places = [CONF, *([config_dir] if config_dir else [])]
    there = {path.stem for place in places for path in (place / "schedule").glob("*.yaml")}
    return {
        name: configure(*overrides, f"schedule={name}", config_dir=config_dir)
        for name in chosen or sorted(there)
    }


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
    moments = all_moments(config)
    epochs = [moment.epochs for moment in moments]
    factors = [config.schedule.factor(moment) for moment in moments]
    axes.plot(epochs, np.multiply(config.optimizer.lr, factors), color=COLOURS[0])
    if config.schedule.sets_momentum:
        right = axes.twinx()
        momenta = [config.schedule.momentum(moment) for moment in moments]
        right.plot(epochs, np.array(momenta, float), color=VERMILION, linestyle="--")
        right.set_ylabel("Momentum", color=VERMILION)
        right.grid(visible=False)
        right.spines["right"].set_visible(True)


def all_moments(config: Config) -> list[Moment]:
    """Return all steps of a training, epochs of which have one and the same loss."""
    steps = config.epochs * PER_EPOCH
    return [
        Moment(t, steps, PER_EPOCH, [1.0] * ((t - 1) // PER_EPOCH)) for t in range(1, steps + 1)
    ]


if __name__ == "__main__":
    run_script(main)
