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
from lenet.formats.text import caption
from lenet.inspection.predictions import Predictions
from lenet.nn.layers import Array
from lenet.nn.layers import activation as activations
from lenet.nn.model import LeNet5
from lenet.runs.run import Run

ACTIVATIONS = {  # those that activations.js has
    activations.Tanh, activations.ScaledTanh, activations.Sigmoid, activations.ReLU,
    activations.LeakyReLU, activations.ELU, activations.Softplus, activations.SiLU,
    activations.GELU,
}  # fmt: skip
CONFUSED = 8  # test images that a network is most wrong or least sure about
FIRSTS = 10  # first test images of a class
LETTERS = "AB"


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
    if type(config.activation) not in ACTIVATIONS:
        known = ", ".join(sorted(kind.__name__ for kind in ACTIVATIONS))
        found = type(config.activation).__name__
        raise LenetError(f"{run.path}: a page knows {known}; the activation here is {found}")


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


def content(runs: Sequence[Shown], found: Sequence[Predictions]) -> dict[str, Any]:
    """Return all that the page's scripts are given; ``found`` are predictions of test images.

    See page.js and view.js for what reads it.
    """
    dataset = runs[0].run.config.dataset
    groups = example_groups(found)
    images = [example.image for examples in groups.values() for example in examples]
    blank = np.zeros((0, *dataset.size), np.uint8)
    return {
        "classes": [caption(name) for name in dataset.class_names],
        "size": list(dataset.size),
        "characters": dataset.shows_characters,
        "networks": [network(each, letter(place, runs)) for place, each in enumerate(runs)],
        "examples": {
            "images": packed(np.stack(images) if images else blank),
            "groups": [
                {"title": title, "names": [example.name for example in examples]}
                for title, examples in groups.items()
            ],
        },
    }


def letter(place: int, runs: Sequence[Shown]) -> str:
    """Return what a network's name begins with where there are several."""
    return f"{LETTERS[place]}: " if len(runs) > 1 else ""


def network(shown: Shown, before: str) -> dict[str, Any]:
    """Return what the page is to know of a network."""
    run, config = shown.run, shown.run.config
    last = max(shown.networks)
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
            for epoch, network in shown.networks.items()
        ],
    }


def as_kept(theta: Array, *, exact: bool) -> NDArray[Any]:
    """Return all numbers of a network (P,), exact to float32 or to float16."""
    return theta.astype(np.float32) if exact else halved(theta)


def words(config: Config, rows: Sequence[dict[str, float]]) -> str:
    """Return what a network is, and how good."""
    kinds = (config.dataset, config.activation, config.pooling, config.optimizer)
    names = ", ".join(type(component).__name__ for component in kinds)
    epochs = "1 epoch" if config.epochs == 1 else f"{config.epochs} epochs"
    accuracy = f", test accuracy {rows[-1]['test_accuracy']:.2%}" if rows else ""
    return f"{names}, {epochs}{accuracy}"


def metrics(run: Run) -> list[dict[str, float]]:
    """Return losses and accuracies by epoch; none where metrics.csv is not there."""
    if not (run.path / METRICS).exists():
        return []
    table = run.metrics
    columns = [name for name in table if str(name).endswith(("_loss", "_accuracy"))]
    rows = table[columns].reset_index().to_dict("records")
    return [{str(name): float(value) for name, value in row.items()} for row in rows]


def example_groups(found: Sequence[Predictions]) -> dict[str, list[Example]]:
    """Return test images to try, by what they are examples of."""
    if not found:
        return {}
    groups = {"Test images": firsts(found[0])}
    for place, predictions in enumerate(found):
        whose = f" by {LETTERS[place]}" if len(found) > 1 else ""
        groups[f"Most confused{whose}"] = confused(predictions)
    return groups


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
