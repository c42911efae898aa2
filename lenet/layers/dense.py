"""The fully connected layer."""

from lenet.layers.base import Array, Layer


class Dense(Layer):
    """z = W x + b, eq. (5), for a batch of columns x.

    Parameters: weight W (out, in), bias b (out,). Input (in, N), output (out, N).
    """

    def __init__(self, weight: Array, bias: Array) -> None:
        self.weight = weight
        self.bias = bias

    def forward(self, x: Array) -> tuple[Array, Array]:
        """z = W x + b."""
        return self.weight @ x + self.bias[:, None], x

    def gradients(self, dz: Array, x: Array) -> tuple[Array, Array]:
        """dW = delta x^T and db = delta, eq. (11), summed over the batch."""
        return dz @ x.T, dz.sum(axis=1)

    def backward(self, dz: Array, x: Array) -> Array:
        """dx = W^T delta, eq. (11)."""
        return self.weight.T @ dz
