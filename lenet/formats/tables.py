"""Tables of numbers, read from CSV files with care."""

import re
from codecs import BOM_UTF8
from collections.abc import Collection
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lenet.errors import DataError
from lenet.formats.files import damage, plain

LARGEST_FLOAT32 = float(
    np.finfo(np.float32).max
)  # of the figures that a network in float32 can have


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


def read_numbers(path: Path) -> NDArray[np.int64]:
    """Return the whole numbers of a table (lines, columns), below a line of names or without one.

    Raises:
        DataError: there is anything else.

    """
    with damage(f"{path}: expected a table of whole numbers"):
        with open(path, "rb", opener=plain) as file:
            content = file.read()
        first, _, _ = content.removeprefix(BOM_UTF8).partition(b"\n")
        has_names = not re.fullmatch(rb'[\d\s,.+"-]+', first)
        table = pd.read_csv(BytesIO(content), header=0 if has_names else None, dtype=np.int64)
    if not len(table):
        raise DataError(f"{path}: expected rows, found none")
    return table.to_numpy()


def check_numbers(path: Path, table: pd.DataFrame) -> None:
    """Refuse a table with a cell that is no finite number, or an accuracy that is no fraction."""
    for column, values in table.items():
        low, high = (
            (0.0, 1.0) if str(column).endswith("_accuracy") else (-LARGEST_FLOAT32, LARGEST_FLOAT32)
        )
        wrong = values[~values.between(low, high)]
        if len(wrong):
            raise DataError(
                f"{path}: expected numbers from {low:.3g} to {high:.3g}, "
                f"found {column} = {wrong.iloc[0]:.8g} in row {wrong.index[0] + 1}"
            )
