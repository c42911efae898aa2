"""Settings, in words: what they have in common, and what tells them apart.

A setting is a configuration without its seed, flat: values under dotted keys, and under the key of
a component the word by which it is chosen, such as ``optimizer`` and ``optimizer.lr``.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from omegaconf import MISSING

from lenet.config.choices import UNKNOWN, Values, default, kind_of
from lenet.errors import LenetError, printable, suggestion
from lenet.formats.keys import TARGET

DATASET = "dataset"  # is said also where it is the default one
PLACES = {"dataset.root", "dataset.class_names"}  # where data lies, and what follows from that
ABSENT = object()
NEEDS_QUOTES = re.compile(r"|null|true|false|[-+]?\.?\d.*|['\"].*", re.IGNORECASE | re.DOTALL)


def own_name(_: str, component: Values) -> str:
    """Return the name of a component's class."""
    return kind_of(component[TARGET])


def flatten(node: Any, *path: str, name: Callable[[str, Values], str] = own_name) -> dict[str, Any]:
    """Return the leaves of nested mappings under dotted keys, and a name for each component.

    A list, or what else is no number, is one leaf, as printable text.
    """
    key = printable(".".join(path))
    if not isinstance(node, dict):
        return {key: node if node is None or isinstance(node, int | float) else printable(node)}
    leaves = {key: printable(name(key, node))} if TARGET in node else {}
    for part, value in node.items():
        if part != TARGET:
            leaves |= flatten(value, *path, str(part), name=name)
    return leaves


def leave_out(names: Collection[str], flat: Values) -> Values:
    """Return flattened keys without those of the given names, and without all below these."""
    return {
        key: value
        for key, value in flat.items()
        if not any(key == name or key.startswith(f"{name}.") for name in names)
    }


def tell_apart(settings: Sequence[Values]) -> list[str]:
    """Describe each setting by its differing keys, such as ``optimizer=sgd, lr=0.1``."""
    keys = differing_keys(settings)
    return [describe(setting, keys) for setting in settings]


def in_common(settings: Sequence[Values]) -> str:
    """Describe what is the same in all settings: the dataset, and what is not the default."""
    return describe(settings[0], common_keys(settings)) if settings else ""


def differing_keys(settings: Sequence[Values]) -> list[str]:
    """Return the keys by which settings are told apart, those of a component beside each other.

    A key whose values only go with the choice of its component, as learning rates do with that of
    the optimizer, is none.
    """
    return [
        key
        for key in all_keys(settings)
        if len({setting.get(key, ABSENT) for setting in settings}) > 1
        and not goes_with_the_choice(key, settings)
    ]


def common_keys(settings: Sequence[Values]) -> list[str]:
    """Return the keys that have one value in all settings, which conf/ does not say already."""
    return [
        key
        for key in all_keys(settings)
        if not any(goes_unsaid(key, setting) for setting in settings)
        and len({setting.get(key, ABSENT) for setting in settings}) == 1
        and (key == DATASET or any(not is_default(key, setting) for setting in settings))
    ]


def goes_unsaid(key: str, setting: Values) -> bool:
    """Return whether a key is not said unless it tells settings apart: where published data lies.

    Data of one's own has no name but its place.
    """
    group, _, last = key.rpartition(".")
    return key in PLACES and default(group, setting.get(group), last) != MISSING


def all_keys(settings: Iterable[Values]) -> list[str]:
    """Return the keys of all settings, in their order, those of a component beside each other."""
    keys = dict.fromkeys(key for setting in settings for key in setting)
    groups = {group: place for place, group in enumerate(dict.fromkeys(map(head, keys)))}
    return sorted(keys, key=lambda key: groups[head(key)])


def head(key: str) -> str:
    """Return the first part of a dotted key."""
    return key.partition(".")[0]


def goes_with_the_choice(key: str, settings: Iterable[Values]) -> bool:
    """Return whether the choice of a component says by itself which value a key of it has."""
    group, _, last = key.rpartition(".")
    values: dict[Any, set[Any]] = defaultdict(set)
    for setting in settings:
        values[setting.get(group)].add(setting.get(key, ABSENT))
    return all(
        len(found) == 1 and default(group, word, last) in (UNKNOWN, *found)
        for word, found in values.items()
    )


def is_default(key: str, setting: Values) -> bool:
    """Return whether a key of a setting has the value that conf/ gives it."""
    group, _, last = key.rpartition(".")
    said = default(group, setting.get(group), last)
    return bool((printable(said) if isinstance(said, list) else said) == setting[key])


def describe(setting: Values, keys: Collection[str]) -> str:
    """Return some keys of a setting with their values, each by its last part after its component's.

    Of a key that other settings have, but this one lacks, it says so.
    """
    shown = [key for key in setting if key in keys]
    names = short_names(shown)
    said = [f"{names[key]}={spelt(setting[key])}" for key in shown]
    said += [f"no {key}" for key in keys if "." not in key and key not in setting]
    return ", ".join(said)


def short_names(keys: Collection[str]) -> dict[str, str]:
    """Return the last part of each key that stands beside its component's, and of others the whole.

    The whole also of those whose last parts are the same.
    """
    count = Counter(key.rpartition(".")[2] for key in keys)
    names = {}
    for key in keys:
        group, _, last = key.rpartition(".")
        names[key] = last if group in keys and count[last] == 1 else key
    return names


def spelt(value: Any) -> str:
    """Return a value as tables and legends have it, in quotes if it could be taken for another."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and NEEDS_QUOTES.fullmatch(value):
        return repr(value)
    return str(value)


def full_key(key: str, keys: Collection[str]) -> str:
    """Return the one of some keys that a key is, or is the last part of.

    Raises:
        LenetError: there is none, or more than one.

    """
    if key in keys:
        return key
    deeper = [name for name in keys if name.endswith(f".{key}")]
    if len(deeper) == 1:
        return deeper[0]
    if deeper:
        raise LenetError(f"{key}: which of {', '.join(deeper)}?")
    raise LenetError(f"{key}: no such key{suggestion(key, keys)}")
