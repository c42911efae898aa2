"""Networks that go to PyTorch and come from there: the same bits, logits and accuracies."""

import io
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from fake_runs import fake_run
from oracles import POOLINGS, name
from random_networks import NORMALIZATIONS, network, pictures
from scripted import Script

from lenet.data import Split
from lenet.formats.layout import WEIGHTS
from lenet.formats.state_dict import from_state_dict, to_state_dict
from lenet.formats.weights import joined, write_weights
from lenet.nn.architecture import Architecture
from lenet.nn.layers import (
    ELU,
    GELU,
    Activation,
    Array,
    AveragePool,
    LeakyReLU,
    MaxPool,
    NoNormalization,
    Normalization,
    Pooling,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from lenet.nn.model import LeNet5
from lenet.runs.run import Run
from lenet.training.evaluation import logits_of

torch = pytest.importorskip("torch", reason="torch is not installed")

SMALL = ["dataset.train_size=64", "dataset.test_size=300"]
ACTIVATIONS: dict[Activation, Callable[[], Any]] = {
    Tanh(): torch.nn.Tanh,
    Sigmoid(): torch.nn.Sigmoid,
    ReLU(): torch.nn.ReLU,
    LeakyReLU(slope=0.1): lambda: torch.nn.LeakyReLU(0.1),
    ELU(alpha=0.7): lambda: torch.nn.ELU(0.7),
    Softplus(): torch.nn.Softplus,
    SiLU(): torch.nn.SiLU,
    GELU(): torch.nn.GELU,
}
MODULES = {MaxPool: torch.nn.MaxPool2d, AveragePool: torch.nn.AvgPool2d}


@cache
def documented(normalization: Normalization) -> Callable[..., Any]:
    """Return the function that lenet-runs export torch shows, with normalizations if need be."""
    text = str(import_module("lenet.commands.export.torch").__doc__)
    code = dedent(text[text.index("    from collections") : text.index("    network = ")])
    if not isinstance(normalization, NoNormalization):
        for layer, features, kind in (("c1", 6, 2), ("c3", 16, 2), ("c5", 120, 1), ("f6", 84, 1)):
            norm = f"{layer}_norm=nn.BatchNorm{kind}d({features}), "
            code = code.replace(f"{layer}_act=", f"{norm}{layer}_act=")
    scope: dict[str, Any] = {}
    exec(code, scope)
    return scope["lenet5"]


def theirs(ours: LeNet5) -> Any:
    """The documented module of one of our networks, with parameters of its own."""
    architecture = ours.architecture
    pooling, activation = (
        next(layer for layer in ours.layers.values() if isinstance(layer, kind))
        for kind in (Pooling, Activation)
    )
    torch.manual_seed(0)
    module = documented(architecture.normalization)(
        architecture.channels, architecture.classes, ACTIVATIONS[activation], MODULES[type(pooling)]
    )
    for own in module:
        if isinstance(own, torch.nn.modules.batchnorm._BatchNorm):
            own.eps = architecture.normalization.eps
            own.running_mean.uniform_(-1, 1)
            own.running_var.uniform_(0.5, 2)
        elif hasattr(own, "weight"):
            torch.nn.init.kaiming_normal_(own.weight)
    return module.eval()


def their_logits(module: Any, test: Split) -> Array:
    images = test.images.reshape(len(test), -1, *test.images.shape[-2:])
    with torch.inference_mode():
        return module(torch.from_numpy(images) / 255).numpy().T


def agree(ours: LeNet5, module: Any, test: Split) -> None:
    logits = logits_of(ours, test)
    scale = np.abs(logits).max()
    assert np.ptp(logits, axis=1).max() > 1e-3 * scale
    np.testing.assert_allclose(their_logits(module, test), logits, rtol=0, atol=1e-5 * scale)


def tensors(network: LeNet5) -> dict[str, Any]:
    state = to_state_dict(network.architecture.views(network.theta))
    return {name: torch.from_numpy(array) for name, array in state.items()}


def theta_of(state: dict[str, Any], architecture: Architecture) -> Array:
    arrays = {name: tensor.numpy() for name, tensor in state.items()}
    return joined(Path("x"), from_state_dict(Path("x"), arrays, architecture), architecture)


@pytest.mark.parametrize("normalization", NORMALIZATIONS, ids=name)
@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
@pytest.mark.parametrize(("channels", "classes"), [(1, 10), (3, 47)])
def test_logits_are_the_same_in_both_directions(
    activation: Activation,
    pooling: Pooling,
    normalization: Normalization,
    channels: int,
    classes: int,
) -> None:
    ours = network(pooling, activation, normalization, channels=channels, classes=classes)
    test, module = pictures(7, channels, 28, 28), theirs(ours)
    back = theta_of(module.state_dict(), ours.architecture)
    agree(LeNet5(back, pooling, activation, architecture=ours.architecture), module, test)
    module.load_state_dict(tensors(ours))
    agree(ours, module, test)


def new_run(folder: Path, *overrides: str) -> Run:
    """A run of random weights, whose dataset is small."""
    run = fake_run(folder, *SMALL, *overrides)
    architecture = run.config.architecture
    theta = network(MaxPool(), Tanh(), architecture.normalization, seed=5).theta
    write_weights(run.path / WEIGHTS, theta, architecture)
    return run


CHOICES = [
    [],
    ["pooling=avg", "activation=relu", "normalization=batch"],
]


@pytest.mark.parametrize("overrides", CHOICES)
def test_there_and_back_by_the_scripts(script: Script, overrides: list[str]) -> None:
    run = new_run(Path("runs/a"), *overrides)
    (file,) = script("to_torch", "runs/a").paths
    assert file == "runs/a/model.pt"
    written = script("from_torch", file, "b", *SMALL, *overrides).paths
    assert written == ["b/weights.npz", "b/config.yaml"]
    assert Path("b", WEIGHTS).read_bytes() == Path("runs/a", WEIGHTS).read_bytes()

    ours = script("evaluate", "runs/a").text
    assert script("evaluate", "b").text == ours.replace("runs/a", "b")
    test = run.data().test
    module = theirs(run.network())  # of which normalizations are a part
    module.load_state_dict(torch.load(file))
    accuracy = np.mean(their_logits(module, test).argmax(axis=0) == test.labels)
    assert f"accuracy {accuracy:.2%} of 300" in ours
    assert len(script("plot_predictions", "b").paths) == 6


def test_a_network_with_parts_of_1998_is_refused_in_a_line(script: Script) -> None:
    run = fake_run(Path("runs/a"), *SMALL, "c3=table")
    architecture = run.config.architecture
    write_weights(run.path / WEIGHTS, np.zeros(architecture.size, np.float32), architecture)
    error = script("to_torch", "runs/a").error or ""
    assert "none of the parts of 1998" in error
    assert error.endswith("lenet-runs export onnx takes them")


class Elsewhere(torch.nn.Module):
    """A LeNet-5 as others write it, in another order and precision."""

    def __init__(self) -> None:
        super().__init__()
        self.fc2 = torch.nn.Linear(84, 10)
        self.fc1 = torch.nn.Linear(120, 84)
        self.bn = torch.nn.BatchNorm2d(6)
        self.bn3 = torch.nn.BatchNorm1d(84)
        self.bn2 = torch.nn.ModuleList([torch.nn.BatchNorm2d(16), torch.nn.BatchNorm2d(120)])
        self.features = torch.nn.ModuleList(
            [torch.nn.Conv2d(1, 6, 5), torch.nn.Conv2d(6, 16, 5), torch.nn.Conv2d(16, 120, 5)]
        )

    def forward(self, x: Any) -> Any:
        c1, c3, c5 = self.features
        pool, x = torch.nn.AvgPool2d(2), torch.nn.functional.pad(x, (2, 2, 2, 2))
        x = pool(self.bn(c1(x)).relu())
        x = pool(self.bn2[0](c3(x)).relu())
        x = self.bn2[1](c5(x)).relu().flatten(1)
        return self.fc2(self.bn3(self.fc1(x)).relu())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_a_network_of_other_names_and_precision(script: Script, dtype: Any) -> None:
    torch.manual_seed(1)
    module = Elsewhere().eval().to(dtype)
    torch.save(module.state_dict(), "lenet.pt")
    written = script(
        "from_torch", "lenet.pt", "a", "normalization=batch", "activation=relu", "pooling=avg"
    )
    assert written.error is None
    agree(Run(Path("a")).network(), module.float(), pictures(7, 28, 28))


def test_the_folder_of_a_run_is_left_alone_and_one_from_pytorch_written_anew(
    script: Script,
) -> None:
    run = new_run(Path("runs/a"))
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    script("to_torch", run.path, "--output", "model.pt")
    assert "runs/a" in str(script("from_torch", "model.pt", "runs/a", *SMALL).error)
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before

    for choice in ("pooling=avg", "pooling=max"):
        assert script("from_torch", "model.pt", "b", choice).error is None
    assert Run(Path("b")).written["pooling"] == run.written["pooling"]


def saved(content: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("executed"),)


GOOD = OrderedDict(tensors(network(MaxPool(), Tanh())))


def bomb() -> bytes:
    """A file of six numbers that are part of 32 MB of zeros, packed into a thousandth."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(saved({"a": torch.zeros(2**23)[:6]}))) as source,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for entry in source.infolist():
            packed.writestr(entry.filename, source.read(entry))
    return content.getvalue()


NO_STATE_DICTS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"c1.weight",
    "half of one": lambda: saved(GOOD)[:100_000],
    "code": lambda: saved({"c1.weight": Hostile()}),
    "old code": lambda: saved(Hostile(), _use_new_zipfile_serialization=False),
    "a module": lambda: saved(torch.nn.Linear(2, 2)),
    "a tensor": lambda: saved(torch.zeros(3)),
    "a training": lambda: saved({"model": GOOD, "epoch": 3}),
    "a sparse tensor": lambda: saved({"c1.bias": torch.zeros(6).to_sparse()}),
    "a tensor of nothing": lambda: saved({"c1.bias": torch.zeros(6, device="meta")}),
    "many numbers at one place": lambda: saved({"c1.bias": torch.zeros(1).expand(2**22)}),
    "many zeros in few bytes": bomb,
}


@pytest.mark.parametrize("content", NO_STATE_DICTS.values(), ids=NO_STATE_DICTS)
def test_what_is_no_state_dict_is_refused_and_not_executed(
    script: Script, content: Callable[[], bytes]
) -> None:
    Path("x.pt").write_bytes(content())
    assert script("from_torch", "x.pt", "a").error == (
        "from_torch.py: x.pt: expected a state_dict of PyTorch, found something else; "
        "torch.save(network.state_dict(), ...) writes one"
    )
    assert [path.name for path in Path().iterdir()] == ["x.pt"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"c1.weight": torch.zeros(6, 3, 5, 5)}, "c1.weight of shape (6, 3, 5, 5) in place of"),
        ({"f6.bias": torch.zeros(84, dtype=torch.int8)}, "f6.bias of type int8 in place of"),
        ({"f6.bias": torch.full((84,), torch.nan)}, "f6.bias with values that are not finite"),
        ({"f6.bias": torch.full((84,), 1e39, dtype=torch.float64)}, "f6.bias with values that"),
        ({"fc4.bias": torch.zeros(7)}, "an unknown array 'fc4.bias' of shape (7,)"),
        ({3: torch.zeros(7)}, "an unknown array '3' of shape (7,)"),
        ({"a\nb": torch.zeros(7)}, "an unknown array 'a\\nb' of shape (7,)"),
    ],
)
def test_another_network_is_refused(script: Script, change: dict[Any, Any], found: str) -> None:
    Path("x.pt").write_bytes(saved(GOOD | change))
    error = str(script("from_torch", "x.pt", "a").error)
    assert error.startswith(
        f"from_torch.py: x.pt: expected the weights of a LeNet-5, found {found}"
    )
    assert "\n" not in error
    assert not Path("a").exists()


def test_a_file_of_another_size_is_not_even_read(script: Script) -> None:
    with Path("x.pt").open("wb") as file:
        file.truncate(2**40)
    assert "found more than 16777216 bytes" in str(script("from_torch", "x.pt", "a").error)
