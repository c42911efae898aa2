"""The command line of a run: the shortest one that composes to its configuration again."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from lenet.config.components import PACKAGE
from lenet.config.compose import composed, configure, quoted
from lenet.config.identity import identity
from lenet.config.schema import CONF, REFERENCE, SWEEP_KEYS, resolved
from lenet.errors import ConfigError
from lenet.formats.keys import TARGET, read_keys
from lenet.runs.run import Run

LEFT_OUT = SWEEP_KEYS | {"force", "tracker"}  # are asked anew, as they change nothing of a run
MISSING = "???"  # the value of a key that must be said, as OmegaConf has it
BARE = re.compile(r"(?!(?:null|true|false|inf|nan)$)[a-z/][\w./-]*", re.ASCII | re.IGNORECASE)

Values = Mapping[str, Any]


def command_of(run: Run, config_dir: Path | None = None) -> list[str]:
    """Return the overrides with which ``lenet`` does the same as a run.

    Choices are those of ``conf``, and of ``config_dir`` where there is one. What is asked anew for
    every command, ``LEFT_OUT``, is not among the overrides.

    Raises:
        DataError: there is no config.yaml.
        ConfigError: that is no configuration for this version, or none that can be typed.

    """
    ours = identity(run.config)
    wanted = without(LEFT_OUT, run.whole)
    defaults = resolved(composed(config_dir=config_dir))
    choices = []
    for group, values in wanted.items():
        if name := choice(group, values, defaults.get(group), config_dir):
            choices.append(f"{group}={name}")
            choices += to_be_said(group, options(group, config_dir)[name], values)
    start = resolved(composed(*choices, config_dir=config_dir))
    command = [*choices, *differences(without(LEFT_OUT, start), wanted)]
    if identity(configure(*command, config_dir=config_dir)) != ours:
        raise ConfigError(f"{run.path}: expected a command for it, found but {' '.join(command)}")
    return command


def changed(command: Sequence[str], overrides: Sequence[str]) -> list[str]:
    """Return a command with further overrides, in place of those that they leave no use for."""
    keys = {key_of(override) for override in overrides}
    kept = [override for override in command if not keys & set(with_parents(key_of(override)))]
    return [*kept, *overrides]


def key_of(override: str) -> str:
    """Return the key, or the group, that an override sets."""
    return override.lstrip("+~").partition("=")[0]


def with_parents(key: str) -> list[str]:
    """Return a key, and those that it lies below."""
    return list(accumulate(key.split("."), lambda parent, name: f"{parent}.{name}"))


def without(names: Collection[str], values: Values) -> Values:
    """Return values without those of some names."""
    return {key: value for key, value in values.items() if key not in names}


def choice(group: str, wanted: Any, default: Any, config_dir: Path | None) -> str | None:
    """Return the name of the choice after which the fewest keys are left to set.

    None if the default is as good, or where there is nothing to choose.
    """
    if not isinstance(wanted, Mapping):
        return None
    costs: dict[str | None, tuple[int, bool]] = {None: (cost(default or {}, wanted), True)}
    for name, values in options(group, config_dir).items():
        if is_same(TARGET, values.get(TARGET), wanted.get(TARGET)):
            costs[name] = 1 + cost(values, wanted), False
    return min(costs, key=lambda name: costs[name])


def to_be_said(group: str, values: Values, wanted: Values) -> list[str]:
    """Return the overrides for what a choice leaves open, or takes from elsewhere."""
    return [
        f"{group}.{key}={typed(wanted[key])}"
        for key, value in values.items()
        if isinstance(value, str) and (value == MISSING or REFERENCE in value) and key in wanted
    ]


def options(group: str, config_dir: Path | None) -> dict[str, Values]:
    """Return the choices of a group by name; one in ``config_dir`` hides another one."""
    folders = [CONF, *([config_dir] if config_dir else [])]
    paths = [path for folder in folders for path in sorted((folder / group).glob("*.yaml"))]
    return {path.stem: read_keys(path) for path in paths}


def cost(start: Values, wanted: Values) -> int:
    """Return how many overrides lead from one component to another."""
    return len(list(differences(start, wanted)))


def differences(start: Any, wanted: Values, path: str = "") -> Iterator[str]:
    """Yield the overrides that make the values wanted out of others."""
    for key, value in wanted.items():
        name = f"{path}{key}"
        if key not in start:
            yield f"+{name}={typed(value)}"
        elif isinstance(value, Mapping) and isinstance(start[key], Mapping):
            yield from differences(start[key], value, f"{name}.")
        elif not is_same(key, start[key], value):
            yield f"{name}={typed(value)}"
    for key in start:
        if key not in wanted:
            yield f"~{path}{key}"


def is_same(key: str, one: Any, other: Any) -> bool:
    """Return whether two values of a key mean the same; classes of this package may have moved."""
    if key == TARGET and {str(path).partition(".")[0] for path in (one, other)} == {PACKAGE}:
        one, other = (path.rpartition(".")[2] for path in (one, other))
    return repr(one) == repr(other)


def typed(value: Any) -> str:
    """Return a value as it is typed after ``key=``."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return value if BARE.fullmatch(value) else quoted(value)
        case list():
            return f"[{','.join(map(typed, value))}]"
        case dict():
            return f"{{{','.join(f'{key}:{typed(item)}' for key, item in value.items())}}}"
    return str(value)
