"""Configurations for Python, as the command line makes them."""

from pathlib import Path

from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig

from lenet.complaints import explain
from lenet.config import Config, read_config, without_hydra
from lenet.errors import ConfigError
from lenet.loader import hydra_for


def composed(*overrides: str, config_dir: Path | None = None) -> DictConfig:
    """Return what Hydra makes of a command line, unchecked, without its own part."""
    hydra = hydra_for(config_dir)
    return without_hydra(hydra.compose_config("config", [*overrides], RunMode.RUN))


def configure(*overrides: str) -> Config:
    """Return the configuration of a command line, such as ``configure("pooling=avg", "epochs=5")``.

    Raises:
        ConfigError: there is no such choice, key or value.

    """
    try:
        return read_config(composed(*overrides))
    except HydraException as error:
        raise ConfigError(explain(error)) from error
