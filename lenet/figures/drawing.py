"""The door to matplotlib: everything that draws takes what it needs from here.

Matplotlib reads a user's settings while it is imported, and that fails on a backend it does not
know and on a file that is no text. Here it is imported without them; what a user draws in the same
process has them all the same. Where it cannot be imported at all, whoever calls something of it
gets a ``FiguresError``, and all else works.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lenet.errors import FiguresError
from lenet.formats.text import shortened

__all__ = [
    "Axes",
    "AxesImage",
    "Figure",
    "FuncFormatter",
    "Line2D",
    "LogLocator",
    "MaxNLocator",
    "NullLocator",
    "Text",
    "colormaps",
    "rcParams",
    "rcParamsDefault",
    "rc_context",
]
BACKEND, SETTINGS = "MPLBACKEND", "MATPLOTLIBRC"
FILE = "matplotlibrc"
REASON = 120  # characters


@contextmanager
def undisturbed() -> Iterator[None]:
    """Have matplotlib imported with its own settings, unless it is already; the user's follow."""
    spec = find_spec("matplotlib")
    if "matplotlib" in sys.modules or spec is None or spec.origin is None:
        yield
        return
    own = Path(spec.origin).parent / "mpl-data"
    users = {name: os.environ.pop(name, None) for name in (BACKEND, SETTINGS)}
    os.environ[SETTINGS] = str(own)
    try:
        with chdir(own) if Path(FILE).exists() and own.is_dir() else nullcontext():
            yield
    finally:
        del os.environ[SETTINGS]
        os.environ.update({name: value for name, value in users.items() if value is not None})
    restore_settings()


def restore_settings() -> None:
    """Set what the user has set, as far as matplotlib can read it, without a word on the rest."""
    import matplotlib

    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    with suppress(Exception):
        matplotlib.rcParams.update(matplotlib.rc_params_from_file(matplotlib.matplotlib_fname()))
    with suppress(KeyError, ValueError):
        matplotlib.rcParams["backend"] = os.environ[BACKEND]
    log.setLevel(level)


class Missing:
    """Stands for whatever would come from a matplotlib that cannot be imported."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raise FiguresError."""
        reason = shortened(f"{type(self.error).__name__}: {self.error}", REASON)
        raise FiguresError(
            f"no figures: matplotlib cannot be imported ({reason}); "
            "pip install --force-reinstall matplotlib"
        ) from self.error


try:
    with undisturbed():
        from matplotlib import colormaps, rc_context, rcParams, rcParamsDefault
        from matplotlib.axes import Axes
        from matplotlib.figure import Figure
        from matplotlib.image import AxesImage
        from matplotlib.lines import Line2D
        from matplotlib.text import Text
        from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
except Exception as error:  # a broken installation may raise anything
    globals().update(dict.fromkeys(__all__, Missing(error)))
