"""Overflow: results are checked, so that what overflows first can be named."""

import numpy as np


def overflow_is_found_later() -> np.errstate:
    """Keep NumPy from warning of overflow where results are checked; a context or a decorator."""
    return np.errstate(over="ignore", invalid="ignore")
