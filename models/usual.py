"""What is usual: the reference that a model carries, so that each night can be held against what it learned from.

Leads that are open differ from morning to morning without anything being wrong: sources come and go, the book ages,
Mondays are quiet. So each of the last training mornings is held against the mornings a horizon before it, which is how
far tonight is from the last morning whose outcomes are known; how far they lay apart is what tonight may be, too.
"""

from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import (
    ActiveDays,
    Catalogue,
    EventCount,
    EventRecency,
    EventTrend,
    Feature,
    OwnerLoad,
    Timing,
    TrackRecord,
)
from models.bundle import Bundle
from models.mornings import Mornings
from models.scorer import Floats, Spec
from models.tally import category_column, number_column

FORMAT = 1
WEEKDAY_DAYS = 14  # windows up to this see which day of the week it is
SCORE = "close_probability"


def reference(mornings: pd.DataFrame, bundle: Bundle, probability: Floats) -> dict[str, Any]:
    """Return what the leads of the training mornings looked like, and how far mornings lay apart, as JSON values.

    Args:
        mornings: every snapshot of the training mornings: ``lead_id, as_of, created_at, age_days, group_id`` and
            the features of the catalogue. Of a flat export, whose leads stand at their creation, a morning is what
            came in within one horizon.
        bundle: the model.
        probability: (rows,) what the model says of them.
    """
    made = Mornings.of(mornings, bundle)
    columns = []
    for feature in watched(bundle.catalogue):
        values = mornings[feature.name]
        column = {**_column(feature, values), "shared": shared(feature)}
        columns.append(
            {**column, "bound": bound_to_weekday(feature, values), **made.told(column, values)}
        )
    score = pd.Series(probability, index=mornings.index)
    told = number_column(SCORE, probability)
    window = made.window
    return {
        "format": FORMAT,
        "from": mornings["as_of"].to_numpy()[window].min().astype("datetime64[s]").item().isoformat(),
        "to": mornings["as_of"].to_numpy()[window].max().astype("datetime64[s]").item().isoformat(),
        "leads": int(mornings["lead_id"][window].nunique()),
        "mornings": len(np.unique(made.period[window])),
        "past_mornings": len(made.past),
        "past_lag_days": made.lag_days,
        "weekdays": made.weekdays,
        "edges": made.edges,
        "worth": made.worth(window).tolist(),
        "oldest_days": float(mornings["age_days"].max()),
        "columns": columns,
        "score": {
            **told,
            "bound": False,
            **made.told(told, score),
            "mean": made.means(probability),
        },
    }  # fmt: skip


def watched(catalogue: Catalogue) -> list[Feature]:
    """Return the features that are compared: not the age, which is compared by, nor the weekday of creation."""
    return [
        feature
        for feature in catalogue.features
        if not (isinstance(feature, Timing) and feature.measure in {"age_days", "created_weekday"})
    ]


def bound_to_weekday(feature: Feature, values: pd.Series) -> bool:
    """Tell whether a feature sees which day of the week a night is: its last days hold a weekend or not."""
    if isinstance(feature, EventCount | ActiveDays | EventTrend):
        return feature.days is not None and feature.days <= WEEKDAY_DAYS
    if isinstance(feature, EventRecency):
        return bool(values.median() <= WEEKDAY_DAYS)  # of no value at all: NaN, so no
    return isinstance(feature, Timing)


def shared(feature: Feature) -> bool:
    """Tell whether many leads have one value in common that moves for all of them at once, as a source's close rate does."""
    return isinstance(feature, TrackRecord | OwnerLoad)


def _column(feature: Feature, values: pd.Series) -> Spec:
    if feature.type == "category":
        return category_column(feature.name, values)
    return number_column(feature.name, values.to_numpy(dtype=np.float64, na_value=np.nan))
