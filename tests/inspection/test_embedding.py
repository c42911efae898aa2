"""Principal components against the eigenvectors of the covariance, and the figure of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lenet.figures.embedding import draw
from lenet.figures.style import style
from lenet.inspection.embedding import principal_components


@given(st.integers(0, 99), st.integers(2, 40), st.integers(2, 12), st.floats(1e-3, 1e3))
def test_principal_components_are_eigenvectors_of_the_covariance(
    seed: int, N: int, D: int, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    X = scale * rng.normal(size=(N, D)) @ rng.normal(size=(D, D)) + rng.normal(size=D)
    points, shares = principal_components(X, 2)
    eigenvalues, axes = np.linalg.eigh(np.cov(X.T))
    largest = eigenvalues[::-1][:2]
    np.testing.assert_allclose(shares, largest / eigenvalues.sum(), atol=1e-9)
    np.testing.assert_allclose(points.var(axis=0, ddof=1), largest, rtol=1e-6, atol=1e-9 * scale**2)
    if eigenvalues[-1] > 1.01 * eigenvalues[-2]:
        first = (X - X.mean(axis=0)) @ axes[:, -1]
        sign = np.sign(first @ points[:, 0])
        np.testing.assert_allclose(sign * points[:, 0], first, atol=1e-6 * np.abs(first).max())


def test_points_that_are_all_the_same_have_no_variance_to_share() -> None:
    points, shares = principal_components(np.ones((5, 3)), 2)
    assert not points.any()
    assert not shares.any()


@pytest.mark.parametrize("N", [1, 2])
def test_few_points_vary_along_fewer_axes_than_are_drawn(N: int) -> None:
    X = np.arange(3 * N).reshape(N, 3) ** 2
    points, shares = principal_components(X, 2)
    assert points.shape == (N, 2)
    np.testing.assert_allclose(shares, [1, 0] if N > 1 else [0, 0], atol=1e-12)


@pytest.mark.parametrize("classes", [1, 10, 47])
def test_each_class_is_told_apart(classes: int) -> None:
    """By colour and mark together; a class without an image is in the legend alone."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 500).astype(np.uint8)
    labels[labels == classes - 1] = 0
    names = [f"class {label}" for label in range(classes)]
    with style():
        figure = draw(
            rng.normal(size=(500, 2)), np.array([0.5, 0.25]), labels, names, np.arange(100), ""
        )
        figure.draw_without_rendering()
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == names
    assert len({(line.get_color(), line.get_marker()) for line in axes.lines}) == classes
    assert len({line.get_color() for line in axes.lines}) == min(classes, 10)
    assert sum(len(line.get_xdata()) for line in axes.lines) == 100
    assert [text.get_text() for text in axes.texts] == names[: max(classes - 1, 1)]
    assert axes.get_xlabel() == "Component 1 (50.0% of the variance)"
    assert "(PCA)\nwhich hold 75.0% of the variance" in figure.get_suptitle()
    box = axes.get_legend().get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= figure.bbox.y0
