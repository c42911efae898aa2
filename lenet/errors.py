"""Errors that are the user's to mend: they are shown as one clear message, without a traceback."""

from collections.abc import Collection
from difflib import get_close_matches


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


def suggestion(wrong: str, valid: Collection[str]) -> str:
    """Return the end of a message about a wrong name: the nearest valid one, or all of them.

    A key that lies deeper, such as ``optimizer.lr``, is found by its last part.
    """
    by_last_part = {name.rpartition(".")[2]: name for name in valid}
    nearest = get_close_matches(str(wrong), by_last_part, n=1)
    if nearest:
        return f"; did you mean '{by_last_part[nearest[0]]}'?"
    here = sorted(name for name in valid if "." not in name)
    return f"; there are {', '.join(here)}" if here else "; there are none here"


def printable(text: object) -> str:
    r"""Return a text as one line that does nothing but be read.

    What is not printable is shown by its escape, such as ``\x1b`` and ``\n``: line ends, what a
    terminal obeys, what turns the direction of writing or has no width, bytes that are no text.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(text)
    )
