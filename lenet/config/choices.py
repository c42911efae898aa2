"""Words and classes: the files of conf/, by the words that choose them.

Its files are read, and no class is imported: a configuration from anywhere can be put into words.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from lenet.config.schema import CONF
from lenet.formats.keys import TARGET, read_keys

Values = dict[str, Any]

WORD = re.compile(r"\w[\w./-]*")  # the name of a file in conf/, or in a folder like it
LATER = ("c3", "output")  # groups that earlier versions did not have
UNKNOWN = object()  # what a key is by default if conf/ does not say


@dataclass(frozen=True)
class Choice:
    """A file of conf/: the class that it names, and the values of the keys of that."""

    group: str
    word: str
    kind: str
    values: Values


@cache
def choices() -> dict[tuple[str, str], Choice]:
    """Return what can be chosen, by group and word, in the order of these."""
    found = {}
    for path in sorted(CONF.glob("*/*.yaml")):
        if re.search(f"^{TARGET}:", path.read_text(encoding="utf-8"), re.MULTILINE):
            values = read_keys(path)
            kind = kind_of(values.pop(TARGET))
            found[path.parent.name, path.stem] = Choice(path.parent.name, path.stem, kind, values)
    return found


@cache
def own_defaults() -> Values:
    """Return the values of the keys of conf/config.yaml itself, and the choices of later groups.

    A run of a version without one of them has done what it says by default.
    """
    page = read_keys(CONF / "config.yaml")
    own = {key: value for key, value in page.items() if key not in ("defaults", "hydra")}
    return own | {group: read_keys(CONF / group / f"{chosen()[group]}.yaml") for group in LATER}


@cache
def chosen() -> Values:
    """Return the word that conf/config.yaml chooses for each group."""
    entries = read_keys(CONF / "config.yaml")["defaults"]
    pairs = [entry for entry in entries if isinstance(entry, dict)]
    return {group: word for entry in pairs for group, word in entry.items()}


@cache
def defaults() -> Values:
    """Return what conf/config.yaml chooses for each group, and the values of its own keys."""
    return own_defaults() | chosen()


def default(group: str, word: Any, key: str) -> Any:
    """Return the value that a key has where a group's word is chosen; UNKNOWN if conf/ has none.

    A key of no group, or of one from which nothing is chosen, is one of conf/config.yaml. What is
    part of another choice, such as dataset.base, is chosen from the same group.
    """
    group = group.partition(".")[0]
    page = defaults() if not group else defaults().get(group)
    if isinstance(page, dict):
        return page.get(key, UNKNOWN)
    choice = choices().get((group, word))
    return choice.values.get(key, UNKNOWN) if choice else UNKNOWN


def kind_of(target: Any) -> str:
    """Return the name of a class of this project, or the path by which another one is imported."""
    path = str(target)
    return path.rpartition(".")[2] if path.startswith("lenet.") else path


def word_for(group: str, component: Values, given: Any = None) -> str:
    """Return the word by which a component is chosen.

    That is the one that was ``given``, unless it is another component's; else that of the choice of
    the same class with the most of the component's values. A class that is none of these goes by
    its own name. What is part of another choice, such as dataset.base, is chosen from its group.
    """
    group = group.partition(".")[0]
    kind = kind_of(component[TARGET])
    if isinstance(given, str) and WORD.fullmatch(given):
        choice = choices().get((group, given))
        if choice is None or choice.kind == kind:
            return given
    alike = [one for one in choices().values() if (one.group, one.kind) == (group, kind)]
    if alike:
        return max(alike, key=lambda choice: matches(choice, component)).word
    return kind.rpartition(".")[2]


def matches(choice: Choice, component: Values) -> int:
    """Return how many of a component's values are those of a choice."""
    return sum(component.get(key, UNKNOWN) == value for key, value in choice.values.items())
