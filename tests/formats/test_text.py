"""Text of others: nothing in it passes for a line, a colour or a formula of its own."""

import csv
import json
import logging
import pickle
from pathlib import Path

import pytest
from command import lenet
from fake_runs import fake_run
from hypothesis import example, given
from hypothesis import strategies as st

from lenet.errors import ConfigError, DataError, LenetError, printable
from lenet.formats.layout import CONFIG
from lenet.formats.text import LineFormatter, inert, printable_lines, shortened
from lenet.runs.find import all_runs
from lenet.sweeps.progress import Progress
from lenet.sweeps.report.folder import write_summary

FORGED = "\n[2/2] finished \x1b[2J\u202e"


@given(st.text(st.characters()))
@example("\x1b[31m\n\r\x07\x85\u2028\x9b2J\u202e\u200b\udcff")
def test_what_is_printable_is_one_line_and_says_all(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable()
    assert printable(shown) == shown
    if text.isprintable():
        assert shown == text


def test_what_is_not_printable_is_shown_by_its_escape() -> None:
    assert printable("a\x1b[31mb\nc\u202e\udcff") == r"a\x1b[31mb\nc\u202e\udcff"
    assert printable("Zürich 漢字 🎉") == "Zürich 漢字 🎉"
    assert printable(Path("a\tb")) == r"a\tb"


@given(st.text(), st.integers(1, 50))
def test_what_is_shortened_fits(text: str, length: int) -> None:
    brief = shortened(text, length)
    assert len(brief) <= length
    assert brief == text or (brief[-1] == "…" and text.startswith(brief[:-1]))


# Errors and logs


@pytest.mark.parametrize("kind", [LenetError, DataError, ConfigError])
@given(st.lists(st.text(), min_size=1))
def test_an_error_has_a_line_for_each_argument(kind: type[LenetError], lines: list[str]) -> None:
    error = kind(*lines)
    assert str(error).split("\n") == list(map(printable, lines))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def logged(message: str, *arguments: object) -> str:
    record = logging.LogRecord("lenet", logging.INFO, "", 0, message, arguments, None)
    return LineFormatter("%(message)s").format(record)


@given(st.text(), st.text())
def test_nothing_that_is_logged_begins_a_line(text: str, name: str) -> None:
    assert "\n" not in logged("%s of %s in %d steps", text, Path(name), 3)
    assert printable_lines(logged(text)) == logged(text)


def test_an_error_of_several_lines_is_logged_as_such() -> None:
    assert logged("%s", DataError("one", "two\nthree")) == "one\ntwo\\nthree"


# Cells


@given(st.text())
@example("=1+1")
@example("-2+3+cmd|' /C calc'!A0")
@example("\t=1")
@example("@SUM(A1)")
def test_no_cell_is_a_formula(text: str) -> None:
    cell = inert(text)
    assert cell.isprintable()
    assert not cell.startswith(("=", "+", "-", "@")) or float(cell) is not None


@given(st.floats() | st.integers())
def test_numbers_stay_numbers(number: float) -> None:
    assert inert(str(number)) == str(number)


# What a user meets


def test_what_has_failed_is_told_in_a_line_on_the_terminal_and_in_the_log(tmp_path: Path) -> None:
    done = lenet("dataset=mnist", f"dataset.root='{FORGED}'", "hydra.run.dir=run", cwd=tmp_path)
    assert done.returncode == 1
    for text in (done.stdout, (tmp_path / "run" / "lenet.log").read_text()):
        (line,) = text.splitlines()
        assert line.isprintable()
        assert r"dataset.root=\n[2/2] finished \x1b[2J\u202e: expected a folder" in line


def test_a_run_that_has_ended_is_told_of_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run"
    path.mkdir()
    progress = Progress(lambda: [path], 1, ["pooling"])
    record = {
        "status": "failed",
        "started": "now",
        "overrides": ["pooling=max\x1b[2J"],
        "error": f"Boom{FORGED}",
    }
    (path / "run.json").write_text(json.dumps(record))
    progress.look()
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert line.startswith(r"[1/1] failed    pooling=max\x1b[2J: Boom\n[2/2]")


def test_runs_of_a_stranger_are_summed_up_in_lines_and_cells_that_do_nothing(
    tmp_path: Path,
) -> None:
    """Names of their folders, settings and errors may hold anything."""
    for seed in range(2):
        fake_run(tmp_path / "runs" / f"a{seed}", seed=seed)
        other = fake_run(tmp_path / "runs" / f"b{seed}", seed=seed)
        with (other.path / CONFIG).open("a") as file:
            file.write('"=key\\e[2J": "=1+1\\n\\u202e"\n')
    name = FORGED.replace("/", " of ")
    fake_run(tmp_path / "runs" / name, seed=2, status="failed", error=f"Boom{FORGED}")
    text = write_summary(all_runs([tmp_path / "runs"]), tmp_path)
    assert all(line.isprintable() for line in text.split("\n"))
    assert not any(line.startswith("[2") for line in text.split("\n"))
    with (tmp_path / "runs.csv").open(newline="") as file:
        cells = {cell for row in csv.reader(file) for cell in row}
    assert {r"'=key\x1b[2J", r"'=1+1\n\u202e"} <= cells
    assert all(cell.isprintable() and not cell.startswith("=") for cell in cells)


def test_a_key_of_a_stranger_leads_to_no_other_folder(tmp_path: Path) -> None:
    for number in range(3):
        run = fake_run(tmp_path / "runs" / str(number), accuracies=(0.9,))
        with (run.path / CONFIG).open("a") as file:
            file.write(f'"/../../../elsewhere": {number}\n"other./elsewhere": 0\n')
    write_summary(all_runs([tmp_path / "runs"]), tmp_path / "a" / "b" / "c")
    assert not list(tmp_path.rglob("elsewhere*"))
    assert list((tmp_path / "a" / "b" / "c").glob("accuracy_by_*elsewhere.png"))
