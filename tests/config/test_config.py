"""Configurations: every shipped choice can be built, and what cannot is refused in clear words."""

import re
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from configurations import CHOICES, COMPONENTS, words
from omegaconf import OmegaConf

from lenet import data as datasets
from lenet.config.compose import composed
from lenet.config.schema import CONF, Config, read_config, read_saved, saved
from lenet.errors import ConfigError
from lenet.formats.keys import read_keys
from lenet.nn import init, layers
from lenet.nn.input import Levels
from lenet.training import optimizers, schedules, trackers

HAS_OPTUNA = find_spec("hydra_plugins.hydra_optuna_sweeper") is not None


def read(*overrides: str) -> Config:
    return read_config(composed(*overrides))


def refusal(*overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(*overrides)
    return str(caught.value)


def test_the_defaults_are_the_papers() -> None:
    config = read()
    assert config.optimizer == optimizers.Adam(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8)
    assert (config.batch_size, config.epochs) == (128, 3)
    assert (config.activation, config.pooling) == (layers.Tanh(), layers.MaxPool())
    assert config.schedule == schedules.Constant()


@pytest.mark.parametrize(("group", "choice"), CHOICES, ids=lambda value: value)
def test_every_shipped_choice_can_be_built(group: str, choice: str) -> None:
    if choice == "search" and not HAS_OPTUNA:
        pytest.skip("the extra optuna is not installed")
    read(*words(group, choice))


@pytest.mark.parametrize(
    ("override", "key", "expected"),
    [
        ("pooling=max", "pooling", layers.MaxPool()),
        ("pooling=avg", "pooling", layers.AveragePool()),
        ("pooling=trainable", "pooling", layers.TrainablePooling(coefficient=0.5)),
        ("optimizer=sdlm", "optimizer", optimizers.SDLM(lr=0.0005, mu=0.02, patterns=500)),
        (
            "schedule=stairs",
            "schedule",
            schedules.Stairs(factors=[1.0, 0.4, 0.2, 0.1, 0.02], epochs=[2, 3, 3, 4, 8]),
        ),
        ("experiment=lecun1998", "input", Levels(background=-0.1, foreground=1.175)),
        ("activation=tanh", "activation", layers.Tanh()),
        ("activation=relu", "activation", layers.ReLU()),
        ("activation=leaky_relu", "activation", layers.LeakyReLU(slope=0.01)),
        ("activation=sigmoid", "activation", layers.Sigmoid()),
        ("activation=scaled_tanh", "activation", layers.ScaledTanh()),
        ("init=glorot_uniform", "init", init.GlorotUniform()),
        ("init=glorot_normal", "init", init.GlorotNormal()),
        ("init=he_uniform", "init", init.HeUniform()),
        ("init=he_normal", "init", init.HeNormal()),
        ("init=lecun_uniform", "init", init.LecunUniform()),
        ("init.std=0.1", "init", init.Normal(std=0.1)),
        ("optimizer=sgd", "optimizer", optimizers.SGD(lr=0.05, momentum=0.0, nesterov=False)),
        ("optimizer=rmsprop", "optimizer", optimizers.RMSprop(lr=0.001, decay=0.99, eps=1e-8)),
        (
            "optimizer=adamw",
            "optimizer",
            optimizers.AdamW(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01),
        ),
        (
            "optimizer=muon",
            "optimizer",
            optimizers.Muon(
                lr=0.02,
                adamw_lr=0.002,
                momentum=0.95,
                beta1=0.9,
                beta2=0.999,
                eps=1e-8,
                weight_decay=0.01,
            ),
        ),
        ("optimizer.lr=0.5", "optimizer", optimizers.Adam(0.5, 0.9, 0.999, 1e-8)),
        ("seed=7", "seed", 7),
        ("epochs=9", "epochs", 9),
        ("batch_size=64", "batch_size", 64),
    ],
)
def test_a_choice_changes_the_object_that_is_built(override: str, key: str, expected: Any) -> None:
    overrides = ["init=normal", override] if override.startswith("init.") else [override]
    assert getattr(read(*overrides), key) == expected


def test_datasets_by_name() -> None:
    assert isinstance(read("dataset=mnist").dataset, datasets.MNIST)
    assert isinstance(read("dataset=fashion_mnist").dataset, datasets.FashionMNIST)
    assert isinstance(read("dataset=strokes").dataset, datasets.Strokes)
    assert isinstance(read("dataset=kmnist").dataset, datasets.KMNIST)
    assert isinstance(read("dataset=emnist_digits").dataset, datasets.EMNISTDigits)
    assert isinstance(read("dataset=emnist_balanced").dataset, datasets.EMNISTBalanced)
    assert isinstance(read("dataset=cifar10").dataset, datasets.CIFAR10)


def test_table1_is_the_papers_recipe_on_mnist_with_small_normal_weights() -> None:
    config = read("experiment=table1", "setting=table1/normal_0.01")
    assert config == read("dataset=mnist", "init=normal", "init.std=0.01", "parts=4")
    glorot = read("experiment=table1", "setting=table1/glorot_uniform")
    assert isinstance(glorot.init, init.GlorotUniform)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("+optimizer.lrr=1", "optimizer.lrr: no such key; did you mean 'lr'?"),
        ("+sead=1", "sead: no such key; did you mean 'seed'?"),
        ("+pooling.size=3", "pooling.size: no such key; there are none here"),
        ("optimizer.lr=abc", "optimizer.lr = 'abc': should be a valid number"),
        ("optimizer.lr=true", "optimizer.lr = True: should be a valid number"),
        ("optimizer.lr=-1", "optimizer.lr = -1: should be greater than 0"),
        ("optimizer.lr=inf", "optimizer.lr = inf: should be a finite number"),
        ("optimizer.lr=nan", "optimizer.lr = nan: should be a finite number"),
        ("optimizer.lr=[1,2]", "optimizer.lr = [1, 2]: should be a valid number"),
        ("optimizer.beta1=1", "optimizer.beta1 = 1: should be less than 1"),
        ("epochs=2.5", "epochs = 2.5: should be a valid integer"),
        ("epochs='3'", "epochs = '3': should be a valid integer"),
        ("epochs=null", "epochs = None: should be a valid integer"),
        ("epochs=0", "epochs = 0: should be greater than 0"),
        ("batch_size=-128", "batch_size = -128: should be greater than 0"),
        ("seed=-1", "seed = -1: should be greater than or equal to 0"),
        ("threads=0", "threads = 0: should be greater than 0"),
        ("dataset.train_size=0", "dataset.train_size = 0: should be greater than 0"),
        ("dataset.validation=-5", "dataset.validation = -5: should be greater than or equal to 0"),
        ("pooling._target_=lenet.nn.layers.Pooling", "is no Pooling to use"),
        ("optimizer.eps=1e-50", "optimizer.eps = 1e-50: should be greater than or equal to 0.0000"),
        ("optimizer._target_=os.system", "optimizer._target_ = 'os.system': is no Optimizer"),
        ("optimizer._target_=lenet.Adam", "optimizer._target_ = 'lenet.Adam': there is no such"),
        ("optimizer._target_=Adam", "optimizer._target_ = 'Adam': there is no such class"),
        ("optimizer.lr=${lr}", "Interpolation key 'lr' not found"),
        ("epochs=???", "Missing mandatory value: epochs"),
    ],
)
def test_what_cannot_be_is_refused(override: str, message: str) -> None:
    assert message in refusal(override)


def test_what_is_saved_refers_to_nothing_but_where_a_run_can_be_watched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://user:secret@server")
    monkeypatch.setenv("LR", "0.25")
    cfg = composed("tracker=mlflow", "seed=4", "dataset.seed=${seed}")
    cfg.optimizer.lr = "${oc.decode:${oc.env:LR}}"
    text = saved(cfg)
    assert "secret" not in text
    values = yaml.safe_load(text)
    assert "${oc.env:MLFLOW_TRACKING_URI" in values.pop("tracker")["uri"]
    assert "${" not in str(values)
    assert values["dataset"]["seed"] == 4
    assert values["optimizer"]["lr"] == 0.25
    assert read_saved(values) == replace(read_config(cfg), tracker=trackers.Untracked())


@pytest.mark.parametrize(
    "text", ["\x85", "a\x85é\n\u2028", "\t\r\n \x07\x1b\x7f\x9f\ufeff", "1e3", "~"]
)
def test_any_text_is_read_as_it_was_saved(tmp_path: Path, text: str) -> None:
    cfg = composed("dataset=mnist")
    cfg.dataset.root = text
    (tmp_path / "config.yaml").write_text(saved(cfg), encoding="utf-8")
    assert read_keys(tmp_path / "config.yaml")["dataset"]["root"] == text


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["optimizer=sdlm", "normalization=batch"], "optimizer = SDLM: expected normalization="),
        (["c3=table", "normalization=batch"], "c3 = table: expected normalization=none"),
        (["c3=table", "network.c3=20"], "c3 = table: connects 6 maps to 16, not 6 to 20"),
        (["loss=mse"], "loss = MSE: expected output=rbf, whose distances it is of"),
        (["output=rbf", "network.f6=80"], "output.codes = 'bitmaps': should be 'random' for 10 "),
        (["output=rbf", "output.codes=mine"], "output.codes = 'mine': should be 'bitmaps' or 'r"),
        (["optimizer=sdlm", "schedule=onecycle"], "schedule: sets the momentum, which the optim"),
    ],
)
def test_parts_of_1998_that_do_not_go_together_are_refused(
    overrides: list[str], message: str
) -> None:
    assert refusal(*overrides).startswith(message)


def test_nesterov_without_momentum_is_refused() -> None:
    message = refusal("optimizer=sgd", "optimizer.nesterov=true")
    assert message == (
        "optimizer.nesterov: has no effect without momentum; set optimizer.momentum above 0"
    )
    assert read("optimizer=sgd", "optimizer.nesterov=true", "optimizer.momentum=0.9")


def test_a_schedule_may_lower_the_momentum_of_nesterov_to_nothing() -> None:
    cycle = ("schedule=onecycle", "schedule.momentum_low=0")
    recipe = read("optimizer=sgd", "optimizer.nesterov=true", *cycle)
    assert recipe.optimizer.with_momentum(0.0) == replace(recipe.optimizer, momentum=0.0)


def test_patience_says_where_validation_images_come_from() -> None:
    joined = ("dataset=mnist_and_strokes", "patience=3")
    assert refusal(*joined).endswith("such as dataset.base.validation=5000")
    assert read(*joined, "dataset.base.validation=5000")


def test_batches_of_one_image_are_not_normalized_by_their_moments() -> None:
    assert refusal("normalization=batch", "batch_size=1").startswith("batch_size = 1: expected at")
    assert read("normalization=batch", "batch_size=2")


def test_every_problem_is_told_at_once() -> None:
    assert len(refusal("epochs=0", "batch_size=0", "optimizer.lr=0").splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optimizer: {lrr: 1}", "optimizer.lrr: no such key; did you mean 'lr'?"),
        ("batchsize: 3", "batchsize: no such key; did you mean 'batch_size'?"),
        ("optimizer: adam", "optimizer = 'adam': should be chosen as optimizer=<name>"),
        ("epochs: three", "epochs = 'three': should be a valid integer"),
    ],
)
def test_a_slip_in_a_yaml_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_config(OmegaConf.merge(OmegaConf.to_container(composed()), OmegaConf.create(text)))
    assert message in str(caught.value)


def test_every_key_of_every_file_has_a_comment() -> None:
    for path in CONF.rglob("*.yaml"):
        if path.parts[-2] in COMPONENTS:
            keys = [line for line in path.read_text().splitlines() if line and line[0] != "#"]
            bare = [line for line in keys if "#" not in line and "_target_" not in line]
            assert not bare, f"{path.relative_to(Path(CONF))}: {bare}"


def test_the_sizes_of_the_study_have_the_parameters_that_they_are_said_to_have() -> None:
    """From the smallest to the largest, and LeNet-5 is one of them."""
    folder = CONF / "setting" / "capacity"
    (swept,) = re.findall("setting: (.*)", (CONF / "experiment" / "capacity.yaml").read_text())
    numbers = []
    for word in swept.split(","):
        said = (folder.parent / f"{word}.yaml").read_text()
        (number,) = re.findall(r": ([\d,]+) parameters", said)
        numbers.append(read(f"setting={word}").architecture.parameters)
        assert numbers[-1] == int(number.replace(",", ""))
    assert numbers == sorted(numbers)
    assert len(numbers) == len(list(folder.iterdir())) == 6
    assert read("setting=capacity/lenet5") == read()


@pytest.mark.parametrize(
    "name", ["capacity", "from_1998_to_2025", "lecun1998_choices", "optimizers", "table1"]
)
def test_an_experiment_compares_all_settings_of_the_folder_of_its_name(name: str) -> None:
    experiment = yaml.safe_load((CONF / "experiment" / f"{name}.yaml").read_text())
    swept = experiment["hydra"]["sweeper"]["params"]["setting"].split(",")
    there = sorted(f"{name}/{path.stem}" for path in (CONF / "setting" / name).iterdir())
    assert sorted(map(str.strip, swept)) == there


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("patience=0", "patience = 0: should be greater than 0"),
        ("patience=1.5", "patience = 1.5: should be a valid integer"),
        ("patience=2", "patience = 2: when to stop is chosen on validation images, and there are"),
        ("max_seconds=0", "max_seconds = 0: should be greater than 0"),
        ("max_seconds=-1.5", "max_seconds = -1.5: should be greater than 0"),
        ("max_seconds=inf", "max_seconds = inf: should be a finite number"),
        ("max_seconds=10s", "max_seconds = '10s': should be a valid number"),
    ],
)
def test_what_could_stop_no_run_is_refused(override: str, message: str) -> None:
    assert refusal(override).startswith(message)
    assert "\n" not in refusal(override)
