"""Euclidean radial basis functions (LeCun et al. 1998, II-B)."""

import numpy as np

from lenet.nn.layers.base import Array, Layer, check_array, check_input


class RBF(Layer):
    """z = -y, with the penalty y_i = s sum_j (x_j - w_ij)^2 of each class, eq. (7) there.

    The class of the smallest penalty is that of the largest z; exp(z_i) is, but for a factor, the
    density of x in a Gaussian about w_i. The centres w (classes, F) are no parameters: they are not
    trained. Input (F, N), output (classes, N).
    """

    def __init__(self, centres: Array, scale: float = 1.0) -> None:
        check_array(centres, (), "classes", "F")
        self.centres = centres
        self.scale = scale

    def _apart(self, x: Array) -> Array:
        """Return x_j - w_ij (classes, F, N)."""
        return x[..., None, :, :] - self.centres[:, :, None]

    def forward(self, x: Array) -> tuple[Array, Array]:
        """z_i = -s sum_j (x_j - w_ij)^2."""
        check_input(x, self.centres.shape[1:], "N")
        return -self.scale * (self._apart(x) ** 2).sum(axis=-2), x

    def backward(self, dz: Array, x: Array) -> Array:
        """dx_j = -2 s sum_i (x_j - w_ij) dz_i."""
        check_input(dz, self.centres.shape[:1], "N")
        return -2 * self.scale * (x * dz.sum(axis=-2, keepdims=True) - self.centres.T @ dz)

    def curvature(self, hz: Array, x: Array) -> Array:
        """hx_j = sum_i (2 s (x_j - w_ij))^2 hz_i."""
        return (2 * self.scale) ** 2 * np.einsum("ijn,in->jn", self._apart(x) ** 2, hz)

    def bending(self, dz: Array, x: Array) -> Array:
        """d2z_i/dx_j^2 = -2 s: with the loss y of the right class (dz = -1) this adds 2 s.

        A squared distance is part of what is made small, not of the function whose matrix is
        approximated: without this the loss of eq. (8) would have no curvature at all.
        """
        return np.broadcast_to(-2 * self.scale * dz.sum(axis=0), x.shape)
