"""Digits drawn by a random pen along hand-designed stroke skeletons."""

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
from annotated_types import Ge, Gt
from numpy.typing import NDArray

from lenet.datasets.base import Data, Dataset, Split
from lenet.streams import stream

PositiveInt = Annotated[int, Gt(0)]
NonNegativeInt = Annotated[int, Ge(0)]
Floats = NDArray[np.float64]

# One way to write a digit per line: the digit, how common the way is, and its strokes on a grid of
# 20 x 20, x to the right and y down. A stroke is a smooth curve through its points; "!" marks a
# point as a corner, and "/" lifts the pen.
SKELETONS = """
0 4  11,0 4,3 1,10 4,17 10,20 16,17 19,10 16,3 10,0 7,1
0 4  11,0 7,3 5,10 6,17 10,20 14,16 15,10 14,3 10,0 8,1
0 2  14,3 9,0 3,5 2,13 7,20 14,18 18,11 16,4 11,1 9,5
0 2  13,1 7,1 2,7 2,15 8,20 15,17 18,10 16,4 12,2
0 1  8,0 4,6 4,14 9,20 15,16 17,9 15,3 9,1 6,3
0 1  12,4 8,1 3,7 3,15 9,20 16,16 18,8 14,1 8,3 8,7
0 1  15,0 6,4 2,12 6,20 14,18 18,10 14,3 6,3

1 8  10,0 10,10 10,20
1 2  9,0 11,10 9,20
1 2  11,0 9,10 11,20
1 2  7,4 10,0! 10,20
1 2  4,5 10,0! 10,20! / 4,20 10,20 16,20
1 1  11,0 10,12 11,19 14,20
1 1  7,1 10,0 10,10 10,20
1 1  10,0 10,20! 7,18
1 1  10,0 9,20! / 6,20 16,19

2 3  3,5 6,1 11,0 15,4 12,11 2,20! 10,19 18,20
2 3  3,4 9,0 15,3 14,10 7,18 2,19 3,15 8,15 13,19 19,18
2 2  2,2 14,1 15,3 10,11 3,19! 10,19 19,18
2 2  4,7 3,3 9,0 14,4 12,11 3,20! 8,18 14,20 19,18
2 3  2,3 9,0 14,4 12,12 7,18 2,19 1,15 5,12 11,15 16,20
2 2  3,4 9,0 15,3 14,10 7,18 4,19 4,17 9,17 13,19 19,19
2 2  2,4 8,0 15,3 15,11 9,19 3,20 2,16 7,13 13,16 17,20
2 1  4,3 9,0 14,4 12,12 6,19 2,17 6,14 11,16 14,20
2 2  4,5 7,2 11,4 10,9 3,15! 10,14 20,14
2 1  3,4 8,0 13,5 9,12 4,15 2,14 5,11 11,13 20,13
2 1  5,3 9,0 12,4 10,12 6,20! 10,18 14,19
2 1  3,3 13,0 16,3! 3,19! 12,18 18,20

3 4  3,2 9,0 14,3 12,8 7,9! 13,11 15,15 11,19 3,19
3 2  4,4 8,0 13,2 12,8 8,9 14,11 15,17 8,20 3,17
3 2  3,1 14,1! 7,8! 14,11 14,17 8,20 2,18
3 2  2,3 9,0 14,3 7,9 8,10 15,13 13,19 7,20 3,19
3 1  4,3 9,0 13,3 9,8 7,10 9,10 13,14 10,19 3,20
3 1  4,3 9,0 14,3 9,8 6,9 6,10 14,12 14,18 7,20 3,17 5,15 10,18
3 2  4,3 9,0 13,3 11,7 6,9! 12,11 14,15 13,20
3 1  2,5 8,1 15,3 7,8! 16,10 15,16 4,16
3 1  5,5 6,1 12,0 14,4 8,9! 15,12 14,19 6,20 3,15
3 1  5,3 10,0 13,4 10,8 8,9! 12,12 11,17 6,20

4 4  5,0 2,11! 16,10 / 13,0 11,20
4 3  4,0 3,9 6,11 13,9! / 14,0 13,10 12,20
4 2  12,0 1,13! 18,12 / 13,1 12,20
4 2  4,1 4,9 9,11 15,7! / 15,1 13,20
4 2  11,0 6,7 2,13! 10,13 18,12 / 12,5 11,20
4 1  5,0 3,10! 15,9 / 14,5 12,20
4 2  10,1 4,7 3,12! 13,11 / 11,0 13,8 13,20
4 1  3,2 3,14! 16,14 / 15,1 15,20
4 1  3,3 5,9 9,10 15,5! / 16,2 8,20
4 1  4,3 3,10 12,9! / 14,1 13,9 14,20
4 1  12,0 5,9 6,12 16,8 / 16,1 12,20
4 1  13,0 4,11! 19,11 / 10,6 9,20

5 3  16,0 5,1! 4,8! 11,7 15,12 12,18 3,20
5 3  5,1 4,9! 11,8 15,13 11,19 3,19 / 5,1 17,0
5 2  15,0 8,2 6,7 10,10 14,14 10,19 4,19
5 2  18,0 8,2! 5,9! 10,9 13,13 9,19 2,19
5 1  14,1 6,2 6,8 13,12 12,18 6,20 2,17
5 2  20,2 9,5! 6,11! 12,11 12,16 7,19 1,17
5 1  6,1 5,9! 10,8 15,13 11,19 4,20 2,15 / 7,1 16,0
5 1  15,0 6,3! 5,9! 11,8 13,13 12,20
5 2  4,2 4,10! 10,9 15,13 11,19 4,18 / 7,2 17,0
5 1  16,2 4,1! 3,8! 10,6 17,10 15,17 8,20 1,18
5 1  14,1 8,3 8,8 11,13 10,19 6,20 5,17

6 4  13,0 6,6 3,14 7,20 13,18 14,13 9,11 4,15
6 3  11,0 6,8 5,16 9,20 14,16 12,12 7,13 5,17
6 2  7,0 4,9 4,17 10,20 15,16 12,11 5,14
6 2  15,1 9,1 4,8 4,16 9,20 15,17 14,12 8,11 4,15
6 1  14,0 6,7 2,14 4,19 10,20 17,16 14,12 7,15 6,19
6 2  9,0 3,9 3,17 9,20 17,17 16,12 10,13 8,19
6 2  6,0 3,12 4,19 11,19 16,14 12,9 7,14 7,20
6 1  4,1 2,11 5,19 13,19 17,12 13,8 9,13 10,17
6 1  12,0 6,10 4,19! 12,19 15,14 11,12 5,16
6 1  10,0 7,10 6,18 9,20 11,17 9,14 6,17

7 4  2,2 9,1 16,1! 11,10 8,20
7 3  2,5 3,2 9,1 16,1! 10,11 7,20
7 2  2,2 9,1 16,1! 11,10 8,20 / 4,11 10,10 16,10
7 2  3,3 9,0 14,2 13,8 9,14 7,20
7 2  3,2 13,1! 12,10 13,20
7 1  3,7 4,1! 15,1! 13,10 12,20
7 2  2,7 7,2 14,2 15,7 10,13 8,20
7 1  3,5 3,1! 14,1! 10,10 8,20 / 5,12 16,10
7 1  4,3 10,0 13,4 10,13 9,20 / 5,12 10,11 17,11
7 1  1,5 10,2 18,5 14,9 6,15
7 1  2,4 8,2 15,1! 5,19

8 4  14,3 9,0 5,3 8,8 13,13 11,19 6,19 4,15 8,10 14,5 15,2
8 3  10,0 5,3 8,8 14,14 10,20 4,17 6,12 13,5 10,0
8 2  10,9 5,6 6,1 12,0 14,5 10,9! 15,14 12,20 6,20 4,14 10,9
8 2  18,1 8,1 5,5 12,11 13,17 7,20 4,16 10,9 17,3
8 2  12,2 6,1 4,5 9,9 13,14 11,19 7,19 7,15 10,11 16,4 18,0
8 2  10,0 3,4 7,9 11,14 11,19 8,20 6,17 9,12 16,6 15,1 9,0
8 1  6,20 7,14 14,6 13,1 7,0 5,5 9,11 14,19
8 1  13,10 7,8 5,3 11,0 15,4 11,9 4,13 4,18 10,20 16,18 15,12 9,9
8 1  15,4 12,0 6,1 6,6 12,9 14,14 10,18 5,18 5,13 10,9 14,7
8 1  17,0 12,2 6,3 5,7 11,12 12,17 7,20 5,17 9,11 13,6 11,3

9 4  14,3 9,0 4,5 6,10 11,9 14,3! 14,11 12,20
9 3  14,3 10,0 5,4 5,9 10,10 14,4 14,2! 11,12 7,20
9 2  14,3 9,0 4,4 6,9 13,6 14,3! 14,13 11,19 4,19
9 2  13,1 8,2 5,7 8,10 13,6 14,1! 13,20
9 1  10,9 5,7 6,1 12,1 13,6 8,10 14,12 12,20
9 2  15,1 8,1 4,6 6,9 12,7 / 14,1 12,20
9 1  15,2 9,0 4,5 8,9 14,6 15,2! 14,14 10,20 5,18 7,15
9 1  14,2 8,0 2,6 4,12 11,11 15,4! 14,12 15,20
9 1  13,1 7,1 6,5 11,8 14,4! 13,12 8,20
9 1  15,0 7,1 4,5 8,8 13,8 13,13 9,20
"""

IMAGE_SIZE = 28  # pixels
BOX_SIZE = 20.0  # pixels: the larger side of the ink
SAMPLES = 64  # segments of straight line that make up all strokes of one digit

JITTER = 0.8  # of a control point, on the skeletons' grid
SLANT_MEAN, SLANT = 0.2, 0.25  # horizontal per vertical
TURN = 0.12  # radians
STRETCH = 0.2  # log of width over height
WAVES = 3  # plane waves in the wobble of a curve
WAVE_HEIGHT = 0.6  # on the skeletons' grid
WAVE_NUMBER = 0.3  # radians per unit of the skeletons' grid
PEN_RADIUS, PEN_SPREAD = 1.35, 0.3  # pixels, log
CARE = 0.0
PRESSURE = 0.35  # log of the ink
EDGE = 1.1  # pixels from no ink to full ink
SOFTNESS = 0.7  # pixels: where curves nearer than this meet, the ink runs together
CHUNK = 500  # images drawn at a time


@dataclass(frozen=True)
class Skeletons:
    """The table: V ways of writing digits, with up to P control points each."""

    digits: NDArray[np.uint8]  # (V,)
    weights: Floats  # (V,)
    points: Floats  # (V, P, 2), zero after the last
    spline: Floats  # (V, SAMPLES + 1, P), takes control points to points of the curve
    pen_down: NDArray[np.bool_]  # (V, SAMPLES), whether a segment is drawn


def catmull_rom(count: int, index: int, t: float) -> Floats:
    weights = np.zeros(count)
    taps = (
        np.array(
            [-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]
        )
        / 2
    )
    for tap, k in zip(taps, range(index - 1, index + 3), strict=True):
        if k < 0:
            weights[0] += 2 * tap
            weights[1] -= tap
        elif k >= count:
            weights[-1] += 2 * tap
            weights[-2] -= tap
        else:
            weights[k] += tap
    return weights


def parse(line: str):
    digit, weight, *tokens = line.split()
    pts, pieces, cur = [], [], []
    lifts = []
    for tok in tokens:
        if tok == "/":
            if len(cur) > 1:
                pieces.append(cur)
            lifts.append(len(pieces))
            cur = []
            continue
        pts.append([float(c) for c in tok.rstrip("!").split(",")])
        cur.append(len(pts) - 1)
        if tok.endswith("!") and len(cur) > 1:
            pieces.append(cur)
            cur = [len(pts) - 1]
    if len(cur) > 1:
        pieces.append(cur)
    return int(digit), float(weight), np.array(pts), pieces, lifts


def dense(points, piece, n):
    rows = np.zeros((n + 1, len(points)))
    for j, u in enumerate(np.linspace(0, len(piece) - 1, n + 1)):
        i = min(int(u), len(piece) - 2)
        rows[j, piece] = catmull_rom(len(piece), i, u - i)
    return rows


@cache
def skeletons() -> Skeletons:
    parsed = [parse(line) for line in SKELETONS.splitlines() if line.strip()]
    V = len(parsed)
    P = max(len(p[2]) for p in parsed)
    points = np.zeros((V, P, 2))
    spline = np.zeros((V, SAMPLES + 1, P))
    pen = np.ones((V, SAMPLES), bool)
    for v, (_, _, pts, pieces, lifts) in enumerate(parsed):
        points[v, : len(pts)] = pts
        fine = [dense(pts, p, 200) for p in pieces]
        steps = [np.linalg.norm(np.diff(f @ pts, axis=0), axis=1) for f in fine]
        total = sum(s.sum() for s in steps)
        # allocate
        spare = SAMPLES - len(lifts)
        ends = np.round(np.cumsum([s.sum() for s in steps]) / total * spare).astype(int)
        counts = np.diff(np.concatenate([[0], ends]))
        row = 0
        for k, (f, s, n) in enumerate(zip(fine, steps, counts, strict=True)):
            if k in lifts:
                pen[v, row] = False
                row += 1
            arc = np.concatenate([[0], np.cumsum(s)])
            at = np.interp(np.linspace(0, arc[-1], n + 1), arc, np.arange(201))
            lo = np.minimum(at.astype(int), 199)
            fr = (at - lo)[:, None]
            spline[v, row : row + n + 1, : len(pts)] = f[lo] * (1 - fr) + f[lo + 1] * fr
            row += n
        assert row == SAMPLES, (row, v)
    return Skeletons(
        np.array([p[0] for p in parsed], np.uint8),
        np.array([p[1] for p in parsed]),
        points,
        spline,
        pen,
    )


def choose(labels, rng):
    table = skeletons()
    u = rng.random(len(labels))
    out = np.zeros(len(labels), np.intp)
    for d in range(10):
        (ways,) = np.nonzero(table.digits == d)
        cum = np.cumsum(table.weights[ways])
        sel = labels == d
        out[sel] = ways[
            np.searchsorted(cum / cum[-1], u[sel], side="right").clip(max=len(ways) - 1)
        ]
    return out


def draw(labels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    table = skeletons()
    n = len(labels)
    ways = choose(labels, rng)
    jitter = (
        rng.normal(0, 1, (n, table.points.shape[1], 2))
        * JITTER
        * np.exp(CARE * rng.normal(0, 1, (n, 1, 1)))
    )
    slant = rng.normal(SLANT_MEAN, SLANT, n)
    turn = rng.normal(0, TURN, n)
    stretch = np.exp(rng.normal(0, STRETCH, n))
    waves = rng.normal(0, 1, (n, WAVES, 5))
    radius = PEN_RADIUS * np.exp(rng.normal(0, PEN_SPREAD, n))
    press = rng.normal(0, PRESSURE, (n, 4))
    out = np.empty((n, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
    for a in range(0, n, CHUNK):
        s = slice(a, a + CHUNK)
        w = ways[s]
        curve = table.spline[w] @ (table.points[w] + jitter[s] - 10)
        # wobble
        phase = (
            WAVE_NUMBER * (curve @ waves[s, :, 0:2].transpose(0, 2, 1))
            + np.pi * waves[s, None, :, 2]
        )
        curve = curve + WAVE_HEIGHT * (np.sin(phase) @ waves[s, :, 3:5])
        c, si = np.cos(turn[s]), np.sin(turn[s])
        st = stretch[s]
        lin = np.empty((len(w), 2, 2))
        # x' = st*(x - slant*y); rotate
        m = np.stack(
            [np.stack([st, 0 * st], 1), np.stack([-slant[s], 1 + 0 * st], 1)], 1
        )  # rows: input coordinate
        r = np.stack([np.stack([c, si], 1), np.stack([-si, c], 1)], 1)
        curve = curve @ m @ r
        out[s] = render(curve, table.pen_down[w], radius[s], press[s])
    return out


def render(curve, pen_down, radius, press):
    low, high = curve.min(1), curve.max(1)
    scale = (BOX_SIZE - 2 * radius) / (high - low).max(1)
    curve = (curve - low[:, None]) * scale[:, None, None] + radius[:, None, None]
    mid = (curve[:, 1:] + curve[:, :-1]) / 2
    length = np.linalg.norm(np.diff(curve, axis=1), axis=2) * pen_down
    com = (mid * length[:, :, None]).sum(1) / length.sum(1)[:, None]
    mid = mid + np.round(IMAGE_SIZE / 2 + 0.5 - com)[:, None]
    t = np.linspace(0, 1, SAMPLES)
    pr = press @ np.stack([np.cos(np.pi * k * t) for k in range(1, 5)])
    centres = np.arange(IMAGE_SIZE) + 0.5
    g = np.exp(-((mid[:, :, :, None] - centres) ** 2) / (2 * SOFTNESS**2))
    ink = g[:, :, 1].transpose(0, 2, 1) @ (g[:, :, 0] * (length * np.exp(pr))[:, :, None])
    ink /= SOFTNESS * np.sqrt(2 * np.pi)
    d = np.sqrt(np.maximum(-2 * SOFTNESS**2 * np.log(np.maximum(ink, 1e-30)), 0))
    grey = np.clip(0.5 + (radius[:, None, None] - d) / EDGE, 0, 1)
    return np.rint(grey * 255).astype(np.uint8)


@dataclass(frozen=True)
class Strokes(Dataset):
    """Drawn digits in as many images as asked for; the run's seed does not change them."""

    train_size: PositiveInt
    test_size: PositiveInt
    validation: NonNegativeInt
    seed: NonNegativeInt

    def load(self, seed: int) -> Data:
        """Return the drawn digits; ``seed`` (the run's) is not used, so that runs share the data."""
        splits = {
            name: self._split(name, size)
            for name, size in (
                ("train", self.train_size),
                ("test", self.test_size),
                ("validation", self.validation),
            )
            if size
        }
        return Data(
            train=splits["train"],
            test=splits["test"],
            validation=splits.get("validation"),
            class_names=tuple("0123456789"),
            checksums={f"strokes-{name}": checksum(split) for name, split in splits.items()},
        )

    def _split(self, name: str, size: int) -> Split:
        rng = stream(self.seed, "strokes", name)
        labels = rng.integers(0, 10, size, dtype=np.uint8)
        return Split(draw(labels, rng), labels)


def checksum(split: Split) -> str:
    """Return the SHA-256 of the images and their labels, in hexadecimal."""
    return hashlib.sha256(split.images.tobytes() + split.labels.tobytes()).hexdigest()
