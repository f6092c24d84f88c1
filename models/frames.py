"""The frames that training reads: their order, their weights, and the ages they reach."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from features.errors import DataError
from models.scorer import Floats

OWN_COLUMNS = ("lead_id", "as_of", "created_at", "age_days", "label", "weight", "group_id")
RUNG_STEP = 1.5  # how far past its last rung the ladder speaks


def in_order(frame: pd.DataFrame, catalogue: Catalogue, name: str) -> pd.DataFrame:
    """Return the rows in one order, so that the order they came in does not matter to the model.

    Raises:
        DataError: columns are missing, or labels are something else than 0 and 1.
    """
    absent = [column for column in [*OWN_COLUMNS, *catalogue.names] if column not in frame.columns]
    if absent:
        raise DataError(
            f"the {name} frame lacks the column(s) {', '.join(absent)}; assemble it with the same catalogue"
        )
    strange = frame.loc[~frame["label"].isin([0, 1]), ["lead_id", "label"]]
    if len(strange):
        lead, label = strange.iloc[0]
        raise DataError(
            f"the {name} frame holds {len(strange)} row(s) whose label is neither 0 nor 1, such as {label} for lead"
            f" {lead!r}; leave out snapshots whose outcome is not known yet"
        )
    return frame.sort_values(["as_of", "lead_id", "age_days"], kind="stable").reset_index(drop=True)


def learning_rows(ladder: pd.DataFrame, mornings: pd.DataFrame, gap_days: float) -> pd.DataFrame:
    """Return the snapshots to learn from: the ladder and the mornings, weighted as a night meets leads.

    A night sees every lead once a day for as long as it is open. Both frames are samples of that: a
    rung of the ladder stands for the days up to the next rung, a morning for those up to the next
    morning. Each row weighs the days it stands for over the days that its outcome is shared for (the
    horizon), halved where both frames speak; a lead thus counts once per horizon that it stays
    open. The weights depend on age and calendar alone. One over the number of a lead's snapshots
    would know the future: a lead that closes fast has few snapshots, so its win would weigh more
    than the loss that stays open for long. All weights are scaled to sum to the number of leads.
    A flat export stands at age 0 only: there the ladder is all there is.
    """
    if mornings.empty or float(mornings["age_days"].max()) <= 0:
        return ladder.assign(weight=1.0)
    rungs = np.unique(ladder["age_days"].round())
    until = np.append(rungs[1:], RUNG_STEP * rungs[-1] + 1) if len(rungs) else rungs
    place = np.searchsorted(rungs, ladder["age_days"].round().to_numpy())
    stands_for = (until - rungs)[place]
    overlap = np.where(mornings["age_days"] < until[-1] if len(until) else False, 0.5, 1.0)
    rows = pd.concat(
        [
            ladder.assign(weight=0.5 * np.minimum(stands_for / gap_days, 1.0)),
            mornings.assign(weight=overlap * evidence_of(mornings, gap_days))[ladder.columns],
        ]
    )
    rows["weight"] *= rows["lead_id"].nunique() / rows["weight"].sum()
    return rows.sort_values(["as_of", "lead_id", "age_days"], kind="stable").reset_index(drop=True)


def evidence_of(
    mornings: pd.DataFrame, gap_days: float, *, after: np.datetime64 | None = None
) -> Floats:
    """Return how many independent outcomes each row stands for: mornings within one horizon share theirs.

    ``after`` is the morning before these, so that a single one, too, has a spacing.
    """
    moments = np.unique(mornings["as_of"].to_numpy(dtype="datetime64[us]"))
    if after is not None:
        moments = np.unique(np.append(moments, after))
    if len(moments) < 2 or float(mornings["age_days"].max()) <= 0:
        return np.ones(len(mornings))
    spacing = float(np.median(np.diff(moments) / np.timedelta64(1, "D")))
    return np.full(len(mornings), min(spacing / gap_days, 1.0))


def age_edges(ages: Floats) -> list[float]:
    """Return where one band of ages ends and the next begins: by a third, and half a day at least."""
    edges: list[float] = []
    values: Sequence[float] = np.unique(ages[~np.isnan(ages)]).tolist()
    start, before = (values[0], values[0]) if values else (0.0, 0.0)
    for age in values[1:]:
        if age > 1.35 * start + 0.5:
            edges.append((before + age) / 2)
            start = age
        before = age
    return edges
