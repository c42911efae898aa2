"""Configurations for Python, as the command line makes them."""

from os import PathLike
from pathlib import Path

from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig

from lenet.config.complaints import explain
from lenet.config.loader import hydra_for
from lenet.config.schema import Config, of_run, read_config
from lenet.errors import ConfigError


def composed(*overrides: str, config_dir: Path | None = None) -> DictConfig:
    """Return what Hydra makes of a command line, unchecked, as far as it is about a run.

    The user's own choices are looked for in ``config_dir``, before those of ``conf``.
    """
    hydra = hydra_for(config_dir)
    return of_run(hydra.compose_config("config", [*overrides], RunMode.RUN))


def configure(*overrides: str, config_dir: str | PathLike[str] | None = None) -> Config:
    """Return the configuration of a command line, such as ``configure("pooling=avg", "epochs=5")``.

    ``config_dir`` is a folder of the user's own choices, and of the modules that they name.

    Raises:
        ConfigError: there is no such choice, key or value.

    """
    own = Path(config_dir).absolute() if config_dir else None
    try:
        cfg = composed(*overrides, config_dir=own)
    except HydraException as error:
        raise ConfigError(explain(error)) from error
    return read_config(cfg, [str(folder) for folder in (Path.cwd(), own) if folder])


def quoted(text: str) -> str:
    """Return a text as it is typed, so that none of its characters means more than itself."""
    return QuotedString(text, Quote.single).with_quotes()
