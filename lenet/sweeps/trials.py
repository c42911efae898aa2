"""Settings that a CSV file lists: a line for each, with a column for each key that they set."""

import csv
from collections import Counter
from collections.abc import Collection, Sequence
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from hydra.core.config_loader import ConfigLoader
from hydra.errors import HydraException

from lenet.config.complaints import explain
from lenet.config.overrides import parse
from lenet.config.schema import SWEEP_KEYS
from lenet.config.syntax import KEY
from lenet.errors import ConfigError
from lenet.formats.files import damage, plain
from lenet.formats.text import plural

Row = tuple[int, list[str]]  # its line in the file, its cells


class Trial(NamedTuple):
    """What is said of a setting beside what is typed, and where it stands."""

    overrides: tuple[str, ...] = ()
    place: str = ""  # such as "trials.csv, line 3: "


class Trials(NamedTuple):
    """The settings of a file, and the keys of its columns; without a file there is one setting."""

    settings: Sequence[Trial] = (Trial(),)
    keys: Sequence[str] = ()


def read_trials(path: Path, typed: Collection[str], loader: ConfigLoader) -> Trials:
    """Return the settings of a file; an empty cell says nothing of its key.

    Raises:
        DataError: it cannot be read.
        ConfigError: it lists none, or has a column that is no key of a run, or that is ``typed`` as
            well, or a cell that is no value.

    """
    rows = read_rows(path)
    if len(rows) < 2:
        found = plural(len(rows), "line")
        raise ConfigError(f"{path}: expected keys, and a line for each setting, found {found}")
    (_, columns), *settings = rows
    keys = [key_of(path, number, column) for number, column in enumerate(columns, start=1)]
    for key, times in Counter(keys).items():
        if times > 1:
            raise ConfigError(f"{path}: {times} columns are called {key}")
        if key in typed:
            raise ConfigError(f"{key}: is a column of {path}, and typed as well")
    return Trials([trial(path, columns, *row, loader) for row in settings], keys)


def read_rows(path: Path) -> list[Row]:
    """Return the lines of a CSV file that are not blank; DataError if it is none."""
    with damage(f"{path}: expected a table of settings"):
        with open(path, "rb", opener=plain) as file:
            text = file.read().decode("utf-8-sig")
        reader = csv.reader(StringIO(text, newline=""), strict=True)
        try:
            return [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
        except csv.Error as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error


def key_of(path: Path, number: int, column: str) -> str:
    """Return the key that a column is about; ConfigError if it is none that runs differ by."""
    if not KEY.fullmatch(column):
        raise ConfigError(
            f"{path}: column {number}: expected a key such as optimizer.lr, found {column!r}"
        )
    key = column.lstrip("+~")
    if key in SWEEP_KEYS or key.startswith(("hydra.", "hydra/")):
        raise ConfigError(f"{path}: {key}: has one value, for the sweep as a whole; type it")
    return key


def trial(
    path: Path, columns: Sequence[str], line: int, cells: Sequence[str], loader: ConfigLoader
) -> Trial:
    """Return the setting that a line describes."""
    place = f"{path}, line {line}: "
    if len(cells) != len(columns):
        cell = plural(len(columns), "cell")
        raise ConfigError(f"{place}expected {cell}, as there are keys, found {len(cells)}")
    said = [f"{column}={cell}" for column, cell in zip(columns, cells, strict=True) if cell]
    try:
        overrides = parse(said, loader)
    except HydraException as error:
        raise ConfigError(f"{place}{explain(error)}") from error
    for override in overrides:
        if override.is_sweep_override():
            raise ConfigError(f"{place}{override.input_line}: one value is expected in a cell")
    return Trial(tuple(said), place)
