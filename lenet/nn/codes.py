"""Codes of the ten digits: bitmaps 7 wide and 12 high, as LeCun et al. (1998) give F6 to learn.

Digits that look alike have codes that are alike. The paper shows its bitmaps in a small figure and
nowhere else; these are drawn anew, after the shapes of a printed ASCII font.
"""

import numpy as np

from lenet.nn.layers import Array

WIDTH, HEIGHT = 7, 12
INK = "#"

# Three rows of digits; between two digits of a row is one column.
BITMAPS = """
..###.. ...#... .#####. .#####.
.#...#. ..##... #.....# #.....#
#.....# .#.#... ......# ......#
#.....# ...#... ......# ......#
#.....# ...#... .....#. .....#.
#.....# ...#... ....#.. ..###..
#.....# ...#... ...#... .....#.
#.....# ...#... ..#.... ......#
#.....# ...#... .#..... ......#
#.....# ...#... #...... ......#
.#...#. ...#... #...... #.....#
..###.. .#####. ####### .#####.

.....#. ####### ..####. #######
....##. #...... .#....# ......#
...#.#. #...... #...... ......#
..#..#. #...... #...... .....#.
.#...#. #.####. #...... .....#.
#....#. ##....# #.###.. ....#..
#....#. ......# ##...#. ....#..
####### ......# #.....# ...#...
.....#. ......# #.....# ...#...
.....#. ......# #.....# ..#....
.....#. #....#. .#...#. ..#....
.....#. .####.. ..###.. ..#....

..###.. ..###..
.#...#. .#...#.
#.....# #.....#
#.....# #.....#
.#...#. #.....#
..###.. .#...##
.#...#. ..###.#
#.....# ......#
#.....# ......#
#.....# ......#
.#...#. #....#.
..###.. .####..
"""


def digit_codes() -> Array:
    """Return the codes of the digits 0 to 9 (10, 84), row by row: 1 where there is ink, else -1."""
    blocks = [block.split("\n") for block in BITMAPS.strip().split("\n\n")]
    bitmaps = [bitmap for rows in blocks for bitmap in zip(*map(str.split, rows), strict=True)]
    ink = [[pixel == INK for row in bitmap for pixel in row] for bitmap in bitmaps]
    return np.where(ink, 1.0, -1.0)
