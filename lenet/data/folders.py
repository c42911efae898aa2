"""Folders of the user's: as they are typed, and what lies in them."""

from pathlib import Path

from lenet.errors import DataError


def typed_folder(setting: str, text: str) -> Path:
    """Return the folder that a setting names, in which ~ is the user's home.

    DataError if there is none, or none that can be looked into.
    """
    try:
        folder = Path(text).expanduser()
        next(folder.iterdir(), None)
    except (RuntimeError, ValueError) as error:  # no such home; a null byte
        raise DataError(f"{setting}={text}: expected a folder, found: {error}") from error
    except OSError as error:
        raise DataError(
            f"{setting}={text}: expected a folder at {folder.absolute()}, found: {error.strerror}"
        ) from error
    return folder


def names_in(folder: Path) -> list[str]:
    """Return what lies in a folder, in order; nothing where there is no such folder."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(f"{folder}: expected a folder, found: {error.strerror}") from error
