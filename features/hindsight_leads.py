"""The leads as the hindsight audit holds their columns against what became of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import ibis
import numpy as np
import pandas as pd
from ibis.expr import types as ir

from features.canonical import Canonical, moment
from features.hindsight_figures import (
    MIN_CLOSED,
    MIN_LOCAL,
    MIN_OF_EACH,
    STRATUM,
    Auc,
    Bools,
    Codes,
    Fill,
    Floats,
    Leads,
    alone,
    blocks,
    by_fill,
    equal_share,
    levels,
    pure,
    rank_correlation,
)
from features.hindsight_rules import Measured
from features.hindsight_words import accumulates, name_class, telling_values
from features.project import Project
from features.tables import AttributeColumn

MOST_LEADS = 100_000  # more say the same and take longer
DAY = 86_400.0
NO_SOURCE = ("source", "campaign")  # their values name channels, not how a contact went
_UNKNOWN = Auc(0.5, 0.5, later=False)


def frame_name(attribute: AttributeColumn) -> str:
    """Return a column's name among the leads: an account's columns stand beside the leads' own."""
    return attribute.column if attribute.table == "leads" else f"account__{attribute.column}"


def lead_frame(
    tables: Canonical, project: Project, attributes: Sequence[AttributeColumn]
) -> pd.DataFrame:
    """Return one row per lead in order of creation: its end, the number of its events, its columns.

    Of more than ``MOST_LEADS`` leads every so-manieth is taken.
    """
    leads = tables.closed_leads()
    if project.label.trusted_from is not None:
        leads = leads.filter(leads.created_at >= moment(project.moment(project.label.trusted_from)))
    columns = [a.column for a in attributes if a.table == "leads"]
    leads = _with_accounts(leads, tables, [a for a in attributes if a.table == "accounts"])
    leads = leads.left_join(_life_events(tables), "lead_id").drop("lead_id_right")
    of_accounts = [frame_name(a) for a in attributes if a.table == "accounts"]
    kept = dict.fromkeys(["lead_id", "created_at", "won", "closed_at", "life_events", *columns])
    leads = leads.select(*kept, *of_accounts)
    step = -(-int(leads.count().execute()) // MOST_LEADS)
    if step > 1:
        nth = ibis.row_number().over(order_by=["created_at", "lead_id"])
        leads = leads.mutate(nth=nth).filter(ibis._.nth % step == 0).drop("nth")
    frame: pd.DataFrame = leads.order_by("created_at", "lead_id").execute()
    return frame


def _life_events(tables: Canonical) -> ir.Table:
    """Count each lead's events from its creation on: those before it are known at creation."""
    created = tables.leads.select("lead_id", "created_at")
    after = tables.events.inner_join(created, "lead_id")
    after = after.filter(after.occurred_at >= after.created_at)
    return after.group_by("lead_id").aggregate(life_events=after.count())


def _with_accounts(
    leads: ir.Table, tables: Canonical, attributes: Sequence[AttributeColumn]
) -> ir.Table:
    if not attributes:
        return leads
    if "account_id" not in leads.columns:
        return leads.mutate(**{frame_name(a): ibis.null("string") for a in attributes})
    named = {frame_name(a): a.column for a in attributes}
    accounts = tables.accounts.select(joined_account="account_id", **named)
    return leads.left_join(accounts, leads.account_id == accounts.joined_account)


def ended_leads(frame: pd.DataFrame, project: Project, *, cutoff: datetime, flat: bool) -> Leads:
    """Return who has ended, and how.

    Where no losses are recorded, a lead without an end is lost once its horizon has passed.
    """
    known, label = frame["won"].notna().to_numpy(), project.label
    won = frame["won"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    ended = known.copy()
    if label.unmatched == "lost":
        ended[:] = True
    elif (known & ~won).sum() < MIN_OF_EACH and not flat:
        patience = timedelta(days=label.lost_after_days or label.horizon_days)
        ended |= (frame["created_at"] < cutoff - patience).to_numpy()
    created = frame["created_at"]
    life = (frame["closed_at"] - created).dt.total_seconds().to_numpy(dtype=float) / DAY
    age = (pd.Timestamp(cutoff) - created).dt.total_seconds().to_numpy(dtype=float) / DAY
    each = min(STRATUM, max(1, int(ended.sum()) // 3))
    return Leads(
        won=won,
        ended=ended,
        blocks=blocks(int(ended.sum()), each),
        around=blocks(len(frame), MIN_LOCAL),
        life_days=np.where(known, life, np.nan),
        age_days=np.where(known, np.nan, age),
        events=frame["life_events"].fillna(0).to_numpy(dtype=float),
    )


def measure(values: pd.Series, label: str, leads: Leads) -> Measured:
    """Return all figures of one column; ``values`` stand in the order of ``leads``."""
    ended, filled = leads.ended, values.notna().to_numpy()
    won, strata = leads.won[ended], leads.blocks
    codes, names = levels(values)
    own = codes[ended]
    state, state_level = _state(codes, names, leads)
    numbers = values.to_numpy(dtype=float) if pd.api.types.is_numeric_dtype(values) else None
    there = filled[ended]
    partly = 0.02 < there.mean() < 0.98
    return Measured(
        label=label,
        named=name_class(label),
        values=[] if values.name in NO_SOURCE else _telling(values),
        accumulates=accumulates(label),
        filled=float(there.mean()),
        alone=alone(own, won, strata),
        where_filled=_where_filled(own, won, strata, there) if partly else _UNKNOWN,
        fill=by_fill(there, won, strata) if partly else _UNKNOWN,
        fill_won=float(there[won].mean()),
        fill_lost=float(there[~won].mean()),
        around=_fill_around(filled, leads),
        won_pure=pure(own, names, won, strata),
        lost_pure=pure(own, names, ~won, strata),
        open_pure=pure(codes, names, ~leads.ended, leads.around, MIN_CLOSED),
        state=state,
        state_level=state_level,
        life_rank=0.0 if numbers is None else rank_correlation(numbers, leads.life_days),
        life_equal=0.0 if numbers is None else _counts_days(numbers, leads),
        events_rank=0.0 if numbers is None else rank_correlation(numbers, leads.events),
    )


def _telling(values: pd.Series) -> list[str]:
    if pd.api.types.is_numeric_dtype(values):
        return []
    return telling_values((str(value), int(n)) for value, n in values.value_counts().items())


def _where_filled(codes: Codes, won: Bools, strata: Codes, filled: Bools) -> Auc:
    own = won[filled]
    if min(own.sum(), (~own).sum()) < MIN_OF_EACH:
        return _UNKNOWN
    return alone(codes[filled], own, strata[filled])


def _fill_around(filled: Bools, leads: Leads) -> Fill:
    """Return how many closed and open leads of the same time have a value.

    Blocks of time are weighted as by Mantel and Haenszel (1959), so that a field that is no
    longer asked for, or asked for only lately, is none the worse for it.
    """
    size = int(leads.around.max(initial=0)) + 1
    still = ~leads.ended

    def per_block(rows: Bools) -> Floats:
        return np.bincount(leads.around[rows], minlength=size).astype(float)

    n_open, n_closed = per_block(still), per_block(leads.ended)
    weight = n_open * n_closed / np.maximum(n_open + n_closed, 1)
    if not weight.any():
        return Fill(0.0, 0.0, np.inf)
    closed = per_block(leads.ended & filled) / np.maximum(n_closed, 1)
    opened = per_block(still & filled) / np.maximum(n_open, 1)
    return Fill(
        closed=float(np.average(closed, weights=weight)),
        open=float(np.average(opened, weights=weight)),
        error=float(0.5 / np.sqrt(weight.sum())),
    )


def _state(codes: Codes, names: list[str], leads: Leads) -> tuple[Auc, str]:
    """Return how well the levels tell closed leads from open ones, of the same time and of all times.

    Of the same time, since what is new is open; of all times, since a slow kind of lead that is
    open longer has been closed before.
    """
    shared = np.bincount(leads.around, weights=leads.ended) > 0
    rows = (
        shared[leads.around] & (np.bincount(leads.around, weights=~leads.ended) > 0)[leads.around]
    )
    ended = leads.ended[rows]
    if min(ended.sum(), (~ended).sum()) < MIN_LOCAL:
        return _UNKNOWN, ""
    common = names[int(np.bincount(codes[leads.ended]).argmax())]
    now = alone(codes[rows], ended, leads.around[rows])
    ever = alone(codes, leads.ended, np.zeros(len(codes), dtype=np.intp))
    return min(now, ever, key=lambda auc: auc.value), common


def _counts_days(numbers: Floats, leads: Leads) -> float:
    """Return how often the number is the days to the end, or of open leads to the export."""
    return max(equal_share(numbers, leads.life_days), equal_share(numbers, leads.age_days))
