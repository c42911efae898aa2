"""The command line in a process of its own, for tests of what a user meets."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

OPTIMIZERS = {
    "adam": ["optimizer=adam"],
    "momentum": ["optimizer=sgd", "optimizer.lr=0.05", "optimizer.momentum=0.9"],
    "rmsprop": ["optimizer=rmsprop"],
    "sdlm": ["optimizer=sdlm", "optimizer.lr=0.001"],
}


def lenet(*arguments: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return python("-m", "lenet", *arguments, cwd=cwd, **environment)


def python(
    *command: str | Path, cwd: Path, **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run ``python`` to its end: a fork that has imported the command, unless its start matters.

    It does for an environment of its own, and where forks may not use every library.
    """
    if not environment and sys.platform == "linux":
        return forks().python(*command, cwd=cwd)
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


class Forks:
    """A process that has imported modules; each start of Python is a fork of it.

    It must have one thread, and ends with ``end``.
    """

    def __init__(self, *modules: str, **environment: str) -> None:
        self._environment = environment
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("forks.py"), *modules],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def python(self, *command: str | Path, cwd: Path) -> "subprocess.CompletedProcess[str]":
        words = [str(word) for word in command]
        with TemporaryDirectory() as folder:
            said = [Path(folder, name) for name in ("stdout", "stderr")]
            start = {
                "command": words,
                "cwd": str(cwd),
                "environment": {**os.environ, **self._environment},
                **{path.name: str(path) for path in said},
            }
            print(json.dumps(start), file=self._process.stdin)
            code = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(words, code, *(path.read_text() for path in said))

    def end(self) -> None:
        self._process.communicate()


@cache
def forks() -> Forks:
    """Forks that have imported the command, and that with which a sweep is summed up."""
    return Forks("lenet.commands.train", "pandas", "scipy.stats")


STARTED: "list[subprocess.Popen[str]]" = []  # by the test that is running


def start(*arguments: str, cwd: Path, **environment: str) -> "subprocess.Popen[str]":
    """Start the command in a session of its own, so that a signal can be sent to all of it.

    It heeds Ctrl-C also where the tests do not, as in the background of a shell. At the end of the
    test nothing of it is left.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "lenet", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    STARTED.append(process)
    return process


def end_what_was_started() -> None:
    """Kill what a test has started, where it has not ended."""
    while STARTED:
        with STARTED.pop() as process:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not come"
        time.sleep(0.05)


def run_folders(cwd: Path) -> list[Path]:
    return sorted(path.parent for path in cwd.rglob("run.json"))


def metrics(folder: Path) -> pd.DataFrame:
    """What metrics.csv says digit by digit, times aside."""
    table = pd.read_csv(folder / "metrics.csv", dtype=str)
    return table.drop(columns=["train_seconds", "eval_seconds"])


def started(cwd: Path) -> dict[Path, str]:
    return {folder: record(folder)["started"] for folder in run_folders(cwd)}


def results(folder: Path) -> dict[str, Any]:
    """All that a run has found, to the last bit, but for the times."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    names = ("steps.csv", "weights.npz", "best.npz", "inside.npz")
    kept = {name: files.get(name) for name in names}
    kept |= {name: content for name, content in files.items() if name.startswith("epoch-")}
    return kept | {"metrics.csv": metrics(folder).to_csv()}


def record(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "run.json").read_text())
    return content
