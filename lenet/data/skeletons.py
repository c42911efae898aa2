"""The skeletons of the drawn digits."""

from functools import cache
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.data.hands import WORLD
from lenet.data.others import others
from lenet.nn.losses import NONE

Hands = Literal["mnist", "world"]
Floats = NDArray[np.float64]
Line = tuple[int, int, str]  # of a table: label, weight, strokes
Run = list[int]  # the control points that one smooth curve goes through, by their index
# One way to write a digit per line: the digit, how often it is written so (relative to its other
# ways), and its strokes, as points x,y on a grid of 20 by 20, x to the right and y down. A smooth
# curve goes through the points of a stroke; "!" makes a point a corner, and "/" lifts the pen.
SKELETONS = """\
0 4  11,0 4,3 1,10 4,17 10,20 16,17 19,10 16,3 10,0 7,1
0 4  11,0 7,3 5,10 6,17 10,20 14,16 15,10 14,3 10,0 8,1
0 2  14,3 9,0 3,5 2,13 7,20 14,18 18,11 16,4 11,1 9,5
0 2  13,1 7,1 2,7 2,15 8,20 15,17 18,10 16,4 12,2
0 1  8,0 4,6 4,14 9,20 15,16 17,9 15,3 9,1 6,3
0 1  12,4 8,1 3,7 3,15 9,20 16,16 18,8 14,1 8,3 8,7
0 1  15,0 6,4 2,12 6,20 14,18 18,10 14,3 6,3
0 1  16,4 12,1 5,3 2,10 5,18 11,20 17,15 17,8 13,4 8,4
0 1  13,3 7,1 2,8 3,16 9,20 16,15 16,7 11,3 7,5
0 1  5,0 2,8 4,17 10,20 16,16 18,8 16,0
0 1  4,3 11,1 17,6 16,14 9,19 2,19 2,13 6,1
0 1  11,0 4,3 1,10 4,17 10,20 16,17 19,10 16,3 10,0 / 15,3 5,17

1 9  10,0 10,20
1 1  9,0 11,10 9,20
1 1  11,0 9,10 11,20
1 2  6,5 10,0! 10,20
1 2  4,5 10,0! 10,20 / 4,20 16,20
1 1  10,0 9,20 / 4,20 15,19
1 1  11,0 10,14 12,20
1 1  8,1 10,0! 10,20
1 1  9,0 9,20! 11,20! 11,0

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
2 1  3,3 13,0 16,3! 3,19! 12,18 18,20
2 2  2,3 9,0 16,4 14,11 8,18 3,19 1,15 5,11 12,14 17,20
2 1  2,3 8,0 14,4 14,10 10,17 5,19 3,16 6,13 12,14 20,16
2 1  5,0 9,2 9,8 5,15 2,16 2,13 8,12 20,12
2 1  4,4 7,0 10,4 8,12 4,20! 12,19 19,18
2 1  7,1 11,0 12,6 10,14 6,19 3,17 5,14 10,13 16,14
2 2  3,4 8,1 14,3 13,10 6,17! 10,17 16,20
2 1  2,4 9,0 15,3 11,10 3,17! 9,15 15,19
2 2  3,6 7,1 13,1 14,6 8,13 1,19! 10,18 20,19
2 2  1,4 8,1 16,2 14,9 3,18! 12,19 20,16

3 4  3,2 9,0 14,3 12,8 7,9! 13,11 15,15 11,19 3,19
3 2  4,4 8,0 13,2 12,8 8,9 14,11 15,17 8,20 3,17
3 1  3,1 14,1! 7,8! 14,11 14,17 8,20 2,18
3 2  2,3 9,0 14,3 7,9 8,10 15,13 13,19 7,20 3,19
3 1  4,3 9,0 13,3 9,8 7,10 9,10 13,14 10,19 3,20
3 2  4,3 9,0 13,3 11,7 6,9! 12,11 14,15 13,20
3 1  2,5 8,1 15,3 7,8! 16,10 15,16 4,16
3 1  5,5 6,1 12,0 14,4 8,9! 15,12 14,19 6,20 3,15
3 1  5,3 10,0 13,4 10,8 8,9! 12,12 11,17 6,20
3 2  3,3 8,0 14,3 12,8 6,10! 13,10 16,15 11,20 2,18
3 2  2,4 8,0 14,2 13,7 7,9! 15,10 16,16 9,20 1,17

4 4  5,0 2,11! 16,10 / 13,0 11,20
4 3  4,0 3,9 6,11 13,9! / 14,0 13,10 12,20
4 2  12,0 1,13! 18,12 / 13,1 12,20
4 2  4,1 4,9 9,11 15,7! / 15,1 13,20
4 2  11,0 6,7 2,13! 10,13 18,12 / 12,5 11,20
4 1  5,0 3,10! 15,9 / 14,5 12,20
4 1  9,1 4,7 2,13! 16,12 / 10,0 13,8 13,20
4 1  3,2 3,14! 16,14 / 15,1 15,20
4 1  3,3 5,9 9,10 15,5! / 16,2 8,20
4 1  4,3 3,10 12,9! / 14,1 13,9 14,20
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
5 1  14,1 8,3 8,8 11,13 10,19 6,20 5,17
5 2  16,1 7,1! 5,8! 9,8 12,12 11,20
5 1  18,3 6,6! 4,11! 10,10 15,13 12,18 4,20
5 1  16,0 6,2! 5,9! 12,8 15,14 10,20 4,17 7,14
5 1  5,4 5,10! 11,9 14,14 10,20 3,18 / 8,1 18,0
5 1  17,1 5,1! 4,8! 13,6 18,10 15,17 8,20 2,19
5 1  17,1 5,2! 4,9! 12,7 17,12 13,19 2,18
5 1  15,2 8,1! 7,7! 12,11 9,16 3,17
5 1  18,2 4,4! 3,9! 12,7 16,12 10,19 2,20
5 1  18,4 6,3! 2,12! 10,9 16,12 12,18 3,20

6 4  13,0 6,6 3,14 7,20 13,18 14,13 9,11 4,15
6 3  11,0 6,8 5,16 9,20 14,16 12,12 7,13 5,17
6 2  7,0 4,9 4,17 10,20 15,16 12,11 5,14
6 2  15,1 9,1 4,8 4,16 9,20 15,17 14,12 8,11 4,15
6 1  14,0 6,7 2,14 4,19 10,20 17,16 14,12 7,15 6,19
6 2  9,0 3,9 3,17 9,20 17,17 16,12 10,13 8,19
6 2  6,0 3,12 4,19 11,19 16,14 12,9 7,14 7,20
6 1  4,1 2,11 5,19 13,19 17,12 13,8 9,13 10,17
6 1  12,0 6,10 4,19! 12,19 15,14 11,12 5,16

7 4  2,2 9,1 16,1! 11,10 8,20
7 3  2,5 3,2 9,1 16,1! 10,11 7,20
7 2  3,3 9,0 14,2 13,8 9,14 7,20
7 2  3,2 13,1! 12,10 13,20
7 1  3,7 4,1! 15,1! 13,10 12,20
7 2  2,7 7,2 14,2 15,7 10,13 8,20
7 2  1,5 10,2 18,5 14,9 6,15
7 1  2,4 8,2 15,1! 5,19
7 2  2,2 9,2 15,1! 9,20 / 4,11 16,10
7 1  3,5 3,1! 15,1! 9,20 / 3,12 18,11
7 2  4,4 9,0 14,2 12,9 8,20 / 4,11 17,10
7 1  2,8 3,2! 8,1 13,2 13,10 11,20
7 1  0,5 8,2 18,2! 14,9 11,14
7 1  6,0 13,5 14,10 12,16 7,20
7 1  2,1 4,4! 16,1! 10,20
7 2  2,10 4,2! 15,2! 12,20
7 1  3,4 4,1! 15,0! 8,20 / 6,12 14,12
7 1  3,2 15,1! 6,20! 14,19 / 5,11 15,10
7 1  3,8 6,2 12,0 16,4 14,12 10,19
7 1  1,4 3,2 12,3 10,10 9,20 / 3,11 19,10
7 1  2,1 3,3! 13,2! 8,20 / 5,10 17,9

8 4  14,3 9,0 5,3 8,8 13,13 11,19 6,19 4,15 8,10 14,5 15,2
8 3  10,0 5,3 8,8 14,14 10,20 4,17 6,12 13,5 10,0
8 2  10,9 5,6 6,1 12,0 14,5 10,9! 15,14 12,20 6,20 4,14 10,9
8 2  18,1 8,1 5,5 12,11 13,17 7,20 4,16 10,9 17,3
8 2  12,2 6,1 4,5 9,9 13,14 11,19 7,19 7,15 10,11 16,4 18,0
8 2  10,0 3,4 7,9 11,14 11,19 8,20 6,17 9,12 16,6 15,1 9,0
8 1  13,10 7,8 5,3 11,0 15,4 11,9 4,13 4,18 10,20 16,18 15,12 9,9
8 1  15,4 12,0 6,1 6,6 12,9 14,14 10,18 5,18 5,13 10,9 14,7
8 1  17,0 12,2 6,3 5,7 11,12 12,17 7,20 5,17 9,11 13,6 11,3
8 1  11,0 5,9 5,11 12,11 16,14 13,20 9,17 10,10 11,0
8 2  13,0 7,2 6,8 10,13 10,18 7,20 5,17 8,12 14,6 13,0
8 2  10,8 6,6 6,2 10,0 14,2 14,6 10,8 / 10,8 4,12 4,18 10,20 16,18 16,12 10,8
8 1  16,2 10,0 5,4 8,9 13,14 11,20 6,18 8,12 13,7 16,2
8 1  6,3 11,0 15,4 10,9 5,14 9,20 14,17 11,11 6,6 6,3
8 1  15,3 9,1 5,5 10,9 5,14 9,20 15,16 10,10 15,5
8 2  10,8 3,5 6,0 14,0 17,5 10,8 2,12 4,19 16,19 18,12 10,8
8 2  13,3 9,0 4,3 6,8 11,12 11,18 8,20 6,17 9,11 14,5 12,1
8 1  16,3 10,0 4,3 5,7 11,9 12,14 8,20 6,16 10,10 16,4

9 4  14,3 9,0 4,5 6,10 11,9 14,3! 14,11 12,20
9 3  14,3 10,0 5,4 5,9 10,10 14,4 14,2! 11,12 7,20
9 2  14,3 9,0 4,4 6,9 13,6 14,3! 14,13 11,19 4,19
9 2  13,1 8,2 5,7 8,10 13,6 14,1! 13,20
9 2  15,1 8,1 4,6 6,9 12,7 / 14,1 12,20
9 1  15,2 9,0 4,5 8,9 14,6 15,2! 14,14 10,20 5,18 7,15
9 1  14,2 8,0 2,6 4,12 11,11 15,4! 14,12 15,20
9 2  14,3 8,0 2,5 3,12 9,14 14,8 14,2! 14,12 15,20
9 1  13,3 6,1 1,7 4,11 12,6 14,3! 15,10 19,18
9 2  14,2 8,1 4,5 7,9 13,7! / 14,3 12,20
9 1  14,2 9,0 4,4 8,8 14,4! 15,12 12,19 6,19 3,16
9 1  17,1 10,0 3,5 5,9 11,7 16,1! 10,12 5,20
9 2  14,1 8,1 4,6 8,9 14,6! 11,20
9 2  13,2 8,2 4,8 7,11 13,6 15,1! 12,12 9,20
9 2  12,1 6,4 6,9 11,8 14,1! 12,10 11,20
"""
TABLES: dict[Hands, str] = {"mnist": SKELETONS, "world": SKELETONS + WORLD}
GRID = 20  # units of the skeletons' grid, on either side
SEGMENTS = 64  # straight pieces that the curve of a digit is made of
# The weights of four neighbouring points in the Catmull-Rom spline between the middle two, as
# polynomials in the time from 0 to 1: a row for each power, a column for each point.
CATMULL_ROM = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2


class Ways(NamedTuple):
    """All V ways to write, in the order of a table, with up to P control points each."""

    tickets: NDArray[np.intp]  # (T,), each way as often as its weight says, to draw lots from
    labels: NDArray[np.intp]  # (T,), the digit of each ticket, or NONE, ascending
    points: Floats  # (V, P, 2), around 0, in units of the grid
    splines: Floats  # (V, 2 * SEGMENTS, P), from points to the starts and ends of the segments


@cache
def ways_of(hands: Hands) -> Ways:
    """Return the ways to write digits that some hands have, made ready for drawing."""
    return _made_ready(_table(hands))


@cache
def ways_of_others() -> Ways:
    """Return the ways to write what is no digit, made ready for drawing."""
    skeletons = [(digit, strokes) for digit, _, strokes in _table("world")]
    return _made_ready([(NONE, weight, strokes) for weight, strokes in others(skeletons)])


def _table(hands: Hands) -> list[Line]:
    """Return the lines of the tables of some hands, by digit."""
    lines = [line.split(maxsplit=2) for line in TABLES[hands].splitlines() if line]
    return sorted(
        ((int(digit), int(weight), strokes) for digit, weight, strokes in lines),
        key=lambda line: line[0],
    )


def _made_ready(table: list[Line]) -> Ways:
    """Return the ways of a table."""
    parsed = [_parse(strokes) for _, _, strokes in table]
    most = max(len(points) for points, _ in parsed)
    padded = np.zeros((len(table), most, 2))
    splines = np.zeros((len(table), 2 * SEGMENTS, most))
    for way, (points, runs) in enumerate(parsed):
        padded[way, : len(points)] = points
        splines[way, :, : len(points)] = _spline(points, runs)
    tickets = np.repeat(np.arange(len(table)), [weight for _, weight, _ in table])
    labels = np.array([label for label, _, _ in table])
    return Ways(tickets, labels[tickets], padded, splines)


def _parse(strokes: str) -> tuple[Floats, list[Run]]:
    """Return the control points (P, 2) of some strokes, around 0, and the runs through them."""
    points: list[list[float]] = []
    runs: list[Run] = []
    for stroke in strokes.split("/"):
        run: Run = []
        for word in stroke.split():
            run.append(len(points))
            points.append([float(number) for number in word.rstrip("!").split(",")])
            if word.endswith("!"):
                runs.append(run)
                run = run[-1:]
        runs.append(run)
    return np.array(points) - GRID / 2, runs


def _spline(points: Floats, runs: list[Run]) -> Floats:
    """Return the matrix (2 * SEGMENTS, P) from control points to starts and ends of segments.

    The spans between neighbouring points get their shares of the segments by their lengths.
    """
    spans = [(run, place) for run in runs for place in range(len(run) - 1)]
    lengths = [np.linalg.norm(points[run[at + 1]] - points[run[at]]) for run, at in spans]
    stops = np.rint(SEGMENTS * np.cumsum(lengths) / np.sum(lengths)).astype(int)
    starts, ends = np.zeros((2, SEGMENTS, len(points)))
    for (run, at), stop, count in zip(spans, stops, np.diff(stops, prepend=0), strict=True):
        weights = _span(len(run), at, np.linspace(0, 1, count + 1))
        starts[stop - count : stop, run] = weights[:-1]
        ends[stop - count : stop, run] = weights[1:]
    return np.concatenate([starts, ends])


def _span(count: int, at: int, time: Floats) -> Floats:
    """Return the weights (T, count) of a run's points in its span from point ``at`` to the next.

    Before the first and after the last point the run goes on straight.
    """
    identity = np.eye(count)
    before, after = 2 * identity[0] - identity[1], 2 * identity[-1] - identity[-2]
    neighbours = np.vstack([before, identity, after])[at : at + 4]
    weights: Floats = np.vander(time, 4, increasing=True) @ CATMULL_ROM @ neighbours
    return weights
