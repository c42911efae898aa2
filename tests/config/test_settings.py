"""Labels: what tells settings apart and what they have in common, in the words that are typed."""

from pathlib import Path
from typing import Any

import pytest
from configurations import plain, words
from fake_runs import fake_run, quickly_composed
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from lenet.config.choices import choices, default, defaults, word_for
from lenet.config.schema import CONF
from lenet.config.settings import (
    common_keys,
    differing_keys,
    flatten,
    in_common,
    leave_out,
    short_names,
    spelt,
    tell_apart,
)
from lenet.formats.keys import TARGET
from lenet.runs.groups import by_setting, in_words, same_settings
from lenet.runs.run import NO_SETTING, Run

MINE = "mine.Momentum"


def made(folder: Path, *overrides: str, seed: int = 0, **words: str) -> Run:
    """A run whose components were chosen by these words, as its record has it."""
    return fake_run(folder, *overrides, seed=seed, choices=words)


def common(runs: list[Run]) -> str:
    return in_common(in_words(same_settings(runs)))


def spoilt(run: Run, **keys: Any) -> Run:
    """The run with other keys in its configuration."""
    run.written.update(keys)
    return run


def test_leaves_are_under_dotted_keys() -> None:
    assert flatten({"a": {"b": {"c": 1}}, "d": [1, "x"]}) == {"a.b.c": 1, "d": "[1, 'x']"}


# Words


@pytest.mark.parametrize("choice", choices().values(), ids=lambda one: f"{one.group}={one.word}")
def test_every_choice_is_found_by_what_it_comes_to(choice: Any) -> None:
    """Also where several of a group have the same class."""
    component = plain(quickly_composed(*words(choice.group, choice.word))[choice.group])
    assert word_for(choice.group, component) == choice.word


def test_what_is_chosen_by_default_is_known() -> None:
    page = quickly_composed()
    for group in {path.parent.name for path in CONF.glob("*/*.yaml")} & {*page}:
        assert word_for(group, dict(page[group])) == defaults()[group]
    assert default("", None, "epochs") == page.epochs
    assert default("optimizer", "adam", "lr") == page.optimizer.lr


def test_of_choices_of_one_class_that_with_the_most_of_the_values_is_meant() -> None:
    affine = {TARGET: "lenet.nn.losses.CrossEntropy", "smoothing": 0.1}
    assert word_for("loss", affine) == "label_smoothing"
    assert word_for("loss", affine | {"smoothing": 0}) == "cross_entropy"


@pytest.mark.parametrize(
    ("target", "given", "word"),
    [
        ("lenet.nn.layers.Dropout", "dense", "dense"),
        ("lenet.nn.layers.Dropout", "mine", "mine"),  # a file of the user's
        ("lenet.nn.layers.Dropout", None, "none"),
        ("lenet.nn.layers.dropout.Dropout", None, "none"),
        ("lenet.nn.layers.Gone", None, "Gone"),
        ("mine.Dropout", "mine", "mine"),
        ("mine.Dropout", "none", "Dropout"),  # that is another class
        ("mine.Dropout", None, "Dropout"),
        ("mine.Dropout", {"a": 1}, "Dropout"),
        ("mine.Dropout", "\x1b[2J", "Dropout"),
        (7, None, "7"),
    ],
)
def test_the_word_that_was_typed_is_kept_if_it_can_be_that(
    target: Any, given: Any, word: str
) -> None:
    assert word_for("dropout", {TARGET: target, "rate": 0.0}, given) == word


def test_a_record_of_anything_stops_nothing(tmp_path: Path) -> None:
    for number, record in enumerate((None, 1, [], {"dataset": []}, {"dataset": "a b\n"})):
        assert fake_run(tmp_path / str(number), choices=record).dataset == "strokes"


# Labels


@pytest.mark.parametrize(
    ("overrides", "labels"),
    [
        ([["pooling=max"], ["pooling=avg"]], ["pooling=max", "pooling=avg"]),
        (
            [["normalization=none"], ["normalization=batch"]],
            ["normalization=none", "normalization=batch"],
        ),
        ([["init=normal"], ["init=he_normal"]], ["init=normal", "init=he_normal"]),
        ([["dropout=none"], ["dropout=dense"]], ["dropout=none", "dropout=dense"]),
        (
            [["dataset=strokes"], ["dataset=emnist_digits"], ["dataset=emnist_balanced"]],
            ["dataset=strokes", "dataset=emnist_digits", "dataset=emnist_balanced"],
        ),
        ([["batch_size=64"], ["batch_size=128"]], ["batch_size=64", "batch_size=128"]),
        (
            [["init=normal", "init.std=0.1"], ["init=normal", "init.std=0.2"]],
            ["init.std=0.1", "init.std=0.2"],
        ),
        (
            [["optimizer=adam"], ["optimizer=sgd"], ["optimizer=sgd", "optimizer.lr=0.1"]],
            ["optimizer=adam, lr=0.001", "optimizer=sgd, lr=0.05", "optimizer=sgd, lr=0.1"],
        ),
        (
            [[f"setting=optimizers/{name}"] for name in ("sgd", "momentum", "adam", "rmsprop")],
            [
                "optimizer=sgd, lr=0.3, momentum=0.0",
                "optimizer=sgd, lr=0.1, momentum=0.9",
                "optimizer=adam, lr=0.003",
                "optimizer=rmsprop, lr=0.001",
            ],
        ),
        (
            [
                ["optimizer=sgd", "normalization=batch"],
                ["optimizer=sgd", "optimizer.momentum=0.9", "normalization=none"],
                ["optimizer=sgd", "normalization=batch", "normalization.momentum=0.2"],
            ],
            [
                "normalization=batch, normalization.momentum=0.1, optimizer.momentum=0.0",
                "normalization=none, optimizer.momentum=0.9",
                "normalization=batch, normalization.momentum=0.2, optimizer.momentum=0.0",
            ],
        ),
        (
            [["augmentation=none"], ["augmentation=affine", "augmentation.rotation=5"]],
            ["augmentation=none", "augmentation=affine, rotation=5"],
        ),
        ([["dataset.seed=1"], ["dataset.seed=2"]], ["dataset.seed=1", "dataset.seed=2"]),
        ([["clip_norm=null"], ["clip_norm=1.0"]], ["clip_norm=null", "clip_norm=1.0"]),
        (
            [["optimizer=sgd", f"optimizer.nesterov={yes}"] for yes in ("true", "false")],
            ["optimizer.nesterov=true", "optimizer.nesterov=false"],
        ),
    ],
)
def test_a_label_names_what_a_reader_must_know_as_it_is_typed(
    tmp_path: Path, overrides: list[list[str]], labels: list[str]
) -> None:
    """Neither what all have in common, nor what goes with the choice of a component."""
    runs = [fake_run(tmp_path / str(i), *one) for i, one in enumerate(overrides)]
    assert list(by_setting(runs)) == labels


def test_what_was_typed_is_shown_where_two_choices_have_one_class(tmp_path: Path) -> None:
    """Rates swept below dropout=none are those, whatever dropout=dense would come to."""
    rates = [made(tmp_path / str(r), f"dropout.rate={r}", dropout="none") for r in (0.0, 0.1, 0.2)]
    assert list(by_setting(rates)) == ["dropout.rate=0.0", "dropout.rate=0.1", "dropout.rate=0.2"]
    dense = made(tmp_path / "dense", "dropout=dense", dropout="dense")
    assert list(by_setting([rates[0], dense])) == ["dropout=none", "dropout=dense"]


def test_a_file_of_the_users_own_goes_by_its_name(tmp_path: Path) -> None:
    adam = made(tmp_path / "a", "optimizer=adam", optimizer="adam")
    fast = made(tmp_path / "b", "optimizer.lr=0.01", optimizer="fast")
    own = made(tmp_path / "c", optimizer="slow")
    spoilt(own, optimizer={TARGET: MINE, "lr": 0.5})
    assert list(by_setting([adam, fast, own])) == [
        "optimizer=adam", "optimizer=fast", "optimizer=slow",
    ]  # fmt: skip


def test_one_word_for_two_classes_gives_way_to_their_names(tmp_path: Path) -> None:
    runs = [
        spoilt(made(tmp_path / name, optimizer="mine"), optimizer={TARGET: f"mine.{name}"})
        for name in "AB"
    ]
    assert list(by_setting(runs)) == ["optimizer=mine.A", "optimizer=mine.B"]


def test_of_words_for_one_setting_that_of_the_first_seed_is_shown(tmp_path: Path) -> None:
    first = made(tmp_path / "z", "optimizer.lr=0.01", seed=1, optimizer="fast")
    later = made(tmp_path / "a", "optimizer.lr=0.01", seed=2, optimizer="adam")
    other = made(tmp_path / "b")
    for runs in ([first, later, other], [other, later, first]):
        assert {*by_setting(runs)} == {"optimizer=fast", "optimizer=adam"}


def test_what_an_older_version_did_not_have_is_said(tmp_path: Path) -> None:
    old, new = fake_run(tmp_path / "old"), fake_run(tmp_path / "new", "dropout=dense")
    del old.written["dropout"]
    assert list(by_setting([old, new])) == ["no dropout", "dropout=dense"]


def test_runs_of_one_setting_are_one_group(tmp_path: Path) -> None:
    runs = [fake_run(tmp_path / str(seed), seed=seed) for seed in range(3)]
    assert by_setting(runs) == {"": runs}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "null"), (True, "true"), (0.5, "0.5"), (1e-08, "1e-08"), ("a b", "a b"),
     ("null", "'null'"), ("True", "'True'"), ("1", "'1'"), ("-.5", "'-.5'"), ("", "''"),
     ("[1, 2]", "[1, 2]"), ("./data", "./data")],
)  # fmt: skip
def test_values_are_written_as_they_are_typed(value: Any, text: str) -> None:
    assert spelt(value) == text


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["optimizer", "optimizer.lr"], ["optimizer", "lr"]),
        (["optimizer.lr"], ["optimizer.lr"]),
        (["a", "a.x", "b", "b.x"], ["a", "a.x", "b", "b.x"]),
        (["epochs"], ["epochs"]),
    ],
)
def test_a_key_is_short_only_beside_its_component(keys: list[str], names: list[str]) -> None:
    assert list(short_names(keys).values()) == names


KEYS = ["optimizer", "optimizer.lr", "optimizer.seed", "dataset", "dataset.seed", "epochs"]
VALUES = [None, 1, 0.001, 3, "a", "1", "null", "adam", "sgd", "strokes", False]
SETTINGS = st.lists(
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
    min_size=1,
    unique_by=lambda setting: frozenset(setting.items()),
)


@given(SETTINGS)
@example([{"epochs": None}, {"epochs": "null"}])
@example([{}, {"optimizer.lr": 0.001}, {"optimizer": "adam", "optimizer.lr": 0.001}])
def test_labels_are_unique(those: list[dict[str, Any]]) -> None:
    assert len(set(tell_apart(those))) == len(those)


@given(SETTINGS)
def test_what_all_have_in_common_tells_nothing_apart(those: list[dict[str, Any]]) -> None:
    alike = [key for key in KEYS if all(key in one for one in those)]
    alike = [key for key in alike if len({one[key] for one in those}) == 1]
    assert not {*alike} & {*differing_keys(those)}


# What is in common


@pytest.mark.parametrize(
    ("overrides", "line"),
    [
        ([[]], "dataset=strokes"),
        (
            [["pooling=avg", "activation=relu", "dataset.train_size=1000"]],
            "dataset=strokes, train_size=1000, pooling=avg, activation=relu",
        ),
        ([["pooling=max"], ["pooling=avg"]], "dataset=strokes"),
        ([["dataset=mnist"], ["dataset=kmnist"]], ""),
        ([["dataset=mnist", "dataset.root=/data"]], "dataset=mnist"),
        ([["optimizer.lr=0.01"]], "dataset=strokes, optimizer.lr=0.01"),
        ([["optimizer=sgd"]], "dataset=strokes, optimizer=sgd"),
        (
            [[f"optimizer={name}", "optimizer.lr=0.01"] for name in ("adam", "sgd")],
            "dataset=strokes, optimizer.lr=0.01",
        ),
        (
            [["optimizer=adam"], ["optimizer=sgd", "optimizer.lr=0.001"]],
            "dataset=strokes, optimizer.lr=0.001",
        ),
        ([["loss=label_smoothing"]], "dataset=strokes, loss=label_smoothing"),
        (
            [["dataset=mnist_and_strokes", "dataset.base.validation=7"]],
            "dataset=mnist_and_strokes, base=mnist, validation=7, added=strokes, "
            "train_size=30000, test_size=1, hands=world, others=4000",
        ),
        ([["threads=1", "force=true"]], "dataset=strokes"),
    ],
)
def test_what_is_not_the_default_in_all_runs_is_said(
    tmp_path: Path, overrides: list[list[str]], line: str
) -> None:
    assert common([fake_run(tmp_path / str(i), *one) for i, one in enumerate(overrides)]) == line


def test_values_of_a_class_of_the_users_own_are_said(tmp_path: Path) -> None:
    """Nobody knows which of them are its defaults."""
    run = spoilt(made(tmp_path, optimizer="slow"), optimizer={TARGET: MINE, "lr": 0.5})
    assert common([run]) == "dataset=strokes, optimizer=slow, lr=0.5"


OVERRIDES = {
    "pooling": ["max", "avg"],
    "dropout": ["none", "dense"],
    "optimizer": ["adam", "sgd", "adamw"],
    "optimizer.lr": ["0.001", "0.01"],
    "augmentation": ["none", "affine", "elastic"],
    "dataset.validation": ["0", "100"],
    "ema": ["null", "0.99"],
}
COMMANDS = st.fixed_dictionaries({}, optional={k: st.sampled_from(v) for k, v in OVERRIDES.items()})


@pytest.mark.slow
@settings(max_examples=10)
@given(st.lists(COMMANDS, min_size=1, max_size=4))
def test_what_is_said_of_a_setting_is_all_that_one_needs_to_type(
    tmp_path_factory: pytest.TempPathFactory, commands: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    groups = same_settings(
        fake_run(folder / str(i), *(f"{key}={value}" for key, value in command.items()))
        for i, command in enumerate(commands)
    )
    words = in_words(groups)
    keys = {*differing_keys(words), *common_keys(words)}
    for (run, *_), setting in zip(groups, words, strict=True):
        line = [f"{key}={spelt(setting[key])}" for key in setting if key in keys]
        page = flatten(OmegaConf.to_container(quickly_composed(*line)))
        assert leave_out(NO_SETTING, page) == run.settings
