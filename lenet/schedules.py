"""Schedules: how the learning rate changes over a training."""

from abc import ABC, abstractmethod
from dataclasses import dataclass


class Schedule(ABC):
    """A factor on the optimizer's learning rate for each step."""

    @abstractmethod
    def factor(self, t: int, steps: int) -> float:
        """Return the factor of step t of a training of ``steps`` steps, counted from 1."""


@dataclass(frozen=True)
class Constant(Schedule):
    """The optimizer's learning rate throughout, as in the paper."""

    def factor(self, t: int, steps: int) -> float:
        """Return 1."""
        return 1.0
