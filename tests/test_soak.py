"""Run after run, a process holds no more than before (make soak does this for an hour)."""

import subprocess
import sys
from pathlib import Path

import pytest
from soak import Sample, growth


@pytest.mark.thorough
def test_memory_files_and_threads_stay_flat() -> None:
    """In a process of its own: what other tests have left in this one comes and goes."""
    soak = [sys.executable, Path(__file__).with_name("soak.py"), "0.3"]
    done = subprocess.run(soak, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_growth_is_seen() -> None:
    flat = [Sample(i, i, 100.0, 6, 2, 190.0) for i in range(20)]
    assert growth(flat) == []
    leaking = [sample._replace(files=6 + i) for i, sample in enumerate(flat)]
    assert growth(leaking) == ["files: from 16 to 25"]
