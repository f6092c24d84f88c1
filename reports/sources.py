"""Quality against volume: what came from each source, what became of it, what it cost."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import pandas as pd

from features.project import Project
from features.tables import TableSet
from reports.facts import Counts, SourceRow, clean
from reports.intervals import cost_interval, share_interval

POOLED = "Other, small sources"
UNKNOWN = "Not recorded"


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
    def of(cls, project: Project, tables: TableSet) -> Self:
        """Read it off the project file and the data."""
        label = project.label
        return cls(
            horizon_days=label.horizon_days,
            data_cutoff=tables.data_cutoff,
            unmatched_is_lost=label.unmatched == "lost",
            trusted_from=project.moment(label.trusted_from) if label.trusted_from else None,
        )


def sources_table(
    leads: pd.DataFrame,
    outcomes: pd.DataFrame,
    scored: pd.DataFrame,
    spend: pd.DataFrame,
    *,
    maturity: Maturity,
    min_group: int,
    by: str = "source",
) -> list[SourceRow]:
    """Return one row per source, most leads first, the pool of small sources last.

    The close rate is that of mature leads alone: created at least a horizon before the data
    cut-off, and won within a horizon of their creation. Counting a young lead as soon as it
    closes, but not while it is open, would flatter or blacken a source by its age. Where no
    closing time is known (a flat export) a lead with an outcome is mature.

    Sources under ``min_group`` leads share one row, and no rate is told of fewer than
    ``min_group`` mature leads, so that no row is about a few people.

    Args:
        leads: ``lead_id``, ``created_at`` and ``by``; naive UTC.
        outcomes: ``lead_id``, ``won``, ``closed_at``; at most one row per lead.
        scored: tonight's open leads: ``lead_id``, ``close_probability``; may be empty.
        spend: ``spent_on``, ``amount`` and ``by``; may be empty, then no cost is told.
        maturity: when a lead has had its time.
        min_group: fewest leads that are told apart.
        by: ``source`` or ``campaign``.
    """
    table = _per_lead(leads, outcomes, scored, by, maturity)
    money = _money(spend, by)
    table["paid"] = _created_while_paid(table, money)
    sums = _sums(table, money)
    small = sums["leads"] < min_group
    parts = [
        sums[~small].sort_values(["leads", "name"], ascending=[False, True]).assign(pooled=False)
    ]
    if small.any():
        # min_count: the spend of a pool without any spend is unknown, not zero
        pool = sums[small].drop(columns="name").sum(min_count=1)
        parts.append(pd.DataFrame([{**pool.to_dict(), "name": POOLED, "pooled": True}]))
    return [
        _row(row, min_group, has_scores=not scored.empty)
        for part in parts
        for row in part.to_dict("records")
        if row["leads"] or row["spend"] > 0
    ]


def lead_counts(
    leads: pd.DataFrame,
    outcomes: pd.DataFrame,
    scored: pd.DataFrame,
    *,
    maturity: Maturity,
) -> Counts:
    """Return how many leads there are, won and open, and the close rate of mature ones; inputs as above."""
    table = _per_lead(leads, outcomes, scored, "source", maturity)
    mature = int(table["mature"].sum())
    return Counts(
        leads=len(table),
        won=int(table["won"].sum()),
        open=int(table["open"].sum()),
        base_rate=float(table["closed"].sum()) / mature if mature else 0.0,
    )


def spend_without_leads(leads: pd.DataFrame, spend: pd.DataFrame, by: str = "source") -> list[str]:
    """Return the names that money was spent on and no lead carries: likely two spellings of one source."""
    if spend.empty or by not in spend or by not in leads:
        return []
    return sorted(set(_names(spend[by])) - set(_names(leads[by])) - {UNKNOWN})


def _names(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Clean first, group afterwards: two names that look the same on the page are one row."""
    names = [UNKNOWN if pd.isna(value) else clean(str(value)) or UNKNOWN for value in column]
    return pd.Series(names, index=column.index, dtype="object")


def _per_lead(
    leads: pd.DataFrame,
    outcomes: pd.DataFrame,
    scored: pd.DataFrame,
    by: str,
    maturity: Maturity,
) -> pd.DataFrame:
    table = pd.DataFrame(
        {"lead_id": leads["lead_id"], "created_at": pd.to_datetime(leads["created_at"])}
    )
    table["name"] = _names(leads[by]) if by in leads else UNKNOWN
    ended = outcomes.set_index("lead_id")
    won = table["lead_id"].map(ended["won"]).astype("boolean")
    closed_at = pd.to_datetime(table["lead_id"].map(ended["closed_at"]))
    horizon = pd.Timedelta(days=maturity.horizon_days)
    if maturity.unmatched_is_lost:
        won = won.fillna(value=False)
    table["won"] = won.fillna(value=False).astype(bool)
    believed = table["created_at"] >= (maturity.trusted_from or pd.Timestamp.min)
    if closed_at.notna().any():
        table["mature"] = table["created_at"] + horizon <= pd.Timestamp(maturity.data_cutoff)
        in_time = closed_at - table["created_at"] <= horizon
        table["closed"] = table["mature"] & table["won"] & in_time
    else:
        table["mature"] = won.notna()
        table["closed"] = table["won"]
    table["mature"] &= believed
    table["closed"] &= believed
    probability = (
        scored.set_index("lead_id")["close_probability"]
        if not scored.empty
        else pd.Series(dtype=float)
    )
    table["expected"] = table["lead_id"].map(probability).astype(float)
    table["open"] = table["expected"].notna() if not scored.empty else won.isna()
    return table


def _money(spend: pd.DataFrame, by: str) -> pd.DataFrame:
    if spend.empty or by not in spend:
        return pd.DataFrame(
            {
                "name": [],
                "spent_on": pd.to_datetime([]),
                "amount": pd.Series(dtype=float),
            }
        )
    table = pd.DataFrame({"name": _names(spend[by]), "spent_on": pd.to_datetime(spend["spent_on"])})
    table["amount"] = pd.to_numeric(spend["amount"])
    # spend by source alone says nothing about its campaigns
    return table[table["name"] != UNKNOWN] if by != "source" else table


def _created_while_paid(table: pd.DataFrame, money: pd.DataFrame) -> "pd.Series[bool]":
    """Wins are held against money of the same time: a year of wins over a month of spend is no bargain."""
    if money.empty:
        return pd.Series(data=False, index=table.index)
    days = money["spent_on"].drop_duplicates().sort_values()
    # money booked once a month is spent over the whole month that follows
    spell = (
        max(days.diff().median(), pd.Timedelta(days=1)) if len(days) > 1 else pd.Timedelta(days=1)
    )
    return table["created_at"].between(days.iloc[0], days.iloc[-1] + spell, inclusive="left")


def _sums(table: pd.DataFrame, money: pd.DataFrame) -> pd.DataFrame:
    expected = table["expected"].fillna(0.0)
    table = table.assign(
        expected=expected, paid_wins=table["paid"] * (table["won"] + expected), leads=1
    )
    measures = ["leads", "mature", "closed", "won", "open", "expected", "paid_wins"]
    sums = table.groupby("name")[measures].sum()
    spend = money.groupby("name")["amount"].sum().rename("spend")
    sums = sums.join(spend, how="outer")
    sums[measures] = sums[measures].fillna(0.0)
    return sums.rename_axis("name").reset_index()


def _row(row: Mapping[Hashable, Any], min_group: int, *, has_scores: bool) -> SourceRow:
    number = {key: float(value) for key, value in row.items() if key not in {"name", "pooled"}}
    mature, closed = int(number["mature"]), int(number["closed"])
    spend = number["spend"]
    told = number["leads"] >= min_group
    paid = told and spend > 0  # False for NaN too: nothing recorded
    return SourceRow(
        source=str(row["name"]),
        leads=int(number["leads"]),
        mature=mature,
        closed=closed if told else None,
        won=int(number["won"]) if told else None,
        open=int(number["open"]),
        close_rate=share_interval(closed, mature) if mature >= min_group else None,
        expected_wins=number["expected"] if told and has_scores else None,
        spend=spend,
        cost_per_win=cost_interval(spend, number["paid_wins"]) if paid else None,
        pooled=bool(row["pooled"]),
    )
