"""Check of derivatives by random projections: <dy, J v> against <J^T dy, v>, in float64.

J v comes from a central difference. One number per direction v sees every wrong entry of J^T.
"""

from collections.abc import Callable

import numpy as np

from lenet.nn.layers import Array, Layer

H = 1e-6
TOLERANCE = 1e-6


def assert_gradient(
    f: Callable[[], float], x: Array, gradient: Array, *, seed: int = 0, directions: int = 4
) -> None:
    """Check ``gradient`` of f with respect to x, an array that f reads and that is changed here."""
    assert gradient.shape == x.shape
    rng = np.random.default_rng(seed)
    origin = x.copy()
    for _ in range(directions):
        v = rng.normal(size=x.shape)
        x[...] = origin + H * v
        above = f()
        x[...] = origin - H * v
        below = f()
        x[...] = origin
        numeric, analytic = (above - below) / (2 * H), float(np.sum(gradient * v))
        scale = np.linalg.norm(gradient) * np.linalg.norm(v) / np.sqrt(v.size)
        assert abs(numeric - analytic) <= TOLERANCE * max(scale, 1e-3), (numeric, analytic)


def assert_layer(layer: Layer, x: Array, parameters: tuple[Array, ...] = (), seed: int = 0) -> None:
    """Check backward and gradients of a layer at x."""
    rng = np.random.default_rng(seed)
    y, cache = layer.forward(x)
    dy = rng.normal(size=y.shape)
    dx = layer.backward(dy, cache)
    gradients = layer.gradients(dy, cache)

    def f() -> float:
        return float(np.sum(dy * layer.forward(x)[0]))

    assert len(gradients) == len(parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        assert_gradient(f, parameter, gradient, seed=seed)
    assert_gradient(f, x, dx, seed=seed)
