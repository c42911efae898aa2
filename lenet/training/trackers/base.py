"""Trackers: they show a run for as long as they work, and no longer."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Self

from lenet.errors import ConfigError
from lenet.training.state import TrainingState

log = logging.getLogger("lenet.training.trackers")

Parameters = Callable[[], Mapping[str, object]]  # what a run is called with, by key, as it is typed

REASON = 200  # characters of what a library says of its failure


class Track(ABC):
    """One run, as it is shown by a tracker; ``steps`` and ``epochs`` of it have been before."""

    def __init__(self, steps: int = 0, epochs: int = 0) -> None:
        self._steps = steps
        self._epochs = epochs

    def news(self, state: TrainingState) -> Iterator[tuple[int, dict[str, float]]]:
        """Yield the number and the figures of each step, and of each epoch, not yielded before."""
        for step in state.steps[self._steps :]:
            self._steps += 1
            yield self._steps, named("step", step._asdict())
        for metrics in state.metrics[self._epochs :]:
            self._epochs += 1
            yield self._epochs, named("epoch", asdict(metrics))

    @abstractmethod
    def follow(self, state: TrainingState) -> None:
        """Show what a state has more than those before it, now or later."""

    @abstractmethod
    def end(self, error: BaseException | None) -> None:
        """Show the rest, and what has ended the run if it did not finish."""


def named(table: str, row: Mapping[str, float | None]) -> dict[str, float]:
    """Return the figures of a row under the names of table and column."""
    return {
        f"{table}/{column}": value
        for column, value in row.items()
        if value is not None and column != table
    }


class Tracker(ABC):
    """What shows a run; it needs a library, which the extra of the same name installs."""

    library: ClassVar[str | None]

    def require(self) -> None:
        """Raise ConfigError if the library is not installed."""
        if self.library is not None and find_spec(self.library) is None:
            raise ConfigError(
                f"tracker: {self.library} is not installed; pip install -e '.[{self.library}]'"
            )

    @abstractmethod
    def track(self, folder: Path, parameters: Parameters) -> Track | None:
        """Begin to show the run in a folder, or go on with what an earlier attempt has shown."""


class Tracking:
    """A run that is shown for as long as its tracker works; a failure is told of, and no more."""

    def __init__(self, tracker: Tracker, folder: Path, parameters: Parameters) -> None:
        self._name = type(tracker).__name__
        self._track: Track | None = None
        with self._harmless():
            self._track = tracker.track(folder, parameters)

    def follow(self, state: TrainingState) -> None:
        """Show what a state has more than those before it."""
        if self._track is not None:
            with self._harmless():
                self._track.follow(state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._track is not None:
            with self._harmless():
                self._track.end(error)

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # libraries raise anything
            self._track = None
            reason = " ".join(str(error).split())[:REASON]
            log.warning("%s: %s; the run goes on without it", self._name, reason)


@dataclass(frozen=True)
class Untracked(Tracker):
    """No tracker."""

    library = None

    def track(self, folder: Path, parameters: Parameters) -> None:
        """Show nothing."""
