"""Identities: a name for each run, which follows from its configuration alone.

The same configuration gives the same name, and so the same folder, under every launcher and
however it was written down. What no result depends on has no part in it.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import MISSING, fields, is_dataclass
from hashlib import sha256
from typing import Any

from lenet.config.components import is_own
from lenet.config.schema import SWEEP_KEYS, Config
from lenet.formats.keys import TARGET

NO_RESULT_DEPENDS_ON = SWEEP_KEYS | {
    "threads", "force", "checkpoint", "tracker", "inside", "keep_weights",
}  # fmt: skip
DIGITS = 10  # of the hash in a name: two of 10,000 runs clash with a probability of 5e-5


def identity(config: Config) -> str:
    """Return a hash (SHA-256) of all that the results of a run depend on."""
    return hashed(config, NO_RESULT_DEPENDS_ON)


def trajectory(config: Config) -> str:
    """Return a hash of the same but for the number of epochs."""
    return hashed(config, NO_RESULT_DEPENDS_ON | {"epochs"})


def setting(config: Config) -> str:
    """Return a hash of the same but for the seed."""
    return hashed(config, NO_RESULT_DEPENDS_ON | {"seed"})


def hashed(config: Config, without: Collection[str]) -> str:
    """Return a hash (SHA-256) of a configuration without some of its keys."""
    content = {key: value for key, value in values(config).items() if key not in without}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def run_name(config: Config) -> str:
    """Return the name of a run's folder, such as ``mnist-maxpool-tanh-adam-seed0-1f2e3d4c5b``."""
    return f"{slug(config)}-{identity(config)[:DIGITS]}"


def digest(texts: Iterable[str]) -> str:
    """Return a hash of some texts, as short as that in a run's name."""
    return sha256(" ".join(texts).encode()).hexdigest()[:DIGITS]


def slug(config: Config) -> str:
    """Return the readable part of a run's name."""
    components = (config.dataset, config.pooling, config.activation, config.optimizer)
    names = (type(component).__name__.lower() for component in components)
    return "-".join((*names, f"seed{config.seed}"))


def values(component: Any) -> Any:
    """Return a component as plain values: its class, and what that was made with.

    A class of this package goes by its name alone, whatever module it may move to. Keys that have
    come with a later version have a default, with which they are left out: runs keep their names.
    """
    if component is None or isinstance(component, str | int | float):
        return component
    if isinstance(component, list | tuple):
        return [values(item) for item in component]
    kind = type(component)
    name = kind.__name__ if is_own(kind) else f"{kind.__module__}.{kind.__qualname__}"
    own = fields(component) if is_dataclass(component) else ()
    later = {one.name: one.default for one in own if one.default is not MISSING}
    return {TARGET: name} | {
        key: values(value)
        for key, value in vars(component).items()
        if key not in later or later[key] != value
    }
