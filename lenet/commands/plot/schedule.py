"""Draw the learning rate, and the momentum where it changes, by epoch: schedule.png and .svg.

The overrides are those of lenet, such as schedule=onecycle optimizer=adamw optimizer.lr=0.004
epochs=30. Without a schedule among them, all that there are are drawn, in a panel each. The loss
that a plateau waits for is taken to be the same after every epoch.
"""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from lenet.commands.arguments import add_overrides
from lenet.config.compose import configure
from lenet.config.schema import CONF, Config
from lenet.figures.schedule import draw
from lenet.figures.style import save, style


def add_arguments(parser: ArgumentParser) -> None:
    """Say what the command takes."""
    add_overrides(parser)
    parser.add_argument(
        "--output", type=Path, default=Path("runs"), metavar="FOLDER", help="(default: runs)"
    )


def run(arguments: Namespace) -> list[Path]:
    """Draw, and return the paths that were written."""
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
