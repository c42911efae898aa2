"""The weights that come with the code, to read pictures with: those of ``experiment=reader``."""

from pathlib import Path

from lenet.formats.layout import WEIGHTS

PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = (PACKAGE / "reader", PACKAGE.parent / "results" / "reader")  # of a wheel, of the sources
READER = next((path for path in FOLDERS if path.is_dir()), FOLDERS[0]) / WEIGHTS
