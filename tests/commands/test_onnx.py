"""Networks as ONNX models: ONNX Runtime makes of them what we make of them."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import ACTIVATIONS, POOLINGS, name
from random_networks import NORMALIZATIONS, network, pictures
from scripted import Script

from lenet.data import Split, Strokes
from lenet.errors import LenetError
from lenet.nn.architecture import Architecture
from lenet.nn.connections import TableConnections
from lenet.nn.init import LecunUniform, initial_theta
from lenet.nn.input import Levels
from lenet.nn.layers import (
    Activation,
    Array,
    MaxPool,
    Normalization,
    Pooling,
    ScaledTanh,
    Tanh,
    TrainablePooling,
)
from lenet.nn.losses import log_softmax
from lenet.nn.model import LeNet5
from lenet.nn.output import RBFOutput
from lenet.runs.run import Run
from lenet.training.evaluation import logits_of

onnx = pytest.importorskip("onnx", reason="lenet[onnx] is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="lenet[onnx] is not installed")
exporter = pytest.importorskip("lenet.formats.onnx")
pytestmark = pytest.mark.onnx


def outputs(model: Any, images: NDArray[np.uint8]) -> dict[str, Array]:
    """What ONNX Runtime makes of a model, given as an object or as a path, and of images."""
    source = str(model) if isinstance(model, Path) else model.SerializeToString()
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"images": images.astype(np.float32)}), strict=True))


def check(model: Any, ours: LeNet5, test: Split) -> None:
    """The logits are ours, up to the rounding of float32."""
    logits = logits_of(ours, test).T
    images = test.images.reshape(len(test), -1, *test.images.shape[-2:])
    found = outputs(model, images)
    assert list(found) == ["logits", "probabilities"]
    scale = np.abs(logits).max()
    assert len(test) == 1 or np.ptp(logits, axis=0).max() > 1e-3 * scale
    np.testing.assert_allclose(found["logits"], logits, rtol=0, atol=1e-5 * scale)
    probabilities = np.exp(log_softmax(found["logits"].T)).T
    np.testing.assert_allclose(found["probabilities"], probabilities, atol=1e-6)


@pytest.mark.parametrize("normalization", NORMALIZATIONS, ids=name)
@pytest.mark.parametrize("pooling", POOLINGS, ids=name)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=name)
def test_logits_are_ours(
    activation: Activation, pooling: Pooling, normalization: Normalization
) -> None:
    for seed in range(3):
        ours = network(pooling, activation, normalization, seed=seed)
        model = exporter.onnx_model(ours, (28, 28))
        for size in (1, 7):
            check(model, ours, pictures(size, 28, 28))


@pytest.mark.parametrize(
    ("channels", "size", "classes"),
    [(3, (32, 32), 100), (3, (28, 28), 10), (1, (27, 30), 26), (2, (20, 13), 2)],
)
def test_other_images_and_classes(channels: int, size: tuple[int, int], classes: int) -> None:
    ours = network(MaxPool(), Tanh(), NORMALIZATIONS[1], channels=channels, classes=classes)
    model = exporter.onnx_model(ours, size)
    check(model, ours, pictures(7, channels, *size))


@pytest.mark.parametrize("codes", ["bitmaps", "random"])
def test_the_network_of_1998(codes: Literal["bitmaps", "random"]) -> None:
    pooling = TrainablePooling(coefficient=None)
    architecture = Architecture(
        1,
        10,
        NORMALIZATIONS[0],
        c3=TableConnections(),
        pooling=pooling,
        output=RBFOutput(codes, 0.5),
        levels=Levels(-0.1, 1.175),
    )
    theta = initial_theta(LecunUniform(limit=1.0, power=0.5, draws_biases=True), 0, architecture)
    ours = LeNet5(theta, pooling, ScaledTanh(), None, architecture)
    check(exporter.onnx_model(ours, (28, 28)), ours, pictures(7, 28, 28))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """What a user has after a first training."""
    folder = tmp_path_factory.mktemp("trained")
    choices = ["normalization=batch", "dropout=dense", "activation=gelu", "pooling=avg"]
    sizes = ["dataset.train_size=512", "dataset.test_size=100", "epochs=2", "batch_size=16"]
    command = [sys.executable, "-m", "lenet", *choices, *sizes, "hydra.run.dir=run"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return Run(folder / "run")


def test_a_trained_network(trained: Run, script: Script) -> None:
    (path,) = script("export_onnx", trained.path).paths
    assert path == str(trained.path / "model.onnx")
    test = trained.data().test
    check(Path(path), trained.network(), test)
    logits = outputs(Path(path), test.images[:, None])["logits"]
    accuracy = np.mean(logits.argmax(axis=1) == test.labels)
    assert accuracy == trained.metrics["test_accuracy"].iloc[-1] > 0.5


def test_the_model_says_what_it_is(trained: Run, script: Script) -> None:
    assert script("export_onnx", trained.path, "--output", "a/b.onnx").paths == ["a/b.onnx"]
    model = onnx.load("a/b.onnx")
    assert (model.producer_name, model.producer_version) == ("lenet", version("lenet"))
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert properties["dataset"] == "strokes"
    assert json.loads(properties["class_names"]) == list(Strokes.class_names)
    (images,) = model.graph.input
    assert images.doc_string.startswith("pixels from 0 to 255")


def test_the_same_run_gives_the_same_bytes(trained: Run, script: Script) -> None:
    for path in ("a.onnx", "b.onnx"):
        script("export_onnx", trained.path, "--output", path)
    assert Path("a.onnx").read_bytes() == Path("b.onnx").read_bytes()


def test_an_activation_of_ones_own_is_said_to_have_no_translation() -> None:
    """Also one that is a kind of another, from which it may differ in anything."""

    class Softsign(Tanh):
        pass

    with pytest.raises(
        LenetError, match="the activation of C1 is a Softsign, which has no translation to ONNX"
    ):
        exporter.onnx_model(network(MaxPool(), Softsign()), (28, 28))
