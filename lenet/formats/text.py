"""Text of others, such as names of files, made fit to be shown."""

import logging
from contextlib import suppress
from copy import copy
from pathlib import PurePath

from lenet.errors import printable

CAPTION = 28  # characters
FORMULA = tuple("=+-@＝＋－＠")  # how what a spreadsheet calculates begins


def printable_lines(text: str) -> str:
    """Return a text of several lines, each of them as ``printable`` has it."""
    return "\n".join(map(printable, text.split("\n")))


def shortened(text: str, length: int) -> str:
    """Return a text of at most so many characters; an ellipsis shows where it is cut."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def caption(name: str, length: int = CAPTION) -> str:
    """Return a name as far as there is room for it in a figure."""
    return shortened(printable(name), length)


def inert(text: str) -> str:
    """Return a text as a cell of a CSV file, printable, that no spreadsheet takes for a formula."""
    text = printable(text)
    if not text.startswith(FORMULA):
        return text
    with suppress(ValueError):
        float(text)
        return text
    return f"'{text}"


class LineFormatter(logging.Formatter):
    """Formats a record so that nothing in it passes for a line of the log's own."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text; an argument that is text or a path stays in its line."""
        shown = copy(record)
        if isinstance(record.args, tuple):
            shown.args = tuple(
                printable(argument) if isinstance(argument, str | PurePath) else argument
                for argument in record.args
            )
        return printable_lines(super().format(shown))


def plural(count: int, what: str) -> str:
    """Return a number of things."""
    return f"{count} {what}" if count == 1 else f"{count:,} {what}s"
