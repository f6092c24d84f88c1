"""What a lead counts as: mature, closed in time, won, open; and under which name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from features.project import Project
from reports.facts import clean
from reports.voice import text

UNKNOWN = text("Not recorded")


class HasCutoff(Protocol):
    """Tables, or a report's material: nothing at or after its cut-off is known."""

    @property
    def data_cutoff(self) -> datetime:
        """The data's end, naive UTC."""


@dataclass(frozen=True)
class Maturity:
    """When a lead has had its time, and what a lead without an outcome is.

    ``data_cutoff`` and ``trusted_from`` are naive UTC; wins before the latter are not believed,
    so leads created before it tell no rate.
    """

    horizon_days: int
    data_cutoff: datetime
    unmatched_is_lost: bool = False
    trusted_from: datetime | None = None

    @classmethod
    def of(cls, project: Project, data: HasCutoff) -> Self:
        """Read it off the project file and the data."""
        label = project.label
        return cls(
            horizon_days=label.horizon_days,
            data_cutoff=data.data_cutoff,
            unmatched_is_lost=label.unmatched == "lost",
            trusted_from=project.moment(label.trusted_from) if label.trusted_from else None,
        )


def group_names(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Clean first, group afterwards: two names that look the same on the page are one row."""
    codes, values = pd.factorize(column)
    told = [clean(str(value)) or UNKNOWN for value in values]
    table = np.array([*told, UNKNOWN], dtype=object)  # a missing value has the code -1
    return pd.Series(table[codes], index=column.index, dtype="object")


def lead_states(
    created_at: "pd.Series[Any]",
    won: "pd.Series[Any]",
    closed_at: "pd.Series[Any]",
    maturity: Maturity,
) -> pd.DataFrame:
    """Return ``won``, ``mature``, ``closed`` and ``ended`` (bool) of each lead.

    ``mature``: created at least a horizon before the cut-off; ``closed``: mature, and won within the horizon.
    Counting a young lead as soon as it closes, but not while it is open, would flatter or blacken a group by its
    age. Where no closing time is known at all (a flat export), a lead with an outcome is mature. ``ended``: with an
    outcome, whichever.

    Args:
        created_at: naive UTC.
        won: true, false, or null where there is no outcome.
        closed_at: naive UTC, null where open.
        maturity: when a lead has had its time.
    """
    created_at, closed_at = pd.to_datetime(created_at), pd.to_datetime(closed_at)
    known = won.astype("boolean")
    if maturity.unmatched_is_lost:
        known = known.fillna(value=False)
    is_won = known.fillna(value=False).astype(bool)
    horizon = pd.Timedelta(days=maturity.horizon_days)
    if closed_at.notna().any():
        mature = created_at + horizon <= pd.Timestamp(maturity.data_cutoff)
        closed = mature & is_won & (closed_at - created_at <= horizon)
    else:
        mature = known.notna()
        closed = is_won
    believed = created_at >= (maturity.trusted_from or pd.Timestamp.min)
    return pd.DataFrame(
        {
            "won": is_won,
            "mature": mature & believed,
            "closed": closed & believed,
            "ended": known.notna(),
        }
    )
