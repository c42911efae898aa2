"""TensorBoard: an event file in the run folder."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time, time_ns
from typing import Any

from lenet.formats.layout import EVENTS
from lenet.training.state import TrainingState
from lenet.training.trackers.base import Parameters, Track, Tracker

WRITE_EVERY = 1.0  # s between additions to an event file


@dataclass(frozen=True)
class TensorBoard(Tracker):
    """An event file in the run folder, which TensorBoard shows under the folder's name."""

    library = "tensorboard"

    def track(self, folder: Path, parameters: Parameters) -> "EventFile":
        """Begin an event file."""
        return EventFile(folder)


class EventFile(Track):
    """The whole run in one event file; those of earlier attempts are emptied.

    A TensorBoard that is watching one of those goes on to this, as long as it is there, and
    forgets what it has seen, as this says that it starts anew.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog

        super().__init__()
        for earlier in folder.glob(EVENTS):
            os.truncate(earlier, 0)
        self._path = folder / EVENTS.replace("*", f"{time_ns()}.{platform.node()}.{os.getpid()}")
        self._pending: list[Any] = [
            Event(wall_time=time(), file_version="brain.Event:2"),
            Event(wall_time=time(), session_log=SessionLog(status=SessionLog.START)),
        ]
        self._written = monotonic()

    def follow(self, state: TrainingState) -> None:
        """Show what is new, some at a time."""
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        for number, figures in self.news(state):
            values = [Summary.Value(tag=tag, simple_value=value) for tag, value in figures.items()]
            event = Event(wall_time=time(), step=number, summary=Summary(value=values))
            self._pending.append(event)
        if monotonic() - self._written >= WRITE_EVERY:
            self._write()

    def end(self, error: BaseException | None) -> None:
        """Show the rest."""
        self._write()

    def _write(self) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        with self._path.open("ab") as file:
            writer = RecordWriter(file)
            for event in self._pending:
                writer.write(event.SerializeToString())
        self._pending.clear()
        self._written = monotonic()
