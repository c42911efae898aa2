"""Run folders that a crash or a hand has damaged: what each script makes of each file."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fake_runs import fake_run
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scripted import Outcome, Script

from lenet.errors import DataError
from lenet.formats.keys import read_keys
from lenet.formats.layout import CONFIG, METRICS, RECORD, RUN_LIST, STEPS, WEIGHTS
from lenet.formats.tables import read_table
from lenet.formats.weights import write_weights
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.sweeps.report.folder import write_summary

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).parents[2] / "scripts"
READERS = {
    RECORD: {"plot_curves", "table1", "plot_predictions", "evaluate"},
    CONFIG: {"plot_curves", "table1", "plot_predictions", "evaluate"},
    METRICS: {"plot_curves", "table1"},
    STEPS: set(),
    WEIGHTS: {"plot_predictions", "evaluate"},
}
NAMES = ["plot_curves", "table1", "plot_predictions", "evaluate"]
GARBAGE = np.random.default_rng(0).bytes(500)

Damage = Callable[[bytes], bytes | None]


def damaged_rows(change: Callable[[list[list[str]]], Any]) -> Damage:
    """A CSV file whose rows, the first of them the header, are changed in place."""

    def damage(content: bytes) -> bytes:
        rows = list(csv.reader(io.StringIO(content.decode())))
        change(rows)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        return text.getvalue().encode()

    return damage


def cell(row: int, column: int, value: str) -> Damage:
    return damaged_rows(lambda rows: rows[row].__setitem__(column, value))


def without_column(column: int) -> Damage:
    return damaged_rows(lambda rows: [row.pop(column) for row in rows])


def table_damages(column: int) -> dict[str, Damage]:
    """Damages of a table of at least two rows, some of them to one of its needed columns."""
    return {
        "no rows": damaged_rows(lambda rows: rows.__delitem__(slice(1, None))),
        "a row twice": damaged_rows(lambda rows: rows.append(rows[-1])),
        "a row less": damaged_rows(lambda rows: rows.pop(1)),
        "rows in another order": damaged_rows(lambda rows: rows.append(rows.pop(1))),
        "longer rows": damaged_rows(lambda rows: [row.append("1") for row in rows[1:]]),
        "one longer row": damaged_rows(lambda rows: rows[1].append("1")),
        "a torn last line": lambda content: content[:-3],
        "a last line without its end": lambda content: content[:-1],
        "zeros after a power cut": lambda content: content + bytes(99),
        "no header": damaged_rows(lambda rows: rows.pop(0)),
        "a huge counter": cell(-1, 0, "9" * 40),
        "no counter": without_column(0),
        "no column": without_column(column),
        "a counter in words": cell(2, 0, "two"),
    } | {
        what: cell(2, column, value)
        for what, value in {
            "a word": "high", "nothing": "", "nan": "nan", "infinity": "-inf", "overflow": "1e400",
            "a huge number": "1e308", "a list": "[1]",
        }.items()
    }  # fmt: skip


def config(**changes: Any) -> Damage:
    """A configuration with some values changed, and those removed that are given as ``...``."""

    def damage(content: bytes) -> bytes:
        keys = yaml.safe_load(content) | changes
        return yaml.dump({key: value for key, value in keys.items() if value is not ...}).encode()

    return damage


ANY: dict[str, Damage] = {
    "missing": lambda content: None,
    "empty": lambda content: b"",
    "cut in half": lambda content: content[: len(content) // 2],
    "garbage": lambda content: GARBAGE,
    "zeros": lambda content: bytes(len(content)),
    "an array": lambda content: b"[1, 2]\n",
}
DAMAGES: dict[str, dict[str, Damage]] = {
    RECORD: ANY | {"no status": lambda content: b"{}"},
    CONFIG: ANY
    | {
        "no dataset": config(dataset=...),
        "dataset is null": config(dataset=None),
        "dataset is a number": config(dataset=5),
        "dataset has no class": config(dataset={"root": None}),
        "dataset is recursive": lambda content: content + b"a: &a {b: *a}\n",
        "no seed": config(seed=...),
        "seed is a word": config(seed="one"),
        "seed is true": config(seed=True),
        "seed is a fraction": config(seed=0.5),
        "seed is a list": config(seed=[1]),
        "nan": config(
            schedule={"_target_": "lenet.training.schedules.Constant", "x": float("nan")}
        ),
        "infinity": config(batch_size=float("inf")),
        "deeply nested": lambda content: b"- " * 100_000,
        "a number of 8,000 digits": lambda content: content + b"a: 1" + 8000 * b"0",
        "8,000 digits to the base of 16": lambda content: content + b"a: 0x" + 8000 * b"f",
        "a tag that does not fit": lambda content: content + b"a: !!timestamp b\n",
    },
    METRICS: ANY
    | table_damages(column=4)
    | {
        "an epoch less at the end": damaged_rows(lambda rows: rows.pop()),
        "an accuracy of 97": cell(1, 2, "97"),
        "a negative accuracy": cell(1, 4, "-0.5"),
    },
    STEPS: ANY | table_damages(column=1),
    WEIGHTS: ANY,
}
CASES = [
    pytest.param(file, damage, id=f"{file}, {name}")
    for file, damages in DAMAGES.items()
    for name, damage in damages.items()
]
READ = [
    pytest.param(script, *case.values, id=f"{script}, {case.id}")
    for case in CASES
    for script in NAMES
    if script in READERS[str(case.values[0])]
]


STROKES = rb"dataset:\n  _target_: [\w.]*Strokes\n(  .*\n)+"
ALL_OF_MNIST = b"""\
dataset:
  _target_: lenet.data.MNIST
  root: null
  train_size: null
  test_size: null
  validation: 0
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two whole runs that every script can read, but for their datasets."""
    folder = tmp_path_factory.mktemp("whole")
    for name, seed in (("bad", 0), ("good", 1)):
        run = fake_run(folder / name, "dataset.train_size=8", "dataset.test_size=8", seed=seed)
        write_weights(run.path / WEIGHTS, initial_theta(GlorotUniform(), seed))
        steps = "".join(f"{step},{1 / step}\n" for step in range(1, 60))
        (run.path / STEPS).write_text(f"step,loss\n{steps}")
    return folder


@pytest.fixture
def script(script: Script, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Script:
    """Run a script in a folder of its own with the two runs; figures are not really drawn."""
    shutil.copytree(whole, tmp_path / "runs")
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, **kwargs: file.write(b"drawn"))

    def run(name: str, *arguments: str) -> Outcome:
        if name == "table1":
            for path in tmp_path.glob("runs/*/config.yaml"):
                path.write_bytes(re.sub(STROKES, ALL_OF_MNIST, path.read_bytes()))
        return script(name, *arguments)

    return run


def spoil(path: Path, damage: Damage) -> None:
    content = damage(path.read_bytes())
    path.unlink()
    if content is not None:
        path.write_bytes(content)


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize(("name", "file", "damage"), READ)
def test_a_script_names_the_damaged_file_in_a_line_and_writes_nothing(
    script: Script, name: str, file: str, damage: Damage, tmp_path: Path
) -> None:
    spoil(tmp_path / "runs" / "bad" / file, damage)
    before = files(tmp_path)
    error = script(name, "runs/bad").error
    assert error is not None
    assert error.startswith(f"{name}.py: ")
    assert error.isprintable()
    assert len(error) < 600
    if file == RECORD:
        assert "runs/bad" in error
    else:
        assert f"runs/bad/{file}: " in error
    assert files(tmp_path) == before


@pytest.mark.parametrize("name", NAMES)
def test_what_a_script_does_not_read_may_be_damaged(
    script: Script, name: str, tmp_path: Path
) -> None:
    for file, readers in READERS.items():
        if name not in readers:
            spoil(tmp_path / "runs" / "bad" / file, ANY["garbage"])
    assert script(name, "runs/bad").error is None


@pytest.mark.parametrize(("file", "damage"), CASES)
def test_a_comparison_goes_on_without_the_damaged_run_and_names_it(
    script: Script, file: str, damage: Damage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / RUN_LIST).write_text("../runs/bad\n../runs/good\n")
    spoil(tmp_path / "runs" / "bad" / file, damage)
    outcome = script("compare", "out")
    assert outcome.error is None
    assert {"curves.svg", "settings.csv", "runs.csv"} <= files(tmp_path / "out")
    assert not [name for name in files(tmp_path) if name.endswith(".part")]
    if file in (STEPS, WEIGHTS):
        assert "2 of 2 runs finished" in outcome.text
        assert ("steps.svg" in files(tmp_path / "out")) == (file == WEIGHTS)
        if file == STEPS and (tmp_path / "runs" / "bad" / STEPS).exists():
            (message,) = caplog.messages
            assert message.startswith("runs/bad/steps.csv: expected ")
        return
    assert "1 of 2 runs finished" in outcome.text
    (line,) = [line for line in outcome.text.splitlines() if "  bad" in line]
    assert line.strip().startswith(("unknown", "not begun"))
    if file != RECORD:
        assert f"{file}: expected " in line


LISTS: dict[str, tuple[bytes, str | None]] = {
    "empty": (b"", "there is no run in out"),
    "blank lines": (b"\n \n", "there is no run in out"),
    "cut in half": (b"../runs/good\n../ru", None),
    "of what is gone": (b"../runs/good\n../runs/gone\n", None),
    "the same twice": (b"../runs/good\n../runs/good\n", None),
    "not UTF-8": (GARBAGE, "out/runs.txt: expected a list of folders, found: 'utf-8' codec can't"),
    "zeros": (bytes(9), "out/runs.txt: expected a folder in each line, found '\\x00\\x00"),
    "escape codes": (b"\x1b[2J\n", "out/runs.txt: expected a folder in each line, found '\\x1b[2J"),
    "a name without end": (b"x" * 9999, "out/runs.txt: expected a folder in each line, found 'xx"),
}


@pytest.mark.parametrize("name", ["plot_curves", "table1", "evaluate", "compare"])
@pytest.mark.parametrize(("content", "expected"), LISTS.values(), ids=LISTS.keys())
def test_a_damaged_list_of_runs(
    script: Script, name: str, content: bytes, expected: str | None, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / RUN_LIST).write_bytes(content)
    error = script(name, "out").error
    if expected is None:
        assert error is None
    else:
        assert error is not None
        assert error.startswith(f"{name}.py: {expected}")
        assert error.isprintable()
        assert len(error) < 300


CONFIGS: dict[str, Damage] = {
    "another version": config(colour="blue"),
    "a class that is none": config(pooling={"_target_": "os.system", "command": "true"}),
    "a class that is a number": config(pooling={"_target_": 7}),
    "an interpolation": config(batch_size="${nothing}"),
    "a missing value": config(batch_size="???"),
    "a key that is none": lambda content: content + b"~: 1\n",
    "a key that is a number": lambda content: content + b"1: 1\n",
    "a negative seed": config(seed=-1),
    "a set": lambda content: content + b"a: !!set {b}\n",
    "bytes": lambda content: content + b"a: !!binary aGk=\n",
    "deep lists": config(batch_size=json.loads("[" * 90 + "]" * 90)),
    "a number beyond 64 bits": config(batch_size=10**400),
}


@pytest.mark.parametrize("damage", CONFIGS.values(), ids=CONFIGS.keys())
def test_a_configuration_that_lenet_would_refuse_can_be_drawn_but_not_be_used(
    script: Script, damage: Damage, tmp_path: Path
) -> None:
    spoil(tmp_path / "runs" / "bad" / CONFIG, damage)
    for name in ("plot_curves", "compare"):
        assert script(name, "runs/bad", "--output", "out").error is None
    for name in ("evaluate", "plot_predictions"):
        error = script(name, "runs/bad").error
        assert error is not None
        assert error.startswith(f"{name}.py: runs/bad/config.yaml: ")


def test_numbers_beyond_all_axes_are_no_axis(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(size), f"batch_size={size}") for size in (1, 2, 3)]
    spoil(runs[2].path / CONFIG, config(batch_size=10**400))
    assert "3 of 3 runs finished" in write_summary(runs, tmp_path / "out")
    assert not list(tmp_path.glob("out/accuracy_by*"))


def test_an_evaluation_says_what_it_has_found_before_it_comes_to_the_damaged_run(
    script: Script, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "good").rename(tmp_path / "runs" / "a")
    spoil(tmp_path / "runs" / "bad" / WEIGHTS, ANY["empty"])
    outcome = script("evaluate", "runs")
    assert outcome.text.startswith("runs/a: loss ")
    assert str(outcome.error).startswith("evaluate.py: runs/bad/weights.npz: expected an intact")


def test_epochs_of_an_unfinished_run_are_those_with_whole_lines(tmp_path: Path) -> None:
    run = fake_run(tmp_path / "a", status="interrupted")
    spoil(run.path / METRICS, lambda content: content[:-3])
    assert "after 2 of 3 epochs" in write_summary([run], tmp_path / "out")


@settings(max_examples=300)
@given(
    st.binary(max_size=60) | st.text("ab:{}[]-&*!|>'\"# \n0.e\t~?,", max_size=40).map(str.encode)
)
def test_any_bytes_are_keys_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content)
    try:
        keys = read_keys(path)
    except DataError as error:
        message = str(error)
    else:
        assert isinstance(keys, dict)
        return
    assert message.startswith(f"{path}: expected a configuration, found")
    assert message.isprintable()


@settings(max_examples=300)
@given(
    st.binary(max_size=60)
    | st.text("step,los\n\r012.e-+\"' \0", max_size=60).map(
        lambda text: b"step,loss\n" + text.encode()
    )
)
def test_any_bytes_are_a_table_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        table = read_table(path, "step", ["loss"])
    except DataError as error:
        message = str(error)
    else:
        assert list(table.index) == list(range(1, len(table) + 1))
        assert np.isfinite(table).all(axis=None)
        return
    assert message.startswith(f"{path}: expected ")
    assert message.isprintable()
