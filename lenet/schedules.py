"""Schedules: how the learning rate changes over a training."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi
from typing import ClassVar


class Schedule(ABC):
    """A factor on the optimizer's learning rate for each step.

    A training can be made longer after its end if its schedule does not depend on its length.
    """

    depends_on_length: ClassVar[bool]

    @abstractmethod
    def factor(self, t: int, steps: int) -> float:
        """Return the factor of step t of a training of ``steps`` steps, counted from 1."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The optimizer's learning rate throughout, as in the paper."""

    depends_on_length = False

    def factor(self, t: int, steps: int) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a period of a cosine, from 1 towards 0 (Loshchilov and Hutter 2017)."""

    depends_on_length = True

    def factor(self, t: int, steps: int) -> float:
        """Return (1 + cos(pi (t - 1) / steps)) / 2."""
        return (1 + cos(pi * (t - 1) / steps)) / 2
