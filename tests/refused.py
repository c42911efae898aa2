"""A command that must be refused."""

import os
import sys
from pathlib import Path

import pytest
from hydra.core.global_hydra import GlobalHydra

from lenet.commands.train import main


class Refused:
    """Runs a command that must be refused before anything is written; gives what it says."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *arguments: str) -> str:
        self.monkeypatch.chdir(self.folder)
        self.monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
        self.monkeypatch.setattr(sys, "argv", ["lenet", *arguments])
        before = sorted(self.folder.rglob("*"))
        with pytest.raises(SystemExit) as caught:
            main()
        GlobalHydra.instance().clear()
        os.environ.pop("HYDRA_FULL_ERROR", None)
        assert caught.value.code == 2
        assert sorted(self.folder.rglob("*")) == before
        message = self.capsys.readouterr().err
        assert "Traceback" not in message
        return message


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Refused:
    return Refused(tmp_path, monkeypatch, capsys)
