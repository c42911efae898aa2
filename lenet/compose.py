"""Configurations for Python, as the command line makes them."""

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig

from lenet.complaints import explain
from lenet.config import CONF, Config, read_config
from lenet.errors import ConfigError


def composed(*overrides: str) -> DictConfig:
    """Return what Hydra makes of a command line, unchecked, without its own part."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", [*overrides])


def configure(*overrides: str) -> Config:
    """Return the configuration of a command line, such as ``configure("pooling=avg", "epochs=5")``.

    Raises:
        ConfigError: there is no such choice, key or value.

    """
    try:
        return read_config(composed(*overrides))
    except HydraException as error:
        raise ConfigError(explain(error)) from error
