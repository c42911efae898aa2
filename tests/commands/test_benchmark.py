"""The yardsticks of the benchmark compute what ``lenet`` computes; their speed is not tested."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from trainings import LOSS, batch_result

from lenet.nn.architecture import LENET5

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    sys.path.insert(0, str(SCRIPTS))
    spec = importlib.util.spec_from_file_location("benchmark", SCRIPTS / "benchmark.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path.remove(str(SCRIPTS))
    return module


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_the_textbook_network_has_the_same_gradient(benchmark: ModuleType, pooling: str) -> None:
    ours, textbook = (benchmark.ENGINES[name](pooling, 1) for name in ("lenet", "textbook NumPy"))
    batch = next(ours.batches())
    expected = batch_result(ours.network, LOSS, batch, parts=2).gradient
    logits = textbook.network.forward(textbook.input(batch.images))
    gradient = textbook.network.gradient(logits, batch.labels)
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_pytorch_has_the_same_gradient(benchmark: ModuleType, pooling: str) -> None:
    pytest.importorskip("torch")
    ours, eager = (benchmark.ENGINES[name](pooling, 1) for name in ("lenet", "PyTorch eager"))
    batch = next(ours.batches())
    expected = batch_result(ours.network, LOSS, batch, parts=2).gradient
    images, labels = eager.tensors[0]
    eager.loss(eager.input(images[:128]), labels[:128]).backward()
    theirs = np.concatenate([p.grad.numpy().ravel() for p in eager.network.parameters()])
    np.testing.assert_allclose(theirs, expected, atol=1e-5)


def test_the_table_has_ratios_within_rounds(benchmark: ModuleType) -> None:
    row = {
        "engine": "lenet",
        "task": "train",
        "pooling": "max",
        "images": "noise",
        "cores": 2,
        "seconds": [4.0, 2.0, 3.0],
        "ratios": [2.0, 2.5, 1.5],
        "ratios_to_best": [1.0, 1.5, 0.5],
        "share_of_peak": 0.25,
        "peak_memory_mb": 300.4,
    }
    line = benchmark.table([row]).splitlines()[-1]
    assert line == "| train | max | noise | 2 | lenet | 2.00 | 3.00 | 2.00 | 1.00 | 25% | 300 MB |"


def test_pytorch_is_taken_at_its_best_in_each_round(benchmark: ModuleType) -> None:
    seconds = {
        ("lenet", "train"): [1.0, 1.0],
        ("PyTorch eager", "train"): [3.0, 2.5],
        ("PyTorch fused", "train"): [2.0, 3.0],
        ("PyTorch fused", "evaluate"): [9.0, 9.0],
    }
    best = benchmark.best_of_pytorch(seconds, "train")
    assert benchmark.ratios(best, seconds["lenet", "train"]) == [2.0, 2.5]
    assert benchmark.best_of_pytorch({}, "train") == []


def test_the_machine_and_its_cores_are_named(benchmark: ModuleType) -> None:
    cores = benchmark.numbers_of_cores()
    assert cores[0] == 1
    assert cores == sorted({*cores})
    assert f"{cores[-1]} cores" in benchmark.machine()


def test_evaluation_sees_every_image(benchmark: ModuleType) -> None:
    engine = benchmark.ENGINES["lenet"]("max", 1)
    assert engine.training.test(0).images == benchmark.TEST_IMAGES
    assert LENET5.views(engine.theta).keys() == LENET5.views(engine.network.theta).keys()
