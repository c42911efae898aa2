"""Calibration: probabilities that say how often a network is right (Guo et al. 2017).

A trained network tends to be too sure. So its logits are divided by one number, its temperature,
which is fitted on images that it has not been trained on and leaves the likeliest class as it is.
"""

from math import exp, log

import numpy as np
from numpy.typing import NDArray

from lenet.data.base import Split
from lenet.nn.layers import Array
from lenet.nn.losses import cross_entropy, log_softmax
from lenet.nn.model import LeNet5
from lenet.training.evaluation import chunks, logits_of

MOST = 4.0  # a temperature, and 1 / MOST the least: that of few images, all recognised, would be 0
BINS = 15  # of confidence, from 0 to 1


def fitted_temperature(network: LeNet5, split: Split) -> float:
    """Return the temperature at which the cross-entropy of a network on a split is the least."""
    from scipy.optimize import minimize_scalar  # for which no command waits that needs it not

    logits = logits_of_all(network, split)

    def loss(logarithm: float) -> float:
        log_y_hat = log_softmax(logits / exp(logarithm))
        return float(cross_entropy(log_y_hat, split.labels).mean())

    found = minimize_scalar(loss, bounds=(-log(MOST), log(MOST)), method="bounded")
    return exp(found.x)


def calibration_error(probabilities: Array, labels: NDArray[np.uint8]) -> float:
    """Return how far a network's confidence is from its accuracy: the expected calibration error.

    The mean over images of the difference of both in the bin of their confidence, for probabilities
    (classes, N) and labels (N,).
    """
    confidence = probabilities.max(axis=0)
    right = probabilities.argmax(axis=0) == labels
    place = np.minimum((BINS * confidence).astype(np.intp), BINS - 1)
    differences = np.bincount(place, confidence - right, BINS)
    return float(np.abs(differences).sum() / len(labels))


def logits_of_all(network: LeNet5, split: Split) -> Array:
    """Return the logits (classes, N) of all images of a split, in double precision."""
    logits = [logits_of(network, chunk) for chunk in chunks(split)]
    return np.concatenate(logits, axis=1).astype(np.float64)
