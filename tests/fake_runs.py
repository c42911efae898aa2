"""Run folders as ``lenet`` writes them, with made-up metrics, for tests of what reads them."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import OmegaConf

from lenet.config.compose import composed
from lenet.config.schema import Sweeping
from lenet.formats.layout import WEIGHTS
from lenet.nn.architecture import LENET5
from lenet.runs.folder import RunFolder
from lenet.runs.run import Run
from lenet.training.state import Metrics, TrainingState

quickly_composed = cache(composed)

PLAIN = Sweeping(report=True, halving=None, retries=0, settings=None)  # nothing is said of a sweep


def fake_run(
    path: Path,
    *overrides: str,
    seed: int = 0,
    accuracies: tuple[float, ...] = (0.9, 0.95, 0.97),
    validation: bool = False,
    **record: Any,
) -> Run:
    """Write a run whose test accuracies are given, and whose other metrics follow from them."""
    epochs = record.get("stopped", {}).get("of", len(accuracies))
    config = OmegaConf.merge(quickly_composed(*overrides), {"seed": seed, "epochs": epochs})
    rows = [
        Metrics(
            epoch=epoch,
            train_loss=1.2 - accuracy,
            train_accuracy=accuracy - 0.02,
            test_loss=1.1 - accuracy,
            test_accuracy=accuracy,
            validation_loss=1.15 - accuracy if validation else None,
            validation_accuracy=accuracy - 0.01 if validation else None,
            learning_rate=1e-3,
            train_seconds=4.0,
            eval_seconds=0.5,
        )
        for epoch, accuracy in enumerate(accuracies, start=1)
    ]
    with RunFolder(path, OmegaConf.to_yaml(config), seed=seed) as folder:
        folder.finish(TrainingState(np.zeros(LENET5.size), {}, metrics=rows))
    (path / WEIGHTS).unlink()
    folder.note(**record)
    return Run(path)
