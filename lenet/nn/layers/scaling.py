"""Scaling and shifting, element by element."""

from lenet.nn.layers.base import Array, Layer


class Scaling(Layer):
    """y = a x + b, with numbers a and b, or arrays in shapes that meet x."""

    def __init__(self, a: Array | float, b: Array | float) -> None:
        self.a = a
        self.b = b

    def forward(self, x: Array) -> tuple[Array, None]:
        """y = a x + b."""
        return self.a * x + self.b, None

    def backward(self, dy: Array, cache: None) -> Array:
        """dx = a dy."""
        return self.a * dy
