"""The style of the figures, and how they are written."""

from itertools import islice
from pathlib import Path
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure
from PIL import Image

from lenet.figures import COLOURS, MARKERS, STYLE, looks, save, style


def drawn(folder: Path) -> list[Path]:
    with style():
        figure = Figure()
        figure.subplots().plot([1, 2, 3], "o-", label="line")
        figure.legend()
        return save(figure, folder / "below" / "figure.v1")


def test_a_figure_is_written_as_png_and_svg(tmp_path: Path) -> None:
    paths = drawn(tmp_path)
    assert [path.name for path in paths] == ["figure.v1.png", "figure.v1.svg"]
    with Image.open(paths[0]) as image:
        assert image.format == "PNG"
        image.verify()
    assert ElementTree.parse(paths[1]).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_the_same_figure_is_the_same_svg(tmp_path: Path) -> None:
    once, again = drawn(tmp_path / "once")[1], drawn(tmp_path / "again")[1]
    assert once.read_bytes() == again.read_bytes()


def test_the_style_ends_with_its_block() -> None:
    before = dict(matplotlib.rcParams)
    with style():
        assert all(matplotlib.rcParams[key] == value for key, value in STYLE.items())
    assert dict(matplotlib.rcParams) == before


def test_looks_repeat_only_after_all_pairs() -> None:
    pairs = len(COLOURS) * len(MARKERS)
    assert len(set(islice(looks(), pairs))) == pairs
