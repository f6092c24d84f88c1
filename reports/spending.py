"""The money: what was spent on which name, and which leads came while it was spent."""

from typing import Any

import pandas as pd

from reports.lead_state import UNKNOWN, group_names


def money_by(spend: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return ``name``, ``spent_on`` and ``amount`` of the spend by ``source`` or ``campaign``.

    Spend that names a source alone says nothing about its campaigns and is left out there; without any spend the
    table is empty.
    """
    if spend.empty or by not in spend:
        return pd.DataFrame(
            {
                "name": pd.Series(dtype="object"),
                "spent_on": pd.to_datetime([]),
                "amount": pd.Series(dtype=float),
            }
        )
    table = pd.DataFrame(
        {"name": group_names(spend[by]), "spent_on": pd.to_datetime(spend["spent_on"])}
    )
    table["amount"] = pd.to_numeric(spend["amount"])
    return table[table["name"] != UNKNOWN] if by != "source" else table


def spell_of(money: pd.DataFrame) -> pd.Timedelta:
    """Return how long one booking of money lasts: money booked once a month is spent over the month that follows."""
    days = money["spent_on"].drop_duplicates().sort_values()
    gap = pd.Timedelta(days.diff().median()) if len(days) > 1 else pd.Timedelta(0)
    return max(gap, pd.Timedelta(days=1))


def created_while_paid(created_at: "pd.Series[Any]", money: pd.DataFrame) -> "pd.Series[bool]":
    """Wins are held against money of the same time: a year of wins over a month of spend is no bargain."""
    if money.empty:
        return pd.Series(data=False, index=created_at.index)
    first, last = money["spent_on"].min(), money["spent_on"].max()
    return created_at.between(first, last + spell_of(money), inclusive="left")


def spend_without_leads(leads: pd.DataFrame, spend: pd.DataFrame, by: str = "source") -> list[str]:
    """Return the names that money was spent on and no lead carries: likely two spellings of one source."""
    if spend.empty or by not in spend or by not in leads:
        return []
    return sorted(set(group_names(spend[by])) - set(group_names(leads[by])) - {UNKNOWN})
