"""The jobs of a sweep that are checked before it begins are those that Hydra then runs."""

from collections.abc import Iterator
from itertools import product
from typing import Any, cast

import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.types import RunMode
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from lenet.config.compose import composed
from lenet.config.identity import run_name
from lenet.config.loader import hydra_for, list_sweep
from lenet.config.overrides import parse
from lenet.config.schema import read_config
from lenet.errors import ConfigError
from lenet.sweeps.combinations import jobs, one_at_a_time, sweep_configs, sweep_overrides


@pytest.fixture(autouse=True, scope="module")
def hydra() -> Iterator[None]:
    GlobalHydra.instance().initialize(hydra_for(None))
    yield
    GlobalHydra.instance().clear()


def master(*overrides: str) -> DictConfig:
    """What the jobs of a sweep have in common."""
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None
    return hydra.compose_config("config", ["dataset=mnist", *overrides], RunMode.MULTIRUN)


def configs(*overrides: str) -> list[DictConfig]:
    cfg = master(*overrides)
    return [job for _, job in sweep_configs(cfg, sweep_overrides(cfg), product)]


QUOTED = st.builds(
    lambda text, quote: QuotedString(text, quote).with_quotes(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="$\n\r"), max_size=8),
    st.sampled_from(Quote),
)
TEXTS = [
    *("${seed}", "x${seed}", "'${seed}'", "${oc.env:HOME}", r"\${seed}", "${nope}", "???"),
    *("'a,b'", r"a\,b", '"x=y"', r"'it\'s'", r"a\\b", "'a\"b'", "''", " a b ", "/data/x%20"),
    *("null", "true", "1e-3", "01", "[1,2]", "['a,b',c]", "{a:1}", "{a:[b,'c d']}"),
]
VALUES = st.lists(QUOTED | st.sampled_from(TEXTS), min_size=1, max_size=2)


@given(VALUES, VALUES, st.sampled_from(["", "+", "++"]))
def test_whatever_is_typed_the_jobs_are_those_of_hydra_with_the_values_that_were_typed(
    first: list[str], second: list[str], prefix: str
) -> None:
    keys = "dataset.root", f"{prefix}tracker.uri"
    typed = [f"{key}={','.join(values)}" for key, values in zip(keys, (first, second), strict=True)]
    cfg = OmegaConf.create({"hydra": {"overrides": {"task": []}, "sweeper": {}, "mode": None}})
    list_sweep(cfg, parse(typed), GlobalHydra.instance().config_loader())
    lines = OmegaConf.to_container(cfg.hydra.overrides.task, resolve=False)
    (hydras,) = BasicSweeper.split_arguments(parse(cast(list[str], lines)), None)
    found = list(jobs(sweep_overrides(cfg), product))
    assert [list(job) for job in found] == hydras

    wanted = [[f"{keys[0]}={one}", f"{keys[1]}={two}"] for one, two in product(first, second)]
    assert list(map(meaning, found)) == list(map(meaning, wanted))


def meaning(overrides: Any) -> list[Any]:
    return [(one.get_key_element(), one.value()) for one in parse(list(overrides))]


def test_a_value_that_follows_another_follows_that_of_its_job() -> None:
    found = configs("dataset=strokes", "seed=1,2", "dataset.seed=${seed}")
    assert [(cfg.seed, cfg.dataset.seed) for cfg in found] == [(1, 1), (2, 2)]
    names = [str(cfg.hydra.sweep.subdir) for cfg in found]
    singles = [composed(f"seed={seed}", f"dataset.seed={seed}") for seed in (1, 2)]
    assert names == [run_name(read_config(single)) for single in singles]


def test_the_last_word_counts() -> None:
    found = configs("seed=range(3)", "seed=4,5", "seed=6,7")
    assert [cfg.seed for cfg in found] == [6, 7]


def test_a_key_that_every_swept_choice_has_can_be_set() -> None:
    found = configs("augmentation=affine,elastic", "augmentation.rotation=5")
    assert [cfg.augmentation.rotation for cfg in found] == [5, 5]
    found = configs("setting=optimizers/sgd,optimizers/momentum", "optimizer.momentum=0.5")
    assert [cfg.optimizer.momentum for cfg in found] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["optimizer=sgd,adam", "optimizer.momentum=0.9"],
            r"^with optimizer=adam: optimizer.momentum: no such key; there are beta1",
        ),
        (
            ["seed=1,2", "optimizer.momentum=0.9"],
            r"^optimizer.momentum: no such key; there are beta1",
        ),
        (["augmentation=none,affine", "augmentation.rotation=5"], "^with augmentation=none: "),
        (["seed=range(10001)"], r"seed=range\(10001\): at most 10,000 runs make one sweep; split"),
        (["seed=range(100000000)"], "at most 10,000"),
        ([f"seed=range({10**40})"], "at most 10,000"),
        (["optimizer.lr=range(1,inf)"], "at most 10,000"),
        (["optimizer.lr=range(1e300,2e300)"], "at most 10,000"),
        (["seed=range(1000)", "batch_size=range(1,12)"], "^11,000 runs: at most 10,000"),
        (["seed=range(1,5,0)"], r"expected range\(stop\) or range\(start, stop, step\)"),
        (["optimizer.lr=range(0.1,1,0)"], r"expected range\(stop\)"),
        (["optimizer.lr=range(nan)"], r"expected range\(stop\)"),
        (["seed=range(3,0)"], r"there is nothing to run: seed=range\(3,0\)"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_sweep_that_cannot_be_run_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        configs(*overrides)


def test_of_an_interval_the_middle_is_tried() -> None:
    overrides = parse(["optimizer.lr=interval(0.1,0.3)", "epochs=int(interval(1,4))"])
    assert list(jobs(overrides, one_at_a_time)) == [("optimizer.lr=0.2", "epochs=2")]
