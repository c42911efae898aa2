"""Second derivatives of the loss by each parameter, as in LeCun et al. (1998), appendix C.

From layer to layer, beside delta = dE/dy of eq. (9), goes h = d2E/dy2 of each element by itself.
The numbers are the equations of 1998:

(23)  h_kk, of a parameter: the sum over the connections that share it of d2E/du_ij^2, a mean over
      patterns; what two connections have in common is left out.
(24)  d2E/du_ij^2 = x_j^2 d2E/da_i^2, of the connection from unit j to unit i: ``curvatures``.
(25)  d2E/da_i^2 = f'(a_i)^2 sum_k u_ki^2 d2E/da_k^2 + f''(a_i) dE/dx_i, in which what two units k
      have in common is left out already: ``curvature``, of a layer and of a squashing function.
(26)  The same without f'': the Gauss-Newton approximation, which is never negative.

So each layer takes the diagonal of J^T diag(h) J, with its Jacobian J. For the parameters of F6 and
C5 that is the diagonal of the Gauss-Newton matrix itself, where the loss has a diagonal matrix of
second derivatives by F6, as a squared distance has; below, it is an approximation.
"""

import numpy as np
from numpy.typing import NDArray

from lenet.nn.layers import Array
from lenet.nn.losses import Loss
from lenet.nn.model import LeNet5


def curvature(network: LeNet5, loss: Loss, x: Array, labels: NDArray[np.uint8]) -> Array:
    """Return h (P,), summed over images (C, 32, 32, N): their mean is h / N, eq. (23)."""
    z, caches = network.forward(x)
    d, h = loss.gradient(z, labels), loss.curvature(z, labels)
    found: list[Array] = []
    for _, layer, cache in reversed(network.trained_layers(caches)):
        found[:0] = layer.curvatures(h, cache)
        h = layer.curvature(h, cache) + layer.bending(d, cache)
        d = layer.backward(d, cache)
    return network.joined(found)
