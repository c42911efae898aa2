"""The wheel holds all that the command needs, wherever it is given."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

import lenet

ROOT = Path(__file__).parent.parent


@pytest.mark.slow
def test_the_wheel_runs_from_any_folder(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    wheels, site, elsewhere = (tmp_path / name for name in ("wheels", "site", "some where"))
    elsewhere.mkdir()
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, ROOT]
    subprocess.run([*pip, *build], check=True, timeout=120)
    (wheel,) = wheels.glob("lenet-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True, timeout=120)

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            [sys.executable, *command],
            cwd=elsewhere,
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("-m", "lenet", "dataset.train_size=64", "dataset.test_size=32")
    (weights,) = elsewhere.glob("runs/*/weights.npz")
    assert (site / "lenet" / "conf" / "config.yaml").is_file()

    lenet_runs = site / "bin" / "lenet-runs"
    assert "curves.png" in run(lenet_runs, "plot", "curves")
    assert "page.html" in run(lenet_runs, "page")
    Image.fromarray(np.pad(np.full((9, 3), 255, np.uint8), 9)).save(elsewhere / "one.png")
    assert run(lenet_runs, "predict", weights, "one.png").startswith("one.png  ")
    *_, last = run(lenet_runs, "predict", "one.png").splitlines()
    assert last.endswith(f"experiment=reader, {site / 'lenet' / 'reader' / 'weights.npz'}")


def test_the_version_is_the_same_wherever_it_is_said() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == lenet.__version__
    assert f"\n## {lenet.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
