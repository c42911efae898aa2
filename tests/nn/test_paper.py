"""Every equation of the paper, (1) to (15), stated literally and held against the fast code."""

from math import exp, log, sqrt

import numpy as np
from oracles import convolution_by_loops, normal

from lenet.nn.architecture import LENET5
from lenet.nn.layers import Conv2D, Dense, MaxPool, Tanh
from lenet.nn.layers.pool import maps, windows
from lenet.nn.layers.rows import output_size
from lenet.nn.losses import cross_entropy, cross_entropy_gradient, log_softmax
from lenet.training.optimizers import Adam


def rot180(K: np.ndarray) -> np.ndarray:
    return K[..., ::-1, ::-1]


def test_equation_1_convolution() -> None:
    X, K, b = normal(1, 8, 6, 1), normal(3, 1, 3, 3, seed=1), normal(3, seed=2)
    Y, _ = Conv2D(K, b, block=2).forward(X)
    Y = maps(Y)
    for k, i, j in np.ndindex(3, 6, 4):
        expected = (
            sum(X[0, i + m, j + n, 0] * K[k, 0, m, n] for m in range(3) for n in range(3)) + b[k]
        )
        assert abs(Y[k, i, j, 0] - expected) < 1e-12


def test_equation_2_output_size() -> None:
    for H_in in range(5, 13):
        for F, P, S in [(5, 0, 1), (3, 1, 1), (3, 2, 2), (2, 0, 2), (1, 0, 3)]:
            H_out = (H_in - F + 2 * P) // S + 1
            assert output_size(H_in, F, P, S) == H_out
            layer = Conv2D(normal(1, 1, F, F), normal(1), stride=S, padding=P)
            assert maps(layer.forward(normal(1, H_in, H_in, 1))[0]).shape == (1, H_out, H_out, 1)
    assert [output_size(32, 5, 0, 1), output_size(28, 2, 0, 2)] == [28, 14]
    assert [output_size(14, 5, 0, 1), output_size(10, 2, 0, 2)] == [10, 5]


def test_equation_3_tanh() -> None:
    x = np.linspace(-3, 3, 13)
    y, _ = Tanh().forward(x)
    np.testing.assert_allclose(y, [(exp(a) - exp(-a)) / (exp(a) + exp(-a)) for a in x], rtol=1e-14)


def test_equation_4_max_pooling() -> None:
    X = normal(3, 6, 4, 2)
    Y, _ = MaxPool().forward(windows(X))
    for k, i, j, image in np.ndindex(3, 3, 2, 2):
        assert Y[k, i, j, image] == max(
            X[k, 2 * i + m, 2 * j + n, image] for m in range(2) for n in range(2)
        )


def test_equation_5_fully_connected() -> None:
    W, x, b = normal(4, 3), normal(3, 2, seed=1), normal(4, seed=2)
    z, _ = Dense(W, b).forward(x)
    for i, image in np.ndindex(4, 2):
        assert abs(z[i, image] - (sum(W[i, j] * x[j, image] for j in range(3)) + b[i])) < 1e-14


def softmax(z: np.ndarray) -> list[float]:
    return [exp(z_i) / sum(exp(z_j) for z_j in z) for z_i in z]


def test_equation_6_softmax() -> None:
    z = normal(10, 3)
    for image in range(3):
        np.testing.assert_allclose(np.exp(log_softmax(z))[:, image], softmax(z[:, image]))


def test_equation_7_cross_entropy() -> None:
    z, labels = normal(10, 3), np.array([0, 9, 4], np.uint8)
    for image, label in enumerate(labels):
        y = np.eye(10)[label]
        loss = -sum(y[i] * log(softmax(z[:, image])[i]) for i in range(10))
        assert abs(cross_entropy(log_softmax(z), labels)[image] - loss) < 1e-14


def test_equation_8_adam() -> None:
    eta, beta1, beta2, eps = 0.001, 0.9, 0.999, 1e-8
    optimizer = Adam(lr=eta, beta1=beta1, beta2=beta2, eps=eps)
    theta = np.array([0.5])
    state = optimizer.new_state(theta)
    expected, m, v = 0.5, 0.0, 0.0
    for t, g in enumerate([0.3, -2.0, 0.01, 0.0, 5.0], start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        expected = expected - eta * m_hat / (sqrt(v_hat) + eps)
        optimizer.step(theta, np.array([g]), state, t, eta)
        assert abs(theta[0] - expected) < 1e-15


def test_equation_9_chain_rule() -> None:
    """dL/dtheta = dL/dz dz/dtheta, for L = sum tanh(z), z = W x."""
    W, x = normal(2, 3), normal(3, 1, seed=1)
    dense, tanh = Dense(W, np.zeros(2)), Tanh()
    z, dense_cache = dense.forward(x)
    y, tanh_cache = tanh.forward(z)
    dW, _ = dense.gradients(tanh.backward(np.ones_like(y), tanh_cache), dense_cache)
    for i, j in np.ndindex(2, 3):
        dL_dz = 1 - np.tanh(W[i] @ x[:, 0]) ** 2
        dz_dtheta = x[j, 0]
        assert abs(dW[i, j] - dL_dz * dz_dtheta) < 1e-14


def test_equation_10_derivative_of_the_loss() -> None:
    z, labels = normal(10, 3), np.array([7, 0, 3], np.uint8)
    for image, label in enumerate(labels):
        y_hat, y = softmax(z[:, image]), np.eye(10)[label]
        gradient = cross_entropy_gradient(log_softmax(z), labels)[:, image]
        np.testing.assert_allclose(gradient, y_hat - y, atol=1e-15)


def test_equation_11_fully_connected_backwards() -> None:
    W, x, delta = normal(4, 3), normal(3, 2, seed=1), normal(4, 2, seed=2)
    dense = Dense(W, normal(4, seed=3))
    dW, db = dense.gradients(delta, x)
    columns = range(2)
    np.testing.assert_allclose(dW, sum(np.outer(delta[:, n], x[:, n]) for n in columns))
    np.testing.assert_allclose(db, sum(delta[:, n] for n in columns))
    for n in columns:
        np.testing.assert_allclose(dense.backward(delta, x)[:, n], W.T @ delta[:, n])


def test_equation_12_derivative_of_tanh() -> None:
    x = np.linspace(-3, 3, 13)
    _, cache = Tanh().forward(x)
    np.testing.assert_allclose(Tanh().backward(np.ones(13), cache), 1 - np.tanh(x) ** 2)


def test_equation_13_gradient_of_the_filters() -> None:
    """dL/dK = x * delta, a correlation of the input with the error; dL/db = sum of delta."""
    x, K = normal(2, 8, 6, 3), normal(4, 2, 3, 3, seed=1)
    layer = Conv2D(K, np.zeros(4), block=2)
    y, cache = layer.forward(x)
    delta = normal(*y.shape, seed=2)
    dK, db = layer.gradients(delta, cache)
    delta = maps(delta)
    for k, c, m, n in np.ndindex(K.shape):
        expected = sum(
            x[c, i + m, j + n, image] * delta[k, i, j, image] for i, j, image in np.ndindex(6, 4, 3)
        )
        assert abs(dK[k, c, m, n] - expected) < 1e-12
    np.testing.assert_allclose(db, delta.sum(axis=(1, 2, 3)))


def test_equation_14_gradient_of_the_input() -> None:
    """delta^l = delta^(l+1) * rot180(K), the full convolution: delta padded by F - 1."""
    x, K = normal(2, 8, 6, 3), normal(4, 2, 3, 3, seed=1)
    layer = Conv2D(K, np.zeros(4), block=2)
    y, cache = layer.forward(x)
    delta = normal(*y.shape, seed=2)
    swapped = rot180(K).transpose(1, 0, 2, 3)
    expected = convolution_by_loops(maps(delta), swapped, np.zeros(2), padding=3 - 1)
    np.testing.assert_allclose(layer.backward(delta, cache), expected, rtol=1e-11)


def test_equation_15_max_pooling_backwards() -> None:
    x = normal(2, 4, 6, 3)
    y, cache = MaxPool().forward(windows(x))
    delta = normal(*y.shape, seed=1)
    routed = maps(MaxPool().backward(delta, cache))
    expected = np.zeros_like(x)
    for c, i, j, image in np.ndindex(y.shape):
        window = x[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, image]
        m, n = np.unravel_index(np.argmax(window), (2, 2))
        expected[c, 2 * i + m, 2 * j + n, image] = delta[c, i, j, image]
    np.testing.assert_array_equal(routed, expected)


def test_figure_2_number_of_parameters() -> None:
    """Weights and biases, layer by layer; FC1 with 400 inputs is Conv 3 with 16 maps of 5x5."""
    C1, C3, C5 = 6 * (1 * 5 * 5 + 1), 16 * (6 * 5 * 5 + 1), 120 * (16 * 5 * 5 + 1)
    F6, output = 84 * (120 + 1), 10 * (84 + 1)
    assert [C1, C3, C5, F6, output] == [156, 2416, 48120, 10164, 850]
    assert C1 + C3 + C5 + F6 + output == LENET5.size == 61_706
    assert len(LENET5.shapes) == 10
