"""The parameters of LeNet-5: names and shapes, and the one vector that they lie in."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod
from typing import Annotated

import numpy as np
from annotated_types import Gt, Le
from numpy.typing import NDArray

from lenet.nn.connections import Connections, DenseConnections
from lenet.nn.input import AS_THEY_ARE, INPUT_SIDE, Levels
from lenet.nn.layers import Array, MaxPool, Pooling
from lenet.nn.layers.base import check_array
from lenet.nn.layers.normalization import NoNormalization, Normalization
from lenet.nn.output import LinearOutput, Output

Count = Annotated[int, Gt(0), Le(1000)]
KERNELS = (1, 5, 9)  # sides of filters after which maps of 32x32 can be halved twice
OUTPUT = "output"
NORMALIZED = ("c1", "c3", "c5", "f6")  # the layers whose output may be normalized
WINDOW = 4  # members of a pooling window


@dataclass(frozen=True)
class Sizes:
    """How many maps C1 and C3 have, how many units C5 and F6, and the side of the filters."""

    c1: Count
    c3: Count
    c5: Count
    f6: Count
    kernel: int

    def __post_init__(self) -> None:
        if self.kernel not in KERNELS:
            expected = f"{', '.join(map(str, KERNELS[:-1]))} or {KERNELS[-1]}"
            raise ValueError(
                f"kernel = {self.kernel}: should be {expected}, for maps that can be halved twice"
            )

    @property
    def s4(self) -> int:
        """The side of the maps of S4, in pixels."""
        s2 = (INPUT_SIDE - self.kernel + 1) // 2
        return (s2 - self.kernel + 1) // 2


LENET_SIZES = Sizes(c1=6, c3=16, c5=120, f6=84, kernel=5)


@dataclass(frozen=True)
class Architecture:
    """LeNet-5 for images of some channels and classes, of some sizes, perhaps with normalization.

    Poolings may have parameters, C3 may see its inputs by a table, and the output may be distances.
    All that a trained network is lies in one vector theta (P,): its parameters, and the running
    statistics of normalizations, which have no gradient.
    """

    channels: int
    classes: int
    normalization: Normalization
    sizes: Sizes = LENET_SIZES
    c3: Connections = field(default=DenseConnections(), kw_only=True)
    pooling: Pooling = field(default=MaxPool(), kw_only=True)
    output: Output = field(default=LinearOutput(), kw_only=True)
    levels: Levels = field(default=AS_THEY_ARE, kw_only=True)

    def __post_init__(self) -> None:
        n = self.sizes  # which C3 and the output may refuse
        self.c3.weights(n.c1, n.c3, n.kernel)
        self.output.shapes(self.classes, n.f6)

    @cached_property
    def units(self) -> dict[str, list[tuple[int, ...]]]:
        """The shapes (out, in, ...) of the units of each layer, those of one fan-in together."""
        n = self.sizes
        return {
            "c1": [(n.c1, self.channels, n.kernel, n.kernel)],
            "s2": [(n.c1, WINDOW)],
            "c3": self.c3.units(n.c1, n.c3, n.kernel),
            "s4": [(n.c3, WINDOW)],
            "c5": [(n.c5, n.c3 * n.s4**2)],
            "f6": [(n.f6, n.c5)],
            OUTPUT: [(self.classes, n.f6)],
        }

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every array, by its name, in the order of theta.

        C5 is written as the paper's FC1; on 5x5 maps it is the same as its Conv 3 with 120 filters.
        """
        n = self.sizes
        pooled = self.pooling.initial
        arrays: dict[str, dict[str, tuple[int, ...]]] = {
            "c1": self._arrays(n.c1, self.units["c1"][0]),
            "s2": dict.fromkeys(pooled, (n.c1,)),
            "c3": self._arrays(n.c3, self.c3.weights(n.c1, n.c3, n.kernel)),
            "s4": dict.fromkeys(pooled, (n.c3,)),
            "c5": self._arrays(n.c5, self.units["c5"][0]),
            "f6": self._arrays(n.f6, self.units["f6"][0]),
            OUTPUT: self.output.shapes(self.classes, n.f6),
        }
        return {
            f"{layer}.{name}": shape for layer, own in arrays.items() for name, shape in own.items()
        }

    def _arrays(self, out: int, weight: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
        """Return the shapes of weight, bias and normalization of a layer with ``out`` features."""
        return {"weight": weight, "bias": (out,)} | dict.fromkeys(
            self.normalization.initial, (out,)
        )

    @property
    def initial(self) -> dict[str, float | None]:
        """Where arrays that are neither weight nor bias start, by the last part of their name."""
        return self.normalization.initial | self.pooling.initial

    def own(self, layer: str, arrays: dict[str, Array]) -> dict[str, Array]:
        """Return a layer's own of some arrays by name, by the last part of their names."""
        return {last(name): array for name, array in arrays.items() if name.startswith(f"{layer}.")}

    @cached_property
    def size(self) -> int:
        """P, how many numbers theta holds."""
        return sum(map(prod, self.shapes.values()))

    @cached_property
    def parameters(self) -> int:
        """How many of them are trained."""
        statistics = self.normalization.statistics
        trained = (s for name, s in self.shapes.items() if last(name) not in statistics)
        return sum(map(prod, trained))

    @property
    def is_modern(self) -> bool:
        """Whether it has no part of 1998: the paper's arrays, of pixels as they are."""
        plain = Architecture(self.channels, self.classes, self.normalization, self.sizes)
        return self.shapes == plain.shapes and self.levels == plain.levels

    @cached_property
    def is_weight(self) -> NDArray[np.bool_]:
        """Which numbers of theta (P,) are weights, rather than biases or of a normalization."""
        return self._those_of([name for name in self.shapes if last(name) == "weight"])

    @cached_property
    def is_hidden_weight(self) -> NDArray[np.bool_]:
        """Which numbers of theta (P,) are weights of a layer before the output."""
        return self.is_weight & ~self._those_of([f"{OUTPUT}.weight"])

    def _those_of(self, names: list[str]) -> NDArray[np.bool_]:
        """Return which numbers of theta (P,) are in arrays of some names."""
        sizes = [prod(shape) for shape in self.shapes.values()]
        return np.repeat([name in names for name in self.shapes], sizes)

    def views(self, theta: Array) -> dict[str, Array]:
        """Cut theta (P,) into named arrays that share its memory."""
        check_array(theta, (self.size,), advice=f"LeNet-5 has {self.size} parameters")
        ends = np.cumsum([prod(shape) for shape in self.shapes.values()])
        parts = np.split(theta, ends[:-1])
        return {
            name: part.reshape(shape)
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }

    @cached_property
    def kept(self) -> "Architecture":
        """That of the same network when it is trained: normalizations are part of its weights."""
        return replace(self, normalization=NoNormalization())

    def folded(self, theta: Array) -> Array:
        """Return the numbers of the ``kept`` network that does the same as this one when tested."""
        arrays = self.views(theta)
        for layer in NORMALIZED:
            weight, bias = f"{layer}.weight", f"{layer}.bias"
            own = {name: arrays.pop(f"{layer}.{name}") for name in self.normalization.initial}
            arrays[weight], arrays[bias] = self.normalization.folded(
                arrays[weight], arrays[bias], own
            )
        return np.concatenate([array.ravel() for array in arrays.values()])

    def not_finite(self, theta: Array) -> list[str]:
        """Return the names of the arrays that hold anything but finite numbers."""
        return [name for name, view in self.views(theta).items() if not np.isfinite(view).all()]


def last(name: str) -> str:
    """Return the last part of a dotted name."""
    return name.rpartition(".")[2]


LENET5 = Architecture(channels=1, classes=10, normalization=NoNormalization())
assert LENET5.parameters == LENET5.size == 61_706
