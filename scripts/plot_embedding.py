"""Draw where a network puts test images before it decides: embedding.png and embedding.svg.

    python scripts/plot_embedding.py [RUN] [--seed SEED] [--output FOLDER]

The 84 activations of F6, on the two axes along which they vary most over all test images (principal
component analysis). Some images, chosen at random, are drawn; the name of a class stands at the
mean of its images.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lenet.commands.arguments import one_run, output_folder, run_script, seeded_parser
from lenet.data import Split
from lenet.figures.drawing import Figure
from lenet.figures.images import subject
from lenet.figures.style import entitle, looks, save, style
from lenet.formats.text import caption
from lenet.nn.features import features
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.nn.model import LeNet5
from lenet.nn.random import stream
from lenet.training.evaluation import chunks

DRAWN = 2000
SIDE, KEY = 6.4, (1.8, 24)  # inches; width of a column of the legend, and how many names it has


def main() -> list[Path]:
    arguments = seeded_parser(__doc__).parse_args()
    run = one_run(arguments)
    data = run.data()
    places, shares = principal_components(activations(run.network(), data.test), 2)
    drawn = stream(arguments.seed, "embedding").permutation(len(data.test))[:DRAWN]
    with style():
        names = list(map(caption, data.class_names))
        figure = draw(places, shares, data.test.labels, names, drawn, subject(run))
        return save(figure, output_folder(arguments, [run]) / "embedding")


def activations(network: LeNet5, images: Split) -> Array:
    """Return what F6 says to images (N, 84)."""
    inputs = (network_input(chunk.images, network.theta.dtype) for chunk in chunks(images))
    return np.concatenate([features(network, x)["F6"].T for x in inputs])


def principal_components(X: Array, k: int) -> tuple[Array, Array]:
    """Return points (N, D) on the k axes along which they vary most, and each axis's share.

    With the singular value decomposition U S V^T of the centred points, the axes are the first rows
    of V^T, the points on them U S, and their variances S^2 / (N - 1). There are no more than N or D
    of them: on the axes that are lacking all points are at 0.
    """
    centred = X.astype(np.float64) - X.mean(axis=0, dtype=np.float64)
    U, S, _ = np.linalg.svd(centred, full_matrices=False)
    variance = S**2
    lacking = max(k - len(S), 0)
    points = np.pad((U * S)[:, :k], ((0, 0), (0, lacking)))
    return points, np.pad(variance[:k], (0, lacking)) / (variance.sum() or 1)


def draw(
    places: Array,
    shares: Array,
    labels: NDArray[np.uint8],
    class_names: Sequence[str],
    drawn: NDArray[np.intp],
    about: str,
) -> Figure:
    """Return the points (N, 2) of some images in the colour and with the mark of their class."""
    columns = -(-len(class_names) // KEY[1])
    figure = Figure(figsize=(SIDE + columns * KEY[0], SIDE))
    axes = figure.subplots()
    for label, (name, (colour, marker)) in enumerate(zip(class_names, looks(), strict=False)):
        of_class = places[labels == label]
        points = places[drawn[labels[drawn] == label]]
        axes.plot(*points.T, marker, color=colour, label=name, markersize=3.5, alpha=0.55, mew=0)
        if len(of_class):
            axes.annotate(
                name,
                of_class.mean(axis=0),
                weight="bold",
                ha="center",
                va="center",
                bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": colour, "lw": 2},
            )
    first, second = (
        f"Component {n} ({share:.1%} of the variance)" for n, share in enumerate(shares, 1)
    )
    axes.set(xlabel=first, ylabel=second, aspect="equal", adjustable="datalim")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1), ncols=columns, markerscale=2)
    entitle(
        figure,
        f"{about}: the activations of F6 on their first two principal components (PCA)",
        f"which hold {sum(shares):.1%} of the variance; "
        f"{len(drawn):,} of {len(labels):,} test images",
    )
    return figure


if __name__ == "__main__":
    run_script(main)
