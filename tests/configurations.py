"""Configurations for tests: what can be chosen, and any choice of it."""

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from typing import Any

from hypothesis import strategies as st
from omegaconf import OmegaConf

from lenet.config.compose import composed
from lenet.config.schema import CONF

COMPONENTS = [
    "dataset",
    "c3",
    "pooling",
    "activation",
    "normalization",
    "dropout",
    "output",
    "init",
    "loss",
    "optimizer",
    "schedule",
    "augmentation",
    "tracker",
]

CHOICES = [
    (group, str(path.relative_to(CONF / group).with_suffix("")))
    for group in [*COMPONENTS, "experiment", "setting"]
    for path in sorted((CONF / group).rglob("*.yaml"))
]


@cache
def defaults() -> dict[str, Any]:
    return dict(plain(composed()))


OWN_DATA = {  # what must be said besides the word
    "folder": {"root": "digits", "class_names": ["a", "b"]},
    "npz": {"root": "digits.npz"},
    "csv": {"root": "digits.csv"},
}


@cache
def choice(group: str, name: str) -> dict[str, Any]:
    content = plain(OmegaConf.load(CONF / group / f"{name}.yaml"))
    return {**content, **(OWN_DATA.get(name, {}) if group == "dataset" else {})}


def words(group: str, name: str) -> list[str]:
    """What is typed to choose something."""
    if (group, name) == ("loss", "mse"):
        return ["loss=mse", "output=rbf"]  # it is a distance
    besides = OWN_DATA.get(name, {}) if group == "dataset" else {}
    return [f"{group}={name}", *(f"{group}.{key}={value}" for key, value in besides.items())]


def plain(cfg: Any) -> Any:
    return OmegaConf.to_container(cfg)


def keys(content: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of a configuration, as a path through its nodes."""
    for key, value in content.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from keys(value, (*path, key))


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    """A shipped configuration, of any of the choices of each group."""
    names = {group: [name for other, name in CHOICES if other == group] for group in COMPONENTS}
    chosen = {group: choice(group, draw(st.sampled_from(names[group]))) for group in COMPONENTS}
    return deepcopy(defaults() | chosen)


ACCEPTED = {
    "optimizer.lr": st.floats(1e-320, 1e308, exclude_min=True),
    "optimizer.eps": st.floats(1e-30, 1e308),
    "optimizer.beta1": st.floats(0, 1, exclude_max=True),
    "optimizer.beta2": st.floats(0, 1, exclude_max=True),
    "optimizer.decay": st.floats(0, 1, exclude_max=True),
    "optimizer.momentum": st.floats(0, 1, exclude_max=True),
    "optimizer.weight_decay": st.floats(0, 1e308),
    "optimizer.nesterov": st.booleans(),
    "optimizer.mu": st.floats(1e-30, 1e308),
    "optimizer.patterns": st.integers(1, 8) | st.just(2**63 - 1),
    "output.scale": st.floats(1e-320, 1000, exclude_min=True),
    "loss.j": st.floats(0, 1e6, exclude_max=True),
    "pooling.coefficient": st.none() | st.floats(1e-320, 10, exclude_min=True),
    "init.limit": st.floats(1e-320, 1000, exclude_min=True),
    "init.power": st.floats(0, 1),
    "init.draws_biases": st.booleans(),
    "reshuffle": st.booleans(),
    "activation.slope": st.floats(0, 1, exclude_max=True),
    "init.std": st.floats(1e-320, 1e6, exclude_min=True),
    "batch_size": st.integers(1, 8) | st.just(2**63 - 1),
    "parts": st.integers(1, 8) | st.just(2**63 - 1),
    "threads": st.integers(1, 2) | st.just(10**6),
    "clip_norm": st.floats(1e-320, 1e308),
    "ema": st.floats(0, 1, exclude_min=True, exclude_max=True),
    "seed": st.integers(0, 3) | st.just(2**63 - 1),
}
