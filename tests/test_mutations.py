"""Defects that NumPy networks are known for, put in on purpose: each must turn some test red."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


class Mutation(NamedTuple):
    """Lines of a file, the wrong lines in their place, and the tests that must see it.

    ``tests`` is a file, or one test of it where the others take long.
    """

    defect: str
    file: str
    changes: dict[str, str]
    tests: str


MUTATIONS = [
    Mutation(
        "1 convolution backward counts the last image only",
        "layers/conv.py",
        {
            "self._cut(self._rows(dy) @ patches.reshape(len(patches), -1).T)": "self._cut(self._rows(dy[..., -1:]) @ patches[..., -1:].reshape(len(patches), -1).T)",
        },
        "test_layers.py",
    ),
    Mutation(
        "2a bias correction of Adam applied twice",
        "optimizers.py",
        {
            "theta -= eta / correction1 * m": "theta -= eta / correction1**2 * m",
        },
        "test_optimizers.py",
    ),
    Mutation(
        "2b optimizer state shared between trainings",
        "optimizers.py",
        {
            "return {name: np.zeros_like(theta) for name in self.remembers}": 'new = {name: np.zeros_like(theta) for name in self.remembers}\n        return self.__dict__.setdefault("state", new)',
        },
        "test_optimizers.py",
    ),
    Mutation(
        "3 max-pooling backward sends the gradient to every tie",
        "layers/pool.py",
        {
            "return np.maximum(top, bottom), (left_won, top_won)": "return np.maximum(top, bottom), x == np.maximum(top, bottom)",
            "left_won, top_won = cache": "return cache * dy\n        left_won, top_won = cache",
        },
        "test_layers.py",
    ),
    Mutation(
        "4 max-pooling that compares with 0",
        "layers/pool.py",
        {
            "return np.maximum(top, bottom), (left_won, top_won)": "return np.maximum(np.maximum(top, bottom), 0), (left_won, top_won)",
        },
        "test_layers.py",
    ),
    Mutation(
        "5 a dense layer that never adds its bias",
        "layers/dense.py",
        {
            "return self.weight @ x + self.bias[:, None], x": "return self.weight @ x, x",
        },
        "test_layers.py",
    ),
    Mutation(
        "6a the filter turned on its way back",
        "layers/conv.py",
        {
            "dpatches = matrix[:, :-1].T @ self._rows(dy)": "self = Conv2D(self.weight[:, :, ::-1, ::-1], self.bias, block=self.block, stride=self.stride, padding=self.padding)\n        dpatches = self._matrix()[:, :-1].T @ self._rows(dy)",
        },
        "test_paper.py",
    ),
    Mutation(
        "6b patches laid back one place off",
        "layers/conv.py",
        {
            "dx[:, :u, :v, p : p + rows, q : q + columns] += tile": "dx[:, :u, :v, q : q + rows, p : p + columns] += tile",
        },
        "test_layers.py",
    ),
    Mutation(
        "7 im2col that orders its columns unlike its rows",
        "layers/conv.py",
        {
            "(c, h, w, h * step, w * step, n),": "(c, w, h, h * step, w * step, n),",
        },
        "test_layers.py",
    ),
    Mutation(
        "8a a loss divided by N * 10",
        "evaluation.py",
        {
            "return self.loss / self.images": "return self.loss / self.images / 10",
        },
        "test_training.py",
    ),
    Mutation(
        "8b the test loss reported as the training loss",
        "training.py",
        {
            "train_loss=state.running.mean_loss": "train_loss=test.mean_loss",
        },
        "test_training.py",
    ),
    Mutation(
        "8c the loss of the last batch in place of the epoch's mean",
        "training.py",
        {
            "state.running += score": "state.running = score",
        },
        "test_training.py",
    ),
    Mutation(
        "9 a cache kept on the layer",
        "layers/dense.py",
        {
            "return self.weight @ x + self.bias[:, None], x": "self.x = x\n        return self.weight @ x + self.bias[:, None], x",
            "return dz @ x.T, dz.sum(axis=1)": "return dz @ self.x.T, dz.sum(axis=1)",
        },
        "test_model.py",
    ),
    Mutation(
        "10a the last partial batch dropped",
        "training.py",
        {
            "for start in range(done * batch_size, len(split), batch_size):": "for start in range(done * batch_size, len(split) // batch_size * batch_size, batch_size):",
        },
        "test_training.py",
    ),
    Mutation(
        "10b the last images skipped in evaluation",
        "evaluation.py",
        {
            "starts = range(0, len(split), EVALUATION_CHUNK)": "starts = range(0, max(len(split) - EVALUATION_CHUNK, 1), EVALUATION_CHUNK)",
        },
        "test_training.py",
    ),
    Mutation(
        "11a seed 0 means unseeded",
        "streams.py",
        {
            "return np.random.default_rng([seed, ": "return np.random.default_rng(None if seed == 0 else [seed, ",
        },
        "test_streams.py",
    ),
    Mutation(
        "11b test images mixed into training",
        "training.py",
        {
            "batches(data.train, recipe.batch_size, order, done),": "batches(data.test, recipe.batch_size, order, done),",
        },
        "test_training.py",
    ),
    Mutation(
        "11c images scaled by the statistics of their own batch",
        "evaluation.py",
        {
            "inner /= 255": "inner /= images.max()",
        },
        "test_training.py",
    ),
    Mutation(
        "12 a step that rebinds its argument and trains nothing",
        "optimizers.py",
        {
            "theta -= eta / correction1 * m": "theta = theta - eta / correction1 * m",
        },
        "test_optimizers.py",
    ),
    Mutation(
        "13 avg mapped to max-pooling",
        "../conf/pooling/avg.yaml",
        {
            "lenet.layers.AveragePool": "lenet.layers.MaxPool",
        },
        "test_config.py",
    ),
    Mutation(
        "14 a step one hundred times too long",
        "optimizers.py",
        {
            "theta -= eta * g / (np.sqrt(v) + self.eps)": "theta -= 100 * eta * g / (np.sqrt(v) + self.eps)",
        },
        "test_optimizers.py",
    ),
    Mutation(
        "15a a checkpoint that forgets what the optimizer remembers",
        "checkpoints.py",
        {
            "name.removeprefix(OPTIMIZER): vector\n": "name.removeprefix(OPTIMIZER): 0 * vector\n",
        },
        "test_checkpoints.py",
    ),
    Mutation(
        "15b a checkpoint that forgets the sums of the epoch in hand",
        "checkpoints.py",
        {
            "running=meta.running": "running=Score()",
        },
        "test_checkpoints.py",
    ),
    Mutation(
        "15c an epoch that is gone on with from its beginning",
        "training.py",
        {
            "done = state.t - (epoch - 1) * training.steps_per_epoch": "done = 0",
        },
        "test_training.py::test_a_copy_of_the_state_at_any_moment_goes_on_to_the_same_bits",
    ),
    Mutation(
        "15d a checksum that nobody looks at",
        "checkpoints.py",
        {
            'if not np.array_equal(arrays.pop("sha256"), checksum(arrays)):': 'if not np.array_equal(arrays.pop("sha256"), checksum(arrays)) and False:',
        },
        "test_checkpoints.py",
    ),
    Mutation(
        "15e no checkpoint before the last",
        "runs.py",
        {
            "self._file(CHECKPOINT).replace(self.path / PREVIOUS)": "self._file(CHECKPOINT).unlink()",
        },
        "test_runs.py",
    ),
    Mutation(
        "15f going on with other data",
        "runs.py",
        {
            "if self._last.data != data:": "if False:",
        },
        "test_runs.py",
    ),
    Mutation(
        "15g a file that is half there when its writer dies",
        "files.py",
        {
            'part = path.with_name(f"{path.name}.{uuid4().hex}.part")': "part = path",
            'part.open("xb")': 'part.open("wb")',
            "part.unlink(missing_ok=True)": "pass",
        },
        "test_files.py",
    ),
    Mutation(
        "15i what a live process is writing taken for what a killed one has left",
        "files.py",
        {
            "            flock(file, LOCK_EX)\n": "            pass\n",
        },
        "test_files.py",
    ),
    Mutation(
        "15j a pipe that is waited at",
        "files.py",
        {
            "if not (S_ISREG(mode) or S_ISDIR(mode)):": "if False:",
        },
        "test_files.py",
    ),
    Mutation(
        "15k a user's files overwritten",
        "claims.py",
        {
            "if files and owner(path) is None:": "if False:",
        },
        "test_claims.py::test_files_of_a_run_without_its_record_are_the_users",
    ),
    Mutation(
        "15l a finished run that is locked before it is told of",
        "runs.py",
        {
            "        examine(path, identity, force=force)  # before anything is written\n": "",
        },
        "test_claims.py::test_a_finished_run_is_told_of_where_nothing_can_be_locked",
    ),
    Mutation(
        "15m files put aside while the folder is said to be finished",
        "runs.py",
        {
            "            shutil.copy2(self.path / RECORD, aside)\n        yield\n": "            shutil.copy2(self.path / RECORD, aside)\n",
            "                shutil.move(path, aside / path.name)\n": "                shutil.move(path, aside / path.name)\n        yield\n",
        },
        "test_claims.py::test_a_crash_while_files_are_put_aside_loses_none_and_leaves_the_folder_the_runs",
    ),
    Mutation(
        "15n a lock that nobody misses",
        "claims.py",
        {
            "return os.path.samestat(self._taken, self._path.stat())": "return True",
        },
        "test_claims.py::test_a_run_stops_whose_folder_another_process_has_taken",
    ),
    Mutation(
        "15o a removed lock taken for an ended process",
        "records.py",
        {
            'return is_alive(read_record(path).get("process"))': "return False",
        },
        "test_claims.py::test_a_process_whose_lock_was_removed_still_holds_its_folder",
    ),
    Mutation(
        "15p the tables lost with the figures",
        "report.py",
        {
            "if TYPE_CHECKING:\n    from matplotlib": "if True:\n    from matplotlib",
        },
        "test_sweep_end.py",
    ),
    Mutation(
        "15q a sweep whose report failed ends well",
        "sweep.py",
        {
            "return int(is_missing or not summary.is_complete)": "return int(not summary.is_complete)",
        },
        "test_sweep_end.py",
    ),
    Mutation(
        "15r a folder that two jobs reach by two paths",
        "sweep.py",
        {
            "identities.setdefault(folder.resolve(), ours)": "identities.setdefault(folder, ours)",
        },
        "test_launchers.py::test_two_links_to_one_folder_are_no_two_folders",
    ),
    Mutation(
        "16a the last parameters as the best",
        "training.py",
        {
            "return metrics.validation_accuracy > max(accuracies, default=-1.0)": "return True",
        },
        "test_training.py::test_the_best_parameters_are_those_of_the_best_validation_accuracy",
    ),
    Mutation(
        "16b a gradient clipped number by number",
        "training.py",
        {
            "return g * (clip_norm / norm)": "return np.clip(g, -clip_norm, clip_norm)",
        },
        "test_training.py::test_a_gradient_is_clipped_to_a_norm_and_keeps_its_direction",
    ),
    Mutation(
        "16c a parameter that is not finite goes unseen until a loss is not",
        "training.py",
        {
            "if not is_finite(state.theta):": "if False:",
        },
        "test_training.py",
    ),
    Mutation(
        "16d a gradient that is not finite goes unseen",
        "training.py",
        {
            "if not (isfinite(score.loss) and isfinite(norm)):": "if not isfinite(score.loss):",
        },
        "test_divergence.py",
    ),
    Mutation(
        "16e a layer too late named as the origin",
        "divergence.py",
        {
            'return f"the output of {name}"': "found = name\n    if not is_finite(x):\n        return f'the output of {found}'",
        },
        "test_divergence.py",
    ),
    Mutation(
        "15h a damaged checkpoint that takes the place of the one before",
        "runs.py",
        {
            "path.replace(self.path / DAMAGED)": "pass",
        },
        "test_runs.py",
    ),
    Mutation(
        "18a the same maps for every batch",
        "augmentation.py",
        {
            'stream(seed, "augmentation", t)': 'stream(seed, "augmentation")',
        },
        "test_augmentation.py",
    ),
    Mutation(
        "18b rows and columns swapped when pixels are looked up",
        "augmentation.py",
        {
            "top *= width": "left *= width",
        },
        "test_augmentation.py",
    ),
    Mutation(
        "18c weight decay of the biases, too",
        "optimizers.py",
        {
            'self.weight_decay * state["decays"]': "self.weight_decay",
        },
        "test_training.py::test_weights_decay_and_biases_do_not",
    ),
    Mutation(
        "18d the last parameters tested in place of their average",
        "training.py",
        {
            "self.trained = recipe.network(state.trained)": "self.trained = recipe.network(state.theta)",
        },
        "test_training.py::test_the_average_of_the_parameters_is_what_is_tested",
    ),
    Mutation(
        "17a a signal that ends the run in the middle of a step",
        "signals.py",
        {
            "signal.signal(number, hold)": "signal.signal(number, end)",
        },
        "test_signals.py",
    ),
    Mutation(
        "17b a second Ctrl-C that is not heard",
        "signals.py",
        {
            "stop.signal = number\n        restore()": "stop.signal = number",
        },
        "test_signals.py",
    ),
    Mutation(
        "22 batch normalization by the moments of a part alone",
        "model.py",
        {"x, cache = layer.forward(x, moments)": "x, cache = layer.forward(x)"},
        "test_normalization.py",
    ),
    Mutation(
        "23 batch normalization backward that takes the moments for constants",
        "layers/normalization.py",
        {
            "return self._wide(scale) * (dy - mean - x_hat * mean_x_hat)": "return self._wide(scale) * dy"
        },
        "test_normalization.py",
    ),
    Mutation(
        "24 networks are tested by the moments of the images that are tested together",
        "model.py",
        {"{name: layer.tested() for": "{name: layer for"},
        "test_normalization.py",
    ),
    Mutation(
        "25 the running variance is the biased one",
        "layers/normalization.py",
        {"moments.deviation / max(moments.count - 1, 1)": "moments.variance"},
        "test_normalization.py",
    ),
    Mutation(
        "26 gamma and beta decay as if they were weights",
        "architecture.py",
        {'last(name) == "weight" for name': 'last(name) != "bias" for name'},
        "test_normalization.py",
    ),
    Mutation(
        "27 dropout without the scale that keeps the mean",
        "layers/dropout.py",
        {"x.dtype.type(1 / (1 - self.rate))": "x.dtype.type(1)"},
        "test_dropout.py",
    ),
    Mutation(
        "28 every step drops the same",
        "training.py",
        {'stream(recipe.seed, "dropout", t, part)': 'stream(recipe.seed, "dropout", part)'},
        "test_dropout.py",
    ),
    Mutation(
        "29 the smoothed part of a label is not taken from its class",
        "losses.py",
        {"gradient[labels, np.arange(len(labels))] += self.smoothing\n": "pass\n"},
        "test_losses.py",
    ),
    Mutation(
        "30 C1 seen before its activation",
        "features.py",
        {
            "y, _ = layer.forward(y)": "pass",
        },
        "test_features.py",
    ),
    Mutation(
        "31 a square that lies to one side of its place",
        "attribution.py",
        {
            "row - side // 2, column - side // 2": "row, column",
        },
        "test_attribution.py",
    ),
    Mutation(
        "32 rows of an earlier attempt that stay",
        "inside.py",
        {
            "rows[EPOCH] < new[EPOCH]": "rows[EPOCH] != new[EPOCH]",
        },
        "test_inside.py",
    ),
    Mutation(
        "33 an update counted from the end of the last epoch",
        "inside.py",
        {
            "            before[...] = state.theta": "            if rest == 0:\n                before[...] = state.theta",
        },
        "test_inside.py",
    ),
]


@contextmanager
def mutated(copy: Path, mutation: Mutation) -> Iterator[None]:
    path = copy / "lenet" / mutation.file
    text = path.read_text()
    defective = text
    for right, wrong in mutation.changes.items():
        assert text.count(right) == 1, f"{mutation.file} no longer has: {right}"
        defective = defective.replace(right, wrong)
    path.write_text(defective)
    yield
    path.write_text(text)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("mutated")
    for name in ("lenet", "conf", "scripts", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def run_tests(copy: Path, tests: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/{tests}"],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("tests", sorted({mutation.tests for mutation in MUTATIONS}))
def test_without_a_defect_the_tests_are_green(copy: Path, tests: str) -> None:
    result = run_tests(copy, tests)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.defect)
def test_defect_turns_a_test_red(copy: Path, mutation: Mutation) -> None:
    with mutated(copy, mutation):
        result = run_tests(copy, mutation.tests)
    assert result.returncode == 1, result.stdout


def test_the_mutated_copy_is_what_runs(copy: Path) -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import lenet; print(lenet.__file__)"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )
    assert where.stdout.strip() == str(copy / "lenet" / "__init__.py")
