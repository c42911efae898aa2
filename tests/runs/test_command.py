"""A run's command, found from its configuration: what it composes to is the same run."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command import lenet, run_folders
from configurations import ACCEPTED, contents, keys
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from scripted import SCRIPTS, Script

from lenet.config.compose import composed, configure
from lenet.config.identity import identity, run_name
from lenet.config.schema import read_config, saved
from lenet.errors import ConfigError, DataError
from lenet.formats.layout import CONFIG
from lenet.runs.command import changed, command_of, typed
from lenet.runs.run import Run

pytestmark = pytest.mark.slow

VALUES = ACCEPTED | {
    "dataset.root": st.none()
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="$"), max_size=8),
    "dataset.validation": st.integers(0, 1000),
    "dataset.seed": st.integers(0, 2**63 - 1),
    "checkpoint.every_steps": st.none() | st.integers(1, 10),
    "schedule.warmup": st.floats(0, 10),
    "epochs": st.integers(1, 10**6),
    "threads": st.none() | st.integers(1, 4),
    "inside": st.booleans(),
    "keep_weights": st.sampled_from([None, "epochs"]),
}


def run_of(folder: Path, *overrides: str) -> Run:
    """A folder with a configuration, and nothing else."""
    (folder / CONFIG).write_text(saved(composed(*overrides)))
    return Run(folder)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Any choice of each group, and any of its keys set to what it may be."""
    content = draw(contents())
    for path in keys(content):
        if (values := VALUES.get(".".join(path))) is not None and draw(st.booleans()):
            *parents, last = path
            (content[parents[0]] if parents else content)[last] = draw(values)
    return content


@given(configurations())
@settings(max_examples=4)
def test_the_command_of_any_run_composes_to_the_same_run(
    tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]
) -> None:
    cfg = OmegaConf.create(content)
    try:
        config = read_config(cfg)
    except ConfigError:
        assume(False)
    run = Run(tmp_path_factory.getbasetemp())
    (run.path / CONFIG).write_text(saved(cfg))
    again = configure(*command_of(run))
    assert identity(again) == identity(config)
    assert replace(again, tracker=config.tracker, force=config.force) == config


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["optimizer=sgd"],
        ["optimizer.lr=0.01"],
        ["optimizer=sgd", "optimizer.lr=0.3", "optimizer.momentum=0.9"],
        ["dropout=dense"],
        ["dropout.rate=0.5"],
        ["loss=label_smoothing", "clip_norm=1.0"],
        ["dataset=mnist", "dataset.root=/data/mnist", "checkpoint.every_steps=100"],
        ["dataset=mnist", "dataset.root='a b, it\\'s'"],
        ["dataset=mnist", "dataset.root='null'"],
    ],
    ids=" ".join,
)
def test_the_command_is_the_shortest(tmp_path: Path, command: list[str]) -> None:
    assert command_of(run_of(tmp_path, *command)) == command


def test_what_an_experiment_and_a_setting_set_is_in_the_command(tmp_path: Path) -> None:
    run = run_of(tmp_path, "experiment=table1", "setting=optimizers/momentum", "seed=2")
    assert "optimizer=sgd" in command_of(run)
    assert configure(*command_of(run)) == run.config


def test_classes_that_have_moved_within_the_package_are_found(tmp_path: Path) -> None:
    run = run_of(tmp_path, "optimizer=sgd", "pooling=avg")
    text = (tmp_path / CONFIG).read_text()
    text = text.replace("lenet.training.optimizers.SGD", "lenet.of.old.SGD")
    (tmp_path / CONFIG).write_text(text.replace("lenet.nn.layers.Average", "lenet.pools.Average"))
    assert command_of(Run(run.path)) == ["pooling=avg", "optimizer=sgd"]


def test_a_choice_of_the_users_own_is_part_of_the_command(tmp_path: Path) -> None:
    own = tmp_path / "conf" / "optimizer"
    own.mkdir(parents=True)
    (own / "calm.yaml").write_text(
        "_target_: lenet.training.optimizers.SGD\nlr: 0.001\nmomentum: 0.5\n"
                                   "nesterov: true\n")  # fmt: skip
    cfg = composed("optimizer=calm", "seed=3", config_dir=tmp_path / "conf")
    (tmp_path / CONFIG).write_text(saved(cfg))
    assert command_of(Run(tmp_path), tmp_path / "conf") == ["optimizer=calm", "seed=3"]
    without = ["optimizer=sgd", "optimizer.lr=0.001", "optimizer.momentum=0.5"]
    assert command_of(Run(tmp_path)) == [*without, "optimizer.nesterov=true", "seed=3"]


def test_a_value_that_is_changed_takes_the_place_of_the_runs_own() -> None:
    command = ["optimizer=sgd", "optimizer.lr=0.3", "epochs=5"]
    assert changed(command, ["epochs=9"]) == ["optimizer=sgd", "optimizer.lr=0.3", "epochs=9"]
    assert changed(command, ["optimizer=adam"]) == ["epochs=5", "optimizer=adam"]
    assert changed(command, []) == command


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.text("ae1.-\\'\" ,=[]{}()$:%", max_size=8),
    st.sampled_from(["null", "True", "nan", "Inf", "1e3", "1_0", "a/b", "/a-b.c", "range(3)"]),
)


@given(SCALARS | st.lists(SCALARS | st.lists(SCALARS, max_size=2), max_size=3))
@settings(max_examples=300)
def test_a_value_is_typed_so_that_hydra_reads_the_same(value: Any) -> None:
    assume("${" not in repr(value))
    read = OverridesParser.create().parse_override(f"key={typed(value)}").value()
    assert repr(read) == repr(value)


def test_the_command_of_a_run_of_a_version_with_fewer_keys(tmp_path: Path) -> None:
    run = run_of(tmp_path, "epochs=7")
    lines = run.path.joinpath(CONFIG).read_text().splitlines(keepends=True)
    later = ("patience", "max_seconds")
    (run.path / CONFIG).write_text("".join(line for line in lines if not line.startswith(later)))
    assert command_of(run) == ["epochs=7"]


def test_a_folder_without_a_configuration_has_no_command(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"config\.yaml: expected a configuration"):
        command_of(Run(tmp_path))


def test_the_script_prints_the_command(tmp_path: Path, script: Script) -> None:
    run_of(tmp_path, "optimizer=sgd", "epochs=5")
    said = script("rerun", CONFIG, "pooling=avg", "--dry-run", "epochs=9").text
    assert said == "lenet optimizer=sgd pooling=avg epochs=9\n"
    assert [path.name for path in tmp_path.iterdir()] == [CONFIG]


QUICK = ["dataset.train_size=64", "dataset.test_size=16", "epochs=1"]


def test_the_script_runs_it_where_lenet_would(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    run = run_of(tmp_path / "given", *QUICK, "optimizer=sgd")
    for seed in (0, 1):
        arguments = [SCRIPTS / "rerun.py", run.path, f"seed={seed}"]
        subprocess.run([sys.executable, *arguments], cwd=tmp_path, check=True)
    names = {run_name(replace(run.config, seed=seed)) for seed in (0, 1)}
    assert {folder.name for folder in run_folders(tmp_path / "runs")} == names
    again = lenet(*QUICK, "optimizer=sgd", cwd=tmp_path)
    assert "is finished already" in again.stdout
