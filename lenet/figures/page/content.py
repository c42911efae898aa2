"""What the page knows of networks: their numbers, how they were trained, images to try."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lenet.config.schema import Config
from lenet.data import Dataset
from lenet.errors import LenetError
from lenet.figures.page.packing import halved, packed
from lenet.formats.layout import METRICS
from lenet.formats.text import caption, plural
from lenet.inspection.predictions import Predictions
from lenet.nn.connections import DenseConnections
from lenet.nn.input import AS_THEY_ARE
from lenet.nn.layers import (
    ELU,
    GELU,
    Array,
    AveragePool,
    LeakyReLU,
    MaxPool,
    ReLU,
    ScaledTanh,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
)
from lenet.nn.model import LeNet5
from lenet.nn.output import LinearOutput
from lenet.runs.run import Run

COMPUTED: dict[str, set[type]] = {  # those that activations.js and network.js have
    "activation": {
        Tanh, ScaledTanh, Sigmoid, ReLU, LeakyReLU, ELU, Softplus, SiLU, GELU,
    },
    "pooling": {MaxPool, AveragePool},
    "c3": {DenseConnections},
    "output": {LinearOutput},
}  # fmt: skip
SPLITS = ("train", "validation", "test")
CONFUSED = 8  # test images that a network is most wrong or least sure about
FIRSTS = 10  # first test images of a class


class Example(NamedTuple):
    """A test image (H, W), and what is said of it."""

    image: NDArray[np.uint8]
    name: str


class Shown(NamedTuple):
    """A run to show: its networks by the epoch, the last of them that which it has ended with."""

    run: Run
    networks: dict[int, LeNet5]


def shown(run: Run) -> Shown:
    """Return a run with its networks.

    Raises:
        DataError: there are no weights, or not those of a LeNet-5.
        LenetError: it has what a page cannot draw or compute.

    """
    refuse_unknown(run)
    rows = metrics(run)
    last = int(rows[-1]["epoch"]) if rows else run.config.epochs
    before = {epoch: network for epoch, network in run.networks().items() if epoch < last}
    return Shown(run, {**before, last: run.network()})


def refuse_unknown(run: Run) -> None:
    """Raise LenetError where a page cannot compute what a network does."""
    config = run.config
    channels = config.dataset.channels
    if channels != 1:
        raise LenetError(
            f"{run.path}: a page is drawn on in grey; this network has {channels} channels"
        )
    for name, kinds in COMPUTED.items():
        kind = type(getattr(config, name))
        if kind not in kinds:
            known = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise LenetError(
                f"{run.path}: a page computes {known}; the {name} here is {kind.__name__}"
            )
    if config.input != AS_THEY_ARE:
        raise LenetError(
            f"{run.path}: a page computes with pixels from 0 to 1; here they are others"
        )


def refuse_others(first: Run, other: Run) -> None:
    """Raise LenetError where the same drawing is not the same question to two networks."""
    ours, theirs = first.config.dataset, other.config.dataset
    if asked(ours) != asked(theirs):
        raise LenetError(
            f"{first.path} and {other.path} tell other classes apart, or see other images: a page "
            "is about one network, or two of the same task"
        )


def asked(dataset: Dataset) -> tuple[Any, ...]:
    """Return what a network is asked: its classes, the images, whether they are of characters."""
    return tuple(dataset.class_names), tuple(dataset.size), dataset.shows_characters


def content(runs: Sequence[Shown], found: Sequence[Predictions | None]) -> dict[str, Any]:
    """Return all that the page's scripts are given; see page.js and view.js for what reads it.

    ``found`` has what each run's network makes of its test images, None where there are none.
    """
    dataset = runs[0].run.config.dataset
    groups = example_groups(found)
    images = [example.image for examples in groups.values() for example in examples]
    blank = np.zeros((0, *dataset.size), np.uint8)
    return {
        "classes": [caption(name) for name in dataset.class_names],
        "size": list(dataset.size),
        "characters": dataset.shows_characters,
        "networks": [network(each, name) for each, name in zip(runs, letters(runs), strict=True)],
        "examples": {
            "images": packed(np.stack(images) if images else blank),
            "groups": [
                {"title": title, "names": [example.name for example in examples]}
                for title, examples in groups.items()
            ],
        },
    }


def letters(runs: Sequence[Shown]) -> tuple[str, ...]:
    """Return what each network's title begins with."""
    return ("",) if len(runs) == 1 else ("A: ", "B: ")


def network(one: Shown, before: str) -> dict[str, Any]:
    """Return what the page is to know of a network; its title begins with ``before``."""
    run, config = one.run, one.run.config
    last = max(one.networks)
    return {
        "title": f"{before}{caption(run.path.resolve().name, 80)}",
        "words": words(config, metrics(run)),
        "activation": {"kind": type(config.activation).__name__, **vars(config.activation)},
        "pooling": type(config.pooling).__name__,
        "kernel": config.network.kernel,
        "shapes": {name: list(shape) for name, shape in config.architecture.kept.shapes.items()},
        "metrics": metrics(run),
        "stages": [
            {"epoch": epoch, "weights": packed(as_kept(network.theta, exact=epoch == last))}
            for epoch, network in one.networks.items()
        ],
    }


def as_kept(theta: Array, *, exact: bool) -> NDArray[Any]:
    """Return all numbers of a network (P,), exact to float32 or to float16."""
    return theta.astype(np.float32) if exact else halved(theta)


def words(config: Config, rows: Sequence[dict[str, float]]) -> str:
    """Return what a network is, and how good."""
    kinds = (config.dataset, config.activation, config.pooling, config.optimizer)
    names = ", ".join(type(component).__name__ for component in kinds)
    accuracy = f", test accuracy {rows[-1]['test_accuracy']:.2%}" if rows else ""
    return f"{names}, {plural(config.epochs, 'epoch')}{accuracy}"


def metrics(run: Run) -> list[dict[str, float]]:
    """Return losses and accuracies by epoch; none where metrics.csv is not there."""
    if not (run.path / METRICS).exists():
        return []
    splits = [split for split in SPLITS if run.is_measured_on(split)]
    columns = [f"{split}_{measure}" for split in splits for measure in ("loss", "accuracy")]
    rows = run.metrics[columns].reset_index().to_dict("records")
    return [{str(name): float(value) for name, value in row.items()} for row in rows]


def example_groups(found: Sequence[Predictions | None]) -> dict[str, list[Example]]:
    """Return test images to try, by what they are examples of."""
    whose = ("",) if len(found) < 2 else (" by A", " by B")
    known = {name: each for name, each in zip(whose, found, strict=False) if each}
    if not known:
        return {}
    groups = {"Test images": firsts(next(iter(known.values())))}
    return groups | {f"Most confused{name}": confused(each) for name, each in known.items()}


def firsts(predictions: Predictions) -> list[Example]:
    """Return the first test image of each class, of so many classes."""
    split, names = predictions.images, predictions.class_names
    labels, places = np.unique(split.labels, return_index=True)
    pairs = islice(zip(labels, places, strict=True), FIRSTS)
    return [Example(image_at(predictions, place), f"a {names[label]}") for label, place in pairs]


def confused(predictions: Predictions) -> list[Example]:
    """Return the test images of highest loss, and what each was taken for."""
    return [
        Example(image_at(predictions, place), told(predictions, place))
        for place in highest(predictions.loss)
    ]


def highest(loss: Array) -> Iterable[int]:
    """Return the places of the highest losses, the highest first."""
    return map(int, np.argsort(-loss, kind="stable")[:CONFUSED])


def told(predictions: Predictions, place: int) -> str:
    """Return what an image is, and what it was taken for."""
    own, taken = predictions.names(place)
    sure = f"with {predictions.probability[place]:.0%}"
    return f"a {own}, read {sure}" if own == taken else f"a {own}, taken for {taken} {sure}"


def image_at(predictions: Predictions, place: int) -> NDArray[np.uint8]:
    """Return a test image (H, W)."""
    image = predictions.images.images[place]
    return image.reshape(image.shape[-2:]).astype(np.uint8)
