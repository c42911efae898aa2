"""Draw the learning rate, and the momentum where it changes, by epoch: schedule.png and .svg.

    python scripts/plot_schedule.py [OVERRIDE ...] [--output FOLDER] [--config-dir FOLDER]

The overrides are those of lenet, such as schedule=onecycle optimizer=adamw optimizer.lr=0.004
epochs=30. Without a schedule among them, all that there are are drawn side by side. The loss that a
plateau waits for is taken to be the same after every epoch.
"""

from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from lenet.compose import configure
from lenet.config import CONF, Config
from lenet.figures import looks, save, style
from lenet.schedules import Moment
from lenet.scripting import add_overrides, command_line, run_script

PER_EPOCH = 100  # points of a line


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
    """Return learning rates, and below them momenta if some schedule sets any."""
    with_momentum = any(config.schedule.sets_momentum for config in configs.values())
    figure = Figure(figsize=(7, 5 if with_momentum else 3.4))
    rates, *below = np.atleast_1d(figure.subplots(1 + with_momentum, sharex=True))
    dashes = cycle(("-", "--", "-."))
    for (name, config), (colour, _), dash in zip(configs.items(), looks(), dashes, strict=False):
        look = {"color": colour, "linestyle": dash}
        moments = all_moments(config)
        epochs = [moment.epochs for moment in moments]
        factors = [config.schedule.factor(moment) for moment in moments]
        rates.plot(epochs, np.multiply(config.optimizer.lr, factors), label=name, **look)
        if config.schedule.sets_momentum:
            momenta = [config.schedule.momentum(moment) for moment in moments]
            below[0].plot(epochs, momenta, **look)
    rates.set(ylabel="learning rate", ylim=(0, None))
    rates.legend(loc="upper left", bbox_to_anchor=(1, 1))
    for axes in below:
        axes.set(ylabel="momentum")
    figure.axes[-1].set(xlabel="epochs")
    return figure


def all_moments(config: Config) -> list[Moment]:
    """Return all steps of a training, epochs of which have one and the same loss."""
    steps = config.epochs * PER_EPOCH
    return [
        Moment(t, steps, PER_EPOCH, [1.0] * ((t - 1) // PER_EPOCH)) for t in range(1, steps + 1)
    ]


if __name__ == "__main__":
    run_script(main)
