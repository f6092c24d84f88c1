"""Quality against volume: what came from each source, what became of it, what it cost."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from reports.facts import Counts, SourceRow
from reports.intervals import cost_interval, share_interval
from reports.lead_state import POOLED, UNKNOWN, Maturity, group_names, lead_states
from reports.spending import created_while_paid, money_by, spend_without_leads

__all__ = ["POOLED", "UNKNOWN", "Maturity", "lead_counts", "sources_table", "spend_without_leads"]


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
    money = money_by(spend, by)
    table["paid"] = created_while_paid(table["created_at"], money)
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
    table["name"] = group_names(leads[by]) if by in leads else UNKNOWN
    ended = outcomes.set_index("lead_id")
    state = lead_states(
        table["created_at"],
        table["lead_id"].map(ended["won"]),
        table["lead_id"].map(ended["closed_at"]),
        maturity,
    )
    table = table.join(state)
    probability = (
        scored.set_index("lead_id")["close_probability"]
        if not scored.empty
        else pd.Series(dtype=float)
    )
    table["expected"] = table["lead_id"].map(probability).astype(float)
    table["open"] = table["expected"].notna() if not scored.empty else ~table["ended"]
    return table


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
