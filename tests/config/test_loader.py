"""Where configurations are looked for, and what is composed before the jobs of a sweep."""

from pathlib import Path
from typing import Any

import pytest
from hydra._internal import config_loader_impl
from hydra.core.override_parser.types import Override
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import OmegaConf

from lenet.config.compose import composed
from lenet.config.loader import hydra_for
from lenet.config.overrides import parse, spelt_out
from lenet.errors import ConfigError

ADAM = "_target_: lenet.training.optimizers.Adam\nlr: 0.5\nbeta1: 0.9\nbeta2: 0.999\neps: 1e-8\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's own folder of configurations."""
    return tmp_path / "conf"


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_file_of_the_users_own_is_taken_before_the_packaged_one(folder: Path) -> None:
    write(folder / "optimizer" / "adam.yaml", ADAM)
    own = composed("optimizer=adam", config_dir=folder)
    packaged = composed("optimizer=rmsprop", config_dir=folder)
    assert own.optimizer.lr == 0.5
    assert packaged == composed("optimizer=rmsprop")
    assert composed("optimizer=adam").optimizer.lr == 1e-3


def test_a_configuration_of_the_users_own_begins_from_the_packaged_one(folder: Path) -> None:
    write(folder / "mine.yaml", "defaults: [config, _self_]\nseed: 9\n")
    cfg = hydra_for(folder, "mine").compose_config("mine", ["epochs=1"], RunMode.RUN)
    assert (cfg.seed, cfg.epochs) == (9, 1)


@pytest.mark.parametrize("name", ["config", "config.yaml"])
def test_the_configuration_of_a_run_is_not_passed_over_in_silence(folder: Path, name: str) -> None:
    write(folder / "config.yaml", "seed: 7\n")
    write(folder / "run.json", "{}")
    with pytest.raises(ConfigError, match=f"lenet-runs rerun {folder} trains it again"):
        hydra_for(folder, name)


@pytest.mark.parametrize(
    ("name", "advice"), [("config", "call it mine.yaml, and begin"), ("mine", "list; begin it")]
)
def test_a_configuration_from_which_nothing_can_be_chosen_is_refused(
    folder: Path, name: str, advice: str
) -> None:
    write(folder / f"{name}.yaml", "seed: 7\n")
    with pytest.raises(ConfigError, match=advice):
        hydra_for(folder, name)


@pytest.mark.parametrize("group", ["experiment", "setting"])
@pytest.mark.parametrize("first", ["", "# mine\n", "# @package {}\n", "\ufeff"])
def test_a_file_that_sets_keys_anywhere_begins_by_saying_so(
    folder: Path, group: str, first: str
) -> None:
    write(folder / group / "mine.yaml", f"{first.format(group)}seed: 7\n")
    with pytest.raises(ConfigCompositionException, match="begin with the line '# @package _global"):
        composed(f"{group}=mine", config_dir=folder)


def test_an_experiment_with_params_is_a_sweep_without_more_words(folder: Path) -> None:
    params = "hydra: {sweeper: {params: {seed: '1,2'}}}"
    write(folder / "experiment" / "mine.yaml", f"# @package _global_\n{params}\n")
    hydra = hydra_for(folder)

    def mode(*overrides: str) -> RunMode | None:
        return hydra.compose_config("config", [*overrides], RunMode.MULTIRUN).hydra.mode

    assert mode("experiment=mine") is RunMode.MULTIRUN
    assert mode("experiment=mine", "hydra.mode=RUN") is RunMode.RUN
    assert mode("seed=3") is None


def test_what_a_sweep_consists_of_is_kept_as_it_was_typed(folder: Path) -> None:
    write(
        folder / "experiment" / "mine.yaml",
        "# @package _global_\n"
        "hydra: {sweeper: {params: {seed: 'range(3)', epochs: '1,2', dataset.seed: '${seed}'}}}\n",
    )
    typed = ["experiment=mine", "epochs=4", "init.std=${oc.env:NOWHERE}", r"ema=\${x}"]
    cfg = hydra_for(folder).compose_config("config", typed, RunMode.MULTIRUN)
    assert OmegaConf.to_container(cfg.hydra.overrides.task) == [
        "seed=range(3)",
        "epochs=4",
        "dataset.seed=${seed}",
        "experiment=mine",
        *typed[2:],
    ]


@pytest.mark.parametrize(
    ("typed", "spelt"),
    [
        ("seed=1,2", "seed=1,2"),
        ("seed=range(3)", "seed=range(3)"),
        ("batch_size=choice(32, 64)", "batch_size=choice(32, 64)"),
        ("optimizer.lr=tag(log, interval(0.1, 1))", "optimizer.lr=tag(log, interval(0.1, 1))"),
        ("pooling=glob(*)", "pooling=avg,max,trainable"),
        ("pooling=glob(m*)", "pooling=choice(max)"),
        (r"dataset.root=choice(a\,b,c)", 'dataset.root="a,b",c'),
        (r"dataset.root=null,'a,b',a\ b", "dataset.root=null,'a,b',\"a b\""),
    ],
)
def test_choices_are_spelt_out_where_a_sweeper_would_misread_them(typed: str, spelt: str) -> None:
    (override,) = parse([typed], hydra_for(None).config_loader)
    assert spelt_out(override) == spelt
    (again,) = parse([spelt])
    assert list(map(str, values(again))) == list(map(str, values(override)))


def values(override: Override) -> list[Any]:
    """Return what an override stands for, whatever it looks like."""
    if not override.is_discrete_sweep():
        return [override.value()]
    return [Override._convert_value(value) for value in override.sweep_iterator()]


def test_choices_are_listed_without_a_copy_of_all_that_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A help lists those of every group: with the copies that Hydra makes it takes seconds."""
    loader = hydra_for(None).config_loader
    monkeypatch.setattr(config_loader_impl, "CachingConfigRepository", None)
    assert loader.get_group_options("pooling") == ["avg", "max", "trainable"]
    assert "joblib" in loader.get_group_options("hydra/launcher")
