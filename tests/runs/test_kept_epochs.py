"""Weights after each epoch: kept where it is asked for, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest
from command import lenet
from configurations import defaults
from fake_runs import fake_run
from states import ROW, state

from lenet.config.compose import configure
from lenet.errors import ConfigError, DataError
from lenet.formats.layout import WEIGHTS, epoch_file, epoch_files
from lenet.formats.weights import read_weights
from lenet.runs.folder import RunFolder
from lenet.runs.run import Run

QUICK = ["dataset.train_size=64", "dataset.test_size=32", "epochs=2"]


def test_nothing_is_kept_unless_asked() -> None:
    assert defaults()["keep_weights"] is None


def test_a_folder_keeps_what_was_trained_by_the_number_of_the_epoch(tmp_path: Path) -> None:
    with RunFolder(tmp_path, "") as folder:
        one, two = state(ROW), state(ROW, ROW)
        two.average = 3 * two.theta  # is what is tested and kept
        for each in (one, two, two):  # an epoch over again
            folder.keep_epoch(each)
    assert list(epoch_files(tmp_path)) == [1, 2]
    np.testing.assert_array_equal(read_weights(tmp_path / epoch_file(1)), one.theta)
    np.testing.assert_array_equal(read_weights(tmp_path / epoch_file(2)), two.average)


def test_epochs_are_in_their_order_however_many(tmp_path: Path) -> None:
    for epoch in (10_000, 3, 12, 999):
        (tmp_path / epoch_file(epoch)).touch()
    (tmp_path / "epoch-one.npz").touch()
    assert list(epoch_files(tmp_path)) == [3, 12, 999, 10_000]


@pytest.mark.slow
def test_a_run_keeps_its_weights_and_ends_with_the_bits_of_one_that_does_not(
    tmp_path: Path,
) -> None:
    for folder, more in (("kept", ["keep_weights=epochs"]), ("plain", [])):
        done = lenet(*QUICK, *more, f"hydra.run.dir={folder}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    kept, plain = tmp_path / "kept", tmp_path / "plain"
    assert list(epoch_files(kept)) == [1, 2]
    assert not epoch_files(plain)
    assert (kept / WEIGHTS).read_bytes() == (plain / WEIGHTS).read_bytes()
    assert (kept / epoch_file(2)).read_bytes() == (kept / WEIGHTS).read_bytes()

    networks = Run(kept).networks()
    assert list(networks) == [0, 1, 2]
    np.testing.assert_array_equal(networks[0].theta, Run(kept).config.initial_theta())
    assert Run(plain).networks() == {}

    again = lenet(*QUICK, "keep_weights=epochs", "force=true", "hydra.run.dir=kept", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    (aside,) = tmp_path.glob("kept.aside-*")
    assert list(epoch_files(aside)) == list(epoch_files(kept)) == [1, 2]


def test_a_damaged_file_of_an_epoch_is_named(tmp_path: Path) -> None:
    run = fake_run(tmp_path)
    (tmp_path / epoch_file(1)).write_bytes(b"half a f")
    with pytest.raises(DataError, match=epoch_file(1)):
        run.networks()


def test_another_word_is_refused_with_the_one_that_there_is() -> None:
    with pytest.raises(ConfigError, match="keep_weights = 'steps': should be 'epochs'"):
        configure("keep_weights=steps")
