"""Which tests are run: what takes long by its nature only where it is asked for by its name."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CRASHES = "test_a_crash_between_any_two_files"
KILLS = "test_kill_9_at_any_moment"

pytestmark = pytest.mark.slow


def collected(*options: str) -> set[str]:
    """The names of the tests of two files that these options choose."""
    files = ["tests/runs/test_resume.py", "tests/runs/test_crash_between_files.py"]
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *options]
    done = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, check=True)
    ids = [line for line in done.stdout.splitlines() if "::" in line]
    return {name.partition("::")[2].partition("[")[0] for name in ids}


def test_an_expression_of_other_markers_brings_in_no_stress() -> None:
    found = collected("-m", "slow or not mnist")
    assert "test_more_epochs_go_on_where_fewer_have_ended" in found
    assert not {KILLS, CRASHES} & found


def test_a_tier_is_run_where_its_marker_is_named() -> None:
    assert collected("-m", "stress") == {KILLS}


def test_a_tier_is_run_with_all_before_it() -> None:
    found = collected("--up-to", "thorough")
    assert {CRASHES} == {KILLS, CRASHES} & found
    assert "test_more_epochs_go_on_where_fewer_have_ended" in found
