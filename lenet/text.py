"""Text of others, such as file names and what a run folder says, made fit to be shown."""

from contextlib import suppress

FORMULA = tuple("=+-@＝＋－＠")  # how what a spreadsheet calculates begins


def printable(text: object) -> str:
    r"""Return a text as one line that does nothing but be read.

    What is not printable is shown by its escape, such as ``\x1b`` and ``\n``: line ends, what a
    terminal obeys, what turns the direction of writing or has no width, bytes that are no text.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(text)
    )


def inert(text: str) -> str:
    """Return a text as a cell of a CSV file, printable, that no spreadsheet takes for a formula."""
    text = printable(text)
    if not text.startswith(FORMULA):
        return text
    with suppress(ValueError):
        float(text)
        return text
    return f"'{text}"
