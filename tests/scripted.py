"""Scripts, run in the process of the tests."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"


class Outcome(NamedTuple):
    text: str
    error: str | None

    @property
    def paths(self) -> list[str]:
        """The files that were written, as long as the test is in the script's folder."""
        return [line for line in self.text.splitlines() if Path(line).is_file()]


Script = Callable[..., Outcome]


@pytest.fixture
def script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Script:
    """Run a script in a folder of its own, and return what it has said."""
    monkeypatch.chdir(tmp_path)

    def run(name: str, *arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, arguments)])
        error = None
        try:
            runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
        except SystemExit as exit_:
            error = str(exit_.code)
        return Outcome(capsys.readouterr().out, error)

    return run
