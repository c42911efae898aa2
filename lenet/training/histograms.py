"""Histograms of activations and gradients by epoch, on a fixed handful of images.

A row for each epoch, as it is after the last step, and before the first one, epoch 0:

activations.<layer>   histogram of what the layer says to the handful (see ``features``)
gradients.<layer>     histogram of log10 |g| of its parameters, for the handful's mean loss
movement.<parameter>  2-norm, distance from the initial values, 2-norm of the last update

Histograms are (2 + BINS,): the ends of the range that BINS equal bins cut up, and their counts.
Nothing here changes a training. A file of rows is an .npz file of arrays (epochs, ...), one of
them ``epoch``.
"""

from collections.abc import Callable, Iterable, Iterator
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lenet.data import Split
from lenet.errors import DataError
from lenet.formats.npz import brief, read_arrays
from lenet.nn.features import features
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.nn.losses import Loss
from lenet.nn.model import LeNet5
from lenet.nn.overflow import overflow_is_found_later
from lenet.nn.random import stream
from lenet.training.recipe import Recipe
from lenet.training.state import Metrics, Step, TrainingState
from lenet.training.team import BLAS_THREADS

IMAGES, BINS = 64, 64
EPOCH, ACTIVATIONS, GRADIENTS, MOVEMENT = "epoch", "activations.", "gradients.", "movement."
SHAPES: dict[str, tuple[int, ...]] = {
    EPOCH: (),
    ACTIVATIONS: (2 + BINS,),
    GRADIENTS: (2 + BINS,),
    MOVEMENT: (3,),
}

Rows = dict[str, NDArray[Any]]  # a single row is the same, without the first axis


def watched(
    events: Iterable[Step | Metrics],
    recipe: Recipe,
    split: Split,
    state: TrainingState,
    keep: Callable[[Rows], None],
) -> Iterator[Step | Metrics]:
    """Yield the events of a training, and have each row kept before the event that it is about.

    Args:
        events: of ``train``, which changes the state.
        recipe: of the training.
        split: the training images.
        state: of the training.
        keep: is given each row.

    """
    steps_per_epoch = ceil(len(split) / recipe.batch_size)
    handful = split[stream(recipe.seed, "inside").permutation(len(split))[:IMAGES]]
    before = state.theta.copy()
    if state.t == 0:
        keep(row(0, recipe, handful, state.theta, before))
    for event in events:
        if isinstance(event, Step):
            epoch, rest = divmod(state.t, steps_per_epoch)
            if rest == 0:
                keep(row(epoch, recipe, handful, state.theta, before))
            before[...] = state.theta
        yield event


def row(epoch: int, recipe: Recipe, handful: Split, theta: Array, before: Array) -> Rows:
    """Return what there is to say of parameters (P,), which were others before the last step."""
    views = recipe.architecture.views
    with threadpool_limits(BLAS_THREADS, user_api="blas"):  # as in the training itself
        activations, gradient = look(recipe.network_of(theta), recipe.loss, handful)
        moved = movement(views(theta), views(recipe.initial_theta()), views(before))
    return {
        EPOCH: np.array(epoch),
        **{f"{ACTIVATIONS}{name}": histogram(y) for name, y in activations.items()},
        **{f"{GRADIENTS}{name}": magnitudes(g) for name, g in by_layer(views(gradient)).items()},
        **{f"{MOVEMENT}{name}": sizes for name, sizes in moved.items()},
    }


@overflow_is_found_later()
def look(network: LeNet5, loss: Loss, handful: Split) -> tuple[dict[str, Array], Array]:
    """Return the activations of each layer, and the gradient (P,) of the mean loss."""
    x = network_input(handful.images, network.theta.dtype)
    logits, caches = network.forward(x)
    dlogits = loss.gradient(logits, handful.labels) / len(handful)
    return features(network, x), network.gradient(dlogits, caches)


def by_layer(parameters: dict[str, Array]) -> dict[str, Array]:
    """Put the parameters of a layer, such as c1.weight and c1.bias, together to one vector."""
    together: dict[str, list[Array]] = {}
    for name, array in parameters.items():
        together.setdefault(name.partition(".")[0], []).append(array.ravel())
    return {layer: np.concatenate(arrays) for layer, arrays in together.items()}


def histogram(values: Array) -> NDArray[np.float64]:
    """Return the ends of a histogram and its counts (2 + BINS,), of what is finite."""
    finite = values[np.isfinite(values)].astype(np.float64)
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 0.0)
    margin = max(1, abs(low)) / 2 if low == high else 0
    ends = low - margin, high + margin
    counts, _ = np.histogram(finite, BINS, ends)
    return np.concatenate([ends, counts])


def magnitudes(g: Array) -> NDArray[np.float64]:
    """Return the histogram of log10 |g|, of what is not 0."""
    return histogram(np.log10(np.abs(g[g != 0]).astype(np.float64)))


def movement(
    now: dict[str, Array], initial: dict[str, Array], before: dict[str, Array]
) -> dict[str, NDArray[np.float64]]:
    """Return norm, distance from the initial values, and size of the update, by parameter."""
    return {
        name: np.array(
            [
                np.linalg.norm(vector.astype(np.float64))
                for vector in (array, array - initial[name], array - before[name])
            ]
        )
        for name, array in now.items()
    }


def extended(rows: Rows, new: Rows) -> Rows:
    """Return earlier rows and a new one; rows of its own epoch and of later ones are left out."""
    if rows.keys() != new.keys():
        return {name: value[None] for name, value in new.items()}
    earlier = rows[EPOCH] < new[EPOCH]
    return {name: np.concatenate([rows[name][earlier], value[None]]) for name, value in new.items()}


def read_rows(path: Path) -> Rows:
    """Return the rows of a file.

    Raises:
        DataError: it is missing or damaged, or holds anything else.

    """
    expected = f"{path}: expected what inside=true has a run write"
    try:
        rows = read_arrays(path, limit=path.stat().st_size)
    except OSError as error:
        raise DataError(f"{expected}, found: {error.strerror}") from error
    if not all(any(name.startswith(kind) for name in rows) for kind in SHAPES):
        raise DataError(f"{expected}, found only {', '.join(map(brief, rows)) or 'an empty file'}")
    epochs = rows.get(EPOCH, np.empty(0))
    for name, array in rows.items():
        shape = next((shape for kind, shape in SHAPES.items() if name.startswith(kind)), None)
        if shape is None or array.shape != (epochs.size, *shape) or not np.isfinite(array).all():
            raise DataError(f"{expected}, found {brief(name)} of other numbers")
    if not (epochs.size and (epochs[1:] > epochs[:-1]).all()):
        raise DataError(f"{expected}, found other rows than one for each epoch")
    return rows


def of_kind(rows: Rows, kind: str) -> Rows:
    """Return the arrays of one kind, such as ``ACTIVATIONS``, by what is after it."""
    return {name.removeprefix(kind): rows[name] for name in rows if name.startswith(kind)}
