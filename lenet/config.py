"""From a composed configuration to checked objects.

A component, such as an optimizer, is a class whose constructor says by its annotations which types
and ranges it takes, and a YAML file that names the class (``_target_``) and gives every value. This
module holds the two against each other; no default value lives in Python.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, is_dataclass
from difflib import get_close_matches
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from typing import Annotated, Any, cast, get_type_hints

from annotated_types import Gt
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ConfigDict, TypeAdapter, ValidationError

from lenet.datasets import Dataset
from lenet.errors import ConfigError
from lenet.recipe import Recipe
from lenet.trackers import Tracker

TARGET = "_target_"
PACKAGE = Path(__file__).resolve().parent
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())
STRICT = ConfigDict(strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Checkpoints:
    """When a run writes its state, beside the end of each epoch."""

    every_steps: Annotated[int, Gt(0)] | None


@dataclass(frozen=True)
class Config(Recipe):
    """One experiment, as ``conf/config.yaml`` describes it key by key.

    Made by ``read_config``, which checks the ranges that the annotations give.
    """

    threads: Annotated[int, Gt(0)] | None
    checkpoint: Checkpoints
    tracker: Tracker
    inside: bool
    force: bool


def read_config(cfg: DictConfig) -> Config:
    """Check a composed configuration (without its ``hydra`` part) and build what it describes.

    Raises:
        ConfigError: listing every unknown, missing or unfit key, with what would do.

    """
    try:
        values = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        raise ConfigError(f"{error.full_key}: {str(error).splitlines()[0]}") from error
    problems: list[str] = []
    config = build(Config, values, (), problems)
    refuse(problems)
    return config


def without_hydra(cfg: DictConfig) -> DictConfig:
    """Return a composed configuration without its ``hydra`` part."""
    return OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])


def read_dataset(name: str) -> Dataset:
    """Return a dataset as ``conf/dataset`` has it.

    Raises:
        ConfigError: there is none of this name.
    """
    names = [path.stem for path in (CONF / "dataset").glob("*.yaml")]
    if name not in names:
        raise ConfigError(f"dataset = {name!r}: no such choice{suggestion(name, names)}")
    values = OmegaConf.to_container(OmegaConf.load(CONF / "dataset" / f"{name}.yaml"))
    problems: list[str] = []
    dataset = convert(Dataset, values, ("dataset",), problems)
    refuse(problems)
    return dataset


def refuse(problems: list[str]) -> None:
    """Raise ConfigError if there are any problems, with a line for each."""
    if problems:
        raise ConfigError(*problems)


def build(kind: type, values: Any, path: tuple[str, ...], problems: list[str]) -> Any:
    """Return ``kind(**values)``, or None after adding to ``problems`` what stands in its way."""
    hints = get_type_hints(kind.__init__, include_extras=True)  # type: ignore[misc]
    hints.pop("return", None)
    before = len(problems)
    problems += [
        f"{join(path, key)}: no such key{suggestion(key, hints)}"
        for key in values
        if key not in hints and key != TARGET
    ]
    problems += [f"{join(path, key)}: missing" for key in hints if key not in values]
    arguments = {
        key: convert(hint, values[key], (*path, key), problems)
        for key, hint in hints.items()
        if key in values
    }
    if len(problems) > before:
        return None
    try:
        return kind(**arguments)
    except ValueError as error:
        problems.append(f"{join(path)}: {error}" if path else str(error))


def convert(hint: Any, value: Any, path: tuple[str, ...], problems: list[str]) -> Any:
    """Return the value as its annotation asks for it, or add to ``problems`` why it cannot be."""
    if isabstract(hint) or (is_dataclass(hint) and isinstance(value, Mapping) and TARGET in value):
        target = find_class(value, hint, path, problems)
        return target and build(target, value, path, problems)
    if is_dataclass(hint):
        if isinstance(value, Mapping):
            return build(cast(type, hint), value, path, problems)
        problems.append(f"{join(path)} = {value!r}: should be set key by key")
        return None
    try:
        return TypeAdapter(hint, config=STRICT).validate_python(value)
    except ValidationError as error:
        wants = error.errors()[0]["msg"].removeprefix("Input ")
        problems.append(f"{join(path)} = {value!r}: {wants}")


def find_class(value: Any, base: type, path: tuple[str, ...], problems: list[str]) -> type | None:
    """Return the class that a component names, or None after adding to ``problems``."""
    if not isinstance(value, Mapping) or TARGET not in value:
        problems.append(f"{join(path)} = {value!r}: should be chosen as {join(path)}=<name>")
        return None
    module, _, name = str(value[TARGET]).rpartition(".")
    try:
        target = getattr(import_module(module), name)
    except Exception as error:  # importing may do anything
        problems.append(
            f"{join(path, TARGET)} = {value[TARGET]!r}: there is no such class ({error})"
        )
        return None
    if not (isinstance(target, type) and issubclass(target, base)) or isabstract(target):
        problems.append(f"{join(path, TARGET)} = {value[TARGET]!r}: is no {base.__name__} to use")
        return None
    return target


def join(path: tuple[str, ...], *keys: str) -> str:
    """Write a key as it is typed on the command line, such as ``optimizer.lr``."""
    names = map(str, (*path, *keys))
    return ".".join(name if name.isprintable() else repr(name) for name in names)


def suggestion(wrong: str, valid: Collection[str]) -> str:
    """Return the end of a message about a wrong name: the nearest valid one, or all of them.

    A key that lies deeper, such as ``optimizer.lr``, is found by its last part.
    """
    by_last_part = {name.rpartition(".")[2]: name for name in valid}
    nearest = get_close_matches(str(wrong), by_last_part, n=1)
    if nearest:
        return f"; did you mean '{by_last_part[nearest[0]]}'?"
    here = sorted(name for name in valid if "." not in name)
    return f"; there are {', '.join(here)}" if here else "; there are none here"
