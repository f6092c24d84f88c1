"""What speaks for and against a row, the strongest first."""

from typing import NamedTuple, Self

import numpy as np

from models.treeshap.trees import Floats, Integers


class Side(NamedTuple):
    """The strongest groups of one side; each array is (rows, most), filled from the left.

    Attributes:
        group: the group's code, -1 where there are no more above the floor.
        total: what its features contribute together, signed; 0 where there is no group.
        feature: the feature of the group that contributes most in this direction; -1 where there is no group.
    """

    group: Integers
    total: Floats
    feature: Integers

    @classmethod
    def empty(cls, rows: int, most: int) -> Self:
        """Return a side on which nothing speaks."""
        nobody = np.full((rows, most), -1, dtype=np.int64)
        return cls(nobody, np.zeros((rows, most)), nobody.copy())


class Strongest(NamedTuple):
    """What ``TreeShap.strongest`` returns.

    Attributes:
        margin: (rows,), the whole sum: what the contributions of all features and the base add up to.
        in_favour: what raises the margin.
        against: what lowers it.
    """

    margin: Floats
    in_favour: Side
    against: Side
