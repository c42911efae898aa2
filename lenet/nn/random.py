"""Named random streams: one seed, and every use of chance draws from its own generator."""

from typing import Annotated

import numpy as np
from annotated_types import Ge, Lt

Seed = Annotated[int, Ge(0), Lt(2**63)]


def stream(seed: int, *name: str | int) -> np.random.Generator:
    """Return the generator of one use of chance, e.g. ``stream(seed, "order", epoch)``.

    Streams of different names are independent, so that drawing more from one (a new layer's
    weights, say) leaves the others (the order of the batches) as they were.
    """
    return np.random.default_rng([seed, *"/".join(map(str, name)).encode()])
