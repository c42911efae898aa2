"""The scripts, run as a user runs them: where they read and write, and what they say."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fake_runs import fake_run
from PIL import Image
from scripted import SCRIPTS, Script

pytestmark = pytest.mark.slow


def test_curves_of_a_run_of_lenet_are_drawn_without_a_display(trained: Path) -> None:
    """With the command line of a user who has just trained a first network."""
    done = subprocess.run(
        [sys.executable, "-W", "error", SCRIPTS / "plot_curves.py"],
        cwd=trained,
        env={key: value for key, value in os.environ.items() if key != "DISPLAY"},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    (run,) = (trained / "runs").iterdir()
    folder = Path("runs", run.name)
    assert done.stdout == f"{folder / 'curves.png'}\n{folder / 'curves.svg'}\n"
    assert done.stderr == ""


def test_predictions_of_a_run_of_lenet(trained: Path, script: Script) -> None:
    paths = script("plot_predictions", trained, "--output", "figures").paths
    assert paths == [
        f"figures/{name}.{kind}"
        for name in ("predictions", "mistakes", "confusion")
        for kind in ("png", "svg")
    ]
    for path in paths[::2]:
        with Image.open(path) as image:
            image.verify()


def test_figures_go_to_the_folder_that_was_given(tmp_path: Path, script: Script) -> None:
    for seed in (0, 1):
        fake_run(tmp_path / "sweep" / str(seed), "dataset=mnist", seed=seed)
    assert script("table1", "sweep").paths == ["sweep/table1.md", "sweep/table1.csv"]
    assert script("table1", "sweep/0").paths == ["sweep/0/table1.md", "sweep/0/table1.csv"]
    both = script("table1", "sweep/0", tmp_path / "sweep" / "1")
    assert both.paths == ["sweep/table1.md", "sweep/table1.csv"]
    assert script("table1", "sweep", "--output", "a/b").paths == ["a/b/table1.md", "a/b/table1.csv"]


def test_paths_outside_the_current_folder_are_absolute(
    tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_run(tmp_path / "run", "dataset=mnist")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert script("table1", "../run").paths[0] == str(tmp_path / "run" / "table1.md")


def test_nothing_to_read_is_said_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, SCRIPTS / "table1.py", "nowhere"],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == ("table1.py: there is no run in nowhere\n")


def test_a_folder_that_cannot_be_written_is_said_in_one_line(
    tmp_path: Path, script: Script
) -> None:
    fake_run(tmp_path / "run", "dataset=mnist")
    (tmp_path / "file").touch()
    error = script("table1", "run", "--output", "file").error
    assert error == "table1.py: [Errno 17] File exists: 'file'"


@pytest.mark.parametrize("arguments", [["--help"], ["runs"]])
def test_a_reader_who_wants_no_more_is_left_alone(tmp_path: Path, arguments: list[str]) -> None:
    """As with ``python scripts/table1.py | head``, where head has ended already."""
    fake_run(tmp_path / "runs" / "a", "dataset=mnist")
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [sys.executable, SCRIPTS / "table1.py", *arguments],
            cwd=tmp_path,
            check=False,
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert done.stderr == ""
    assert done.returncode in (0, 128 + signal.SIGPIPE)  # argparse lets it pass without a buffer
    assert (tmp_path / "runs" / "table1.md").exists() == (arguments == ["runs"])


@pytest.mark.parametrize(
    ("name", "arguments", "package", "remedy"),
    [
        ("export_onnx", [], "onnx", "pip install -e '.[onnx]'"),
        ("to_torch", [], "torch", "pip install torch"),
        ("from_torch", ["file.pt", "folder"], "torch", "pip install torch"),
    ],
)
def test_where_a_package_is_missing_a_line_says_what_would_do(
    script: Script,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    arguments: list[str],
    package: str,
    remedy: str,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"lenet.formats.{package}", raising=False)
    assert script(name, *arguments).error == f"{name}.py: {package} is not installed; {remedy}"


def test_a_comparison_at_any_time(tmp_path: Path, script: Script) -> None:
    for seed in (0, 1):
        fake_run(tmp_path / "runs" / f"a{seed}", "optimizer=adam", seed=seed)
        fake_run(tmp_path / "runs" / f"b{seed}", "optimizer=sgd", seed=seed)
    fake_run(tmp_path / "runs" / "c", "optimizer=sgd", seed=2, status="failed", error="Boom: no")
    outcome = script("compare", "runs", "--output", "out")
    assert outcome.error is None
    assert "2 settings, 4 of 5 runs finished\nall: dataset=strokes\n" in outcome.text
    assert "failed  c  optimizer=sgd, seed 2; Boom: no" in outcome.text
    names = ("settings.csv", "runs.csv", "comparisons.csv", "curves.png", "accuracy.png")
    for name in names:
        assert f"wrote out/{name}\n" in outcome.text
        assert (tmp_path / "out" / name).is_file()
    assert not list(tmp_path.rglob("seconds.*"))
    assert (
        "wrote out/seconds.png\n" in script("compare", "runs", "--output", "out", "--seconds").text
    )
    assert script("compare", "nowhere").error == "compare.py: there is no run in nowhere"


def test_the_list_of_a_sweep_names_its_runs(tmp_path: Path, script: Script) -> None:
    fake_run(tmp_path / "runs" / "a")
    fake_run(tmp_path / "runs" / "other", "pooling=avg")
    view = tmp_path / "runs" / "sweeps" / "x"
    view.mkdir(parents=True)
    (view / "runs.txt").write_text("../../a\n../../missing\n")
    assert script("plot_curves", view).paths[0] == "runs/sweeps/x/curves.png"
    text = script("compare", view).text
    assert "1 of 2 runs finished" in text
    assert "missing" in text
