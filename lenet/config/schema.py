"""From a composed configuration, or one that was saved, to checked objects.

A component, such as an optimizer, is a class whose constructor says by its annotations which types
and ranges it takes, and a YAML file that names the class (``_target_``) and gives every value. This
module holds the two against each other. Default values are in the YAML files; what came to a class
later has one beside it as well, for configurations that were saved before.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from functools import partial
from inspect import Parameter, isabstract, signature
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast, get_type_hints

import yaml
from annotated_types import Ge, Gt
from omegaconf import DictConfig, OmegaConf
from omegaconf._utils import get_omega_conf_dumper
from omegaconf.errors import OmegaConfBaseException
from pydantic import ConfigDict, TypeAdapter, ValidationError

from lenet.config.components import Find, imported, known
from lenet.errors import ConfigError, suggestion
from lenet.formats.keys import TARGET
from lenet.training.recipe import Recipe
from lenet.training.trackers import Tracker

T = TypeVar("T")

PACKAGE = Path(__file__).resolve().parent.parent
CONF = next(path for path in (PACKAGE / "conf", PACKAGE.parent / "conf") if path.is_dir())
STRICT = ConfigDict(strict=True, allow_inf_nan=False)
RESOLVING = re.compile(r"^\w+ raised while resolving interpolation: ")  # and then what it says
REFERENCE = "${"  # begins what OmegaConf replaces by another value, such as ${seed}
MOST_REFERENCES = 24  # which could stand for 3^8 others, but not for more
NEXT_LINE = "\x85"  # the one character that YAML reads otherwise than it was written: as a space
TOO_LARGE = 2**63  # no whole number of a configuration is as large
UNTRACKED = {TARGET: "lenet.training.trackers.Untracked"}


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
    keep_weights: Literal["epochs"] | None = None


@dataclass(frozen=True)
class Sweeping:
    """What a sweep is told of itself; its runs know nothing of it."""

    report: bool
    halving: Annotated[int, Gt(1)] | None
    retries: Annotated[int, Ge(0)]
    settings: str | None

    @property
    def beyond_one_run(self) -> list[str]:
        """The keys that have been set to what only a sweep can do, of lists of values."""
        keys = ("halving", "retries", "settings")
        return [key for key in keys if getattr(self, key)]


SWEEP_KEYS = frozenset(one.name for one in fields(Sweeping))


def read_sweeping(cfg: DictConfig) -> Sweeping:
    """Check what a command says of a sweep as a whole, in all that Hydra has composed for it."""
    return checked(Sweeping, resolved(OmegaConf.masked_copy(cfg, [*SWEEP_KEYS])), known)


def read_config(cfg: DictConfig, folders: Iterable[str] = ()) -> Config:
    """Check a composed configuration (that of a run alone) and build what it describes.

    Modules of the user's own classes may be in one of the folders.

    Raises:
        ConfigError: listing every unknown, missing or unfit key, with what would do.

    """
    return checked(Config, resolved(cfg), partial(imported, folders=folders))


def read_composed(cfg: DictConfig) -> Config:
    """Do the same with all that Hydra has composed for a command."""
    return read_config(of_run(cfg), own_folders(cfg.hydra))


def read_saved(values: Mapping[str, Any]) -> Config:
    """Check a configuration that was read back from a folder, and build what it describes.

    The folder may be a stranger's: nothing is imported, and nothing is looked up elsewhere. Where
    the run was to be watched is left aside.

    Raises:
        ConfigError: as ``read_config``.

    """
    own = {key: value for key, value in values.items() if key not in SWEEP_KEYS}
    return checked(Config, {**own, "tracker": UNTRACKED}, known)


def of_run(cfg: DictConfig) -> DictConfig:
    """Return what a composed configuration says of a run: neither of Hydra's nor of a sweep's."""
    return OmegaConf.masked_copy(
        cfg, [str(key) for key in cfg if key not in {"hydra", *SWEEP_KEYS}]
    )


def own_folders(hydra: Any) -> list[str]:
    """Return the folders of a command's own files: where it was typed, and of its configurations.

    ``hydra`` is the part of that name.
    """
    sources = [source.path for source in hydra.runtime.config_sources if source.schema == "file"]
    return [hydra.runtime.cwd, *(path for path in sources if Path(path) != CONF)]


def resolved(cfg: DictConfig) -> dict[str, Any]:
    """Return a composed configuration as plain values, with others in the place of references.

    Raises:
        ConfigError: a reference leads nowhere, a value is missing, or there is no end to them.

    """
    if sum(references(OmegaConf.to_container(cfg))) > MOST_REFERENCES:
        raise ConfigError(f"expected at most {MOST_REFERENCES} references such as ${{seed}}")
    try:
        values = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        why = RESOLVING.sub("", str(error).splitlines()[0])
        raise ConfigError(f"{error.full_key}: {why}") from error
    return cast(dict[str, Any], values)


def references(values: Any) -> Iterator[int]:
    """Yield how many references there are in each text, however deep it lies."""
    match values:
        case dict():
            yield from references(list(values.values()))
        case list():
            for value in values:
                yield from references(value)
        case str():
            yield values.count(REFERENCE)


def saved(cfg: DictConfig) -> str:
    """Return a composed configuration as config.yaml has it, for ``read_saved``.

    What it refers to is written in full, but for where a run can be watched: that may be secret.
    """
    content = OmegaConf.create(resolved(cfg) | {"tracker": cfg.tracker})
    text = OmegaConf.to_yaml(content)
    if NEXT_LINE not in text:
        return text
    plain = OmegaConf.to_container(content)
    return str(yaml.dump(plain, Dumper=get_omega_conf_dumper(), sort_keys=False))


def checked(kind: type[T], values: Mapping[str, Any], find: Find) -> T:
    """Return what plain values describe; ConfigError with all that is wrong."""
    reader = Reader(find, list(misfits(values)))
    if not reader.problems:
        built = reader.build(kind, values)
    if reader.problems:
        raise ConfigError(*reader.problems)
    return cast(T, built)


def misfits(values: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield a line for each value that none can be, however deep it lies."""
    match values:
        case Mapping():
            for key, value in values.items():
                yield from misfits(value, (*path, key))
        case list():
            for value in values:
                yield from misfits(value, path)
        case int() if abs(values) >= TOO_LARGE:
            yield f"{join(path)} = {Decimal(values):.3g}: should fit into 64 bits"
        case str() if REFERENCE in values:
            yield f"{join(path)} = {values!r}: should be a value, not a reference to one"


@dataclass
class Reader:
    """Makes objects of plain values; ``problems`` has a line for all that stands in its way."""

    find: Find
    problems: list[str] = field(default_factory=list)

    def build(self, kind: type, values: Mapping[str, Any], path: tuple[str, ...] = ()) -> Any:
        """Return ``kind(**values)``, or None if there are problems.

        What has come with a later version has a default: configurations of earlier ones lack it.
        """
        hints = get_type_hints(kind.__init__, include_extras=True)  # type: ignore[misc]
        hints.pop("return", None)
        before = len(self.problems)
        self.problems += [
            f"{join(path, key)}: no such key{suggestion(key, hints)}"
            for key in values
            if key not in hints and key != TARGET
        ]
        self.problems += [
            ", ".join(filter(None, [f"{join(path, key)}: missing", choices((*path, key))]))
            for key, parameter in signature(kind).parameters.items()
            if key not in values and parameter.default is Parameter.empty
        ]
        arguments = {
            key: self.convert(hint, values[key], (*path, key))
            for key, hint in hints.items()
            if key in values
        }
        if len(self.problems) > before:
            return None
        try:
            return kind(**arguments)
        except ValueError as error:
            self.problems.append(f"{join(path)}: {error}" if path else str(error))

    def convert(self, hint: Any, value: Any, path: tuple[str, ...]) -> Any:
        """Return the value as its annotation asks for it, or None if it cannot be."""
        if not (isabstract(hint) or is_dataclass(hint)):
            return self.convert_plain(hint, value, path)
        if not isinstance(value, Mapping) or (isabstract(hint) and TARGET not in value):
            wants = choices(path, str(value)) or "should be set key by key"
            self.problems.append(f"{join(path)} = {value!r}: {wants}")
            return None
        base = cast(type, hint)
        kind = self.class_of(value[TARGET], base, path) if TARGET in value else base
        return kind and self.build(kind, value, path)

    def convert_plain(self, hint: Any, value: Any, path: tuple[str, ...]) -> Any:
        """Return a number, a text or the like as its annotation asks for it, or None."""
        try:
            return TypeAdapter(hint, config=STRICT).validate_python(value)
        except ValidationError as error:
            wants = error.errors()[0]["msg"].removeprefix("Input ")
            self.problems.append(f"{join(path)} = {value!r}: {wants}")

    def class_of(self, target: Any, base: type, path: tuple[str, ...]) -> type | None:
        """Return the class that a component names, or None if it cannot be had."""
        try:
            return self.find(str(target), base)
        except ConfigError as error:
            self.problems.append(f"{join(path, TARGET)} = {target!r}: {error}")
            return None


def choices(path: tuple[str, ...], wrong: str = "") -> str:
    """Say what could be chosen for a key; nothing if it is not chosen by name."""
    names = [choice.stem for choice in CONF.joinpath(*path).glob("*.yaml")]
    return f"should be chosen as {join(path)}=<name>{suggestion(wrong, names)}" if names else ""


def join(path: tuple[str, ...], *keys: str) -> str:
    """Write a key as it is typed on the command line, such as ``optimizer.lr``."""
    names = map(str, (*path, *keys))
    return ".".join(name if name.isprintable() else repr(name) for name in names)
