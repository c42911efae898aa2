"""Charts as SVG: small, to be read in a browser and on paper; a title appears on hover."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, isfinite, log10
from typing import NamedTuple

from lenet.sweeps.report.tables import by_size

COLOURS = 8  # --c0 to --c7 of report.css
FAR = 20  # numbers whose largest is so many times the smallest lie on a logarithmic axis
EPOCH = "epoch"  # of which there are only whole ones
MARGIN = 44  # pixels around a chart, for what stands at its axes


class Series(NamedTuple):
    """A line of means with a band around it, and the single lines behind it by name."""

    name: str
    x: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    single: dict[str, Sequence[float]]


class Dot(NamedTuple):
    """A point of a chart; ``group`` chooses its colour, and ``name`` appears on hover."""

    x: float
    y: float
    name: str
    group: int = 0


@dataclass(frozen=True)
class Axis:
    """Numbers on a line of pixels, from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def at(self, value: float) -> float:
        """Return the place of a number, in pixels."""
        low, high, value = (
            (log10(x) for x in (self.low, self.high, value))
            if self.logarithmic
            else (self.low, self.high, value)
        )
        share = 0.5 if high == low else (value - low) / (high - low)
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round numbers along the axis."""
        if self.logarithmic:
            exponents = range(ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9) + 1)
            return [10.0**exponent for exponent in exponents] or [self.low, self.high]
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        step = 10 ** floor(log10(span / 4))
        step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 6)
        first = ceil(self.low / step - 1e-9)
        return [k * step for k in range(first, floor(self.high / step + 1e-9) + 1)]


def axis(values: Iterable[float], start: float, end: float, *, swept: bool = False) -> Axis:
    """Return an axis on which there is room for all values; that of a swept key may be log."""
    known = [value for value in values if isfinite(value)]
    low, high = min(known), max(known)
    if swept and low > 0 and high / low >= FAR:
        return Axis(low, high, start, end, logarithmic=True)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return Axis(low - margin, high + margin, start, end)


def colour(number: int) -> str:
    """Return the colour of a group, as report.css has it."""
    return f"var(--c{number % COLOURS})"


def frame(content: str, x: Axis, y: Axis, width: int, height: int, x_name: str, y_name: str) -> str:
    """Return an SVG with axes around its content."""
    parts = []
    for tick in y.ticks:
        at = y.at(tick)
        parts.append(
            f'<line class="axis" x1="{MARGIN}" x2="{width - 8}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
        parts.append(said(MARGIN - 6, at + 4, f"{tick:g}", "end"))
    for tick in x.ticks:
        if tick == round(tick) or x_name != EPOCH:
            parts.append(said(x.at(tick), height - 26, f"{tick:g}", "middle"))
    parts += [said(width - 8, height - 8, x_name, "end"), said(4, 14, y_name)]
    label = escape(f"{y_name} by {x_name}")
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{label}">{"".join(parts)}{content}</svg>'
    )


def said(x: float, y: float, text: str, anchor: str = "start") -> str:
    """Return a text at a place in pixels, which is its start, its middle or its end."""
    return (
        f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def curves(series: Sequence[Series], y_name: str, width: int = 760, height: int = 320) -> str:
    """Return lines of means by epoch, each with a band, and every seed behind it."""
    xs = [value for one in series for value in one.x]
    ys = [
        value
        for one in series
        for values in (one.low, one.high, one.mean, *one.single.values())
        for value in values
    ]
    x, y = axis(xs, MARGIN, width - 12), axis(ys, height - MARGIN, 24)
    parts = []
    for number, one in enumerate(series):
        paint = colour(number)
        there = path(x, y, one.x, one.high)
        back = path(x, y, one.x[::-1], one.low[::-1]).replace("M", "L", 1)
        parts.append(f'<path class="band" fill="{paint}" d="{there}{back}Z"/>')
        for name, values in one.single.items():
            line = path(x, y, one.x[: len(values)], values)
            title = escape(f"{one.name} {name}".strip())
            parts.append(
                f'<path class="seed" stroke="{paint}" d="{line}"><title>{title}</title></path>'
            )
        title = escape(one.name)
        parts.append(
            f'<path class="mean" stroke="{paint}" d="{path(x, y, one.x, one.mean)}">'
            f"<title>{title}</title></path>"
        )
    return frame("".join(parts), x, y, width, height, EPOCH, y_name)


def path(x: Axis, y: Axis, xs: Sequence[float], ys: Sequence[float]) -> str:
    """Return the points of a line as SVG draws them; what is not finite is left out."""
    points = [f"{x.at(a):.1f} {y.at(b):.1f}" for a, b in zip(xs, ys, strict=True) if isfinite(b)]
    return f"M{'L'.join(points)}" if points else "M0 0"


def scatter(
    dots: Sequence[Dot], x_name: str, y_name: str, width: int = 380, height: int = 260
) -> str:
    """Return points by two numbers."""
    x = axis([dot.x for dot in dots], MARGIN + 8, width - 16, swept=True)
    y = axis([dot.y for dot in dots], height - MARGIN, 24)
    parts = [point(x.at(dot.x), y.at(dot.y), dot) for dot in dots]
    return frame("".join(parts), x, y, width, height, x_name, y_name)


def point(x: float, y: float, dot: Dot, radius: float = 4) -> str:
    """Return a dot at a place in pixels."""
    return (
        f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour(dot.group)}">'
        f"<title>{escape(dot.name)}</title></circle>"
    )


def strip(dots: Sequence[Dot], low: float, high: float, across: Axis) -> str:
    """Return a line of dots, and the interval of their mean, on an axis that all lines share."""
    y, parts = 10, []
    if isfinite(low) and isfinite(high):
        parts.append(
            f'<line x1="{across.at(low):.1f}" x2="{across.at(high):.1f}" y1="{y}" y2="{y}" '
            f'stroke="{colour(0)}" stroke-width="7" opacity=".25"/>'
        )
    parts += [point(across.at(dot.x), y, dot, 3.5) for dot in dots]
    width = across.end + 6
    return (
        f'<svg viewBox="0 0 {width:.0f} 20" width="{width:.0f}" height="20">{"".join(parts)}</svg>'
    )


def parallel(
    names: Sequence[str], lines: Sequence[tuple[Sequence[str], float, str]], width: int = 760
) -> str:
    """Return a line through the values of several keys for each setting, and to its accuracy.

    Args:
        width: in pixels.
        names: of the keys, and of what the last axis has.
        lines: values of the keys, as they are typed; the accuracy; what appears on hover.

    """
    height = 300
    left, right, top, bottom = 70, width - 70, 44, height - 20
    gaps = max(len(names) - 1, 1)
    places = [left + (right - left) * k / gaps for k in range(len(names))]
    last = axis([accuracy for _, accuracy, _ in lines], bottom, top)
    heights: list[dict[str, float]] = []
    parts = []
    for k, name in enumerate(names[:-1]):
        values = sorted({line[k] for line, _, _ in lines}, key=by_size)
        steps = max(len(values) - 1, 1)
        heights.append(
            {text: bottom - (bottom - top) * place / steps for place, text in enumerate(values)}
        )
        parts.append(post(places[k], top, bottom, name))
        parts += [said(places[k] + 6, at - 5, text) for text, at in heights[k].items()]
    parts.append(post(places[-1], top, bottom, names[-1]))
    parts += [said(places[-1] + 5, last.at(tick) + 4, f"{tick:g}") for tick in last.ticks]
    order = sorted(range(len(lines)), key=lambda k: lines[k][1])
    for rank, k in enumerate(order):
        line, accuracy, title = lines[k]
        ys = [*(heights[j][text] for j, text in enumerate(line)), last.at(accuracy)]
        points = " ".join(f"{a:.0f},{b:.0f}" for a, b in zip(places, ys, strict=True))
        opacity = 0.25 + 0.75 * ((rank + 1) / len(lines)) ** 3
        parts.append(
            f'<polyline class="seed" stroke="{colour(0)}" style="opacity:{opacity:.2f}" '
            f'points="{points}"><title>{escape(title)}</title></polyline>'
        )
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="accuracy by {escape(", ".join(names[:-1]))}">{"".join(parts)}</svg>'
    )


def post(x: float, top: float, bottom: float, name: str) -> str:
    """Return an upright axis with its name."""
    return (
        f'<line class="axis" x1="{x:.0f}" x2="{x:.0f}" y1="{top}" y2="{bottom}"/>'
        f'<text x="{x:.0f}" y="{top - 24}" text-anchor="middle">{escape(name)}</text>'
    )
