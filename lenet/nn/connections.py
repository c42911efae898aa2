"""Which maps of S2 each map of C3 sees: all of them, or those of a table."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import groupby

from lenet.nn.layers import Array, Layer
from lenet.nn.layers.conv import Conv2D
from lenet.nn.layers.table import TableConv2D, dense_filters, pairs

# Table I of LeCun et al. (1998): the maps of S2 that each of the 16 maps of C3 sees
TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip


class Connections(ABC):
    """Which maps of S2 each map of C3 sees."""

    @abstractmethod
    def weights(self, c1: int, c3: int, kernel: int) -> tuple[int, ...]:
        """Return the shape of C3's weights for so many maps, and filters of a side.

        ValueError: there cannot be so many.
        """

    @abstractmethod
    def units(self, c1: int, c3: int, kernel: int) -> list[tuple[int, ...]]:
        """Return the shapes (out, in, F, F) of maps with the same fan-in, in the weights' order."""

    @abstractmethod
    def layer(self, weight: Array, bias: Array) -> Layer:
        """Return C3."""

    @abstractmethod
    def filters(self, weight: Array) -> Array:
        """Return the weights as filters (C_out, C_in, F, F), 0 where there is no connection."""


@dataclass(frozen=True)
class DenseConnections(Connections):
    """Every map sees all."""

    def weights(self, c1: int, c3: int, kernel: int) -> tuple[int, ...]:
        """Return the shape of a filter for each two maps."""
        return c3, c1, kernel, kernel

    def units(self, c1: int, c3: int, kernel: int) -> list[tuple[int, ...]]:
        """Return the one shape."""
        return [(c3, c1, kernel, kernel)]

    def layer(self, weight: Array, bias: Array) -> Layer:
        """Return the convolution."""
        return Conv2D(weight, bias, block=2)

    def filters(self, weight: Array) -> Array:
        """Return the weights as they are."""
        return weight


@dataclass(frozen=True)
class TableConnections(Connections):
    """Each map sees three, four or all six, by Table I of LeCun et al. (1998).

    Different inputs make maps learn different features; 60 pairs have 1,500 weights.
    """

    def weights(self, c1: int, c3: int, kernel: int) -> tuple[int, ...]:
        """Return the shape of a filter for each pair of the table."""
        if (c1, c3) != (6, len(TABLE)):
            raise ValueError(f"c3 = table: connects 6 maps to 16, not {c1} to {c3}; c3=dense does")
        return sum(map(len, TABLE)), kernel, kernel

    def units(self, c1: int, c3: int, kernel: int) -> list[tuple[int, ...]]:
        """Return the shapes of the maps that see three, four and six."""
        alike = groupby(map(len, TABLE))
        return [(len(list(maps)), inputs, kernel, kernel) for inputs, maps in alike]

    def layer(self, weight: Array, bias: Array) -> Layer:
        """Return the convolution by the table."""
        return TableConv2D(weight, bias, TABLE, block=2)

    def filters(self, weight: Array) -> Array:
        """Return those of all pairs, and zeros in between."""
        return dense_filters(weight, pairs(TABLE))
