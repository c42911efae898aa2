"""Sweeps with several jobs at a time on this machine; test_sweep.py has what may go wrong."""

from pathlib import Path

import pytest
from launchers import check_same_bits


@pytest.mark.slow
def test_joblib_gives_the_same_bits(tmp_path: Path) -> None:
    check_same_bits(tmp_path, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
