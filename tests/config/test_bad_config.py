"""Any configuration at all: a run with finite figures, or a refusal in a few words; no third."""

import re
from contextlib import suppress
from dataclasses import astuple, replace
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import lenet
from configurations import ACCEPTED, COMPONENTS, choice, contents, defaults, keys
from hypothesis import example, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from lenet.config.compose import composed, configure
from lenet.config.schema import Config, read_config
from lenet.data import Data, Dataset, Split
from lenet.errors import ConfigError
from lenet.training.divergence import DivergedError
from lenet.training.loop import train
from lenet.training.state import TrainingState

pytestmark = pytest.mark.slow

KEY = r"[\w.]+"
REFUSAL = re.compile(rf"{KEY}( = .+)?: .+")
BAD_REFERENCE = re.compile(r"Missing mandatory value|.*[Ii]nterpolation")
NUMBERS = [-1, 0, 1, 2, 10**30, -0.0, 0.5, 1e-320, 1e-30, 1e38, 1e300, -1e300]
UNORDERED = [float("nan"), float("inf"), float("-inf")]
TEXTS = ["", "1e-3", "0x10", "zwölf", "a\nb", "\u2028", "'", "???", "${seed}", "${nope}", "${a.b:}"]
TARGETS = [
    "",
    "x",
    ".x",
    "os.system",
    "os.path.join",
    "builtins.int",
    "lenet.training.optimizers.SGD",
    3,
]
OTHERS: list[Any] = [None, True, False, [], [1, 2], {}, {"a": 1}, {"_target_": "os.system"}]
UNKNOWN = [("nope",), ("optimizer", "nope"), ("dataset", "a", "b"), ("é",), ("optimizer", "_args_")]
VALUES = st.one_of(
    st.sampled_from([*NUMBERS, *UNORDERED, *TEXTS, *TARGETS, *OTHERS]),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="$"), max_size=5),
)


@st.composite
def configurations(draw: st.DrawFn) -> Any:
    """A shipped configuration with up to three of its keys, or unknown ones, set to anything."""
    content = draw(contents())
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from([*keys(content), *UNKNOWN]))
        node = content
        for key in parents:
            node[key] = node[key] if isinstance(node.get(key), dict) else {}
            node = node[key]
        node[last] = draw(VALUES)
    return OmegaConf.create(content)


def assert_names_keys(error: ConfigError) -> None:
    for line in str(error).splitlines():
        assert REFUSAL.fullmatch(line) or BAD_REFERENCE.match(line), line


@given(configurations())
def test_a_configuration_is_read_or_refused_by_key(cfg: Any) -> None:
    try:
        assert isinstance(read_config(cfg), Config)
    except ConfigError as error:
        assert_names_keys(error)


@given(
    st.sampled_from([key for key in keys(defaults()) if key[-1] != "_target_"]),
    st.sampled_from(["-1", "0", "1e300", "nan", "-inf", "'1e-3'", "[1]", "{a:1}", "null", "true"]),
)
@example(("checkpoint",), "[1]")
@example(("checkpoint",), "null")
@example(("optimizer", "lr"), "[1]")
@settings(max_examples=30)
def test_what_hydra_composes_is_read_or_refused_by_key(key: tuple[str, ...], value: str) -> None:
    prefix = "++" if len(key) > 1 else ""
    if len(key) == 1 and key[0] in COMPONENTS:
        return
    try:
        assert isinstance(configure(f"{prefix}{'.'.join(key)}={value}"), Config)
    except ConfigError as error:
        assert_names_keys(error)


@pytest.mark.parametrize(
    ("override", "refusal"),
    [
        ("checkpoint=[1]", "checkpoint: should be set key by key; there are every_steps"),
        ("hydra.run=[1]", "hydra.run: should be set key by key; there are dir"),
        ("hydra.sweeper.params=[1]", "hydra.sweeper.params: should be set key by key"),
        ("hydra.job.env_copy={a:1}", "hydra.job.env_copy: a list and keys with values cannot"),
        ("hydra.job.name=[1]", "hydra.job.name: Cannot convert 'list' to string"),
    ],
)
def test_a_list_in_the_place_of_keys_is_refused_by_their_name(override: str, refusal: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configure(override)
    assert str(caught.value).startswith(refusal)


@pytest.mark.parametrize("value", ["${seed}", "${nope}", "${nope:}"])
def test_a_reference_to_nothing_is_refused_by_the_key_that_has_it(value: str) -> None:
    with pytest.raises(ConfigError, match=r"optimizer\.lr"):
        read_config(OmegaConf.merge(defaults(), {"optimizer": {"lr": value}, "seed": "${seed}"}))


def test_a_target_that_begins_with_two_dots_is_refused() -> None:
    with pytest.raises(ConfigError, match="there is no such class"):
        read_config(OmegaConf.merge(defaults(), {"optimizer": {"_target_": "..x"}}))


def test_an_unknown_key_of_two_lines_is_refused_in_one() -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(OmegaConf.merge(defaults(), {"a\nb": 1}))
    assert len(str(caught.value).splitlines()) == 1


def random_split(dataset: Dataset, size: int, seed: int) -> Split:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (size, dataset.channels, *dataset.size), dtype=np.uint8)
    return Split(images, rng.integers(0, len(dataset.class_names), size, dtype=np.uint8))


def random_data(dataset: Dataset) -> Data:
    """Data of the shape that a dataset has."""
    train, test = (random_split(dataset, size, seed) for seed, size in enumerate((6, 3)))
    return Data(train, test, dataset.class_names)


@st.composite
def trainings(draw: st.DrawFn) -> Config:
    """A configuration whose numbers are all within their ranges, mostly at the edges."""
    content = draw(contents())
    for path in keys(content):
        if (values := ACCEPTED.get(".".join(path))) is not None and draw(st.booleans()):
            *parents, last = path
            (content[parents[0]] if parents else content)[last] = draw(values)
    if content["optimizer"]["_target_"].endswith(("RMSprop", "SDLM")):
        content["schedule"] = choice("schedule", "constant")  # one cycle needs a momentum
    if content["optimizer"].get("nesterov"):
        content["optimizer"]["momentum"] = content["optimizer"]["momentum"] or 0.9
    if content["output"].get("codes"):
        content["output"]["codes"] = "random"  # there may be other classes than ten
    coded = "codes" in content["output"] and not content["dataset"]["_target_"].endswith("Joined")
    if content["loss"]["_target_"].endswith("MSE") and not coded:
        content["loss"] = choice("loss", "cross_entropy")  # it is a distance from an image's code
    by_table = content["c3"]["_target_"].endswith("TableConnections")
    if by_table or content["batch_size"] == 1 or "mu" in content["optimizer"]:
        content["normalization"] = choice("normalization", "none")
    return replace(read_config(OmegaConf.create(content)), epochs=2)


@given(trainings())
def test_what_is_accepted_trains_to_finite_figures_or_says_that_it_diverged(
    config: Config,
) -> None:
    state = TrainingState.initial(config)
    with suppress(DivergedError):
        list(train(config, random_data(config.dataset), state))
    figures = [*chain(*state.steps), *chain(*map(astuple, state.metrics))]
    assert all(isfinite(figure) for figure in figures if figure is not None)


@pytest.mark.parametrize(
    "number", [2**63, -(2**63), 10**400, 16**8000], ids=["2^63", "-2^63", "10^400", "16^8000"]
)
@pytest.mark.parametrize("key", ["epochs", "seed", "optimizer.lr", "dataset", "threads", "nope"])
def test_a_number_that_no_machine_counts_with_is_refused_by_its_key(key: str, number: int) -> None:
    cfg = OmegaConf.create(defaults())
    OmegaConf.update(cfg, key, [number] if key == "threads" else number, force_add=True)
    with pytest.raises(ConfigError, match=rf"{key} = -?\d.\d\de\+\d+: should fit into 64 bits"):
        read_config(cfg)


def test_references_to_references_come_to_an_end() -> None:
    few = {"seed": 1, **dict.fromkeys(("epochs", "batch_size", "parts", "threads"), "${seed}")}
    assert read_config(OmegaConf.merge(defaults(), few)).threads == 1
    bomb = {"a0": "x", **{f"a{n}": f"${{a{n - 1}}}${{a{n - 1}}}" for n in range(1, 60)}}
    lists = {"a0": "x", **{f"a{n}": 2 * [f"${{a{n - 1}}}"] for n in range(1, 60)}}
    for references in (bomb, lists):
        with pytest.raises(ConfigError, match="expected at most 24 references"):
            read_config(OmegaConf.merge(defaults(), references))


@pytest.mark.parametrize(
    ("override", "bound"),
    [
        ("dataset.train_size=100000000000000", 1_000_000),
        ("dataset.test_size=1000001", 1_000_000),
        ("dataset.validation=1e300", None),
        ("epochs=1000001", 1_000_000),
        ("dataset.validation=100000000000000", 1_000_000),
        ("+init.std=1e38", 1_000_000),
    ],
)
def test_what_no_memory_could_hold_is_refused(override: str, bound: int | None) -> None:
    choice = ["init=normal", override.lstrip("+")] if "init" in override else [override]
    with pytest.raises(ConfigError) as caught:
        read_config(composed(*choice))
    wants = f"less than or equal to {bound}" if bound else "valid integer"
    assert wants in str(caught.value)


QUICK = ["dataset.train_size=64", "dataset.test_size=16", "epochs=1"]
REFUSED = {
    "epochs==3": "'epochs==3': expected key=value",
    "=": "=: expected key=value",
    "epochs": "'epochs': expected key=value",
    "": "'': expected key=value",
    "hydra.verbose=null": "AssertionError; HYDRA_FULL_ERROR=1 shows where",
    "+x=1": "x: no such key",
    "~optimizer": "~optimizer: no key can be left out",
    "a=[1": "'a=[1': a ] is missing",
    "hydra.run.dir=ü": """'hydra.run.dir=ü': needs quotes: 'hydra.run.dir="ü"'""",
    "hydra.run.dir=${nope}": "hydra.run.dir: Interpolation key 'nope' not found",
    "optimizer._target_=os.system": "optimizer._target_ = 'os.system': is no Optimizer to use",
    "optimizer._target_=lenet.__main__.x": "there is no such class",
    "seed=1" + "0" * 5000: "digits",
    "optimizer=null": "optimizer=null: expected the name of a choice; there are adam",
    "optimizer=[1]": "optimizer=[1]: expected the name of a choice; there are adam",
    "optimizer=[]": "optimizer=[]: expected the name of a choice; there are adam",
    "dropout=3": "dropout=3: expected the name of a choice; there are dense, none",
    "experiment=true": "experiment=true: expected the name of a choice; there are",
}


@pytest.mark.parametrize("override", REFUSED, ids=lambda override: override[:30])
def test_an_odd_override_is_refused_in_one_line(override: str, tmp_path: Path) -> None:
    assert_refused(lenet(override, cwd=tmp_path), REFUSED[override])
    assert not list(tmp_path.iterdir())


def test_a_group_that_is_given_no_name_in_a_sweep_is_refused_in_one_line(tmp_path: Path) -> None:
    assert_refused(
        lenet("-m", "seed=1,2", "dropout=null", cwd=tmp_path), "expected the name of a choice"
    )


def test_an_odd_override_of_a_sweep_is_refused_in_one_line(tmp_path: Path) -> None:
    assert_refused(lenet("-m", "seed=", cwd=tmp_path), "seed = '': should be a valid integer")
    assert not list(tmp_path.iterdir())


FILES = {
    "a: [1\n": "mine.yaml, line 2: expected ',' or ']'",
    "a: 1\na: 2\n": "mine.yaml, line 2: found duplicate key a",
    "3\n": "mine.yaml: Invalid loaded object type: int",
    "a: 1\n": "experiment/mine.yaml: it should begin with the line '# @package _global_'",
    "- 1\n- 2\n": "experiment/mine.yaml: it should begin with the line",
    "\ufeff# @package _global_\na: 1\n": "experiment/mine.yaml: it should begin with the line",
    "# @package two words\na: 1\n": "mine.yaml: Too many components",
    "# @package _global_\nepochs: &a [*a]\n": "mine.yaml: maximum recursion depth exceeded",
    "# @package _global_\nhydra: 3\n": "In 'experiment/mine'",
    "# @package _global_\ncheckpoint: [1]\n": "mine': a list and keys with values cannot be merged",
    "# @package _global_\noptimizer: {_target_: lenet.nope}\n": "there is no such class",
    "# @package _global_\noptimizer: {_target_: os.mkdir, path: made}\n": "is no Optimizer to use",
    "# @package _global_\nseed: !!python/object/apply:os.mkdir [made]\n": "mine.yaml, line 2:",
    "# @package _global_\nhydra: {callbacks: {x: {_target_: os.system, command: ls}}}\n": "x: T",
}


@pytest.mark.parametrize("text", FILES)
def test_a_broken_file_of_the_users_own_is_named_in_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "conf" / "experiment" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    arguments = ["--config-dir", "conf", "experiment=mine", *QUICK]
    assert_refused(lenet(*arguments, cwd=tmp_path), FILES[text])
    assert [path.name for path in tmp_path.iterdir()] == ["conf"]


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "experiment" / "mine.yaml"
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe\x00")
    arguments = ["--config-dir", str(tmp_path), "experiment=mine"]
    assert_refused(lenet(*arguments, cwd=tmp_path), "mine.yaml: 'utf-8' codec can't decode")


def assert_refused(done: Any, message: str) -> None:
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("lenet: ")


ABSURD = [
    ["batch_size=1000000000000", "parts=1000000000", "threads=1000000"],
    ["seed=1" + "0" * 18],
    ["dataset.seed=1" + "0" * 18, "init=normal", "init.std=1e-300"],
]


@pytest.mark.parametrize("overrides", ABSURD, ids=lambda overrides: overrides[0][:20])
def test_what_only_looks_absurd_is_run(overrides: list[str], tmp_path: Path) -> None:
    done = lenet(*QUICK, *overrides, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_a_learning_rate_beyond_all_numbers_is_found_to_diverge(tmp_path: Path) -> None:
    done = lenet(*QUICK, "optimizer.lr=1e308", cwd=tmp_path)
    assert done.returncode == 1
    assert "no longer finite at epoch 1, step 1; a smaller optimizer.lr may help" in done.stdout
    assert "Warning" not in done.stderr


def test_a_seed_too_long_for_the_name_of_a_folder_leaves_nothing_behind(tmp_path: Path) -> None:
    assert_refused(lenet(*QUICK, "seed=1" + "0" * 300, cwd=tmp_path), "seed = 1")
    assert not list(tmp_path.iterdir())
