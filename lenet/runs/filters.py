"""Filters on runs, as they are typed: ``optimizer=adam``, ``test_accuracy>0.985``, ``seed!=3``."""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import filter as matching
from fnmatch import fnmatchcase
from math import nan
from pathlib import Path
from typing import Any

from lenet.config.settings import full_key
from lenet.errors import LenetError, suggestion
from lenet.runs.listing import Row, columns
from lenet.runs.record import EVERY_STATUS

FILTER = re.compile(r"(?P<key>[a-z_]\w*(\.\w+)*)(?P<sign><=|>=|!=|=|<|>)(?P<value>.*)", re.DOTALL)
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MOMENTS = ("started", "finished")


@dataclass(frozen=True)
class Filter:
    """What a run must have: a key, a sign such as ``>=``, and what it is held against.

    After ``=`` and ``!=`` there can be several values with commas between them, and patterns such
    as ``mnist-*``; what is before the hash in the name of a sweep is enough, and of a time its
    beginning, such as the day.
    """

    key: str
    sign: str
    value: str

    def passes(self, row: Row) -> bool:
        """Return whether a run does."""
        found = row.get(self.key)
        if self.sign in ORDERS:
            several = found if isinstance(found, list) else [found]
            pairs = (self._comparable(one) for one in several if one is not None)
            return any(ORDERS[self.sign](*pair) for pair in pairs)
        return self._is_one_of(found) == (self.sign == "=")

    def refuse(self, kinds: set[type]) -> None:
        """Raise LenetError if nothing can have the value, by the kinds of what is found."""
        if expected := self._expected(kinds):
            raise LenetError(f"{self.key}{self.sign}{self.value}: expected {expected}")

    def _expected(self, kinds: set[type]) -> str:
        """Return what is expected in place of the value; nothing if it may be right."""
        numbers = kinds - {type(None)} and kinds <= {int, float, type(None)}
        if self.value.startswith(("=", "<", ">")):
            return "one of the signs = != < <= > >="
        if self.sign in ORDERS and self.key in MOMENTS and moment(self.value) is None:
            return "a time (UTC), such as 2026-11-28 or '2026-11-28 03:57'"
        if self.sign in ORDERS and numbers and number(self.value) is None:
            return "a number, such as 0.9"
        if self.sign not in ORDERS and self.key == "status":
            unknown = [word for word in self.value.split(",") if not matching(EVERY_STATUS, word)]
            return f"a status{suggestion(unknown[0], EVERY_STATUS)}" if unknown else ""
        return ""

    def _comparable(self, found: Any) -> tuple[Any, Any]:
        """Return what was found and the value as times, or as numbers if they are, else as text."""
        if self.key in MOMENTS:
            pair = moment(str(found)), moment(self.value)
            return pair if None not in pair else (nan, nan)
        return comparable(found, self.value)

    def _is_one_of(self, found: Any) -> bool:
        values = self.value.split(",")
        if isinstance(found, list):
            return any(is_called(name, value) for name in found for value in values)
        if self.key == "run":
            return any(fnmatchcase(f"/{found}", f"*/{value}") for value in values)
        if self.key in MOMENTS:
            return any(fnmatchcase(str(found), f"{value.replace(' ', 'T')}*") for value in values)
        return any(is_same(found, value) for value in values)


def selection(words: Iterable[str]) -> tuple[list[Path], list[Filter]]:
    """Return which of some words are folders, and which are filters."""
    folders, filters = [], []
    for word in words:
        typed = FILTER.fullmatch(word)
        if typed and not Path(word).exists():
            filters.append(Filter(typed["key"], typed["sign"], typed["value"]))
        else:
            folders.append(Path(word))
    return folders, filters


def filtered(rows: Sequence[Row], filters: Iterable[Filter]) -> list[Row]:
    """Return the rows that pass all filters.

    Raises:
        LenetError: no row has a filter's key, in full or by its last part, or none could have its
            value.

    """
    keys = columns(rows)
    known = [Filter(full_key(one.key, keys), one.sign, one.value) for one in filters]
    for one in known:
        one.refuse({type(row.get(one.key)) for row in rows})
    return [row for row in rows if all(one.passes(row) for one in known)]


def is_same(found: Any, value: str) -> bool:
    """Return whether a value is the one that was typed, or fits a pattern."""
    if found is None:
        return value in ("null", "none")
    if isinstance(found, bool):
        return value.lower() == str(found).lower()
    one, other = comparable(found, value)
    return bool(one == other) or fnmatchcase(str(found), value)


def is_called(name: str, value: str) -> bool:
    """Return whether a sweep is called so; what is before the hash, or a path to it, will do."""
    value = value.rstrip("/").rpartition("/")[2]
    return fnmatchcase(name, value) or fnmatchcase(name.rpartition("-")[0], value)


def comparable(found: Any, value: str) -> tuple[Any, Any]:
    """Return both as numbers if they are, else as text."""
    pair = number(str(found)), number(value)
    return pair if None not in pair else (str(found), value)


def moment(text: str) -> datetime | None:
    """Return the time that a text is, in UTC unless it says another zone, or None."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def number(text: str) -> float | None:
    """Return the number that a text is, or None; 98.5% is 0.985."""
    try:
        return float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
