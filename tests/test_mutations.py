"""Defects that NumPy networks are known for, put in on purpose: each must turn some test red."""

import compileall
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import NamedTuple

import pytest
from command import Forks

LIBRARIES = (
    "pytest",
    "hypothesis",
    "hypothesis.extra.numpy",
    "hydra.main",
    "matplotlib.figure",
    "pandas",
    "scipy.stats",
)
IMPORTED = "ignore:Module already imported:pytest.PytestAssertRewriteWarning"
OPTIONS = ["-x", "-q", "-W", IMPORTED, "--hypothesis-profile", "unshrunk"]
ROOT = Path(__file__).parent.parent


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
        "nn/layers/conv.py",
        {
            "rows = layout.rows.of(": "dy = dy * (np.arange(dy.shape[-1]) == dy.shape[-1] - 1)\n        rows = layout.rows.of(",
        },
        "nn/test_layers.py",
    ),
    Mutation(
        "2a bias correction of Adam applied twice",
        "training/optimizers.py",
        {
            "theta -= eta / correction1 * m": "theta -= eta / correction1**2 * m",
        },
        "training/test_optimizers.py",
    ),
    Mutation(
        "2b optimizer state shared between trainings",
        "training/optimizers.py",
        {
            "return {name: np.zeros_like(theta) for name in self.remembers}": 'new = {name: np.zeros_like(theta) for name in self.remembers}\n        return self.__dict__.setdefault("state", new)',
        },
        "training/test_optimizers.py",
    ),
    Mutation(
        "3 max-pooling backward sends the gradient to every tie",
        "nn/layers/pool.py",
        {
            "return np.maximum(top, bottom, out=top), (left_won, top_won)": "return np.maximum(top, bottom), x == np.maximum(top, bottom)",
            "left_won, top_won = cache": "return cache * dy\n        left_won, top_won = cache",
        },
        "nn/test_layers.py",
    ),
    Mutation(
        "4 max-pooling that compares with 0",
        "nn/layers/pool.py",
        {
            "return np.maximum(top, bottom, out=top), (left_won, top_won)": "return np.maximum(np.maximum(top, bottom), 0), (left_won, top_won)",
        },
        "nn/test_layers.py",
    ),
    Mutation(
        "5 a dense layer that never adds its bias",
        "nn/layers/dense.py",
        {
            "return self.weight @ x + self.bias[:, None], x": "return self.weight @ x, x",
        },
        "nn/test_layers.py",
    ),
    Mutation(
        "6a the filter turned on its way back",
        "nn/layers/conv.py",
        {
            "upside_down = K[:, :, ::-1]": "upside_down = K[:, :, :, ::-1]",
        },
        "nn/test_paper.py",
    ),
    Mutation(
        "6b rows of inputs added up one place off",
        "nn/layers/rows.py",
        {
            "strides = row, channel, line - column, column, image": "strides = row, channel, line, column, image",
        },
        "nn/test_layers.py",
    ),
    Mutation(
        "7 im2col that orders its columns unlike its rows",
        "nn/layers/rows.py",
        {
            "strides=(*outer, row, channel, column, step * column, item),": "strides=(*outer, row, channel, step * column, column, item),",
        },
        "nn/test_layers.py",
    ),
    Mutation(
        "8a a loss divided by N * 10",
        "training/evaluation.py",
        {
            "return self.loss / self.images": "return self.loss / self.images / 10",
        },
        "training/test_training.py",
    ),
    Mutation(
        "8b the test loss reported as the training loss",
        "training/loop.py",
        {
            "train_loss=state.running.mean_loss": "train_loss=test.mean_loss",
        },
        "training/test_training.py",
    ),
    Mutation(
        "8c the loss of the last batch in place of the epoch's mean",
        "training/loop.py",
        {
            "state.running += shares.score": "state.running = shares.score",
        },
        "training/test_training.py",
    ),
    Mutation(
        "9 a cache kept on the layer",
        "nn/layers/dense.py",
        {
            "return self.weight @ x + self.bias[:, None], x": "self.x = x\n        return self.weight @ x + self.bias[:, None], x",
            "return outer(dz, x), dz": "return outer(dz, self.x), dz",
        },
        "nn/test_model.py",
    ),
    Mutation(
        "10a the last partial batch dropped",
        "training/batch.py",
        {
            "self.per_epoch = ceil(len(split) / batch_size)": "self.per_epoch = max(len(split) // batch_size, 1)",
        },
        "training/test_training.py",
    ),
    Mutation(
        "10b the last images skipped in evaluation",
        "training/evaluation.py",
        {
            "in range(0, len(split), size)]": "in range(0, max(len(split) - size, 1), size)]",
        },
        "training/test_training.py",
    ),
    Mutation(
        "11a seed 0 means unseeded",
        "nn/random.py",
        {
            "return np.random.default_rng([seed, ": "return np.random.default_rng(None if seed == 0 else [seed, ",
        },
        "nn/test_random.py",
    ),
    Mutation(
        "11b test images mixed into training",
        "training/shares.py",
        {
            "data.train, recipe.batch_size": "data.test, recipe.batch_size",
        },
        "training/test_training.py",
    ),
    Mutation(
        "11c images scaled by the statistics of their own batch",
        "nn/input.py",
        {
            "x /= 255": "x /= x.max()",
        },
        "training/test_training.py",
    ),
    Mutation(
        "12 a step that rebinds its argument and trains nothing",
        "training/optimizers.py",
        {
            "theta -= eta / correction1 * m": "theta = theta - eta / correction1 * m",
        },
        "training/test_optimizers.py",
    ),
    Mutation(
        "13 avg mapped to max-pooling",
        "../conf/pooling/avg.yaml",
        {
            "lenet.nn.layers.AveragePool": "lenet.nn.layers.MaxPool",
        },
        "config/test_config.py::test_a_choice_changes_the_object_that_is_built",
    ),
    Mutation(
        "14 a step one hundred times too long",
        "training/optimizers.py",
        {
            "theta -= eta * g / (np.sqrt(v) + self.eps)": "theta -= 100 * eta * g / (np.sqrt(v) + self.eps)",
        },
        "training/test_optimizers.py",
    ),
    Mutation(
        "15a a checkpoint that forgets what the optimizer remembers",
        "training/checkpoints.py",
        {
            "name.removeprefix(OPTIMIZER): vector\n": "name.removeprefix(OPTIMIZER): 0 * vector\n",
        },
        "training/test_checkpoints.py",
    ),
    Mutation(
        "15b a checkpoint that forgets the sums of the epoch in hand",
        "training/checkpoints.py",
        {
            "running=meta.running": "running=Score()",
        },
        "training/test_checkpoints.py",
    ),
    Mutation(
        "15c an epoch that is gone on with from its beginning",
        "training/loop.py",
        {
            "done = state.t - (epoch - 1) * training.steps_per_epoch": "done = 0",
        },
        "training/test_training.py::test_a_copy_of_the_state_at_any_moment_goes_on_to_the_same_bits",
    ),
    Mutation(
        "15d a checksum that nobody looks at",
        "training/checkpoints.py",
        {
            'if not np.array_equal(arrays.pop("sha256"), checksum(arrays)):': 'if not np.array_equal(arrays.pop("sha256"), checksum(arrays)) and False:',
        },
        "training/test_checkpoints.py",
    ),
    Mutation(
        "15e no checkpoint before the last",
        "runs/folder.py",
        {
            "self._file(CHECKPOINT).replace(self.path / PREVIOUS)": "self._file(CHECKPOINT).unlink()",
        },
        "runs/test_folder.py",
    ),
    Mutation(
        "15f going on with other data",
        "runs/folder.py",
        {
            "if self._last.data != data:": "if False:",
        },
        "runs/test_folder.py",
    ),
    Mutation(
        "15g a file that is half there when its writer dies",
        "formats/files.py",
        {
            'part = path.with_name(f"{path.name}.{uuid4().hex}.part")': "part = path",
            'part.open("xb")': 'part.open("wb")',
            "part.unlink(missing_ok=True)": "pass",
        },
        "formats/test_files.py",
    ),
    Mutation(
        "15i what a live process is writing taken for what a killed one has left",
        "formats/files.py",
        {
            "            flock(file, LOCK_EX)\n": "            pass\n",
        },
        "formats/test_files.py",
    ),
    Mutation(
        "15j a pipe that is waited at",
        "formats/files.py",
        {
            "if not (S_ISREG(mode) or S_ISDIR(mode)):": "if False:",
        },
        "formats/test_files.py",
    ),
    Mutation(
        "15k a user's files overwritten",
        "runs/claim.py",
        {
            "if files and owner(path) is None:": "if False:",
        },
        "runs/test_claims.py::test_files_of_a_run_without_its_record_are_the_users",
    ),
    Mutation(
        "15l a finished run that is locked before it is told of",
        "runs/folder.py",
        {
            "        examine(path, identity, force=force)  # before anything is written\n": "",
        },
        "runs/test_claims.py::test_a_finished_run_is_told_of_where_nothing_can_be_locked",
    ),
    Mutation(
        "15m files put aside while the folder is said to be finished",
        "runs/folder.py",
        {
            "            shutil.copy2(self.path / RECORD, aside)\n        yield\n": "            shutil.copy2(self.path / RECORD, aside)\n",
            "                shutil.move(path, aside / path.name)\n": "                shutil.move(path, aside / path.name)\n        yield\n",
        },
        "runs/test_claims.py::test_a_crash_while_files_are_put_aside_loses_none_and_leaves_the_folder_the_runs",
    ),
    Mutation(
        "15n a lock that nobody misses",
        "runs/claim.py",
        {
            "return os.path.samestat(self._taken, self._path.stat())": "return True",
        },
        "runs/test_claims.py::test_a_run_stops_whose_folder_another_process_has_taken",
    ),
    Mutation(
        "15o a removed lock taken for an ended process",
        "runs/record.py",
        {
            'return is_alive(read_record(path).get("process"))': "return False",
        },
        "runs/test_claims.py::test_a_process_whose_lock_was_removed_still_holds_its_folder",
    ),
    Mutation(
        "15p the tables lost with the figures",
        "sweeps/report/folder.py",
        {
            "    yield from tables\n": "",
            "        yield from draw(summary, folder, seconds=seconds)\n": "        yield from draw(summary, folder, seconds=seconds)\n    yield from tables\n",
        },
        "sweeps/test_sweep_end.py",
    ),
    Mutation(
        "15q a sweep whose report failed ends well",
        "sweeps/sweep.py",
        {
            "return int(is_missing or not summary.is_complete)": "return int(not summary.is_complete)",
        },
        "sweeps/test_sweep_end.py",
    ),
    Mutation(
        "15r a folder that two jobs reach by two paths",
        "sweeps/jobs.py",
        {
            "identities.setdefault(folder.resolve(), ours)": "identities.setdefault(folder, ours)",
        },
        "sweeps/test_launchers.py::test_two_links_to_one_folder_are_no_two_folders",
    ),
    Mutation(
        "16a the last parameters as the best",
        "training/loop.py",
        {
            "if validation and not epochs_since_best(state.metrics):": "if validation:",
        },
        "training/test_training.py::test_the_best_parameters_are_those_of_the_best_validation_accuracy",
    ),
    Mutation(
        "16b a gradient clipped number by number",
        "training/shares.py",
        {
            "return g * (clip_norm / norm)": "return np.clip(g, -clip_norm, clip_norm)",
        },
        "training/test_training.py::test_a_gradient_is_clipped_to_a_norm_and_keeps_its_direction",
    ),
    Mutation(
        "16c a parameter that is not finite goes unseen until a loss is not",
        "training/loop.py",
        {
            "if not (shares.gradient_is_finite and shares.theta_is_finite):": "if not shares.gradient_is_finite:",
        },
        "training/test_training.py::test_a_step_that_ruins_the_network_is_the_one_that_is_named",
    ),
    Mutation(
        "16d a gradient that is not finite goes unseen",
        "training/shares.py",
        {
            "return isfinite(self._scores[:, 0].sum()) and isfinite(self._squares.sum())": "return isfinite(self._scores[:, 0].sum())",
        },
        "training/test_divergence.py",
    ),
    Mutation(
        "16e a layer too late named as the origin",
        "training/divergence.py",
        {
            'return f"the output of {name}"': "found = name\n    if not is_finite(x):\n        return f'the output of {found}'",
        },
        "training/test_divergence.py",
    ),
    Mutation(
        "15h a damaged checkpoint that takes the place of the one before",
        "runs/folder.py",
        {
            "path.replace(self.path / DAMAGED)": "pass",
        },
        "runs/test_folder.py",
    ),
    Mutation(
        "18a the same maps for every batch",
        "data/augmentation.py",
        {
            'stream(seed, "augmentation", t)': 'stream(seed, "augmentation")',
        },
        "data/test_augmentation.py",
    ),
    Mutation(
        "18b rows and columns swapped when pixels are looked up",
        "data/augmentation.py",
        {
            "top *= width": "left *= width",
        },
        "data/test_augmentation.py",
    ),
    Mutation(
        "18c weight decay of the biases, too",
        "training/optimizers.py",
        {
            'self.weight_decay * state["decays"]': "self.weight_decay",
        },
        "training/test_training.py::test_weights_decay_and_biases_do_not",
    ),
    Mutation(
        "18c2 a matrix stepped along its momentum as it is, without looking ahead",
        "training/optimizers.py",
        {
            "(g + self.momentum * m).reshape": "m.reshape",
        },
        "training/test_optimizers.py",
    ),
    Mutation(
        "18c3 the output's weights stepped on as those of hidden layers",
        "nn/architecture.py",
        {
            'return self.is_weight & ~self._those_of([f"{OUTPUT}.weight"])': "return self.is_weight",
        },
        "nn/test_model.py",
    ),
    Mutation(
        "18c4 fresh statistics of the last parameters in place of their average",
        "training/shares.py",
        {
            "Statistics(self.trained, recipe": "Statistics(self.network, recipe",
        },
        "nn/test_normalization.py",
    ),
    Mutation(
        "18c5 fresh statistics of the first images alone",
        "training/statistics.py",
        {
            "reduce(add, of_pieces)": "next(of_pieces)",
        },
        "nn/test_normalization.py",
    ),
    Mutation(
        "18d the last parameters tested in place of their average",
        "training/shares.py",
        {
            "self.trained = recipe.network_of(state.trained)": "self.trained = recipe.network_of(state.theta)",
        },
        "training/test_training.py::test_the_average_of_the_parameters_is_what_is_tested",
    ),
    Mutation(
        "17a a signal that ends the run in the middle of a step",
        "runs/process.py",
        {
            "signal.signal(number, hold)": "signal.signal(number, end)",
        },
        "runs/test_signals.py",
    ),
    Mutation(
        "17b a second Ctrl-C that is not heard",
        "runs/process.py",
        {
            "stop.signal = number\n        restore()": "stop.signal = number",
        },
        "runs/test_signals.py",
    ),
    Mutation(
        "31a a worker goes on before the others have written",
        "training/processes.py",
        {"until(self._counts, self._count, self._look_after)": "pass"},
        "training/test_team.py",
    ),
    Mutation(
        "31b the gradient of one part is left out of the sum",
        "nn/gradient.py",
        {"kept[:parts].sum(": "kept[1:parts].sum("},
        "nn/test_gradient.py",
    ),
    Mutation(
        "31e the images of one part are left out of the gradient of a fully connected layer",
        "nn/gradient.py",
        {"return kept[:parts].reshape(": "return kept[: max(parts - 1, 1)].reshape("},
        "nn/test_gradient.py",
    ),
    Mutation(
        "31f images of the batch before count where a part has fewer",
        "nn/gradient.py",
        {"if kept.shape[1] > N:": "if False:"},
        "nn/test_gradient.py",
    ),
    Mutation(
        "31g parts that lie unevenly are taken for others",
        "nn/gradient.py",
        {"if list(parts) == list(range(first, last + 1, step)):": "if True:"},
        "nn/test_gradient.py",
    ),
    Mutation(
        "31d all parts of a stack are given the gradient of its first",
        "nn/gradient.py",
        {"kept[parts] = of_parts\n": "kept[parts] = of_parts[0]\n"},
        "nn/test_gradient.py",
    ),
    Mutation(
        "31c workers outlive who made them",
        "training/processes.py",
        {
            "ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)": "pass",
            "if os.getppid() != self._parent:": "if False:",
        },
        "training/test_team.py::test_workers_end_with_their_caller",
    ),
    Mutation(
        "22 batch normalization by the moments of a part alone",
        "nn/parts.py",
        {"x, cache = layer.forward(x, reduce(add, moments))": "x, cache = layer.forward(x)"},
        "nn/test_normalization.py",
    ),
    Mutation(
        "23 batch normalization backward that takes the moments for constants",
        "nn/layers/normalization.py",
        {
            "return self._wide(scale) * (dy - mean - x_hat * mean_x_hat)": "return self._wide(scale) * dy"
        },
        "nn/test_normalization.py",
    ),
    Mutation(
        "24 networks are tested by the moments of the images that are tested together",
        "nn/model.py",
        {"{name: layer.inference() for": "{name: layer for"},
        "nn/test_normalization.py",
    ),
    Mutation(
        "25 the running variance is the biased one",
        "nn/layers/normalization.py",
        {"self.deviation / max(self.count - 1, 1)": "self.variance"},
        "nn/test_normalization.py",
    ),
    Mutation(
        "26 gamma and beta decay as if they were weights",
        "nn/architecture.py",
        {'if last(name) == "weight"]': 'if last(name) != "bias"]'},
        "nn/test_normalization.py",
    ),
    Mutation(
        "26b classes added as NumPy likes, which is another order for a single image",
        "nn/losses.py",
        {
            "sums: Array = reduce(np.add, y)": "sums: Array = y.sum(axis=0)",
        },
        "training/test_training.py::test_a_worker_with_a_single_image_has_the_bits_of_one_with_two",
    ),
    Mutation(
        "26c gradients of logits that lie otherwise the more parts a worker has",
        "training/batch.py",
        {
            "np.ascontiguousarray(dz.reshape(len(dz), len(parts), -1).swapaxes(0, 1))": "dz.reshape(len(dz), len(parts), -1).swapaxes(0, 1)",
        },
        "training/test_training.py::test_a_worker_with_a_single_image_has_the_bits_of_one_with_two",
    ),
    Mutation(
        "27 dropout without the scale that keeps the mean",
        "nn/layers/dropout.py",
        {"x.dtype.type(1 / (1 - self.rate))": "x.dtype.type(1)"},
        "nn/test_dropout.py",
    ),
    Mutation(
        "28 every step drops the same",
        "training/shares.py",
        {'stream(self.recipe.seed, "dropout", t, k)': 'stream(self.recipe.seed, "dropout", k)'},
        "nn/test_dropout.py",
    ),
    Mutation(
        "29 the smoothed part of a label is not taken from its class",
        "nn/losses.py",
        {"gradient[classes, known] += self.smoothing\n": "pass\n"},
        "nn/test_losses.py",
    ),
    Mutation(
        "30 C1 seen before its activation",
        "nn/features.py",
        {
            "y, _ = layer.forward(y)": "pass",
        },
        "nn/test_features.py",
    ),
    Mutation(
        "31 a square that lies to one side of its place",
        "inspection/attribution.py",
        {
            "row - side // 2, column - side // 2": "row, column",
        },
        "inspection/test_attribution.py",
    ),
    Mutation(
        "34 text of others shown as it is",
        "errors.py",
        {
            "character if character.isprintable() else character": "character if True else character",
        },
        "formats/test_text.py::test_what_is_printable_is_one_line_and_says_all",
    ),
    Mutation(
        "35 a line end in a name that begins a line of an error",
        "errors.py",
        {'"\\n".join(map(printable, self.args))': '"\\n".join(map(str, self.args))'},
        "formats/test_text.py::test_an_error_has_a_line_for_each_argument",
    ),
    Mutation(
        "36 formulas in cells",
        "formats/text.py",
        {'return f"\'{text}"': "return text"},
        "formats/test_text.py::test_no_cell_is_a_formula",
    ),
    Mutation(
        "37 Table I beside any run on MNIST",
        "figures/paper.py",
        {
            "return [*departures_of_data(config.dataset), *others]": "return departures_of_data(config.dataset)",
        },
        "commands/test_table1.py::test_what_departs_from_the_papers_recipe",
    ),
    Mutation(
        "38 a backend of the user's that stops the import of matplotlib",
        "figures/drawing.py",
        {"os.environ.pop(name, None)": "os.environ.get(name)"},
        "figures/test_drawing.py::test_settings_that_matplotlib_cannot_read_disturb_no_figure",
    ),
    Mutation(
        "39 figures in the user's style",
        "figures/style.py",
        {
            'rcParams.update({key: rcParamsDefault[key] for key in rcParamsDefault if key != "backend"})': "pass",
        },
        "figures/test_drawing.py::test_a_figure_is_drawn_in_our_style_whatever_the_users_is",
    ),
    Mutation(
        "40 a name with dollars that is set as a formula",
        "figures/style.py",
        {'"text.parse_math": False': '"text.parse_math": True'},
        "figures/test_style.py::test_a_name_with_dollars_is_no_formula",
    ),
    Mutation(
        "32 rows of an earlier attempt that stay",
        "training/histograms.py",
        {
            "rows[EPOCH] < new[EPOCH]": "rows[EPOCH] != new[EPOCH]",
        },
        "training/test_histograms.py",
    ),
    Mutation(
        "33 an update counted from the end of the last epoch",
        "training/histograms.py",
        {
            "            before[...] = state.theta": "            if rest == 0:\n                before[...] = state.theta",
        },
        "training/test_histograms.py",
    ),
    Mutation(
        "44a components shown by the names of their classes",
        "config/choices.py",
        {
            "    if alike:\n": "    if not alike:\n",
        },
        "config/test_settings.py",
    ),
    Mutation(
        "44b learning rates of different optimizers told as if they went with the choice",
        "config/settings.py",
        {
            "len(found) == 1 and default(group, word, last) in (UNKNOWN, *found)": "len(found) == 1",
        },
        "config/test_settings.py::test_a_label_names_what_a_reader_must_know_as_it_is_typed",
    ),
    Mutation(
        "44c a word that was typed for one class stands for another",
        "config/choices.py",
        {
            "if choice is None or choice.kind == kind:": "if True:",
        },
        "config/test_settings.py::test_the_word_that_was_typed_is_kept_if_it_can_be_that",
    ),
    Mutation(
        "44d classes of different modules taken for one",
        "config/choices.py",
        {
            'path.rpartition(".")[2] if path.startswith("lenet.") else path': 'path.rpartition(".")[2]',
        },
        "config/test_settings.py::test_the_word_that_was_typed_is_kept_if_it_can_be_that",
    ),
    Mutation(
        "45a null in a table, which pandas leaves out of its groups",
        "sweeps/report/tables.py",
        {
            'return "none"': 'return "null"',
        },
        "sweeps/test_tables.py",
    ),
    Mutation(
        "45b a cell of text that a spreadsheet calculates",
        "sweeps/report/tables.py",
        {
            "return inert(value)": "return value",
        },
        "sweeps/test_tables.py::test_keys_of_a_stranger_spoil_no_column",
    ),
    Mutation(
        "45c swept numbers rounded, so that some become one",
        "sweeps/report/tables.py",
        {
            "key: as_cell(setting.words[key]) for key": "key: rounded({key: as_cell(setting.words[key])})[key] for key",
        },
        "sweeps/test_tables.py::test_no_value_is_lost_in_groups",
    ),
    Mutation(
        "45d runs that have not begun have a row without a seed",
        "sweeps/report/tables.py",
        {
            "strays = [stray for stray in summary.strays if stray.run.path.exists()]": "strays = summary.strays",
        },
        "sweeps/test_tables.py",
    ),
    Mutation(
        "46 times drawn at the end of every sweep",
        "sweeps/report/figures.py",
        {
            "    if seconds:\n": "    if not seconds:\n",
        },
        "commands/test_scripts.py::test_a_comparison_at_any_time",
    ),
    Mutation(
        "57 a list in the place of keys, of which only the override is shown",
        "config/complaints.py",
        {"str(cause).splitlines()[0]": "str(error).splitlines()[0]"},
        "config/test_bad_config.py::test_a_list_in_the_place_of_keys_is_refused_by_their_name",
    ),
    Mutation(
        "50 what a stranger's file names is imported",
        "config/schema.py",
        {
            'return checked(Config, {**own, "tracker": UNTRACKED}, known)': 'return checked(Config, {**own, "tracker": UNTRACKED}, imported)'
        },
        "runs/test_strangers.py::test_a_class_that_is_none_of_ours_is_refused_unseen",
    ),
    Mutation(
        "51 a stranger's value that refers to another one is taken as it is",
        "config/schema.py",
        {"case str() if REFERENCE in values:": "case str() if values == REFERENCE:"},
        "runs/test_strangers.py::test_nothing_is_looked_up_for_a_run",
    ),
    Mutation(
        "52 what a run refers to is left to its readers",
        "config/schema.py",
        {'content = OmegaConf.create(resolved(cfg) | {"tracker": cfg.tracker})': "content = cfg"},
        "config/test_config.py::test_what_is_saved_refers_to_nothing_but_where_a_run_can_be_watched",
    ),
    Mutation(
        "52b a character that YAML reads as a space",
        "config/schema.py",
        {"if NEXT_LINE not in text:": "if text:"},
        "config/test_config.py::test_any_text_is_read_as_it_was_saved",
    ),
    Mutation(
        "53 a file in the user's folder stands in for a library",
        "config/components.py",
        {"sys.path += [place for": "sys.path[:0] = [place for"},
        "config/test_components.py::test_a_module_in_a_folder_of_the_users_is_found_after_all_that_is_installed",
    ),
    Mutation(
        "54 the keys of a choice have no part in finding it",
        "runs/command.py",
        {"costs[name] = 1 + cost(values, wanted), False": "costs[name] = 0, False"},
        "runs/test_command.py::test_the_command_is_the_shortest",
    ),
    Mutation(
        "55 a run's name depends on where the classes of the package are",
        "config/identity.py",
        {"name = kind.__name__ if is_own(kind) else": "name ="},
        "config/test_identity.py::test_a_class_of_the_package_may_move_within_it",
    ),
    Mutation(
        "56 initial weights are blamed for the one step of an epoch",
        "training/divergence.py",
        {"step == 1 and not testing and": "step == 1 and"},
        "training/test_divergence.py",
    ),
    Mutation(
        "70 the user's own files looked into last",
        "config/loader.py",
        {
            'path.prepend("user", str(folder.absolute()), anchor="main")': 'path.append("user", str(folder.absolute()))',
        },
        "config/test_loader.py",
    ),
    Mutation(
        "71 a reference in an override followed before there is a job",
        "sweeps/combinations.py",
        {
            "resolve=False": "resolve=True",
        },
        "sweeps/test_combinations.py",
    ),
    Mutation(
        "72 a reference in an experiment's part of a sweep followed before there is a job",
        "config/loader.py",
        {
            'sweeper.get("params") or OmegaConf.create())': 'sweeper.get("params") or OmegaConf.create(), resolve=True)',
        },
        "config/test_loader.py",
    ),
    Mutation(
        "73 keys of a swept choice held against the default one",
        "config/loader.py",
        {
            "overrides = [set_in_any_case(override) for override in parsed]": "pass",
        },
        "sweeps/test_combinations.py",
    ),
    Mutation(
        "74 standard streams left closed",
        "runs/process.py",
        {
            "if getattr(sys, name) is None:": "if not hasattr(sys, name):",
        },
        "runs/test_pipes.py",
    ),
    Mutation(
        "75 arrays of a file that share their bytes",
        "formats/npz.py",
        {
            "for (start, size), (after, _) in pairwise(places)": "for (start, size), (after, _) in pairwise(places[:1])",
        },
        "formats/test_npz.py::test_arrays_that_share_their_bytes_are_refused",
    ),
    Mutation(
        "76 a flag's help checked as Python 3.14 does",
        "commands/flags.py",
        {
            "argparse._check_help = lambda parser, action: None": "pass",
        },
        "commands/test_flags.py",
    ),
    Mutation(
        "34a a mirror that sends a byte at a time is waited for",
        "data/mirror.py",
        {
            "if self._came < SLOWEST * self._waited:": "if self._came == 0:",
        },
        "data/test_download.py::test_server_that_sends_a_byte_at_a_time",
    ),
    Mutation(
        "34b what a killed download has left stays",
        "data/download.py",
        {
            "                remnant.unlink()": "                pass",
        },
        "data/test_download.py::test_what_a_killed_download_has_left_goes_with_the_next",
    ),
    Mutation(
        "35a files with a dot in their names are not found",
        "data/mnist.py",
        {
            '.removesuffix(".gz").replace(".idx", "-idx")': '.removesuffix(".gz")',
        },
        "data/test_mnist.py::test_files_are_found_in_every_form_and_checked",
    ),
    Mutation(
        "35b another dataset's files are taken for those of the same names",
        "data/published.py",
        {
            "not self._missing(folder) and self._is_ours(folder)": "not self._missing(folder)",
        },
        "data/test_mnist.py::test_files_in_lenet_data_itself_are_taken_if_their_checksums_say_whose_they_are",
    ),
    Mutation(
        "36a images of floats are let in",
        "data/door.py",
        {
            "if images.dtype != np.uint8:": 'if images.dtype.kind not in "uf":',
        },
        "data/test_door.py",
    ),
    Mutation(
        "36b labels below 0 are let in",
        "data/door.py",
        {
            "if low < lowest or high >= classes:": "if high >= classes:",
        },
        "data/test_door.py",
    ),
    Mutation(
        "37a a layer that takes arrays of any lengths",
        "nn/layers/base.py",
        {
            " and x.shape[first:last] == lengths": "",
        },
        "nn/test_shapes.py",
    ),
    Mutation(
        "37b a loss that leaves out images without a label",
        "nn/losses.py",
        {
            "labels.shape == (N,)": "labels.ndim == 1",
        },
        "nn/test_shapes.py",
    ),
    Mutation(
        "80 patience counts epochs that are as good as the best",
        "training/stopping.py",
        {
            "accuracies.index(max(accuracies))": "accuracies[::-1].index(max(accuracies))",
        },
        "training/test_stopping.py",
    ),
    Mutation(
        "81 a stopped training whose interrupted epoch is over begins another",
        "training/loop.py",
        {
            "            if stopped_by(recipe, state.metrics):\n                return\n": "",
        },
        "training/test_stopping.py",
    ),
    Mutation(
        "82 settings chosen by where their runs are, not by where they were at the cut",
        "sweeps/outcome.py",
        {
            "return table.iloc[min(epochs, len(table)) - 1]": "return table.iloc[-1]",
        },
        "sweeps/test_halving.py::test_what_has_finished_in_another_sweep_takes_part_as_it_was_then",
    ),
    Mutation(
        "83 a setting whose runs are missing ranked by those that are there",
        "sweeps/halving.py",
        {
            "setting: (None in found, -fmean(known))": "setting: (False, -fmean(known))",
        },
        "sweeps/test_halving.py",
    ),
    Mutation(
        "84 what has diverged tried again",
        "sweeps/rounds.py",
        {
            'not in ("diverged", "running")': 'not in ("running",)',
        },
        "sweeps/test_rounds.py",
    ),
    Mutation(
        "85 a run that halving has stopped taken for a finished one",
        "runs/folder.py",
        {
            '"finished" if self._over else "stopped"': '"finished"',
        },
        "sweeps/test_halving.py::test_a_run_that_was_left_behind_goes_on_alone_to_the_same_bits",
    ),
    Mutation(
        "86 letters counted from 0, as their files do not",
        "data/emnist.py",
        {
            "    first_label = 1\n": "",
        },
        "data/test_emnist.py",
    ),
    Mutation(
        "38a epochs are kept of other weights than those that are tested",
        "runs/folder.py",
        {
            "write_weights(path, state.trained, self.architecture)": "write_weights(path, state.theta, self.architecture)",
        },
        "runs/test_kept_epochs.py::test_a_folder_keeps_what_was_trained_by_the_number_of_the_epoch",
    ),
    Mutation(
        "38b a name in the page is markup",
        "figures/page/page.py",
        {
            ".translate(NOT_IN_HTML)": "",
        },
        "figures/test_number_page.py::test_data_have_no_character_that_html_or_javascript_would_obey",
    ),
    Mutation(
        "1998-1 the class of the largest distance from its code",
        "nn/layers/rbf.py",
        {
            "return -self.scale * (self._apart(x)": "return self.scale * (self._apart(x)",
        },
        "nn/test_lecun1998.py",
    ),
    Mutation(
        "1998-2 a MAP criterion without its j",
        "nn/losses.py",
        {
            "np.full_like(z[:1], -self.j)": "np.full_like(z[:1], -1000)",
        },
        "nn/test_lecun1998.py",
    ),
    Mutation(
        "1998-3 second derivatives of half the distance for the whole",
        "nn/layers/rbf.py",
        {
            "np.broadcast_to(-2 * self.scale *": "np.broadcast_to(-self.scale *",
        },
        "nn/test_curvature.py",
    ),
    Mutation(
        "1998-4a the square of the summed gradient for the sum over connections",
        "nn/layers/conv.py",
        {
            "return self.gradients(hy, cache.squared)": "return tuple(g**2 for g in self.gradients(hy, cache))",
        },
        "nn/test_curvature.py",
    ),
    Mutation(
        "1998-4b second derivatives summed over patterns, not averaged",
        "training/shares.py",
        {
            "self._curvatures.sum(axis=0) / sum(map(len, pieces))": "self._curvatures.sum(axis=0)",
        },
        "training/test_sdlm.py",
    ),
    Mutation(
        "1998-4c second derivatives that stay those of the first epoch",
        "training/loop.py",
        {
            "(t - 1) % self.steps_per_epoch == 0": "t == 1",
        },
        "training/test_sdlm.py",
    ),
    Mutation(
        "1998-5a a coefficient whose second derivative has the sum, not its square",
        "nn/layers/pool.py",
        {
            "return self.gradients(hy, s * s)": "return self.gradients(hy, s)",
        },
        "nn/test_curvature.py",
    ),
    Mutation(
        "1998-5b coefficients that start at chance where they should be constant",
        "nn/init.py",
        {
            "elif start is None:": 'elif own == "coefficient":',
        },
        "nn/test_lecun1998.py",
    ),
    Mutation(
        "1998-5c subsampling units with the fan-in of a convolution",
        "nn/architecture.py",
        {
            "WINDOW = 4 ": "WINDOW = 25 ",
        },
        "nn/test_lecun1998.py",
    ),
    Mutation(
        "1998-6a a squashing function with slope 1 at 0",
        "nn/layers/activation.py",
        {
            "return self.slope * (self.amplitude - y * y / self.amplitude) * dy": "return (1 - y * y / self.amplitude**2) * dy",
        },
        "nn/test_lecun1998.py",
    ),
    Mutation(
        "1998-6b subsampling without a squashing of its own",
        "nn/layers/pool.py",
        {
            "    squashed = True": "    squashed = False",
        },
        "nn/test_lecun1998.py",
    ),
    Mutation(
        "1998-7 rates of the first pass that are not the paper's",
        "nn/init.py",
        {
            "fans(shape)[0] ** self.power": "fans(shape)[0]",
        },
        "nn/test_curvature.py",
    ),
    Mutation(
        "1998-8 a step for the sum of a batch where a mean is meant",
        "training/batch.py",
        {
            "loss.gradient(z, labels) / batch_size": "loss.gradient(z, labels)",
        },
        "training/test_sdlm.py",
    ),
    Mutation(
        "1998-9a an order that is new in each pass",
        "training/batch.py",
        {
            "(t - 1) // self.per_epoch + 1 if self.reshuffle else 1": "(t - 1) // self.per_epoch + 1",
        },
        "training/test_sdlm.py",
    ),
    Mutation(
        "1998-9b biases that are never drawn",
        "nn/init.py",
        {
            "if not self.draws_biases:": "if shape:",
        },
        "nn/test_lecun1998.py",
    ),
    Mutation(
        "1998-10 ink and background in each other's place",
        "nn/input.py",
        {
            "Scaling(self.foreground - self.background, self.background)": "Scaling(self.background - self.foreground, self.foreground)",
        },
        "nn/test_lecun1998.py",
    ),
    Mutation(
        "1998-11 a filter of C3 at another pair than the table's",
        "nn/layers/table.py",
        {
            "np.concatenate(table).astype(np.intp)": "np.concatenate(table[::-1]).astype(np.intp)",
        },
        "nn/test_lecun1998.py",
    ),
]


def defective(text: str, mutation: Mutation) -> str:
    for right, wrong in mutation.changes.items():
        assert text.count(right) == 1, f"{mutation.file} no longer has: {right}"
        text = text.replace(right, wrong)
    return text


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.defect)
def test_a_defect_can_still_be_put_in(mutation: Mutation) -> None:
    """Its lines are there, and its tests."""
    defective((ROOT / "lenet" / mutation.file).read_text(), mutation)
    file, _, test = mutation.tests.partition("::")
    assert f"def {test}" in (ROOT / "tests" / file).read_text()


@contextmanager
def mutated(copy: Path, mutation: Mutation) -> Iterator[None]:
    path = copy / "lenet" / mutation.file
    text = path.read_text()
    path.write_text(defective(text, mutation))
    try:
        yield
    finally:
        path.write_text(text)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, compiled so that a module is compiled anew when its text changes."""
    copy = tmp_path_factory.mktemp("mutated")
    for name in ("lenet", "conf", "scripts", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    by_content = PycInvalidationMode.CHECKED_HASH
    assert compileall.compile_dir(copy / "lenet", quiet=1, invalidation_mode=by_content)
    return copy


@pytest.fixture(scope="module")
def forks(copy: Path) -> Iterator[Forks]:
    """Forks that have imported what the tests and the code import, but nothing of the copy."""
    forks = Forks(*LIBRARIES, PYTHONPATH=str(copy), PYTHONDONTWRITEBYTECODE="")
    yield forks
    forks.end()


def run_tests(forks: Forks, copy: Path, tests: str, *options: str) -> tuple[int, str]:
    """Return the exit code of pytest, and what it says."""
    done = forks.python("-m", "pytest", *OPTIONS, *options, f"tests/{tests}", cwd=copy)
    return done.returncode, done.stdout


@pytest.mark.thorough
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.defect)
def test_defect_turns_a_test_red(copy: Path, forks: Forks, mutation: Mutation) -> None:
    """Without the defect that test is green."""
    with mutated(copy, mutation):
        code, said = run_tests(forks, copy, mutation.tests)
    assert (code, "\n1 failed" in said) == (1, True), said
    code, said = run_tests(forks, copy, mutation.tests, "--last-failed")
    assert (code, "\n1 passed" in said) == (0, True), said


@pytest.mark.thorough
def test_the_mutated_copy_is_what_runs(copy: Path, forks: Forks) -> None:
    (copy / "where.py").write_text("import lenet; print(lenet.__file__)")
    where = forks.python("where.py", cwd=copy)
    assert where.stdout.strip() == str(copy / "lenet" / "__init__.py")
