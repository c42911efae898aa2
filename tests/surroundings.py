"""Digits as they are found: in cells, on ruled paper, below shadows, beside others; and none.

A recipe takes a digit of MNIST's form, (28, 28), white on black, and a source of chance, and
returns a picture (H, W) of uint8.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy import ndimage

Grey = NDArray[np.uint8]
Recipe = Callable[[Grey, np.random.Generator], Grey]

SIDE = 168  # pixels: six for each of MNIST's
BLACK, WHITE = 0, 255


def on_paper(digit: Grey, margin: int = 0, side: int = SIDE) -> Grey:
    """A digit, black on white, enlarged, with a margin around it."""
    enlarged = Image.fromarray(255 - digit).resize((side, side), Image.Resampling.BICUBIC)
    return np.pad(np.asarray(enlarged), margin, constant_values=WHITE)


def lines(shape: tuple[int, ...], marks: list[tuple[float, ...]], width: int, grey: int) -> Grey:
    """White paper with straight lines (x, y, x, y) of one width and grey."""
    paper = Image.new("L", shape[::-1], WHITE)
    for mark in marks:
        ImageDraw.Draw(paper).line(mark, grey, width)
    return np.asarray(paper)


def box(page: Grey, inset: int, width: int, grey: int = BLACK) -> Grey:
    """A page with a closed box drawn on it."""
    paper = Image.fromarray(page)
    right, bottom = page.shape[1] - 1 - inset, page.shape[0] - 1 - inset
    ImageDraw.Draw(paper).rectangle((inset, inset, right, bottom), outline=grey, width=width)
    return np.minimum(page, np.asarray(paper))


# What is drawn or printed around a digit


def boxed(digit: Grey, rng: np.random.Generator) -> Grey:
    page = on_paper(digit, margin=int(rng.integers(30, 50)))
    return box(page, 26, int(rng.integers(2, 6)))


def closely_boxed(digit: Grey, rng: np.random.Generator) -> Grey:
    """A box that the largest digits touch."""
    return box(on_paper(digit, 8), 26, int(rng.integers(2, 6)))


def crossing_its_box(digit: Grey, rng: np.random.Generator) -> Grey:
    """A box that is too small: the digit reaches out of it, below or on the right."""
    page = on_paper(digit, 40)
    ends = np.full(2, page.shape[0] - 30)  # of the box: its last column and row
    rows, columns = ndimage.find_objects(page < 128, 1)[0]
    side = int(rng.integers(2))
    ends[side] = (columns, rows)[side].stop - int(rng.integers(4, 16))
    paper = Image.fromarray(page)
    width = int(rng.integers(2, 5))
    ImageDraw.Draw(paper).rectangle((30, 30, *map(int, ends)), outline=BLACK, width=width)
    return np.minimum(page, np.asarray(paper))


def in_a_cell(digit: Grey, rng: np.random.Generator) -> Grey:
    return box(on_paper(digit), 0, int(rng.integers(2, 6)))


def in_a_cell_with_paper_around(digit: Grey, rng: np.random.Generator) -> Grey:
    return np.pad(in_a_cell(digit, rng), 8, constant_values=WHITE)


def between_two_lines(digit: Grey, rng: np.random.Generator) -> Grey:
    """The lines of a cell that is open on two sides."""
    page = on_paper(digit, 8)
    far, width = page.shape[0] - 8, int(rng.integers(2, 6))
    ends = [(0, at, far + 8, at) for at in (8, far)]
    drawn = np.minimum(page, lines(page.shape, ends, width, BLACK))
    return (
        drawn if rng.random() < 0.5 else np.minimum(page, lines(page.shape, ends, width, BLACK).T)
    )


def above_a_line(digit: Grey, rng: np.random.Generator) -> Grey:
    page = on_paper(digit, 8)
    at, width = page.shape[0] - 8, int(rng.integers(2, 6))
    return np.minimum(page, lines(page.shape, [(0, at, page.shape[1], at)], width, BLACK))


def below_a_line(digit: Grey, rng: np.random.Generator) -> Grey:
    """As the second number of a fraction is."""
    page = on_paper(digit, 20)
    far, (left, right) = page.shape[1], rng.uniform(0, 0.15, 2)
    mark = (far * left, 20 + rng.integers(-6, 2), far * (1 - right), 20 + rng.integers(-6, 2))
    return np.minimum(page, lines(page.shape, [mark], int(rng.integers(3, 9)), BLACK))


def across_a_base_line(digit: Grey, rng: np.random.Generator) -> Grey:
    page = on_paper(digit)
    at, width = SIDE - 20, int(rng.integers(2, 5))
    return np.minimum(page, lines(page.shape, [(0, at, SIDE, at)], width, BLACK))


def underlined(digit: Grey, rng: np.random.Generator) -> Grey:
    page = on_paper(digit, 20)
    side = page.shape[0]
    left, right = rng.uniform(0, 0.15, 2)
    at = side - 20 + rng.integers(-8, 4)
    mark = (side * left, at + rng.integers(-4, 5), side * (1 - right), at)
    return np.minimum(page, lines(page.shape, [mark], int(rng.integers(3, 9)), BLACK))


def circled(digit: Grey, rng: np.random.Generator) -> Grey:
    """As a pen does it: not quite round."""
    page = on_paper(digit, 40)
    paper = Image.fromarray(page)
    low, high = rng.integers(2, 14, 2), page.shape[0] - rng.integers(2, 14, 2)
    width = int(rng.integers(3, 9))
    ImageDraw.Draw(paper).ellipse((*low, *high), outline=BLACK, width=width)
    return np.minimum(page, np.asarray(paper))


def in_an_open_circle(digit: Grey, rng: np.random.Generator) -> Grey:
    """A circle whose ends do not meet."""
    page = on_paper(digit, 40)
    paper, far = Image.fromarray(page), page.shape[0] - 8
    start, gap = rng.uniform(0, 360), rng.uniform(10, 50)
    width = int(rng.integers(3, 9))
    ImageDraw.Draw(paper).arc((8, 8, far, far), start + gap, start + 360, BLACK, width)
    return np.minimum(page, np.asarray(paper))


def in_a_diamond(digit: Grey, rng: np.random.Generator) -> Grey:
    page = on_paper(digit, 80)
    paper, far = Image.fromarray(page), page.shape[0] - 8
    corners = [(far // 2, 8), (far, far // 2), (far // 2, far), (8, far // 2)]
    pen, width = ImageDraw.Draw(paper), int(rng.integers(3, 9))
    pen.line([*corners, corners[0]], BLACK, width)
    return np.minimum(page, np.asarray(paper))


def disc(page: Grey, inset: int = 0) -> NDArray[np.bool_]:
    """Where a disc in the middle of a page is."""
    y, x = np.indices(page.shape) - (page.shape[0] - 1) / 2
    return np.hypot(y, x) < page.shape[0] / 2 - inset


def on_a_disc(digit: Grey, rng: np.random.Generator) -> Grey:
    """A white disc on a dark ground, as on a sign."""
    page = on_paper(digit, 40)
    return np.where(disc(page, 4), page, rng.integers(0, 90)).astype(np.uint8)


def on_a_dark_disc(digit: Grey, rng: np.random.Generator) -> Grey:
    """White on a disc that fills its picture, as an icon."""
    page = 255 - on_paper(digit, 40)
    return np.where(disc(page), np.maximum(page, rng.integers(0, 120)), WHITE).astype(np.uint8)


def ruled(grey: int, squared: bool = False) -> Recipe:
    """Paper with printed lines of a grey, across, or across and down."""

    def recipe(digit: Grey, rng: np.random.Generator) -> Grey:
        page = on_paper(digit, int(rng.integers(0, 40)))
        step, width = int(rng.integers(24, 48)), int(rng.integers(1, 4))
        side = page.shape[0]
        places = range(int(rng.integers(step)), side, step)
        across = lines(page.shape, [(0, at, side, at) for at in places], width, grey)
        printed = np.minimum(across, across.T) if squared else across
        return np.minimum(page, printed)

    return recipe


def in_an_open_box(digit: Grey, rng: np.random.Generator) -> Grey:
    """A box whose lines do not meet, as a hurried pen draws it."""
    page = on_paper(digit, 30)
    side = page.shape[0]
    at = np.array([18, 18, side - 18, side - 18]) + rng.uniform(-6, 6, (4, 4))
    (top, left, bottom, right), gap = at, rng.uniform(4, 14)
    marks = [
        (top[0] + gap, top[1], top[2] - gap, top[1] + 3),
        (left[0], left[1] + gap, left[0] + 3, left[3] - gap),
        (bottom[0] + gap, bottom[3], bottom[2], bottom[3]),
        (right[2], right[1] + gap, right[2], right[3] - gap),
    ]
    return np.minimum(page, lines(page.shape, marks, int(rng.integers(3, 7)), BLACK))


# Where it lies, and in which light


def below_a_shadow(digit: Grey, rng: np.random.Generator) -> Grey:
    """Half of the light is missing on one side of a hard, slanting edge."""
    page = on_paper(digit, int(rng.integers(0, 40))).astype(float)
    y, x = np.mgrid[-0.5 : 0.5 : page.shape[0] * 1j, -0.5 : 0.5 : page.shape[1] * 1j]
    angle, where = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.25)
    shaded = x * np.cos(angle) + y * np.sin(angle) > where
    lit = page * np.where(shaded, rng.uniform(0.4, 0.75), 1)
    return noisy(np.clip(lit * 0.9 + 10, 0, 255).astype(np.uint8), rng)


def noisy(page: Grey, rng: np.random.Generator, sigma: float = 3) -> Grey:
    return np.clip(page + rng.normal(0, sigma, page.shape), 0, 255).astype(np.uint8)


def placed(page: Grey, ground: Grey, rng: np.random.Generator) -> Grey:
    """A page that lies somewhere on a larger ground, turned a little, blurred as by a lens."""
    H, W = page.shape
    top, left = (
        int(rng.integers(8, far - near - 8))
        for far, near in zip(ground.shape, page.shape, strict=True)
    )
    turn, there = rng.uniform(-8, 8), Image.fromarray(ground)
    cover = Image.new("L", (W, H), 255).rotate(turn, expand=True)
    turned = Image.fromarray(page).rotate(turn, Image.Resampling.BICUBIC, expand=True)
    there.paste(turned, (left, top), cover)
    return noisy(np.asarray(there.filter(ImageFilter.GaussianBlur(0.8))), rng)


def note_on_a_desk(digit: Grey, rng: np.random.Generator) -> Grey:
    """A small light note on a grained, darker desk."""
    page = on_paper(digit, 12, int(rng.integers(90, 140)))
    grain = ndimage.gaussian_filter(rng.normal(0, 1, (320, 400)), (1, 12))
    desk = rng.integers(70, 150) + 8 * grain / grain.std()
    lit = np.minimum(page, rng.integers(215, 250))
    return placed(lit.astype(np.uint8), np.clip(desk, 0, 255).astype(np.uint8), rng)


def paper_on_a_dark_table(digit: Grey, rng: np.random.Generator) -> Grey:
    page = on_paper(digit, int(rng.integers(0, 30)))
    return np.pad(page, int(rng.integers(10, 60)), constant_values=rng.integers(0, 60))


def light_on_a_dark_square(digit: Grey, rng: np.random.Generator) -> Grey:
    """A white digit on a black square on a white page."""
    square = 255 - on_paper(digit, int(rng.integers(0, 20)))
    return np.pad(square, int(rng.integers(10, 60)), constant_values=WHITE)


SURROUNDED: dict[str, Recipe] = {
    "boxed": boxed,
    "closely boxed": closely_boxed,
    "in an open box": in_an_open_box,
    "crossing its box": crossing_its_box,
    "in a cell": in_a_cell,
    "in a cell with paper around": in_a_cell_with_paper_around,
    "between two lines": between_two_lines,
    "above a line": above_a_line,
    "below a line": below_a_line,
    "across a base line": across_a_base_line,
    "underlined": underlined,
    "circled": circled,
    "in an open circle": in_an_open_circle,
    "in a diamond": in_a_diamond,
    "on a disc": on_a_disc,
    "on a dark disc": on_a_dark_disc,
    "ruled, light": ruled(170),
    "ruled, dark": ruled(90),
    "squared, light": ruled(190, squared=True),
    "squared, dark": ruled(140, squared=True),
    "below a shadow": below_a_shadow,
    "a note on a desk": note_on_a_desk,
    "paper on a dark table": paper_on_a_dark_table,
    "light on a dark square": light_on_a_dark_square,
}


# Digits that fill their picture, specks, and contrast


def filling(side: int) -> Recipe:
    """Two shades, cut off at the ink, ``side`` pixels high."""

    def recipe(digit: Grey, rng: np.random.Generator) -> Grey:
        thick = ndimage.grey_dilation(
            np.kron(digit, np.ones((6, 6), np.uint8)), 2 * rng.integers(1, 6) + 1
        )
        rows, columns = ndimage.find_objects(thick > 127, 1)[0]
        cut = thick[rows, columns]
        width = max(3, round(side * cut.shape[1] / cut.shape[0]))
        fitted = Image.fromarray(cut).resize((width, side), Image.Resampling.BOX)
        return np.where(np.asarray(fitted) > 127, 255, 0).astype(np.uint8)

    return recipe


def ring(side: int = 16, radius: int = 4, stroke: int = 2) -> Grey:
    """A rounded rectangle, white on black, as large as its picture: a 0."""
    paper = Image.new("L", (side, side))
    ImageDraw.Draw(paper).rounded_rectangle(
        (0, 0, side - 1, side - 1), radius, outline=255, width=stroke
    )
    return np.asarray(paper)


def broken_five() -> Grey:
    """A 5 that fills its picture; its bar does not touch what is below it."""
    paper = Image.new("L", (28, 28))
    pen = ImageDraw.Draw(paper)
    pen.rectangle((6, 0, 27, 3), fill=255)
    pen.rectangle((2, 8, 5, 14), fill=255)
    pen.arc((-8, 11, 27, 27), 235, 120, fill=255, width=4)
    return np.asarray(paper)


def with_a_speck(digit: Grey, rng: np.random.Generator) -> Grey:
    """A sharp black dot in a corner, beside a digit with soft edges."""
    page = on_paper(digit).copy()
    width = int(rng.choice([2, 4, 6, 10]))
    top, left = (int(rng.choice([4, SIDE - 4 - width])) for _ in range(2))
    page[top : top + width, left : left + width] = BLACK
    return page


def hardly_any_contrast(digit: Grey, rng: np.random.Generator) -> Grey:
    """Two shades that are next to each other, dark or light, either way round."""
    page = on_paper(digit) > 127 if rng.random() < 0.5 else digit > 127
    low = int(rng.choice([0, 100, 254]))
    return (low + (page != (rng.random() < 0.5))).astype(np.uint8)


FILLING = {f"filling {side}": filling(side) for side in (16, 28, 32)}
SPOILT = {"with a speck": with_a_speck, "hardly any contrast": hardly_any_contrast}


# Several digits, and none


def row(digits: list[Grey], rng: np.random.Generator, gap: int = 14) -> Grey:
    """Digits beside each other, apart by a gap at least, each a little higher or lower."""
    page = []
    for digit in digits:
        columns = np.flatnonzero(digit.max(axis=0) > 60)
        place = 255 - digit[:, columns[0] : columns[-1] + 1]
        large = Image.fromarray(place).resize((place.shape[1] * 5, 140), Image.Resampling.BICUBIC)
        page.append(np.roll(np.asarray(large), int(rng.integers(-6, 7)), axis=0))
        page.append(np.full((140, gap + int(rng.integers(20))), WHITE, np.uint8))
    return np.pad(np.hstack(page), 20, constant_values=WHITE)


def form(digits: list[Grey], rng: np.random.Generator) -> Grey:
    """Digits in the cells of a form, one after the other."""
    cells = [in_a_cell(digit, rng) for digit in digits]
    return np.pad(np.hstack(cells), 20, constant_values=WHITE)


def comb(digits: list[Grey], rng: np.random.Generator) -> Grey:
    """Digits on a line, with short strokes up from it on either side of each."""
    cells = []
    for digit in digits:
        page, width = on_paper(digit), int(rng.integers(2, 5))
        far, foot = page.shape[1] - 1, page.shape[0] - 3
        ends = [(0, foot, far, foot), (0, foot, 0, foot - 16), (far, foot, far, foot - 16)]
        cells.append(np.minimum(page, lines(page.shape, ends, width, BLACK)))
    return np.pad(np.hstack(cells), 20, constant_values=WHITE)


# No digit


def blank() -> Grey:
    return np.full((SIDE, SIDE), 240, np.uint8)


def gradient() -> Grey:
    return np.tile(np.linspace(20, 240, SIDE).astype(np.uint8), (SIDE, 1))


def noise() -> Grey:
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)


def dot() -> Grey:
    paper = Image.new("L", (SIDE, SIDE), WHITE)
    ImageDraw.Draw(paper).ellipse((70, 70, 96, 96), fill=BLACK)
    return np.asarray(paper)


def ruled_line() -> Grey:
    return lines((SIDE, SIDE), [(0, 90, SIDE, 90)], 3, BLACK)


def square() -> Grey:
    return box(np.full((SIDE, SIDE), WHITE, np.uint8), 40, 6)


NONE = {
    "blank": blank,
    "gradient": gradient,
    "noise": noise,
    "dot": dot,
    "ruled line": ruled_line,
    "square": square,
}


def letter(character: str, side: int = SIDE) -> Grey:
    """A printed letter."""
    paper = Image.new("L", (side, side), WHITE)
    font = ImageFont.load_default(side * 0.7)
    ImageDraw.Draw(paper).text((side / 2, side / 2), character, BLACK, font, anchor="mm")
    return np.asarray(paper)
