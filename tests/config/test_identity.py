"""The name of a run follows from what its results depend on, and from nothing else."""

import re

import pytest

from lenet.config.compose import composed
from lenet.config.identity import identity, run_name, values
from lenet.config.schema import read_config
from lenet.nn.layers import AveragePool


def of(*overrides: str) -> str:
    return identity(read_config(composed(*overrides)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["optimizer.lr=1"], ["optimizer.lr=1.0"]),
        (["optimizer.lr=0.01"], ["optimizer.lr=1e-2"]),
        (["optimizer=sgd", "pooling=avg"], ["pooling=avg", "optimizer=sgd"]),
        (["setting=table1/normal_0.01"], ["init=normal", "init.std=0.01"]),
        (["threads=1"], ["threads=2"]),
        (["force=true"], []),
        (["inside=true"], []),
        (["patience=null", "max_seconds=null"], []),
        (["dataset.validation=${batch_size}"], ["dataset.validation=128"]),
        (
            ["batch_size=${dataset.validation}", "dataset.validation=64"],
            ["batch_size=64", "dataset.validation=64"],
        ),
        (
            ["optimizer=sgd", "optimizer.lr=${optimizer.momentum}", "optimizer.momentum=0.5"],
            ["optimizer=sgd", "optimizer.lr=0.5", "optimizer.momentum=0.5"],
        ),
        (["keep_weights=epochs"], []),
    ],
    ids=str,
)
def test_the_same_experiment_has_one_identity(one: list[str], other: list[str]) -> None:
    assert of(*one) == of(*other)


@pytest.mark.slow
def test_whatever_results_depend_on_changes_the_identity() -> None:
    changes = [
        [],
        ["seed=1"],
        ["epochs=4"],
        ["batch_size=64"],
        ["parts=1"],
        ["pooling=avg"],
        ["activation=relu"],
        ["init=he_uniform"],
        ["optimizer=adamw"],
        ["optimizer.lr=0.002"],
        ["dataset=mnist"],
        ["dataset=fashion_mnist"],
        ["dataset.train_size=100"],
        ["dataset.validation=100"],
        ["dataset.validation=100", "patience=3"],
        ["max_seconds=60"],
    ]
    assert len({of(*change) for change in changes}) == len(changes)


def test_a_name_can_be_read_and_is_safe_as_a_folders() -> None:
    name = run_name(read_config(composed("pooling=avg", "optimizer=sgd", "seed=12")))
    assert name.startswith("strokes-averagepool-tanh-sgd-seed12-")
    assert re.fullmatch(r"[a-z0-9-]+", name)
    assert len(name) < 100


def test_a_class_of_the_package_may_move_within_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before = of("pooling=avg"), of()
    monkeypatch.setattr(AveragePool, "__module__", "lenet.elsewhere")
    assert (of("pooling=avg"), of()) == before
    monkeypatch.setattr(AveragePool, "__module__", "mine")
    assert of("pooling=avg") not in before


def test_keys_deep_inside_a_component_count_whatever_they_are_called() -> None:
    class Component:
        def __init__(self, **values: object) -> None:
            vars(self).update(values)

    assert values(Component(force=1)) != values(Component(force=2))
    assert values(Component(steps=[1, 2])) != values(Component(steps=[1, 3]))
