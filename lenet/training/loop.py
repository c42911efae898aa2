"""Training. Nothing here opens a file: what comes of it is handed out as it comes."""

from collections.abc import Generator
from math import isfinite
from time import perf_counter

from tqdm import tqdm

from lenet.data.base import Data
from lenet.training.divergence import DivergedError, origin
from lenet.training.evaluation import Score, chunks
from lenet.training.recipe import Recipe
from lenet.training.schedules import Progress
from lenet.training.shares import Shares
from lenet.training.state import Metrics, Step, TrainingState
from lenet.training.stopping import epochs_since_best, stopped_by
from lenet.training.team import team
from lenet.training.workers import Team


def train(
    recipe: Recipe,
    data: Data,
    state: TrainingState,
    workers: int = 1,
    until: int | None = None,
) -> Generator[Step | Metrics]:
    """Train by a recipe from where the state has come to, which is changed in place.

    Yields each step, and after its last the metrics of an epoch. At every yield the state is whole:
    a copy of it goes on to the same numbers, bit for bit. How many workers share the work (see
    ``team``) changes none of them. It ends after the last epoch, or where the recipe stops
    it; after the epoch ``until`` it could go on.

    Raises:
        DataError: if the data is not of the form that the recipe's dataset has.
        DivergedError: as soon as a loss, a gradient or a parameter is not finite.
        WorkerError: if a worker has died, perhaps in the middle of a step.

    """
    recipe.check(data)
    shares = Shares(recipe, data, state)
    with team(min(workers, shares.batches.most_parts), shares.tasks) as workers_at_hand:
        training = Training(shares, workers_at_hand)
        for epoch in range(state.epoch, min(recipe.epochs, until or recipe.epochs) + 1):
            if stopped_by(recipe, state.metrics):
                return
            done = state.t - (epoch - 1) * training.steps_per_epoch
            started = perf_counter()
            for _ in tqdm(
                range(done, training.steps_per_epoch),
                desc=f"epoch {epoch}/{recipe.epochs}",
                initial=done,
                total=training.steps_per_epoch,
                unit="batch",
                leave=False,
                disable=None,
            ):
                step = training.step()
                state.seconds += perf_counter() - started
                yield step
                started = perf_counter()
            yield training.end_epoch()


class Training:
    """A training by a recipe: what a step and the end of an epoch do to its state."""

    def __init__(self, shares: Shares, team: Team) -> None:
        self.shares = shares
        self.team = team
        self.recipe = shares.recipe
        self.state = shares.state
        self.steps_per_epoch = shares.batches.per_epoch

    def step(self) -> Step:
        """Take a step of the optimizer against the gradient of the next batch."""
        recipe, state, shares = self.recipe, self.state, self.shares
        t = state.t + 1
        if recipe.optimizer.curvature_images and (t - 1) % self.steps_per_epoch == 0:
            self.team.do(shares.estimate_curvature, state.epoch)
        progress = self._progress(t)
        eta = recipe.optimizer.lr * recipe.schedule.factor(progress)
        shares.set_rates(eta, recipe.schedule.momentum(progress))
        self.team.do(shares.take_step, t)
        if not (shares.gradient_is_finite and shares.theta_is_finite):
            where = origin(shares.network, recipe.loss, [shares.batch(t)])
            raise DivergedError(state.epoch, t, where)
        state.running += shares.score
        state.steps.append(Step(shares.score.mean_loss, eta, shares.norm))
        return state.steps[-1]

    def _progress(self, t: int) -> Progress:
        losses = [metrics.loss_to_watch for metrics in self.state.metrics]
        return Progress(t, self.recipe.epochs * self.steps_per_epoch, self.steps_per_epoch, losses)

    def end_epoch(self) -> Metrics:
        """Test what has been trained, and begin the next epoch."""
        state = self.state
        started = perf_counter()
        if self.recipe.normalization.fresh_images:
            self.team.do(self.shares.statistics.take, state.epoch)
        test, validation, *_ = [*map(self.test, range(len(self.shares.splits))), None]
        metrics = Metrics(
            epoch=state.epoch,
            train_loss=state.running.mean_loss,
            train_accuracy=state.running.accuracy,
            test_loss=test.mean_loss,
            test_accuracy=test.accuracy,
            validation_loss=validation.mean_loss if validation else None,
            validation_accuracy=validation.accuracy if validation else None,
            learning_rate=state.steps[-1].learning_rate,
            train_seconds=state.seconds,
            eval_seconds=perf_counter() - started,
        )
        state.metrics.append(metrics)
        if validation and not epochs_since_best(state.metrics):
            state.best = state.trained.copy()
        state.running, state.seconds = Score(), 0.0
        return metrics

    def test(self, number: int) -> Score:
        """Return the score of a split; DivergedError if its loss is not finite."""
        shares = self.shares
        self.team.do(shares.test, number)
        score = shares.tested(number)
        if not isfinite(score.loss):
            tested = chunks(shares.splits[number])
            where = origin(shares.trained, self.recipe.loss, tested, testing=True)
            raise DivergedError(self.state.epoch, self.state.t, where, testing=True)
        return score
