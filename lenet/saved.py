"""Reading what a run has saved, which a crash or a hand may have damaged since.

Whatever is wrong with a file is a DataError that names it, and says what was expected and found.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from lenet.errors import DataError
from lenet.files import plain

LARGEST = float(np.finfo(np.float32).max)  # of the figures that a network in float32 can have
LONGEST = 2**14  # bytes of a configuration; deeply nested ones of more could overflow the stack
LONGEST_NUMBER = 1000  # characters, in whatever notation
REASON = 120  # characters

BROKEN = (  # what PyYAML raises, ValueErrors of pandas among them
    yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError,
)  # fmt: skip


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML as OmegaConf does, in a tenth of the time: 1e-3 is a number, no date is one."""


def whole_number(loader: Loader, node: yaml.ScalarNode) -> int:
    """Return the whole number that YAML has; ValueError for one too long to be shown."""
    if len(node.value) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(node.value)} characters")
    return int(loader.construct_yaml_int(node))


FLOAT, DATE = "tag:yaml.org,2002:float", "tag:yaml.org,2002:timestamp"
Loader.add_constructor("tag:yaml.org,2002:int", whole_number)
Loader.add_implicit_resolver(
    FLOAT, re.compile(r"[-+]?[0-9]+(_[0-9]+)*(\.[0-9_]*)?[eE][-+]?[0-9]+$"), "-+0123456789"
)
Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != DATE]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


def read_keys(path: Path) -> dict[str, Any]:
    """Return the keys of a YAML file and their values, which hold no aliases.

    Raises:
        DataError: the file is missing, or is no mapping.

    """
    expected = f"{path}: expected a configuration"
    with damage(expected):
        with open(path, "rb", opener=plain) as file:
            content = file.read(LONGEST + 1)
        if len(content) > LONGEST:
            raise DataError(f"{expected}, found more than {LONGEST} bytes")
        if b"*" in content and has_alias(content):
            raise DataError(f"{expected}, found an alias in it")
        keys = yaml.load(content, Loader)  # a safe loader
    if not isinstance(keys, dict):
        raise DataError(f"{expected}, found no keys")
    return keys


def has_alias(content: bytes) -> bool:
    """Return whether YAML refers to a part of itself, which could make it grow without end."""
    return any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, Loader))


def read_table(path: Path, counter: str, columns: Collection[str]) -> pd.DataFrame:
    """Return a table of numbers, each row under its number in the column ``counter``.

    Raises:
        DataError: rows or any of the columns are missing, or there is anything but finite numbers.

    """
    with damage(f"{path}: expected a table of numbers"):
        with open(path, "rb", opener=plain) as file:
            content = file.read()
        table = pd.read_csv(BytesIO(content), dtype=float)
    missing = [column for column in (counter, *columns) if column not in table]
    if missing:
        raise DataError(f"{path}: expected a column {missing[0]}, found none")
    if not len(table):
        raise DataError(f"{path}: expected rows, found none")
    if not content.endswith(b"\n"):
        raise DataError(f"{path}: expected whole lines, found the last one cut short")
    if not isinstance(table.index, pd.RangeIndex):
        raise DataError(f"{path}: expected a name for each column, found rows that are longer")
    numbers = pd.RangeIndex(1, len(table) + 1, name=counter)
    for number, found in zip(numbers, table[counter], strict=True):
        if number != found:
            raise DataError(f"{path}: expected {counter} {number}, found {found:.8g} in its place")
    check_numbers(path, table)
    return table.drop(columns=counter).set_index(numbers)


def check_numbers(path: Path, table: pd.DataFrame) -> None:
    """Refuse a table with a cell that is no finite number, or an accuracy that is no fraction."""
    for column, values in table.items():
        low, high = (0.0, 1.0) if str(column).endswith("_accuracy") else (-LARGEST, LARGEST)
        wrong = values[~values.between(low, high)]
        if len(wrong):
            raise DataError(
                f"{path}: expected numbers from {low:.3g} to {high:.3g}, "
                f"found {column} = {wrong.iloc[0]:.8g} in row {wrong.index[0] + 1}"
            )


@contextmanager
def damage(expected: str) -> Iterator[None]:
    """Turn whatever goes wrong with a file into a DataError of one line."""
    try:
        yield
    except OSError as error:
        raise DataError(f"{expected}, found: {error.strerror}") from error
    except BROKEN as error:
        reason = " ".join(str(error).split())[:REASON]
        raise DataError(f"{expected}, found it damaged: {reason}") from error
