"""Optimizers, in order of growing complexity; each changes the parameter vector in place.

An optimizer is its hyperparameters. What it remembers between steps are the vectors of ``state``,
zero at first, which belong to the caller; t counts the steps from 1; eta is the learning rate of
the step, ``lr`` as the schedule has changed it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt, Lt
from numpy.typing import NDArray

from lenet.nn.layers import Array

Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Decay = Annotated[float, Ge(0), Lt(1)]
Epsilon = Annotated[float, Ge(1e-30)]  # less would be 0 in float32
State = dict[str, Array]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Optimizer(ABC):
    """A rule that takes theta one step against its gradient g."""

    lr: Positive
    remembers: ClassVar[tuple[str, ...]] = ()
    by_array: ClassVar[bool] = False  # steps on whole arrays (out, in, ...), not on any of theta
    momentum_key: ClassVar[str | None] = None  # the hyperparameter that schedules call momentum

    def new_state(
        self, theta: Array, decays: Mask | None = None, hidden: Mask | None = None
    ) -> State:
        """Return the zero vectors that the first step starts from.

        ``decays`` tells which parameters are subject to weight decay, if there is any; None: all.
        ``hidden`` tells which are weights of layers before the last; None: none.
        """
        return {name: np.zeros_like(theta) for name in self.remembers}

    @property
    def curvature_images(self) -> int:
        """How many images ``h`` of its state is estimated on before each epoch; 0: it has none."""
        return 0

    def with_momentum(self, momentum: float | None) -> Self:
        """Return the same optimizer with another momentum, or itself if that is None."""
        if momentum is None or self.momentum_key is None:
            return self
        return replace(self, **{self.momentum_key: momentum})

    @abstractmethod
    def step(self, theta: Array, g: Array, state: State, t: int, eta: float) -> None:
        """Take step t, from 1, at the learning rate eta: change theta and state in place.

        theta, its gradient g and each array of the state are of one shape: any part of the vector
        of all parameters (n,), or with ``by_array`` one array of it as it is, (out, in, ...).
        """


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent; with momentum the velocity v adds up gradients (Polyak 1964).

    Nesterov's form steps along the gradient plus the velocity that is still to come.
    """

    momentum: Decay
    nesterov: bool
    remembers = ("v",)
    momentum_key = "momentum"

    def step(self, theta: Array, g: Array, state: State, t: int, eta: float) -> None:
        """v = mu v + g; theta = theta - eta v, or - eta (g + mu v) with Nesterov."""
        v, mu = state["v"], self.momentum
        v *= mu
        v += g
        theta -= eta * (g + mu * v if self.nesterov else v)


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """Gradients divided by a running root of their mean square (Tieleman and Hinton 2012)."""

    decay: Decay
    eps: Epsilon
    remembers = ("v",)

    def step(self, theta: Array, g: Array, state: State, t: int, eta: float) -> None:
        """v = rho v + (1 - rho) g^2; theta = theta - eta g / (sqrt v + eps)."""
        v, rho = state["v"], self.decay
        v *= rho
        v += (1 - rho) * g**2
        theta -= eta * g / (np.sqrt(v) + self.eps)


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adaptive moment estimation, eq. (8) (Kingma and Ba 2014)."""

    beta1: Decay
    beta2: Decay
    eps: Epsilon
    remembers = ("m", "v")
    momentum_key = "beta1"

    def step(self, theta: Array, g: Array, state: State, t: int, eta: float) -> None:
        """theta = theta - eta m_hat / (sqrt v_hat + eps), eq. (8)."""
        m, v = state["m"], state["v"]
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * g**2
        correction1 = 1 - self.beta1**t  # m_hat = m / correction1
        correction2 = 1 - self.beta2**t  # v_hat = v / correction2
        theta -= eta / correction1 * m / (np.sqrt(v / correction2) + self.eps)


@dataclass(frozen=True)
class SDLM(Optimizer):
    """Stochastic diagonal Levenberg-Marquardt (LeCun et al. 1998, appendix C).

    Each parameter has a rate of its own, by the second derivative h of the loss, eq. (23), which is
    estimated on ``patterns`` training images before each epoch (see ``lenet.nn.curvature``); ``mu``
    keeps it from being too large where that is small. ``lr`` is for single patterns: the gradient
    of a larger batch is a mean.
    """

    mu: Epsilon
    patterns: Annotated[int, Gt(0)]
    remembers = ("h",)

    @property
    def curvature_images(self) -> int:
        """The patterns."""
        return self.patterns

    def step(self, theta: Array, g: Array, state: State, t: int, eta: float) -> None:
        """theta = theta - eta / (mu + h) g, eq. (18) and (21)."""
        theta -= eta / (self.mu + state["h"]) * g


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov and Hutter 2019)."""

    weight_decay: NonNegative

    def new_state(
        self, theta: Array, decays: Mask | None = None, hidden: Mask | None = None
    ) -> State:
        """Return zero vectors, and what decays as a vector of ones and zeros."""
        mask = np.ones_like(theta) if decays is None else decays.astype(theta.dtype)
        return super().new_state(theta) | {"decays": mask}

    def step(self, theta: Array, g: Array, state: State, t: int, eta: float) -> None:
        """Let theta decay, then take a step of Adam."""
        self.decay(theta, state, eta)
        super().step(theta, g, state, t, eta)

    def decay(self, theta: Array, state: State, eta: float) -> None:
        """theta = (1 - eta lambda) theta, for what decays."""
        theta *= 1 - eta * self.weight_decay * state["decays"]


@dataclass(frozen=True)
class Muon(AdamW):
    """Steps along a matrix with the momentum's directions, all of one length (Jordan et al. 2024).

    That is for the weights of hidden layers, filters (out, in, F, F) as a matrix (out, in F^2), and
    ``lr`` is their rate. What is left, biases and the output, takes steps of AdamW at ``adamw_lr``,
    which a schedule changes alike; beta1, beta2 and eps are AdamW's alone.
    """

    adamw_lr: Positive
    momentum: Decay
    by_array = True

    def new_state(
        self, theta: Array, decays: Mask | None = None, hidden: Mask | None = None
    ) -> State:
        """Return the vectors of AdamW, and which numbers are of hidden weights, as ones."""
        mask = np.zeros_like(theta) if hidden is None else hidden.astype(theta.dtype)
        return super().new_state(theta, decays) | {"hidden": mask}

    def step(self, theta: Array, g: Array, state: State, t: int, eta: float) -> None:
        """m = mu m + g; theta, decayed, = theta - eta s U, with U of g + mu m made orthogonal.

        s = sqrt(out / in), but at least 1.
        """
        if not state["hidden"].all():
            super().step(theta, g, state, t, eta * self.adamw_lr / self.lr)
            return
        m = state["m"]
        m *= self.momentum
        m += g
        U = orthogonalized((g + self.momentum * m).reshape(len(g), -1))
        s = max(1.0, U.shape[0] / U.shape[1]) ** 0.5
        self.decay(theta, state, eta)
        theta -= eta * s * U.reshape(theta.shape)


def orthogonalized(M: Array) -> Array:
    """Return U p(S) V^T for a matrix M = U S V^T (rows, columns), with p(S) about 1.

    Five steps of an iteration of Newton and Schulz, whose polynomial a x + b x^3 + c x^5 takes
    singular values from 0.01 to 1 to between 0.68 and 1.14 (Jordan et al. 2024).
    """
    if M.shape[0] > M.shape[1]:
        return orthogonalized(M.T).T
    a, b, c = 3.4445, -4.7750, 2.0315
    X = M / (np.linalg.norm(M) or 1)
    for _ in range(5):
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X
