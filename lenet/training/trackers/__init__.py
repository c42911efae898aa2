"""Trackers: where a run can be watched beside its own folder. Nothing of the training needs them.

What they show has the names of the tables: step/<column> of steps.csv by step, epoch/<column> of
metrics.csv by epoch. Their libraries are imported when they are used.
"""

from lenet.training.trackers.base import Track, Tracker, Tracking, Untracked
from lenet.training.trackers.mlflow import MLflow
from lenet.training.trackers.tensorboard import TensorBoard

__all__ = ["MLflow", "TensorBoard", "Track", "Tracker", "Tracking", "Untracked"]
