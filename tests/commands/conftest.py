"""A run that the tests of a file share."""

from pathlib import Path

import pytest
from command import lenet


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which ``lenet`` has been run."""
    folder = tmp_path_factory.mktemp("trained")
    sizes = ["dataset.train_size=64", "dataset.test_size=32"]
    lenet("dataset=strokes", *sizes, "epochs=1", cwd=folder).check_returncode()
    return folder
