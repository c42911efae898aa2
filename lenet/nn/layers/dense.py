"""The fully connected layer."""

import numpy as np

from lenet.nn.layers.base import Array, Layer, check_array, check_input


class Dense(Layer):
    """z = W x + b, eq. (5), for a batch of columns x.

    Parameters: weight W (out, in), bias b (out,). Input (in, N), output (out, N).
    """

    def __init__(self, weight: Array, bias: Array) -> None:
        check_array(weight, (), "out", "in")
        check_array(bias, weight.shape[:1])
        self.weight = weight
        self.bias = bias

    @property
    def parameters(self) -> tuple[Array, ...]:
        """Weight and bias."""
        return self.weight, self.bias

    def forward(self, x: Array) -> tuple[Array, Array]:
        """z = W x + b."""
        check_input(x, self.weight.shape[1:], "N")
        return self.weight @ x + self.bias[:, None], x

    def gradients(self, dz: Array, x: Array) -> tuple[Array, Array]:
        """dW = delta x^T and db = delta, eq. (11), summed over the batch."""
        check_input(dz, (len(self.weight), x.shape[-1]))
        return outer(dz, x), dz.sum(axis=-1)

    def backward(self, dz: Array, x: Array) -> Array:
        """dx = W^T delta, eq. (11)."""
        check_input(dz, self.weight.shape[:1], "N")
        return self.weight.T @ dz

    def curvatures(self, hz: Array, x: Array) -> tuple[Array, Array]:
        """The sum of hz x^2 over the batch, and of hz: each weight is one connection."""
        return self.gradients(hz, x * x)

    def curvature(self, hz: Array, x: Array) -> Array:
        """hx = (W^2)^T hz."""
        return (self.weight * self.weight).T @ hz


def outer(dz: Array, x: Array, out: Array | None = None) -> Array:
    """delta x^T (..., out, in), summed over the batch; written to an array if one is given."""
    product = np.multiply if x.shape[-1] == 1 else np.matmul  # of one image, that is faster
    return product(dz, x.swapaxes(-1, -2), out=out)
