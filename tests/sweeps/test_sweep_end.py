"""The end of a sweep: what can be written is, what is missing is told, and so is the exit code."""

import sys
from collections.abc import Callable
from errno import ENOSPC, EROFS
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest
from fake_runs import PLAIN, fake_run

from lenet.runs.folder import RunFolder
from lenet.sweeps.sweep import Callbacks, Sweep
from lenet.training.divergence import DivergedError


class FakeJobs(NamedTuple):
    """The jobs of a sweep that have been carried out already."""

    runs: list[Path]
    view: Path
    write_record: Callable[..., None] = lambda **times: None
    search: bool = False
    swept: tuple[str, ...] = ("seed",)

    def folders(self) -> list[Path]:
        return self.runs


def finished(tmp_path: Path, **changes: Any) -> FakeJobs:
    runs = [fake_run(tmp_path / str(seed), seed=seed).path for seed in (0, 1)]
    return FakeJobs(runs, tmp_path / "view", **changes)


def end(jobs: FakeJobs) -> object:
    """The exit code, of which Hydra makes 0 if there is an exception in its place."""
    Sweep.current = Sweep(jobs, again=True, told=PLAIN)  # type: ignore[arg-type]
    with pytest.raises(SystemExit) as caught:
        Callbacks().on_multirun_end(None)  # type: ignore[arg-type]
    assert Sweep.current is None
    return caught.value.code


def fail(error: Exception) -> Callable[..., NoReturn]:
    def raise_it(*arguments: object, **others: object) -> NoReturn:
        raise error

    return raise_it


def test_a_sweep_that_has_all_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert end(finished(tmp_path)) == 0
    said = capsys.readouterr()
    assert "2 of 2 runs finished" in said.out
    assert said.err == ""


def test_a_sweep_of_which_a_run_failed_ends_badly(tmp_path: Path) -> None:
    jobs = finished(tmp_path)
    with pytest.raises(DivergedError), RunFolder(tmp_path / "2", "seed: 2"):
        raise DivergedError(1, 1, "the loss")
    assert end(jobs._replace(runs=[*jobs.runs, tmp_path / "2"])) == 1


DRAWING = [
    *(f"lenet.figures.{name}" for name in ("drawing", "style", "curves", "legends", "finals")),
    *("lenet.sweeps.report.figures", "lenet.sweeps.report.folder"),
]


@pytest.mark.parametrize("module", ["matplotlib.figure", "lenet.figures.style"])
def test_without_figures_there_are_the_tables(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    module: str,
) -> None:
    """Whatever is wrong with matplotlib."""
    monkeypatch.setitem(sys.modules, module, None)
    for name in {*DRAWING} - {module}:
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert end(finished(tmp_path)) == 1
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith("lenet: the report is not complete: ")
    assert "2 of 2 runs finished" in said.out
    there = {path.name for path in (tmp_path / "view").iterdir()}
    assert there == {"settings.csv", "runs.csv", "report.html"}


def test_a_figure_that_cannot_be_drawn_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lenet.figures.curves.curves", fail(RuntimeError("no\nfont")))
    assert end(finished(tmp_path)) == 1
    said = capsys.readouterr()
    assert said.err == "lenet: the report is not complete: RuntimeError: no font\n"
    assert "2 of 2 runs finished" in said.out
    assert "settings.csv" in said.out
    assert ".png" not in said.out


@pytest.mark.parametrize(("number", "code"), [(ENOSPC, 1), (EROFS, 0)])
def test_a_report_that_cannot_be_written_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int, code: int
) -> None:
    """On a full disk something is missing; where nobody can write, there is nothing to miss."""
    jobs = finished(tmp_path, write_record=fail(OSError(number, "no", "runs.txt")))
    assert end(jobs) == code
    said = capsys.readouterr()
    assert said.err == f"lenet: the report is not complete: [Errno {number}] no: 'runs.txt'\n"
    assert "2 of 2 runs finished" in said.out


def test_what_cannot_be_summed_up_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "lenet.sweeps.summary", None)
    assert end(finished(tmp_path)) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lenet: there is no summary: ModuleNotFoundError: ")
