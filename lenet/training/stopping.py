"""Stopping: a training that ends before its last epoch, as its recipe asks for.

All that decides it stands in the metrics: a training that goes on from a checkpoint stops where one
does that was never interrupted.
"""

from collections.abc import Sequence

from lenet.training.recipe import Recipe
from lenet.training.state import Metrics


def stopped_by(recipe: Recipe, metrics: Sequence[Metrics]) -> str:
    """Return what ends a training early after these epochs, such as ``patience=3``, or nothing.

    ``patience`` counts the epochs since the best validation accuracy, ``max_seconds`` the time of
    all steps, without tests.
    """
    if not metrics or len(metrics) >= recipe.epochs:
        return ""
    if recipe.patience is not None and epochs_since_best(metrics) >= recipe.patience:
        return f"patience={recipe.patience}"
    seconds = sum(row.train_seconds for row in metrics)
    if recipe.max_seconds is not None and seconds >= recipe.max_seconds:
        return f"max_seconds={recipe.max_seconds:g}"
    return ""


def is_over(recipe: Recipe, metrics: Sequence[Metrics]) -> bool:
    """Return whether no epoch comes after these."""
    return len(metrics) >= recipe.epochs or bool(stopped_by(recipe, metrics))


def epochs_since_best(metrics: Sequence[Metrics]) -> int:
    """Return how many epochs ago the validation accuracy was highest for the first time."""
    accuracies = [row.validation_accuracy or 0.0 for row in metrics]
    return len(accuracies) - 1 - accuracies.index(max(accuracies))
