"""Rows of a table, as lines of a CSV file."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Any

Row = dict[str, Any]


def csv_text(rows: Sequence[Row], *, header: bool) -> str:
    """Return rows as CSV, each number in the fewest digits that give it back."""
    text = StringIO(newline="")
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
