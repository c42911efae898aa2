"""What is no digit: letters, signs, several digits, and scribbles, in the form of ``SKELETONS``.

Letters that a digit may look like are left out: C, D, I, O, S, U, Z, b, g, l, o, q, y and so on.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import product

from lenet.nn.random import stream

# What it is, how often it is drawn, and its strokes.
SIGNS = """\
A 3  4,20 10,0! 16,20 / 6,13 14,13
A 2  3,20 4,6 10,0 16,6 17,20 / 4,12 16,12
B 3  4,0 4,20 / 4,0 11,0 15,4 10,9 4,9! 13,10 16,15 12,20 4,20
B 2  4,20 4,0! 12,1 14,6 4,9! 15,11 15,18 4,20
B 2  6,0! 5,20! 13,19 16,14 6,10! 15,6 13,1 6,0
E 2  15,0 4,0! 4,20! 15,20 / 4,10 13,10
E 1  15,3 8,0 5,6 10,9! 4,14 8,20 15,18
F 2  15,0 4,0! 4,20 / 4,10 12,10
F 1  3,2 16,1 / 9,1 8,20 / 8,10 14,10
G 1  16,4 10,0 3,7 4,16 11,20 16,17 16,11! 10,11
H 2  4,0 4,20 / 16,0 16,20 / 4,10 16,10
J 2  4,0 15,0 / 11,0 11,16 7,20 3,16
K 2  4,0 4,20 / 15,0 4,11! 16,20
L 1  4,0 4,20! 16,20
M 2  3,20 4,0! 10,12! 16,0! 17,20
N 2  4,20 4,0! 16,20! 16,0
P 2  4,20 4,0! 13,1 14,9 4,11
Q 1  10,0 3,6 4,15 10,18 16,14 16,5 10,0 / 11,14 18,20
R 2  4,20 4,0! 13,1 14,8 4,10! 15,20
T 2  2,1 18,1 / 10,1 10,20
V 2  3,0 10,20! 17,0
W 2  1,0 5,20! 10,6! 15,20! 19,0
X 2  3,0 17,20 / 17,0 3,20
Y 1  3,0 10,10! 17,0 / 10,10 10,20
a 2  14,7 8,5 4,11 7,18 13,15 15,6! 14,16 17,19
d 1  13,13 8,10 4,15 8,20 14,17 / 15,0 15,20
e 2  4,12 16,11 12,4 5,7 4,15 10,20 16,17
f 2  15,3 12,0 9,4 8,20 / 4,9 14,9
h 2  5,0 5,20! 6,11 11,8 14,12 14,20
k 2  5,0 5,20 / 13,7 5,14! 14,20
m 2  2,6 3,20! 5,9 8,7 10,20! 12,8 16,8 17,20
n 2  4,6 5,20! 7,9 12,6 15,11 15,20
p 2  5,4 5,20 / 5,6 13,4 15,10 11,14 5,12
r 2  6,5 7,20! 8,10 12,6 15,6
t 2  9,0 9,16 12,20 15,18 / 4,6 15,6
w 2  2,5 5,20! 10,9! 15,20! 18,5
x 1  4,4 16,4! 4,20! 16,20 / 16,4 4,20
& 2  17,20 6,6 8,0 12,3 4,14 8,20 14,16 17,11
# 2  7,0 5,20 / 14,0 12,20 / 2,7 18,7 / 1,14 17,14
% 1  16,1 3,19 / 6,0 3,4 7,7 8,3 6,0 / 15,13 12,16 14,20 17,17 15,13
* 1  10,2 10,18 / 3,6 17,14 / 17,6 3,14
+ 2  10,2 10,18 / 2,10 18,10
= 1  2,7 18,7 / 2,13 18,13
- 1  0,10 20,10
? 2  4,5 8,0 14,3 13,8 10,12 / 10,18 10,19
> 1  2,10 18,10 / 12,5 18,10! 12,15
> 1  4,3 16,10! 4,17
< 1  16,3 4,10! 16,17
v 1  2,11 8,19! 18,1
square 4  2,2! 18,2! 18,18! 2,18! 2,2
square 2  2,5! 18,5! 18,15! 2,15! 2,5
triangle 2  10,1 18,18! 2,18! 10,1
star 2  5,20 10,0! 15,20! 2,7! 18,7! 5,20
heart 1  10,19 2,6 6,1 10,6! 14,1 18,6 10,19
house 1  3,20 3,8! 10,0! 17,8! 17,20! 3,20
spiral 2  10,10 12,11 9,13 7,9 12,6 16,11 10,17 4,13 5,5 12,2 18,7
wave 1  0,10 4,6 8,13 12,6 16,13 20,9
blot 3  8,8! 12,12! 12,8! 8,12! 10,6! 10,14! 6,10! 14,10! 7,7! 13,13! 13,7! 7,13
blot 2  4,4! 16,4! 16,6! 4,6! 4,8! 16,8! 16,10! 4,10! 4,12! 16,12! 16,14! 4,14! 4,16! 16,16
cells 2  2,2! 18,2! 18,18! 2,18! 2,2 / 10,2 10,18 / 2,10 18,10
ruled 2  0,3 20,3 / 0,10 20,10 / 0,17 20,17
staves 1  3,0 3,20 / 10,0 10,20 / 17,0 17,20
"""
APART = 22  # from one of several digits to the next, in units of the grid
PER_PAIR = 2  # skeletons for each two digits
TRIPLES = 100  # skeletons of three digits
SCRIBBLES = 150  # skeletons of points anywhere
MOST = 9  # points of a scribble
X = re.compile(r"\d+(?=,)")  # of a point


def others(digits: Sequence[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield how often each is drawn, and its strokes, the same every time.

    ``digits`` are skeletons, each with its digit.
    """
    rng = stream(0, "others")
    for line in SIGNS.splitlines():
        _, weight, strokes = line.split(maxsplit=2)
        yield int(weight), strokes
    of = {digit: [strokes for own, strokes in digits if own == digit] for digit, _ in digits}
    rows = [*PER_PAIR * list(product(of, of)), *rng.choice(list(of), (TRIPLES, 3)).tolist()]
    for row in rows:
        yield 1, in_a_row([of[digit][rng.integers(len(of[digit]))] for digit in row])
    for _ in range(SCRIBBLES):
        points = rng.integers(0, 21, (rng.integers(4, MOST + 1), 2))
        yield 1, " ".join(f"{x},{y}{'!' * rng.integers(2)}" for x, y in points)


def in_a_row(skeletons: Sequence[str]) -> str:
    """Return skeletons beside each other as one."""
    return " / ".join(moved(strokes, APART * place) for place, strokes in enumerate(skeletons))


def moved(strokes: str, right: int) -> str:
    """Return strokes so many units of the grid to the right."""
    return X.sub(lambda x: f"{int(x[0]) + right}", strokes)
