"""The frames that training reads: their order, their weights, and the ages they reach."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from features.errors import DataError
from models.scorer import Floats

OWN_COLUMNS = ("lead_id", "as_of", "created_at", "age_days", "label", "weight", "group_id")
AGE_STEP = 1.5


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


def fair_weights(ladder: pd.DataFrame) -> Floats:
    """Return row weights that sum to the number of leads and depend on the lead's age alone.

    One over the number of a lead's snapshots knows the future: a lead that closes fast has few
    snapshots, so at young ages its wins would weigh more than the losses that stay open for long,
    and every probability would come out too high. The mean of that weight at each age has no such
    tilt, and still lets a lead count once on average.
    """
    age = ladder["age_days"].round()
    return (
        ladder["weight"]
        .astype(np.float64)
        .groupby(age)
        .transform("mean")
        .to_numpy(dtype=np.float64)
    )


def with_older_ages(ladder: pd.DataFrame, mornings: pd.DataFrame) -> pd.DataFrame:
    """Go on with the ladder where its ages end, from the mornings: each lead at about 1.25, 1.9, 2.8 ... times its oldest age.

    The night scores leads that are older than the ladder's last age; without these rows they would be
    scored as if they were as fresh as that. A ladder of one age (a flat export) stays as it is.
    """
    oldest = float(ladder["age_days"].max()) if len(ladder) else 0.0
    older = mornings[mornings["age_days"] >= 1.25 * oldest]
    if oldest <= 0 or older.empty:
        return ladder
    rung = np.floor(np.log(older["age_days"] / (1.25 * oldest)) / np.log(AGE_STEP) + 1e-9)
    first = (
        older.assign(rung=rung)
        .sort_values(["as_of", "lead_id"], kind="stable")
        .drop_duplicates(["lead_id", "rung"])
    )
    weight = float(ladder.loc[ladder["age_days"] == oldest, "weight"].mean())
    added = first.assign(weight=weight)[ladder.columns]
    return (
        pd.concat([ladder, added])
        .sort_values(["as_of", "lead_id", "age_days"], kind="stable")
        .reset_index(drop=True)
    )


def age_edges(ages: Floats) -> list[float]:
    """Return where one band of ages ends and the next begins: each age of the ladder alone, older and odd ones by a third."""
    edges: list[float] = []
    values: Sequence[float] = np.unique(ages[~np.isnan(ages)]).tolist()
    start, before = (values[0], values[0]) if values else (0.0, 0.0)
    for age in values[1:]:
        if age > 1.35 * start + 0.5:
            edges.append((before + age) / 2)
            start = age
        before = age
    return edges
