"""Sweeps on Ray, started by the command itself."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from launchers import check_bad_job, check_halving, check_same_bits

INSTALLED = find_spec("hydra_plugins.hydra_ray_launcher") is not None
pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(not INSTALLED, reason="lenet[ray] is not installed"),
]

RAY = ["hydra/launcher=ray_cpu", "hydra.launcher.ray.init.num_cpus=2"]


@pytest.fixture(autouse=True)
def keep_to_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No report to Ray's makers, no file in the home folder."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("HOME", str(tmp_path))


def test_ray_gives_the_same_bits(tmp_path: Path) -> None:
    check_same_bits(tmp_path, *RAY)


def test_halving_goes_from_rung_to_rung(tmp_path: Path) -> None:
    check_halving(tmp_path, *RAY)


def test_a_bad_job_is_seen_and_only_it_runs_again(tmp_path: Path) -> None:
    check_bad_job(tmp_path, *RAY)
