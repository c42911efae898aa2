"""``lenet-runs``: each command by its name, with a help, completed by the shell, as a script."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scripted import SCRIPTS

import lenet
from lenet.commands.runs import COMMANDS, main, module

Say = Callable[..., tuple[object, str, str]]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Say:
    """Run ``lenet-runs`` in an empty folder: its exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def say(*words: str) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["lenet-runs", *words])
        code: object = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code
        return (code, *capsys.readouterr())

    return say


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]], ids=str)
def test_its_help_is_a_page_of_all_commands(say: Say, words: list[str]) -> None:
    code, out, err = say(*words)
    assert (code, err) == (0, "")
    for name, command in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(command.help)}$", out, re.MULTILINE)
    assert max(map(len, out.splitlines())) <= 84


@pytest.mark.parametrize("words", [["plot"], ["plot", "--help"]], ids=str)
def test_a_part_of_a_command_shows_those_that_begin_with_it(say: Say, words: list[str]) -> None:
    code, out, _ = say(*words)
    assert code == 0
    assert "plot filters" in out
    assert "table1" not in out


def test_its_version_is_that_of_lenet(say: Say) -> None:
    assert say("--version") == (0, f"lenet {lenet.__version__}\n", "")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_has_a_help_of_its_own(say: Say, name: str) -> None:
    code, out, _ = say(*name.split(), "--help")
    assert code == 0
    assert out.startswith(f"usage: lenet-runs {name} ")
    assert str(module(name).__doc__).splitlines()[0] in out
    assert "--import MODULE" in out


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["plto", "curves"], "there is no command 'plto'; did you mean 'plot'?"),
        (["plot", "curve"], "there is no command 'plot curve'; did you mean 'plot curves'?"),
        (["tabel1", "runs"], "there is no command 'tabel1'; did you mean 'table1'?"),
        (
            ["--output"],
            "there is no command '--output'; there are compare, diff, evaluate, export, ",
        ),
        (["x\ny"], r"there is no command 'x\ny'; there are compare, "),
    ],
)
def test_what_is_no_command_is_refused(say: Say, words: list[str], refusal: str) -> None:
    code, out, err = say(*words)
    assert (code, out) == (2, "")
    assert err.startswith(f"lenet-runs: {refusal}")
    assert err.count("\n") == 1


def test_what_goes_wrong_is_a_line_with_the_name_of_the_command(say: Say) -> None:
    code, _, _ = say("plot", "filters", "nowhere")
    assert code == "lenet-runs plot filters: there is no run in nowhere"


def test_each_command_is_also_a_script_of_a_few_lines() -> None:
    heads = {}
    for path in SCRIPTS.glob("*.py"):
        text = path.read_text()
        if found := re.search(r'^    script\("(.*)"\)$', text, re.MULTILINE):
            heads[found[1]] = path
            assert text.count("\n") < 10
    assert set(heads) == set(COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("lenet-runs pl", {"plot"}),
        ("lenet-runs plot f", {"filters", "features"}),
        ("lenet-runs compare --se", {"--seconds"}),
        ("lenet-runs export ", {"onnx", "torch", "-h", "--help"}),
        ("lenet-runs export onnx --ou", {"--output"}),
        ("lenet-runs plot filters so", {"some run/"}),
    ],
)
def test_a_shell_is_told_what_may_come_next(tmp_path: Path, line: str, words: set[str]) -> None:
    (tmp_path / "some run").mkdir()
    told = tmp_path / "told"
    shell = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(told),
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
    }
    code = "from lenet.commands.runs import main; main()"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=shell, timeout=60)
    assert {word.strip().replace("\\ ", " ") for word in told.read_text().split("\n")} == words
