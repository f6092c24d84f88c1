"""What each group of leads was: how many, how good, how fast, at what cost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import NonNegativeFloat, NonNegativeInt

from reports.facts import Fact, Interval, Maybe, Name
from reports.intervals import cost_interval, share_interval, wins_interval
from reports.lead_quality import Known
from reports.lead_state import UNKNOWN
from reports.shrinkage import Population, beta_population, shrunk_share
from reports.spending import created_while_paid, money_by
from reports.voice import text

POOLED = text("Other, small groups")
FEW = 50  # leads, below which a group's own rate says little
MOST_ROWS = 40


class QualityRow(Fact):
    """One group of leads: volume, quality, speed and money; what is unknown or about too few people is None.

    ``pooled``: the row that small groups share; ``recorded`` is False for leads whose value is not recorded;
    ``few``: under 50 leads. ``accepted``: share of the ``decided`` that sales accepted. ``close_rate``: ``wins`` of
    the ``mature`` leads, ``shrunk`` the same drawn towards what the other groups (for a campaign: its source) have
    in common. ``arrival_leads``: mature leads with a score at arrival, ``arrival_wins`` of them were won and
    ``arrival_expected`` is what the scores told beforehand. ``open_expected``: wins among tonight's open leads,
    ``expected_value`` the same in money. ``cost_per_win``: spend over wins so far and expected, of leads created
    while money was spent. ``value_per_lead``: amounts won of mature leads, per lead.
    """

    name: Name
    pooled: bool = False
    recorded: bool = True
    few: bool
    leads: NonNegativeInt
    handed_over: NonNegativeInt | None = None
    decided: NonNegativeInt | None = None
    accepted: Interval | None = None
    mature: NonNegativeInt
    wins: NonNegativeInt | None = None
    close_rate: Interval | None = None
    shrunk: Interval | None = None
    arrival_leads: NonNegativeInt | None = None
    arrival_wins: NonNegativeInt | None = None
    arrival_expected: Interval | None = None
    open: NonNegativeInt
    open_expected: Interval | None = None
    expected_value: Maybe = None
    value_per_lead: Maybe = None
    spend: Maybe = None
    cost_per_win: Interval | None = None
    days_to_win: NonNegativeFloat | None = None
    days_to_contact: NonNegativeFloat | None = None


class DimensionRows(Fact):
    """All groups of one dimension, most leads first (months in their order), the pool of small ones last."""

    dimension: Name
    rows: list[QualityRow]
    groups: NonNegativeInt
    pooled_groups: NonNegativeInt = 0


@dataclass(frozen=True)
class Grouping:
    """How leads are grouped: the name of each lead's group (null: left out), and each lead's rate to shrink towards.

    ``money``: ``source`` or ``campaign`` where spend is told by it. ``in_order``: by name, not by volume.
    """

    dimension: str
    names: "pd.Series[Any]"
    towards: "pd.Series[Any]"
    money: str | None = None
    in_order: bool = False


@dataclass(frozen=True)
class Frame:
    """What all groupings share."""

    leads: pd.DataFrame
    known: Known
    spend: pd.DataFrame
    mean_amount: float | None
    min_group: int


def dimension_rows(frame: Frame, grouping: Grouping) -> DimensionRows:
    """Return the rows of one dimension; groups under ``min_group`` leads, and all beyond forty, share one row."""
    names = grouping.names.dropna()
    leads = frame.leads.loc[names.index]
    sizes = names.value_counts()
    money = money_by(frame.spend, grouping.money) if grouping.money else money_by(frame.spend, "")
    spent = money.groupby("name")["amount"].sum()
    told = sizes[sizes >= frame.min_group]
    shown = sorted(told.index, key=lambda name: (-told[name], name))[:MOST_ROWS]
    if grouping.in_order:
        shown.sort()
    make = _maker(frame, grouping, names, created_while_paid(leads["created_at"], money))
    rows = [make(name, leads[names == name], spent.get(name, np.nan), False) for name in shown]
    rest = leads[~names.isin(shown)]
    rest_spent = spent[~spent.index.isin(shown)].sum(min_count=1)
    if len(rest) or rest_spent > 0:
        rows.append(make(POOLED, rest, rest_spent, True))
    return DimensionRows(
        dimension=grouping.dimension,
        rows=rows,
        groups=len(sizes),
        pooled_groups=len(sizes) - len(shown),
    )


def _maker(
    frame: Frame, grouping: Grouping, names: "pd.Series[Any]", paid: "pd.Series[bool]"
) -> Callable[[str, pd.DataFrame, float, bool], QualityRow]:
    population = _population(frame.leads, names, grouping.towards)

    def make(name: str, leads: pd.DataFrame, spend: float, pooled: bool) -> QualityRow:
        told = len(leads) >= frame.min_group
        measured: dict[str, Any] = {}
        if told:
            measured = {
                **_handing(leads, frame),
                **_closing(leads, frame, population, grouping.towards),
                **_to_come(leads, frame),
                **_speed(leads, frame),
                **_cost(leads, paid, spend),
            }
        return QualityRow(
            name=name,
            pooled=pooled,
            recorded=name != UNKNOWN,
            few=len(leads) < FEW,
            leads=len(leads),
            mature=int(leads["mature"].sum()),
            open=int((~leads["ended"]).sum()),
            spend=spend,
            **measured,
        )

    return make


def _population(
    leads: pd.DataFrame, names: "pd.Series[Any]", towards: "pd.Series[Any]"
) -> Population:
    mature = leads.loc[names.index]
    mature = mature[mature["mature"]]
    groups = mature.assign(name=names, towards=towards).groupby("name", observed=True)
    sums = groups.agg(wins=("closed", "sum"), leads=("closed", "size"), mean=("towards", "mean"))
    return beta_population(
        sums["wins"].to_numpy(float), sums["leads"].to_numpy(float), sums["mean"].to_numpy(float)
    )


def _handing(leads: pd.DataFrame, frame: Frame) -> dict[str, Any]:
    accepted, rejected = int(leads["accepted"].sum()), int(leads["rejected"].sum())
    decided = accepted + rejected
    return {
        "handed_over": int(leads["handed"].sum()) if frame.known.handed_over else None,
        "decided": decided if frame.known.decided else None,
        "accepted": share_interval(accepted, decided)
        if frame.known.decided and decided >= frame.min_group
        else None,
    }


def _closing(
    leads: pd.DataFrame, frame: Frame, population: Population, towards: "pd.Series[Any]"
) -> dict[str, Any]:
    mature = leads[leads["mature"]]
    if len(mature) < frame.min_group:
        return {}
    wins, of = int(mature["closed"].sum()), len(mature)
    mean = float(towards.loc[mature.index].mean())
    scored = mature[mature["arrival"].notna()]
    enough = len(scored) >= frame.min_group
    return {
        "wins": wins,
        "close_rate": share_interval(wins, of),
        "shrunk": shrunk_share(population, wins, of, mean),
        "arrival_leads": len(scored) if enough else None,
        "arrival_wins": int(scored["closed"].sum()) if enough else None,
        "arrival_expected": wins_interval(scored["arrival"].to_numpy()) if enough else None,
        "value_per_lead": float(mature["amount"].fillna(0.0).mean())
        if frame.known.amounts
        else None,
    }


def _to_come(leads: pd.DataFrame, frame: Frame) -> dict[str, Any]:
    if not frame.known.tonight:
        return {}
    chances = leads["tonight"].dropna().to_numpy(float)
    expected = wins_interval(chances) or Interval(value=0, low=0, high=0)
    return {
        "open_expected": expected,
        "expected_value": expected.value * frame.mean_amount
        if frame.mean_amount is not None
        else None,
    }


def _speed(leads: pd.DataFrame, frame: Frame) -> dict[str, Any]:
    return {
        "days_to_win": _median(leads["days_to_win"], frame.min_group)
        if frame.known.closing_times
        else None,
        "days_to_contact": _median(leads["days_to_contact"], frame.min_group)
        if frame.known.contacted
        else None,
    }


def _cost(leads: pd.DataFrame, paid: "pd.Series[bool]", spend: float) -> dict[str, Any]:
    if not spend > 0:  # NaN, too: nothing recorded
        return {}
    some = leads[paid.loc[leads.index]]
    return {
        "cost_per_win": cost_interval(
            spend, float(some["won"].sum() + some["tonight"].fillna(0.0).sum())
        )
    }


def _median(days: "pd.Series[Any]", fewest: int) -> float | None:
    known = days[days >= 0]
    return float(known.median()) if len(known) >= fewest else None
