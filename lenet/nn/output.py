"""What makes the logits of F6: a linear layer, or distances from codes of the classes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Gt, Le

from lenet.nn.codes import HEIGHT, WIDTH, digit_codes
from lenet.nn.layers import RBF, Array, Dense, Layer
from lenet.nn.random import stream


class Output(ABC):
    """The last layer: (F6, N) to logits (classes, N)."""

    @abstractmethod
    def shapes(self, classes: int, f6: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each array of its parameters; ValueError if there can be none."""

    @abstractmethod
    def layer(self, parameters: dict[str, Array], classes: int, f6: int) -> Layer:
        """Return the layer of some arrays."""


@dataclass(frozen=True)
class LinearOutput(Output):
    """A weight for each class and unit, and a bias for each class."""

    def shapes(self, classes: int, f6: int) -> dict[str, tuple[int, ...]]:
        """Return those of weight and bias."""
        return {"weight": (classes, f6), "bias": (classes,)}

    def layer(self, parameters: dict[str, Array], classes: int, f6: int) -> Layer:
        """Return the linear layer."""
        return Dense(**parameters)


@dataclass(frozen=True)
class RBFOutput(Output):
    """Minus the squared distance from a fixed code of -1 and 1 for each class, times ``scale``.

    The codes are bitmaps of the digits, or drawn by chance, the same for all seeds.
    """

    codes: Literal["bitmaps", "random"]
    scale: Annotated[float, Gt(0), Le(1000)]

    def shapes(self, classes: int, f6: int) -> dict[str, tuple[int, ...]]:
        """Return none: the codes are no parameters."""
        if self.codes == "bitmaps" and (classes, f6) != (10, WIDTH * HEIGHT):
            raise ValueError(
                f"output.codes = 'bitmaps': should be 'random' for {classes} classes and {f6} "
                f"units of F6; there are bitmaps of 10 digits, {WIDTH} x {HEIGHT}"
            )
        if len(np.unique(self._centres(classes, f6), axis=0)) < classes:
            raise ValueError(
                f"network.f6 = {f6}: two of {classes} classes have the same code of so few units; "
                "choose more"
            )
        return {}

    def layer(self, parameters: dict[str, Array], classes: int, f6: int) -> Layer:
        """Return the RBF units."""
        return RBF(self._centres(classes, f6).astype(np.float32), self.scale)

    def _centres(self, classes: int, f6: int) -> Array:
        if self.codes == "bitmaps":
            return digit_codes()
        return stream(0, "codes").choice([-1.0, 1.0], (classes, f6))
