"""Arrays as the simulation uses them, and drawing many of them at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Texts = NDArray[Any]


def draw_position(edges: Floats, random: np.random.Generator) -> Ints:
    """Draw one position per row, whose cumulative shares are ``edges`` without the last."""
    below: Ints = (random.random((len(edges), 1)) >= edges).sum(axis=1)
    return below


def where_told(told: Bools, values: Texts | str) -> Texts:
    """Return the values where they were told, None elsewhere."""
    kept = np.full(len(told), None, dtype=object)
    kept[told] = values if isinstance(values, str) else values[told]
    return kept


def as_times(seconds: Ints) -> Texts:
    """Return seconds since 1970 as naive UTC times."""
    return seconds.astype("datetime64[s]")
