"""How fast LeNet-5 trains and evaluates here, beside PyTorch and a textbook NumPy LeNet-5.

    python scripts/benchmark.py [--rounds 7] [--cores 1 2 4] [--json FILE]

Every engine has the same network, images and float32, trains in batches of 128 with Adam, evaluates
in chunks (128 in lenet, 250 in the others), and works in a process of its own. Images are noise,
and those of MNIST where it is at hand. The engines take turns, A B C A B C ..., so that a machine
whose speed drifts is the same machine for all; ratios are taken within a round: to PyTorch's eager
mode, and to the fastest of all that PyTorch has. Engines that are not installed (pip install
torch==2.13.0) are left out and named. Run it alone: anything beside it spoils it.
"""

import argparse
import json
import multiprocessing
import os
import platform
import resource
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from textbook import TextbookLeNet5
from threadpoolctl import threadpool_info, threadpool_limits

from lenet.config.compose import configure
from lenet.data import MNIST, Data, Split
from lenet.formats.files import write_text
from lenet.nn.architecture import LENET5
from lenet.nn.init import GlorotUniform, initial_theta
from lenet.runs.folder import RunFolder
from lenet.training.loop import Training
from lenet.training.optimizers import Adam
from lenet.training.shares import Shares
from lenet.training.state import Metrics, Step, TrainingState
from lenet.training.team import team

BATCH = 128
TRAIN_IMAGES = 150 * BATCH
TEST_IMAGES = 10_000
PER = 60_000  # images that the seconds in the table are for
GFLOP = {"train": 135.8, "evaluate": 50.0}  # minimal arithmetic of 60,000 images
BASELINE = "PyTorch eager"
RATIOS = ("ratios", "ratios_to_best")  # to the baseline; to the fastest that PyTorch has
INSTRUCTIONS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "asimd": "NEON"}
ADAM = Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8)


def noise(size: int) -> Split:
    """Return images and labels of noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (size, 28, 28), dtype=np.uint8)
    return Split(images, rng.integers(0, 10, size, dtype=np.uint8))


def load(images: str) -> Data:
    """Return images of noise, or of MNIST: as many as are timed."""
    if images == "noise":
        return Data(noise(TRAIN_IMAGES), noise(TEST_IMAGES), tuple("0123456789"))
    return MNIST(None, TRAIN_IMAGES, TEST_IMAGES, validation=0).load(seed=0)


def images_at_hand() -> list[str]:
    """Return which images can be had without a download."""
    return ["noise", *(["mnist"] if os.environ.get("LENET_DATA") else [])]


class Engine(ABC):
    """A LeNet-5 that can be timed; ``cores`` are all that it may use."""

    package = "numpy"

    def __init__(self, pooling: str, cores: int, images: str = "noise") -> None:
        self.data = load(images)
        self.train_images, self.test_images = self.data.train, self.data.test
        self.theta = initial_theta(GlorotUniform(), seed=0)
        self.build(pooling, cores)

    def batches(self) -> Iterator[Split]:
        """Yield the training images in batches."""
        for start in range(0, TRAIN_IMAGES, BATCH):
            yield self.train_images[start : start + BATCH]

    @abstractmethod
    def build(self, pooling: str, cores: int) -> None:
        """Make the network with the parameters ``theta`` and its optimizer."""

    @abstractmethod
    def train(self) -> None:
        """Train once on all training images."""

    @abstractmethod
    def evaluate(self) -> None:
        """Find the accuracy on all test images."""


class Ours(Engine):
    """What ``lenet`` runs: the paper's recipe, by a worker on each core."""

    def build(self, pooling: str, cores: int) -> None:
        recipe = configure(f"pooling={pooling}", f"batch_size={BATCH}", f"optimizer.lr={ADAM.lr}")
        shares = Shares(recipe, self.data, TrainingState(self.theta, ADAM.new_state(self.theta)))
        self.network = shares.network
        workers = min(cores, recipe.parts)
        self.stack = ExitStack()
        hired = self.stack.enter_context(team(workers, [shares.take_step, shares.test]))
        self.training = Training(shares, hired)

    def train(self) -> None:
        for _ in range(self.training.steps_per_epoch):
            self.training.step()

    def evaluate(self) -> None:
        self.training.test(0)


class Textbook(Engine):
    """NumPy as tutorials write it; BLAS has all the threads."""

    def build(self, pooling: str, cores: int) -> None:
        threadpool_limits(cores)
        self.network = TextbookLeNet5(LENET5.views(self.theta), pooling)
        self.state = ADAM.new_state(self.theta)
        self.t = 0

    @staticmethod
    def input(images: Any) -> Any:
        x = images[:, None].astype(np.float32) / 255
        return np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)))

    def train(self) -> None:
        for batch in self.batches():
            self.t += 1
            logits = self.network.forward(self.input(batch.images))
            g = self.network.gradient(logits, batch.labels)
            ADAM.step(self.theta, g, self.state, self.t, ADAM.lr)

    def evaluate(self) -> None:
        for start in range(0, TEST_IMAGES, 250):
            chunk = self.test_images[start : start + 250]
            np.mean(self.network.forward(self.input(chunk.images)).argmax(axis=1) == chunk.labels)


class TorchEager(Engine):
    """PyTorch as its tutorials write it."""

    package = "torch"
    fused = False
    channels_last = False
    compiled = False

    def build(self, pooling: str, cores: int) -> None:
        import torch
        from torch import nn

        torch.set_num_threads(cores)
        self.torch = torch
        pool = {"max": nn.MaxPool2d, "avg": nn.AvgPool2d}[pooling]
        self.network: Any = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.Tanh(), pool(2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), pool(2),
            nn.Flatten(),
            nn.Linear(400, 120), nn.Tanh(),
            nn.Linear(120, 84), nn.Tanh(),
            nn.Linear(84, 10),
        )  # fmt: skip
        with torch.no_grad():
            parameters = LENET5.views(self.theta).values()
            for theirs, ours in zip(self.network.parameters(), parameters, strict=True):
                theirs.copy_(torch.from_numpy(ours).reshape(theirs.shape))
        if self.channels_last:
            self.network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.network.parameters(), ADAM.lr, fused=self.fused)
        self.step: Any = torch.compile(self.loss) if self.compiled else self.loss
        self.logits: Any = torch.compile(self.network) if self.compiled else self.network
        self.tensors = [
            (torch.from_numpy(split.images), torch.from_numpy(split.labels.astype(np.int64)))
            for split in (self.train_images, self.test_images)
        ]

    def input(self, images: Any) -> Any:
        x = self.torch.nn.functional.pad(images[:, None].float() / 255, (2, 2, 2, 2))
        if self.channels_last:
            x = x.contiguous(memory_format=self.torch.channels_last)
        return x

    def loss(self, x: Any, y: Any) -> Any:
        return self.torch.nn.functional.cross_entropy(self.network(x), y)

    def train(self) -> None:
        images, labels = self.tensors[0]
        for start in range(0, TRAIN_IMAGES, BATCH):
            self.optimizer.zero_grad()
            x = self.input(images[start : start + BATCH])
            self.step(x, labels[start : start + BATCH]).backward()
            self.optimizer.step()

    def evaluate(self) -> None:
        images, labels = self.tensors[1]
        with self.torch.inference_mode():
            for start in range(0, TEST_IMAGES, 250):
                logits = self.logits(self.input(images[start : start + 250]))
                (logits.argmax(dim=1) == labels[start : start + 250]).float().mean().item()


class TorchFused(TorchEager):
    """PyTorch with its fused Adam and its faster memory layout."""

    fused = True
    channels_last = True


class TorchCompiled(TorchEager):
    """PyTorch with its fused Adam, compiled (needs a C++ compiler)."""

    fused = True
    compiled = True


ENGINES: dict[str, type[Engine]] = {
    "lenet": Ours,
    BASELINE: TorchEager,
    "PyTorch fused": TorchFused,
    "PyTorch compiled": TorchCompiled,
    "textbook NumPy": Textbook,
}


def serve(name: str, pooling: str, cores: int, images: str, pipe: Connection) -> None:
    """Be the process of one engine: run each task that is asked for, answer with its seconds."""
    try:
        engine = ENGINES[name](pooling, cores, images)
        for task in ("train", "evaluate"):
            getattr(engine, task)()
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}".splitlines()[0])
        return
    pipe.send(None)
    while task := pipe.recv():
        started = time.perf_counter()
        getattr(engine, task)()
        pipe.send(time.perf_counter() - started)
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def measure(
    names: list[str], pooling: str, cores: int, images: str, rounds: int
) -> list[dict[str, Any]]:
    """Return a row for each engine and task, measured in turns."""
    pipes: dict[str, Connection] = {}
    processes = []
    context = multiprocessing.get_context("spawn")
    for name in names:
        here, there = context.Pipe()
        process = context.Process(
            target=serve, args=(name, pooling, cores, images, there), daemon=True
        )
        process.start()
        processes.append(process)
        if trouble := here.recv():
            print(f"{name} does not run here: {trouble}", file=sys.stderr)
        else:
            pipes[name] = here
    seconds: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for task, (name, pipe) in product(GFLOP, pipes.items()):
            time.sleep(0.3)  # threads of the engine before spin for a while after their work
            pipe.send(task)
            timed = TRAIN_IMAGES if task == "train" else TEST_IMAGES
            seconds.setdefault((name, task), []).append(pipe.recv() * PER / timed)
    memory = {}
    for name, pipe in pipes.items():
        pipe.send(None)
        memory[name] = pipe.recv()
    for process in processes:
        process.join()
    peak = sgemm_peak(cores)
    return [
        {
            "engine": name,
            "task": task,
            "pooling": pooling,
            "cores": cores,
            "images": images,
            "seconds": times,
            "ratios": ratios(seconds.get((BASELINE, task), []), times),
            "ratios_to_best": ratios(best_of_pytorch(seconds, task), times),
            "share_of_peak": GFLOP[task] / median(times) / peak,
            "peak_gflops": peak,
            "peak_memory_mb": memory[name],
        }
        for (name, task), times in seconds.items()
    ]


def best_of_pytorch(seconds: dict[tuple[str, str], list[float]], task: str) -> list[float]:
    """Return the seconds of PyTorch's fastest engine of each round in a task."""
    theirs = [times for (name, of), times in seconds.items() if of == task and "PyTorch" in name]
    return [min(times) for times in zip(*theirs, strict=True)]


def ratios(theirs: list[float], ours: list[float]) -> list[float]:
    """Return how many times as fast as another an engine is, by round."""
    return [a / b for a, b in zip(theirs, ours, strict=False)]


def sgemm_peak(cores: int, size: int = 1536) -> float:
    """Return the most GFLOP/s that a product of large float32 matrices reaches here."""
    a = np.ones((size, size), np.float32)
    best = np.inf
    with threadpool_limits(cores):
        for _ in range(12):
            started = time.perf_counter()
            a @ a
            best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best / 1e9


def seconds_of_an_end_of_epoch() -> float:
    """Return how long a run takes to write down an epoch and a checkpoint, here."""
    theta = initial_theta(GlorotUniform(), seed=0)
    state = TrainingState(theta, ADAM.new_state(theta))
    state.steps = [Step(0.1, ADAM.lr, 1.0)] * (PER // BATCH)
    state.metrics = [Metrics(1, 0.1, 0.9, 0.1, 0.9, None, None, ADAM.lr, 1.0, 0.1)]
    seconds = []
    for _ in range(20):
        with TemporaryDirectory(dir=".") as path, RunFolder(Path(path), "", data={}) as folder:
            started = time.perf_counter()
            folder.end_epoch(state)
            seconds.append(time.perf_counter() - started)
    return median(seconds)


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        f"| task | pooling | images | cores | engine | s per {PER:,} (min) | (median) "
        "| times as fast as PyTorch eager | as PyTorch's best | of SGEMM peak | peak memory |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    keys = ("task", "pooling", "images", "cores")
    for row in sorted(rows, key=lambda row: tuple(row[key] for key in keys)):
        cells = [
            *(str(row[key]) for key in (*keys, "engine")),
            f"{min(row['seconds']):.2f}",
            f"{median(row['seconds']):.2f}",
            *(f"{median(row[key]):.2f}" if row[key] else "–" for key in RATIOS),
            f"{row['share_of_peak']:.0%}",
            f"{row['peak_memory_mb']:.0f} MB",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def is_ours_in_training(row: dict[str, Any]) -> bool:
    """Return whether a row is one of lenet in training."""
    return row["engine"] == "lenet" and row["task"] == "train"


def machine() -> str:
    """Return what a speed depends on: processor, cores, instructions, BLAS and its kernels."""
    words = {}
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            words[key.strip()] = value.strip()
    flags = set(words.get("flags", "").split())
    instructions = next((name for flag, name in INSTRUCTIONS.items() if flag in flags), "?")
    blas = next(info for info in threadpool_info() if info["user_api"] == "blas")
    name = words.get("model name", platform.processor())
    return (
        f"{name}, {cores_at_hand()} cores, {instructions}; "
        f"NumPy {np.__version__}, {blas['internal_api']} {blas['version']} "
        f"({blas.get('architecture', '?')} kernels)"
    )


def cores_at_hand() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def numbers_of_cores() -> list[int]:
    """Return 1, 2, 4, ... and all cores."""
    most = cores_at_hand()
    return [*(2**k for k in range(most.bit_length()) if 2**k < most), most]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="turns of each engine (7)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument(
        "--cores", type=int, nargs="+", metavar="N", help="numbers of cores (1, 2, 4, ... and all)"
    )
    arguments = parser.parse_args()

    installed = [name for name, engine in ENGINES.items() if find_spec(engine.package)]
    for name in ENGINES.keys() - set(installed):
        print(f"{name} is left out: {ENGINES[name].package} is not installed", file=sys.stderr)
    rows = []
    for images, pooling, cores in product(
        images_at_hand(), ("max", "avg"), arguments.cores or numbers_of_cores()
    ):
        rows += measure(installed, pooling, cores, images, arguments.rounds)
    print(f"{machine()}\n")
    print(table(rows))
    end_of_epoch = seconds_of_an_end_of_epoch()
    fastest = min(median(row["seconds"]) for row in rows if is_ours_in_training(row))
    print(
        f"\nThe end of an epoch, with its checkpoint, takes lenet {1000 * end_of_epoch:.1f} ms: "
        f"{end_of_epoch / fastest:.2%} of the fastest epoch of {PER:,} images."
    )
    if arguments.json:
        write_text(arguments.json, f"{json.dumps(rows, indent=1)}\n")


if __name__ == "__main__":
    main()
