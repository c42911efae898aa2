"""States of a training, made up."""

from lenet.nn.init import GlorotUniform, initial_theta
from lenet.training.state import Metrics, Step, TrainingState

ROW = Metrics(1, 0.5, 0.9, 0.25, 0.95, None, None, 1e-3, 4.0, 0.5)


def state(*rows: Metrics, steps: int = 0, best: bool = False) -> TrainingState:
    """The state of a training with made-up rows, and made-up steps."""
    theta = initial_theta(GlorotUniform(), 0)
    return TrainingState(
        theta,
        {"m": 2 * theta, "v": theta**2},
        best=3 * theta if best else None,
        steps=[Step(1 / t, 1e-3, 0.5) for t in range(1, steps + 1)],
        metrics=list(rows),
    )
