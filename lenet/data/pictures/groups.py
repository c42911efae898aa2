"""Which parts of the ink belong to one digit, and which to others beside it."""

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lenet.data.pictures.grey import EIGHT, Mask

TALL = 0.5  # of the height of the tallest part: what is lower is no digit by itself
APART = 0.1  # of the height of the tallest part: strokes that are nearer may be of one digit
BELOW = 0.5  # of its columns: parts that share more lie above each other, and are of one digit
HIGH = 1.7  # times as high as the tallest part: with more, they are digits above each other
WIDE = 1.3  # times as wide as high: no digit is wider


def digits_apart(ink: Mask) -> list[Mask]:
    """Return where each digit is in the ink (h, w), from the left to the right.

    What lies beside a digit and is as tall is another one, unless it is so near that both are
    strokes of one digit, or mostly above each other. Low strokes above each other that are as
    tall together are a digit as well; others belong to the digit that is nearest.
    """
    labels, _ = ndimage.label(ink, EIGHT)
    boxes = dict(enumerate(ndimage.find_objects(labels), 1))
    tallest = max(_height([number], boxes) for number in boxes)
    tall = [[number] for number in boxes if _height([number], boxes) >= TALL * tallest]
    low = [[number] for number in boxes if [number] not in tall]
    broken = [
        strokes
        for strokes in _stacked(low, boxes)
        if sum(_height([stroke], boxes) for stroke in strokes) >= TALL * tallest
        and not any(_overlap(strokes, digit, boxes) for digit in tall)
    ]
    groups = _joined(tall + broken, labels, boxes, tallest)
    where = [np.isin(labels, group) for group in groups]
    owned = {number for group in groups for number in group}
    if len(groups) > 1:
        distances = np.array([ndimage.distance_transform_edt(~each) for each in where])
        for number in boxes.keys() - owned:
            part = labels == number
            where[int(distances[:, part].min(axis=1).argmin())] |= part
    else:
        where = [ink]
    return sorted(where, key=lambda each: float(np.nonzero(each)[1].mean()))


def _joined(
    groups: list[list[int]], labels: NDArray[Any], boxes: dict[int, Any], tallest: int
) -> list[list[int]]:
    """Return the groups of parts, with those in one that are strokes of one digit."""
    for first in range(len(groups)):
        for second in range(first + 1, len(groups)):
            if _is_one(groups[first], groups[second], labels, boxes, tallest):
                rest = [g for k, g in enumerate(groups) if k not in (first, second)]
                return _joined([*rest, groups[first] + groups[second]], labels, boxes, tallest)
    return groups


def _is_one(
    first: list[int], second: list[int], labels: NDArray[Any], boxes: dict[int, Any], tallest: int
) -> bool:
    """Return whether two groups of parts are strokes of one digit."""
    columns = [_columns(group, boxes) for group in (first, second)]
    start, stop = min(c.start for c in columns), max(c.stop for c in columns)
    if stop - start > WIDE * tallest:
        return False
    if _height(first + second, boxes) <= HIGH * tallest and (
        _overlap(first, second, boxes) > BELOW * min(c.stop - c.start for c in columns)
    ):
        return True
    away = ndimage.distance_transform_edt(~np.isin(labels, first))
    return bool(away[np.isin(labels, second)].min() < APART * tallest)


def _stacked(groups: list[list[int]], boxes: dict[int, Any]) -> list[list[int]]:
    """Return the groups of parts, with those in one that lie above each other."""
    for first, second in combinations(groups, 2):
        if _overlap(first, second, boxes):
            rest = [group for group in groups if group not in (first, second)]
            return _stacked([*rest, first + second], boxes)
    return groups


def _overlap(first: list[int], second: list[int], boxes: dict[int, Any]) -> int:
    """Return how many columns have parts of both groups."""
    one, other = _columns(first, boxes), _columns(second, boxes)
    return max(0, min(one.stop, other.stop) - max(one.start, other.start))


def _height(group: list[int], boxes: dict[int, Any]) -> int:
    """Return how many rows there are from the top of a group of parts to its foot."""
    sides = [boxes[number][0] for number in group]
    return int(max(side.stop for side in sides) - min(side.start for side in sides))


def _columns(group: list[int], boxes: dict[int, Any]) -> slice:
    """Return the columns that a group of parts is in."""
    sides = [boxes[number][1] for number in group]
    return slice(min(side.start for side in sides), max(side.stop for side in sides))
