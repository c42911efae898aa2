"""LeNet-5 in NumPy as tutorials write it: NCHW arrays, im2col, a cache on each layer.

A yardstick for ``benchmark.py``: the same network, arithmetic and results as ``lenet``, without
the care for memory. Not used for training.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lenet.nn.layers import Array


class Convolution:
    """Filters (C_out, C_in, F, F) on maps (N, C_in, H, W)."""

    def __init__(self, weight: Array, bias: Array) -> None:
        self.weight, self.bias = weight, bias

    def forward(self, x: Array) -> Array:
        F = self.weight.shape[-1]
        self.shape = x.shape
        view = sliding_window_view(x, (F, F), axis=(2, 3))  # (N, C, rows, columns, F, F)
        N, _, rows, columns = view.shape[:4]
        self.patches = view.transpose(0, 2, 3, 1, 4, 5).reshape(N * rows * columns, -1)
        y = self.patches @ self.weight.reshape(len(self.weight), -1).T + self.bias
        return y.reshape(N, rows, columns, -1).transpose(0, 3, 1, 2)

    def backward(self, dy: Array) -> Array:
        N, C, H, W = self.shape
        F = self.weight.shape[-1]
        rows = dy.transpose(0, 2, 3, 1).reshape(-1, len(self.weight))
        self.gradients = [(rows.T @ self.patches).reshape(self.weight.shape), rows.sum(axis=0)]
        dpatches = (rows @ self.weight.reshape(len(self.weight), -1)).reshape(
            N, H - F + 1, W - F + 1, C, F, F
        )
        dx = np.zeros(self.shape, dy.dtype)
        for i, j in np.ndindex(F, F):
            dx[:, :, i : i + H - F + 1, j : j + W - F + 1] += dpatches[..., i, j].transpose(
                0, 3, 1, 2
            )
        return dx


class Linear:
    """Weights (out, in) on rows (N, in)."""

    def __init__(self, weight: Array, bias: Array) -> None:
        self.weight, self.bias = weight, bias

    def forward(self, x: Array) -> Array:
        self.x = x
        return x @ self.weight.T + self.bias

    def backward(self, dy: Array) -> Array:
        self.gradients = [dy.T @ self.x, dy.sum(axis=0)]
        return dy @ self.weight


class Tanh:
    """Element by element."""

    gradients: tuple[Array, ...] = ()

    def forward(self, x: Array) -> Array:
        self.y = np.tanh(x)
        return self.y

    def backward(self, dy: Array) -> Array:
        return dy * (1 - self.y**2)


class Pooling:
    """Maximum or mean of 2x2 windows of maps (N, C, H, W)."""

    gradients: tuple[Array, ...] = ()

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def forward(self, x: Array) -> Array:
        N, C, H, W = x.shape
        windows = x.reshape(N, C, H // 2, 2, W // 2, 2).transpose(0, 1, 2, 4, 3, 5)
        windows = windows.reshape(N, C, H // 2, W // 2, 4)
        if self.kind == "avg":
            return windows.mean(axis=-1)
        self.winner = windows.argmax(axis=-1)[..., None]
        return np.take_along_axis(windows, self.winner, axis=-1)[..., 0]

    def backward(self, dy: Array) -> Array:
        N, C, H, W = dy.shape
        if self.kind == "avg":
            windows = np.repeat(dy[..., None] / 4, 4, axis=-1)
        else:
            windows = np.zeros((*dy.shape, 4), dy.dtype)
            np.put_along_axis(windows, self.winner, dy[..., None], axis=-1)
        windows = windows.reshape(N, C, H, W, 2, 2).transpose(0, 1, 2, 4, 3, 5)
        return windows.reshape(N, C, 2 * H, 2 * W)


class Flatten:
    """Maps (N, C, H, W) as rows (N, C H W)."""

    gradients: tuple[Array, ...] = ()

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Array) -> Array:
        return dy.reshape(self.shape)


class TextbookLeNet5:
    """The same network as ``lenet.nn.model.LeNet5``, on images (N, 1, 32, 32)."""

    def __init__(self, parameters: dict[str, Array], pooling: str) -> None:
        p = parameters
        self.layers: list[Any] = [
            Convolution(p["c1.weight"], p["c1.bias"]),
            Tanh(),
            Pooling(pooling),
            Convolution(p["c3.weight"], p["c3.bias"]),
            Tanh(),
            Pooling(pooling),
            Flatten(),
            Linear(p["c5.weight"], p["c5.bias"]),
            Tanh(),
            Linear(p["f6.weight"], p["f6.bias"]),
            Tanh(),
            Linear(p["output.weight"], p["output.bias"]),
        ]

    def forward(self, x: Array) -> Array:
        """Return the logits (N, 10)."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def gradient(self, logits: Array, labels: NDArray[np.uint8]) -> Array:
        """Return the gradient of the mean cross-entropy (61706,)."""
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        probabilities[np.arange(len(labels)), labels] -= 1
        dy = probabilities / len(labels)
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return np.concatenate([g.ravel() for layer in self.layers for g in layer.gradients])
