"""The statistics of normalizations, taken anew for the network that is tested.

Those that follow the batches are of parameters that have changed meanwhile; where parameters are
averaged, they are an average too, and not what the averaged parameters lead to.
"""

from functools import reduce
from math import ceil
from operator import add

import numpy as np

from lenet.data.base import Split
from lenet.nn.input import network_input
from lenet.nn.layers import Moments
from lenet.nn.model import LeNet5
from lenet.nn.overflow import overflow_is_found_later
from lenet.nn.random import stream
from lenet.training.evaluation import chunks
from lenet.training.recipe import Recipe
from lenet.training.workers import Worker, shared_zeros


class Statistics:
    """What a team works on to take them: the moments of some training images, none warped."""

    def __init__(self, network: LeNet5, recipe: Recipe, train: Split) -> None:
        self.network = network
        self.recipe = recipe
        self.train = train
        self.images = min(recipe.normalization.fresh_images, len(train))
        layers = network.normalizations
        features = max((layer.gamma.size for layer in layers), default=0)
        pieces = ceil(self.images / recipe.batch_size)
        self._moments = shared_zeros((pieces, len(layers), 3, features), np.float64)

    @overflow_is_found_later()
    def take(self, worker: Worker, epoch: int) -> None:
        """Do a worker's share; the network's statistics are then those of all images together.

        They go through the network in batches of the training's size, as they do in a step.
        """
        pieces, dtype = self._pieces(epoch), self.network.theta.dtype
        for place in worker.share(len(pieces)):
            _, caches = self.network.forward(network_input(pieces[place].images, dtype))
            for layer, moments in enumerate(self.network.moments(caches)):
                self._moments[place, layer, :, : len(moments.mean)] = moments.rows
        worker.wait()
        if worker.number == 0:
            for layer, normalization in enumerate(self.network.normalizations):
                rows_of_pieces = self._moments[:, layer, :, : normalization.gamma.size]
                of_pieces = (Moments.from_rows(rows, dtype) for rows in rows_of_pieces)
                normalization.take(reduce(add, of_pieces))

    def _pieces(self, epoch: int) -> list[Split]:
        """Return the images in batches: other ones after each epoch."""
        drawn = stream(self.recipe.seed, "statistics", epoch).permutation(len(self.train))
        return chunks(self.train[drawn[: self.images]], self.recipe.batch_size)
