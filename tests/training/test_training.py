"""Training: it learns, its figures are what their names say, and chance is under control."""

from copy import deepcopy
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import ADAM, LECUN1998, LOSS, RECIPE, batch_of, batch_result, new_network, run

from lenet.data import Data, Split
from lenet.data.augmentation import Elastic, Original
from lenet.errors import DataError
from lenet.nn.architecture import LENET5
from lenet.nn.input import network_input
from lenet.nn.layers import BatchNormalization, Dropout, NoNormalization, ScaledTanh
from lenet.nn.losses import MAP, cross_entropy, log_softmax
from lenet.nn.output import RBFOutput
from lenet.training.batch import Batches
from lenet.training.divergence import DivergedError
from lenet.training.evaluation import evaluate
from lenet.training.loop import train
from lenet.training.optimizers import SGD, AdamW, Muon, RMSprop
from lenet.training.recipe import Recipe
from lenet.training.schedules import Constant, OneCycle, Plateau, Progress
from lenet.training.state import Metrics, Step, TrainingState

CYCLE = OneCycle(rise=0.5, start=0.5, final=0, momentum_low=0.5, momentum_high=0.9)
MUON = Muon(0.02, 0.9, 0.999, 1e-8, weight_decay=0.1, adamw_lr=0.002, momentum=0.95)
BATCH = BatchNormalization(0.1, 1e-5)
OF_1998 = {"activation": ScaledTanh(), "output": RBFOutput("bitmaps", 0.1), "loss": MAP(j=5.0)}
ELASTIC = Elastic(10.0, 2.0, 0.1, 0.1, 0.1, flip=0.0, displacement=1.0, sigma=4.0)


def in_float64(recipe: Recipe) -> TrainingState:
    """The state before the first step, for comparisons to many digits."""
    theta = recipe.initial_theta().astype(np.float64)
    return TrainingState(theta, recipe.optimizer.new_state(theta))


def assert_same(one: TrainingState, other: TrainingState) -> None:
    """Bit for bit."""
    for name in ("theta", "average", "best"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert without_times(one.metrics) == without_times(other.metrics)
    assert one.steps == other.steps


def without_times(rows: list[Metrics]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in asdict(row).items() if not key.endswith("seconds")}
        for row in rows
    ]


def test_it_learns(bars: Data) -> None:
    rows = run(bars, epochs=12).metrics
    assert rows[-1].test_accuracy > 0.95
    assert rows[-1].train_loss < rows[0].train_loss / 2


def test_one_row_for_each_epoch(bars: Data) -> None:
    rows = run(bars, epochs=3).metrics
    assert [row.epoch for row in rows] == [1, 2, 3]
    assert all(row.learning_rate == 0.001 for row in rows)


@pytest.mark.parametrize("size", [1, 7, 32, 250, 10_000])
def test_a_loss_is_the_mean_over_all_images(bars: Data, size: int) -> None:
    split = bars.train[:size]
    network = new_network(dtype=np.float64)
    logits = network.logits(network_input(split.images, np.dtype(np.float64)))
    score = evaluate(network, split)
    assert score.images == len(split)
    np.testing.assert_allclose(
        score.mean_loss, cross_entropy(log_softmax(logits), split.labels).mean()
    )
    assert score.accuracy == (logits.argmax(axis=0) == split.labels).mean()


def test_training_figures_are_running_means_over_every_image(bars: Data) -> None:
    """With a learning rate of (nearly) zero they are the figures of the first network."""
    still = SGD(lr=1e-30, momentum=0, nesterov=False)
    state = run(bars, optimizer=still, epochs=1, batch_size=64)
    (row,) = state.metrics
    score = evaluate(new_network(), bars.train)
    assert row.train_accuracy == score.accuracy
    np.testing.assert_allclose(row.train_loss, score.mean_loss, rtol=1e-5)
    sizes = [len(batch_of(Batches(bars.train, 64, parts=2, seed=0), t)) for t in range(1, 6)]
    batch_losses = [step.loss for step in state.steps]
    np.testing.assert_allclose(np.average(batch_losses, weights=sizes), row.train_loss)


def test_test_and_validation_figures_are_those_of_the_network_after_the_epoch(bars: Data) -> None:
    state = run(bars)
    network, row = RECIPE.network_of(state.theta), state.metrics[-1]
    test, validation = evaluate(network, bars.test), evaluate(network, bars.validation)
    assert (row.test_loss, row.test_accuracy) == (test.mean_loss, test.accuracy)
    assert row.validation_loss == validation.mean_loss
    assert row.validation_accuracy == validation.accuracy


def test_the_test_images_teach_nothing(bars: Data) -> None:
    other_test = Data(bars.train, bars.train[:10], bars.class_names)
    np.testing.assert_array_equal(run(bars).theta, run(other_test).theta)


@pytest.mark.parametrize("batch_size", [1, 32, 299, 300, 1000])
def test_an_epoch_sees_every_image_once(batch_size: int) -> None:
    numbers = np.arange(300)
    split = Split(np.broadcast_to(numbers[:, None, None], (300, 1, 1)), np.zeros(300, np.uint8))
    drawn = Batches(split, batch_size, parts=1, seed=0)
    seen = [batch_of(drawn, t + 1) for t in range(drawn.per_epoch)]
    assert sorted(int(i) for batch in seen for i in batch.images[:, 0, 0]) == list(range(300))
    assert all(len(batch) == batch_size for batch in seen[:-1])


def test_each_epoch_has_an_order_of_its_own(bars: Data) -> None:
    drawn = Batches(bars.train, 100, parts=1, seed=0)
    first, second = batch_of(drawn, 1), batch_of(drawn, 1 + drawn.per_epoch)
    assert not np.array_equal(first.labels, second.labels)


@pytest.mark.parametrize(("size", "parts"), [(128, 2), (5, 2), (1, 2), (3, 4), (7, 1)])
def test_parts_hold_the_whole_batch_in_order(bars: Data, size: int, parts: int) -> None:
    drawn = Batches(bars.train[:size], batch_size=size, parts=parts, seed=0)
    batch = batch_of(drawn, 1)
    pieces = [drawn.part(1, k) for k in range(len(drawn.ends(1)))]
    assert len(pieces) == min(size, parts)
    assert all(len(piece) > 0 for piece in pieces)
    np.testing.assert_array_equal(np.concatenate([p.labels for p in pieces]), batch.labels)


def test_gradient_is_that_of_the_mean_loss_however_the_batch_is_cut(bars: Data) -> None:
    network, batch = new_network(dtype=np.float64), bars.train[:33]
    whole = batch_result(network, LOSS, batch, parts=1).gradient
    theta = network.theta.copy()
    v = np.random.default_rng(0).normal(size=theta.shape)
    losses = []
    for h in (1e-6, -1e-6):
        network.theta[:] = theta + h * v
        losses.append(evaluate(network, batch).mean_loss)
    network.theta[:] = theta
    np.testing.assert_allclose((losses[0] - losses[1]) / 2e-6, whole @ v, rtol=1e-6)
    for parts in (2, 3, 33):
        gradient = batch_result(network, LOSS, batch, parts).gradient
        np.testing.assert_allclose(gradient, whole, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": np.zeros((2, 3, 28, 28), np.uint8)}, r"\(N, 28, 28\), found uint8 \(2, 3, 28"),
        ({"images": np.zeros((2, 64, 64), np.uint8)}, r"\(N, 28, 28\), found uint8 \(2, 64, 64\)"),
        ({"labels": np.array([0, 46], np.uint8)}, "2 integers from 0 to 9, .* found 0 to 46"),
    ],
)
@pytest.mark.parametrize("part", ["train", "test", "validation"])
def test_data_of_another_form_than_the_recipe_says_is_refused(
    bars: Data, part: str, changes: dict[str, Any], message: str
) -> None:
    other = replace(bars.train[:2], **changes)
    with pytest.raises(DataError, match=message):
        run(replace(bars, **{part: other}))


@pytest.mark.parametrize(
    ("batch_size", "normalization", "found"),
    [
        (299, BATCH, "300 training images in batches of 299"),
        (100, replace(BATCH, fresh_images=201), "201 fresh images in batches of 100"),
    ],
)
def test_no_normalization_is_left_with_a_single_image(
    bars: Data, batch_size: int, normalization: BatchNormalization, found: str
) -> None:
    with pytest.raises(DataError, match=f"{found} leave a last one of a single image"):
        run(bars, batch_size=batch_size, normalization=normalization)


def test_a_single_channel_may_have_an_axis_of_its_own(bars: Data) -> None:
    train = replace(bars.train, images=bars.train.images[:, None])
    assert_same(run(replace(bars, train=train)), run(bars))


def test_the_same_seed_gives_the_same_bits(bars: Data) -> None:
    assert_same(run(bars), run(bars))


def test_another_seed_gives_other_numbers(bars: Data) -> None:
    first, second = (run(bars, seed=seed).metrics[0].train_loss for seed in (0, 1))
    assert first != second


@pytest.mark.parametrize("changes", [{}, OF_1998], ids=["of today", "of 1998"])
def test_a_worker_with_a_single_image_has_the_bits_of_one_with_two(
    bars: Data, changes: dict[str, Any]
) -> None:
    few = Data(bars.train[:100], bars.test, bars.class_names, bars.validation)
    alone, together = (run(few, workers, epochs=1, batch_size=2, **changes) for workers in (1, 2))
    assert_same(alone, together)


@pytest.mark.slow
@given(
    normalization=st.sampled_from([NoNormalization(), BATCH, replace(BATCH, fresh_images=150)]),
    dropout=st.sampled_from([Dropout(0.0), Dropout(0.3)]),
    augmentation=st.sampled_from([Original(), ELASTIC]),
    schedule=st.sampled_from([Constant(), CYCLE]),
    optimizer=st.sampled_from([ADAM, MUON]),
    clip_norm=st.sampled_from([None, 0.5]),
    ema=st.sampled_from([None, 0.9]),
    criterion=st.sampled_from([{}, OF_1998]),
    parts=st.integers(1, 9),
    sizes=st.sampled_from([(300, 50), (300, 64), (300, 298), (131, 128), (38, 3), (34, 2)]),
    workers=st.sampled_from([2, 3, 4, 7]),
    threads=st.booleans(),
)
@settings(max_examples=24)
def test_the_bits_do_not_depend_on_the_workers(
    bars: Data,
    monkeypatch: pytest.MonkeyPatch,
    criterion: dict[str, Any],
    sizes: tuple[int, int],
    workers: int,
    threads: bool,
    **changes: Any,
) -> None:
    """However many they are, and be they processes or threads; also with an image for each."""
    images, batch_size = sizes
    few = Data(bars.train[:images], bars.test, bars.class_names, bars.validation)
    changes |= {**criterion, "batch_size": batch_size}
    alone = run(few, 1, epochs=1, **changes)
    with monkeypatch.context() as patched:
        if threads:
            patched.setattr("lenet.training.team.why_threads", lambda: "the test asks for them")
        assert_same(alone, run(few, workers, epochs=1, **changes))


def test_a_loss_that_is_not_finite_stops_the_training_before_the_step(bars: Data) -> None:
    wild = SGD(lr=1e38, momentum=0, nesterov=False)
    with pytest.raises(DivergedError, match=r"epoch 1, step \d+; .*optimizer.lr") as caught:
        run(bars, optimizer=wild, epochs=1, batch_size=100)
    assert caught.value.epoch == 1
    assert 2 <= caught.value.step <= 3


def test_pixels_become_numbers_from_0_to_1_with_a_margin_of_zeros(bars: Data) -> None:
    images = np.full((3, 28, 28), 102, np.uint8)
    images[1, 0, 27] = 51
    x = network_input(images, np.dtype(np.float32))
    assert x.shape == (1, 32, 32, 3)
    assert x.dtype == np.float32
    assert x[0, 2, 29, 1] == np.float32(0.2)
    assert x.max() == np.float32(0.4)
    np.testing.assert_array_equal(x[0, 2:30, 2:30, 0], np.float32(0.4))
    assert np.count_nonzero(x) == 3 * 28 * 28
    assert network_input(images + 153, np.dtype(np.float32)).max() == 1


@pytest.mark.parametrize("batch_size", [100, 300])
def test_a_step_that_ruins_the_network_is_the_one_that_is_named(
    bars: Data, batch_size: int
) -> None:
    """The loss of its batch is fine; it may also be the last of the epoch."""
    wild = SGD(lr=3e38, momentum=0, nesterov=False)
    recipe = replace(RECIPE, optimizer=wild, batch_size=batch_size)
    state = TrainingState.initial(recipe)
    state.theta *= 50
    with pytest.raises(DivergedError, match=r"parameter .* epoch 1, step 1;"):
        list(train(recipe, bars, state))


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": ADAM},
        {"optimizer": SGD(lr=0.05, momentum=0.9, nesterov=False)},
        {"optimizer": RMSprop(lr=0.001, decay=0.9, eps=1e-8)},
        {"optimizer": MUON},
        {"schedule": CYCLE},
        {"schedule": Plateau(gamma=0.5, patience=1, threshold=0.1)},
        {"augmentation": ELASTIC},
        {"ema": 0.9},
        {"dropout": Dropout(0.3)},
        {"ema": 0.9, "normalization": BATCH},
        {"ema": 0.9, "normalization": replace(BATCH, fresh_images=150)},
        LECUN1998,
    ],
    ids=str,
)
def test_a_copy_of_the_state_at_any_moment_goes_on_to_the_same_bits(
    bars: Data, changes: dict[str, Any]
) -> None:
    """At every step, the last of an epoch included, and after every epoch."""
    recipe = replace(RECIPE, epochs=3, batch_size=100, **changes)
    state = TrainingState.initial(recipe)
    copies = [deepcopy(state)]
    copies += [deepcopy(state) for _ in train(recipe, bars, state)]
    assert [copy.t for copy in copies] == [0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8, 9, 9]
    for copy in copies:
        list(train(recipe, bars, copy))
        assert_same(copy, state)


def test_the_schedule_sets_learning_rate_and_momentum(bars: Data) -> None:
    """Both of a step are those of a plain optimizer that has them."""
    sgd = SGD(lr=0.05, momentum=0.9, nesterov=False)
    recipe = replace(RECIPE, optimizer=sgd, schedule=CYCLE, epochs=1, batch_size=100)
    state = in_float64(recipe)
    steps = train(recipe, bars, state)
    expected = state.theta.copy()
    v = np.zeros_like(expected)
    for t in (1, 2, 3):
        batch = batch_of(Batches(bars.train, 100, parts=2, seed=0), t)
        g = batch_result(recipe.network_of(expected), LOSS, batch, parts=2).gradient
        moment = Progress(t, 3, 3)
        v = CYCLE.momentum(moment) * v + g
        expected -= 0.05 * CYCLE.factor(moment) * v
        next(steps)
        np.testing.assert_allclose(state.theta, expected, rtol=1e-9, atol=1e-15)


def test_a_plateau_of_the_loss_is_noticed(bars: Data) -> None:
    plateau = Plateau(gamma=0.5, patience=1, threshold=0.1)
    rows = run(bars, schedule=plateau, epochs=4).metrics
    assert [row.learning_rate for row in rows] == [0.001, 0.001, 0.0005, 0.00025]


def test_more_epochs_continue_fewer(bars: Data) -> None:
    state = run(bars, epochs=1)
    list(train(replace(RECIPE, epochs=3), bars, state))
    assert_same(state, run(bars, epochs=3))


def test_the_best_parameters_are_those_of_the_best_validation_accuracy(bars: Data) -> None:
    recipe = replace(RECIPE, epochs=4)
    state = TrainingState.initial(recipe)
    after = [
        state.theta.copy() for event in train(recipe, bars, state) if isinstance(event, Metrics)
    ]
    accuracies = [row.validation_accuracy for row in state.metrics]
    np.testing.assert_array_equal(state.best, after[np.argmax(accuracies)])


def test_without_validation_there_is_no_best(bars: Data) -> None:
    assert run(Data(bars.train, bars.test, bars.class_names)).best is None


def test_a_step_tells_loss_rate_and_the_norm_of_the_gradient(bars: Data) -> None:
    step = run(bars, batch_size=300, parts=1).steps[0]
    outcome = batch_result(new_network(), LOSS, bars.train, parts=1)
    assert step.learning_rate == 0.001
    np.testing.assert_allclose(step.loss, outcome.score.mean_loss, rtol=1e-5)
    np.testing.assert_allclose(step.gradient_norm, np.linalg.norm(outcome.gradient), rtol=1e-5)


def test_a_gradient_is_clipped_to_a_norm_and_keeps_its_direction(bars: Data) -> None:
    """With a learning rate of 1 a step of gradient descent is the gradient."""
    plain = SGD(lr=1.0, momentum=0, nesterov=False)
    steps = []
    for clip_norm in (None, 0.01, 1e6):
        recipe = replace(RECIPE, optimizer=plain, clip_norm=clip_norm)
        state = in_float64(recipe)
        before = state.theta.copy()
        next(train(recipe, bars, state))
        steps.append(before - state.theta)
    free, clipped, long_enough = steps
    np.testing.assert_allclose(np.linalg.norm(clipped), 0.01, rtol=1e-12)
    np.testing.assert_allclose(clipped, free * 0.01 / np.linalg.norm(free), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(long_enough, free)


def test_the_average_of_the_parameters_is_what_is_tested(bars: Data) -> None:
    """In closed form: weights that fall geometrically, once the average has warmed up."""
    recipe = replace(RECIPE, ema=0.5, epochs=1, batch_size=30)
    state = TrainingState.initial(recipe)
    expected = state.theta.astype(float)
    for event in train(recipe, bars, state):
        if isinstance(event, Step):
            decay = min(0.5, (1 + state.t) / (10 + state.t))
            expected = decay * expected + (1 - decay) * state.theta
    np.testing.assert_allclose(state.trained, expected, rtol=1e-4, atol=1e-6)
    assert not np.array_equal(state.trained, state.theta)
    score = evaluate(recipe.network_of(state.trained), bars.test)
    assert state.metrics[-1].test_loss == score.mean_loss


def test_weights_decay_and_biases_do_not(bars: Data) -> None:
    """A learning rate of 1 with next to no gradient leaves the decay alone."""
    decaying = AdamW(lr=1.0, beta1=0, beta2=0, eps=1e30, weight_decay=0.25)
    recipe = replace(RECIPE, optimizer=decaying)
    state = TrainingState.initial(recipe)
    state.theta[...] = 1
    next(train(recipe, bars, state))
    for name, parameter in LENET5.views(state.theta).items():
        np.testing.assert_allclose(parameter, 0.75 if name.endswith("weight") else 1)
