"""The flags of the command line, in whatever order, and on whatever Python."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import pytest
from hydra._internal.utils import get_args_parser

from lenet import __version__
from lenet.commands.flags import Flags, help_of_any_kind


def read(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
    monkeypatch.setattr(sys, "argv", ["lenet", *arguments])
    return Flags().read()


@pytest.mark.parametrize("place", range(4))
def test_a_flag_may_stand_anywhere(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    arguments = ["a=1", "b=1,2", "c=-3"]
    arguments.insert(place, "-m")
    typed = read(monkeypatch, *arguments)
    assert typed.multirun
    assert typed.overrides == ["a=1", "b=1,2", "c=-3"]


@pytest.mark.parametrize("flag", ["--config-dir", "-cd", "--config-path", "-cp"])
def test_a_folder_of_ones_own_may_be_named_by_any_of_hydras_flags(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flag: str
) -> None:
    assert read(monkeypatch, flag, str(tmp_path), "seed=1").config_dir == tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lr=0.1"], "--lr=0.1: no such flag; a key is set without dashes, as in seed=1"),
        (["--multrun"], "--multrun: no such flag; did you mean --multirun?"),
        (["-x"], "-x: no such flag; lenet --hydra-help has them all"),
        (["--config"], "ambiguous option: --config"),
        (["--cfg"], "--cfg"),
        (["--cfg", "jobs"], "invalid choice: 'jobs'"),
        (["--info", "seed=1"], "invalid choice: 'seed=1'"),
        (["-m", "seed=1,2", "--cfg", "job"], "one of --run, --multirun, --cfg"),
        (["--resolve"], "--resolve and --package go with --cfg"),
        (["-p", "optimizer"], "--resolve and --package go with --cfg"),
        (["--experimental-rerun", "config.pickle"], "lenet-runs rerun RUN"),
        (["--config-dir", "nowhere"], "--config-dir nowhere: expected a folder (No such file"),
        (["--config-dir", __file__], "expected a folder (Not a directory)"),
        (["--config-dir", "a\0b"], "expected a folder"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_command_that_cannot_be_meant_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    with pytest.raises(SystemExit) as caught:
        read(monkeypatch, *arguments)
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("lenet: ")
    assert message in line


def test_the_version_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        read(monkeypatch, "--version")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"lenet {__version__} (Python 3.")


def check_help(parser: ArgumentParser, action: Any) -> None:
    """What argparse of Python 3.14 does with each flag that is added."""
    if action.help and "%" in action.help:
        raise ValueError("badly formed help string")


def test_a_help_that_is_no_text_is_let_through_while_hydra_makes_its_flags(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ArgumentParser, "_check_help", check_help, raising=False)
    add = ArgumentParser.add_argument

    def add_argument(parser: ArgumentParser, *names: str, **options: Any) -> Any:
        action = add(parser, *names, **options)
        parser._check_help(action)  # type: ignore[attr-defined]
        return action

    monkeypatch.setattr(ArgumentParser, "add_argument", add_argument)
    with pytest.raises(TypeError):
        get_args_parser()
    Flags()
    with pytest.raises(TypeError):
        get_args_parser()


def test_the_check_of_help_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = dict(vars(ArgumentParser))
    with help_of_any_kind():
        pass
    assert dict(vars(ArgumentParser)) == before
