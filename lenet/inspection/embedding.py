"""Images as points: what F6 says to them, on the axes along which it varies most."""

import numpy as np

from lenet.data import Split
from lenet.nn.features import features
from lenet.nn.input import network_input
from lenet.nn.layers import Array
from lenet.nn.model import LeNet5
from lenet.training.evaluation import chunks


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
