"""Schedules: how the learning rate, and with some the momentum, changes over a training."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import cos, inf, pi
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Le, Lt

Share = Annotated[float, Ge(0), Le(1)]
Epochs = Annotated[float, Ge(0)]


@dataclass(frozen=True)
class Progress:
    """A step of a training: t counts from 1 to ``steps``.

    ``losses`` has the mean loss of each epoch that is over, on validation images where there are
    any, else on training images.
    """

    t: int
    steps: int
    steps_per_epoch: int
    losses: Sequence[float] = ()

    @property
    def done(self) -> float:
        """The share of the training before this step, in [0, 1)."""
        return (self.t - 1) / self.steps

    @property
    def epochs(self) -> float:
        """The epochs before this step."""
        return (self.t - 1) / self.steps_per_epoch


class Schedule(ABC):
    """A factor on the optimizer's learning rate for each step, and what its momentum is then.

    A training can be made longer after its end if its schedule does not depend on its length.
    """

    depends_on_length: ClassVar[bool]
    sets_momentum: ClassVar[bool] = False

    @abstractmethod
    def factor(self, progress: Progress) -> float:
        """Return the factor on the learning rate."""

    def momentum(self, progress: Progress) -> float | None:
        """Return the optimizer's momentum; None leaves it as it is."""
        return None


@dataclass(frozen=True)
class Constant(Schedule):
    """The optimizer's learning rate throughout, as in the paper."""

    depends_on_length = False

    def factor(self, progress: Progress) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class StepDecay(Schedule):
    """A learning rate that is multiplied by ``gamma`` every ``period`` epochs."""

    depends_on_length = False
    period: Annotated[int, Gt(0)]
    gamma: Annotated[float, Gt(0), Lt(1)]

    def factor(self, progress: Progress) -> float:
        """Return gamma^k after k periods."""
        return self.gamma ** (int(progress.epochs) // self.period)


@dataclass(frozen=True)
class Stairs(Schedule):
    """A learning rate that is multiplied by one factor after the other.

    Each of ``factors`` lasts as many epochs as ``epochs`` says at its place, the last to the end.
    """

    depends_on_length = False
    factors: list[Annotated[float, Gt(0)]]
    epochs: list[Annotated[int, Gt(0)]]

    def __post_init__(self) -> None:
        if not 0 < len(self.factors) == len(self.epochs):
            raise ValueError(
                f"expected as many factors as epochs, found {len(self.factors)} and "
                f"{len(self.epochs)}"
            )

    def factor(self, progress: Progress) -> float:
        """Return the factor of the epoch."""
        ends = accumulate(self.epochs)
        lasting = (
            factor for factor, end in zip(self.factors, ends, strict=True) if progress.epochs < end
        )
        return next(lasting, self.factors[-1])


@dataclass(frozen=True)
class WarmUp(Schedule):
    """A learning rate that rises linearly over the first ``warmup`` epochs, then stays."""

    depends_on_length = False
    warmup: Epochs

    def factor(self, progress: Progress) -> float:
        """Return t / T up to step T, the last of the warm-up, then 1."""
        return linear_rise(progress, self.warmup)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a period of a cosine, from 1 down to ``final`` (Loshchilov and Hutter 2017).

    It is multiplied by a linear rise over the first ``warmup`` epochs.
    """

    depends_on_length = True
    warmup: Epochs
    final: Share

    def factor(self, progress: Progress) -> float:
        """Return final + (1 - final) (1 + cos(pi (t - 1) / steps)) / 2, after the warm-up."""
        return linear_rise(progress, self.warmup) * between(1, self.final, progress.done)


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to the optimizer's learning rate and down again (Smith and Topin 2018).

    From ``start`` it rises for the share ``rise`` of the training, then falls to ``final``, both
    along half a period of a cosine; the momentum goes from ``momentum_high`` to ``momentum_low``
    and back.
    """

    depends_on_length = True
    sets_momentum = True
    rise: Annotated[float, Gt(0), Lt(1)]
    start: Share
    final: Share
    momentum_low: Annotated[float, Ge(0), Lt(1)]
    momentum_high: Annotated[float, Ge(0), Lt(1)]

    def factor(self, progress: Progress) -> float:
        """Return the share of the highest learning rate."""
        return self._cycle(progress, self.start, 1, self.final)

    def momentum(self, progress: Progress) -> float:
        """Return a momentum that is lowest where the learning rate is highest."""
        return self._cycle(progress, self.momentum_high, self.momentum_low, self.momentum_high)

    def _cycle(self, progress: Progress, first: float, turn: float, last: float) -> float:
        if progress.done < self.rise:
            return between(first, turn, progress.done / self.rise)
        return between(turn, last, (progress.done - self.rise) / (1 - self.rise))


@dataclass(frozen=True)
class Plateau(Schedule):
    """A learning rate that is multiplied by ``gamma`` when the loss has stopped falling.

    That is when ``patience`` epochs in a row have not brought it below ``threshold`` times the
    lowest so far.
    """

    depends_on_length = False
    gamma: Annotated[float, Gt(0), Lt(1)]
    patience: Annotated[int, Gt(0)]
    threshold: Annotated[float, Gt(0), Le(1)]

    def factor(self, progress: Progress) -> float:
        """Return gamma^k after k plateaus."""
        factor, lowest, waited = 1.0, inf, 0
        for loss in progress.losses:
            waited = 0 if loss < self.threshold * lowest else waited + 1
            lowest = min(lowest, loss)
            if waited == self.patience:
                factor, waited = factor * self.gamma, 0
        return factor


def linear_rise(progress: Progress, epochs: float) -> float:
    """Return t / T up to step T, at which so many epochs are over, then 1."""
    return min(1.0, progress.t / max(1.0, epochs * progress.steps_per_epoch))


def between(first: float, last: float, share: float) -> float:
    """Return what lies between two numbers, along half a period of a cosine."""
    return last + (first - last) * (1 + cos(pi * share)) / 2
