"""The style of the figures, and how they are written."""

from itertools import combinations, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from lenet.figures.style import (
    COLOURS,
    MARKERS,
    MOST_PIXELS,
    STYLE,
    logarithmic,
    looks,
    save,
    style,
)


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


# Colours

SIGHTS = {  # linear RGB as it is seen, Machado, Oliveira and Fernandes 2009
    "all three cones": np.eye(3),
    "no red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = [  # with white at 1
    [0.433953, 0.376219, 0.189828],
    [0.212673, 0.715152, 0.072175],
    [0.017758, 0.109477, 0.872765],
]


def lab(colour: str, sight: str) -> np.ndarray:
    """A colour in CIELAB, where colours that look alike are close to each other."""
    rgb = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(SIGHTS[sight] @ linear, 0, 1)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("sight", SIGHTS)
def test_everybody_can_tell_ten_classes_apart(sight: str) -> None:
    seen = [lab(colour, sight) for colour in COLOURS]
    assert len(seen) == 10
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 15


def test_no_colour_is_too_light_for_a_projector() -> None:
    assert max(lab(colour, "all three cones")[0] for colour in COLOURS) < 75


# Texts


@pytest.mark.slow
@settings(max_examples=10)
@given(st.text(st.characters()))
@example("bad\udcff.png")
@example(r"$\frac{x$ $x^2$ \$")
@example("漢字 🎉 שלום مرحبا हिन्दी")
@example("\x1b[31m\x00\r\n\u202e\u200b-->")
def test_whatever_a_text_holds_it_is_drawn(text: str) -> None:
    with style(), TemporaryDirectory() as folder:
        figure = Figure(figsize=(3, 2))
        figure.subplots().set(title=text, xlabel=text)
        _, svg = save(figure, Path(folder) / "figure")
        ElementTree.parse(svg)


def test_a_name_with_dollars_is_no_formula(tmp_path: Path) -> None:
    with style():
        figure = Figure()
        title = figure.suptitle("$a_1$ and $b$")
        save(figure, tmp_path / "figure")
        assert not title.get_parse_math()
    assert "<!-- $a_1$ and $b$ -->" in (tmp_path / "figure.svg").read_text()


def test_no_figure_is_too_large_to_be_drawn(tmp_path: Path) -> None:
    with style():
        png, _ = save(Figure(figsize=(1, 700)), tmp_path / "figure")
    with Image.open(png) as image:
        assert image.size[1] == MOST_PIXELS


# Axes


@pytest.mark.parametrize(
    ("low", "high", "named"),
    [
        (0.03, 0.6, {"0.05", "0.1", "0.2", "0.5"}),
        (0.0007, 0.007, {"0.001", "0.002", "0.005"}),
        (0.11, 0.19, {"0.12", "0.15", "0.18"}),
        (1e-8, 10, {"0.0001", "0.01", "1"}),
    ],
)
def test_a_logarithmic_axis_has_plain_numbers(low: float, high: float, named: set[str]) -> None:
    with style():
        figure = Figure()
        axes = figure.subplots()
        axes.plot([low, high])
        logarithmic(axes, "y")
        figure.draw_without_rendering()
        ticks = [*axes.yaxis.get_ticklabels(), *axes.yaxis.get_ticklabels(minor=True)]
    texts = [tick.get_text() for tick in ticks if low <= tick.get_position()[1] <= high]
    assert named <= set(texts)
    assert len(texts) <= 12
    assert all(float(text) > 0 for text in texts)
