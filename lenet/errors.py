"""Errors that are the user's to mend: they are shown as one clear message, without a traceback."""


class LenetError(Exception):
    """Something outside the program is wrong; the message says what, where, and what would do."""


class DataError(LenetError):
    """A data file is missing or is not what it should be."""


class ConfigError(LenetError):
    """A configuration has a key or a value that cannot be used."""
