"""From feature maps to vectors."""

from lenet.nn.layers.base import Array, Layer, check_input


class Flatten(Layer):
    """Feature maps (C, H, W, N) as vectors (C H W, N), channel by channel, row by row."""

    def forward(self, x: Array) -> tuple[Array, tuple[int, ...]]:
        """Return the same numbers as columns, one per image."""
        check_input(x, (), "C", "H", "W", "N", advice="lenet.nn.layers.pool.maps joins blocks")
        *stack, C, H, W, N = x.shape
        return x.reshape(*stack, C * H * W, N), x.shape

    def backward(self, dy: Array, shape: tuple[int, ...]) -> Array:
        """Return the gradient in the maps' shape."""
        return dy.reshape(shape)

    def curvature(self, hy: Array, shape: tuple[int, ...]) -> Array:
        """Return the second derivatives in the maps' shape."""
        return hy.reshape(shape)
