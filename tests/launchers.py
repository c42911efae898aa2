"""What a sweep has to do under every launcher, for the tests of each."""

from collections import Counter
from pathlib import Path

import pandas as pd
from command import lenet, metrics, results, run_folders, started

from lenet.runs.record import status

QUICK = ["dataset.train_size=256", "dataset.test_size=64", "epochs=2"]


def check_same_bits(tmp_path: Path, *launcher: str) -> None:
    """The same sweep one by one and through the launcher: same folders, metrics and weights."""
    alone, launched = tmp_path / "alone", tmp_path / "launched"
    for folder, options in ((alone, ()), (launched, launcher)):
        folder.mkdir()
        done = lenet("-m", *QUICK, *options, "pooling=max,avg", "seed=range(3)", cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    assert len(run_folders(alone)) == 6
    for one, other in zip(run_folders(alone), run_folders(launched), strict=True):
        assert one.relative_to(alone) == other.relative_to(launched)
        assert metrics(one).equals(metrics(other))
        assert (one / "weights.npz").read_bytes() == (other / "weights.npz").read_bytes()


def check_halving(tmp_path: Path, *launcher: str) -> None:
    """Of three settings one goes on after the first epoch of three, to the bits of a whole run."""
    halved, whole = tmp_path / "halved", tmp_path / "whole"
    lrs, seeds = "optimizer.lr=1e-7,0.003,1e-6", "seed=0,1"
    for folder, options in ((halved, ["halving=3", *launcher]), (whole, [])):
        folder.mkdir()
        done = lenet("-m", *QUICK, "epochs=3", *options, lrs, seeds, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr
    ends = Counter()
    for one, other in zip(run_folders(halved), run_folders(whole), strict=True):
        assert one.relative_to(halved) == other.relative_to(whole)
        ends[status(one), len(metrics(one))] += 1
        if status(one) == "finished":
            assert results(one) == results(other)
        else:
            assert metrics(one).equals(metrics(other)[:1])
    assert ends == {("stopped", 1): 4, ("finished", 3): 2}


def check_bad_job(tmp_path: Path, *launcher: str) -> None:
    """One job of three diverges: the others finish, it is told, and it alone runs again."""
    command = ["-m", *QUICK, *launcher, "optimizer=sgd", "optimizer.lr=0.01,1e38,0.05"]
    first = lenet(*command, cwd=tmp_path)
    assert first.returncode == 1, first.stdout + first.stderr
    assert sorted(map(status, run_folders(tmp_path))) == ["diverged", "finished", "finished"]
    assert "Traceback" not in first.stdout + first.stderr
    (path,) = tmp_path.rglob("runs.csv")
    assert sorted(pd.read_csv(path)["status"]) == ["diverged", "finished", "finished"]

    before = started(tmp_path)
    second = lenet(*command, cwd=tmp_path)
    assert second.returncode == 1, second.stdout + second.stderr
    again = [folder for folder, when in started(tmp_path).items() if when != before[folder]]
    assert list(map(status, again)) == ["diverged"]
