"""The door to matplotlib: whatever a user has set for it, or broken, figures are as they are."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest
from fake_runs import fake_run
from PIL import Image

import lenet.figures.drawing
from lenet.errors import FiguresError
from lenet.figures.drawing import Figure, Missing
from lenet.figures.style import save, style
from lenet.runs.find import all_runs
from lenet.sweeps.report import folder as report

SCRIPTS = Path(__file__).parents[2] / "scripts"
NO_TEXT = b"\xff\xfe\x00text.usetex: True"


def python(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_settings_that_matplotlib_cannot_read_disturb_no_figure(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_bytes(NO_TEXT)
    (tmp_path / "users").write_bytes(NO_TEXT)
    users = {"MPLBACKEND": "nonsense", "MATPLOTLIBRC": str(tmp_path / "users")}
    python(SCRIPTS / "plot_schedule.py", "schedule=step", cwd=tmp_path, **users)
    with Image.open(tmp_path / "runs" / "schedule.png") as image:
        image.verify()


def test_what_a_user_draws_is_as_they_have_set_it(tmp_path: Path) -> None:
    """In a notebook, for instance, which sets the backend for all that it starts."""
    (tmp_path / "matplotlibrc").write_text("savefig.dpi: 600\nno.such.key: 1\n")
    code = (
        "import os, lenet.figures.style, matplotlib; "
        "print(matplotlib.rcParams['savefig.dpi'], matplotlib.get_backend()); "
        "print(os.environ['MPLBACKEND'], os.environ.get('MATPLOTLIBRC'), os.getcwd())"
    )
    told = python("-c", code, cwd=tmp_path, MPLBACKEND="svg").split()
    assert told == ["600.0", "svg", "svg", "None", str(tmp_path)]


def test_a_figure_is_drawn_in_our_style_whatever_the_users_is(tmp_path: Path) -> None:
    with matplotlib.rc_context({"savefig.dpi": 600, "text.usetex": True, "font.size": 40}):
        before = dict(matplotlib.rcParams)
        with style():
            figure = Figure(figsize=(4, 3))
            figure.suptitle("text")
            png, _ = save(figure, tmp_path / "figure")
        assert dict(matplotlib.rcParams) == before
    with Image.open(png) as image:
        assert image.size == (600, 450)


def test_a_matplotlib_that_is_there_already_keeps_its_settings() -> None:
    with matplotlib.rc_context({"figure.dpi": 321}):
        runpy.run_path(lenet.figures.drawing.__file__)
        assert matplotlib.rcParams["figure.dpi"] == 321


def test_without_matplotlib_whoever_draws_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    door = runpy.run_path(lenet.figures.drawing.__file__)
    with pytest.raises(FiguresError, match=r"matplotlib cannot be imported .* pip install"):
        door["Figure"]()


def test_without_matplotlib_there_are_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_run(tmp_path / "run")
    monkeypatch.setattr("lenet.figures.style.rc_context", Missing(ImportError("libfreetype.so.6")))
    text = report.write_summary(all_runs([tmp_path]), tmp_path / "out")
    assert text.splitlines()[-1] == (
        "no figures: matplotlib cannot be imported (ImportError: libfreetype.so.6); "
        "pip install --force-reinstall matplotlib"
    )
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == [
        "report.html",
        "runs.csv",
        "settings.csv",
    ]


def test_matplotlib_is_imported_through_the_door_alone() -> None:
    files = [*Path(lenet.__file__).parent.rglob("*.py"), *SCRIPTS.glob("*.py")]
    assert [
        file.name
        for file in files
        if any(
            line.startswith(("import matplotlib", "from matplotlib"))
            for line in map(str.strip, file.read_text().splitlines())
        )
    ] == ["drawing.py"]
