"""Errors that are the user's to mend: they are shown as one clear message, without a traceback."""

from lenet.text import printable


class LenetError(Exception):
    """Something outside the program is wrong; the message says what, where, and what would do.

    Each argument is a line of it, whatever text of others is in there: see ``printable``.
    """

    def __str__(self) -> str:
        return "\n".join(map(printable, self.args))


class DataError(LenetError):
    """A data file is missing or is not what it should be."""


class ConfigError(LenetError):
    """A configuration has a key or a value that cannot be used."""


class FiguresError(LenetError):
    """Nothing can be drawn, as matplotlib cannot be imported."""
