"""What surrounds the open leads, in Polars: track records, the owner's load, the account and its other people."""

from datetime import datetime, timedelta

import polars as pl

from benchmarks.speed.peers.company import (
    ACCOUNT_ATTRIBUTES,
    ACTIVE_DAYS,
    HORIZON_DAYS,
    PRIOR_LEADS,
    RECORDS,
    STRENGTH,
    WON,
)

CREATED, CLOSED = pl.col("Created Date"), pl.col("Close Date")
HORIZON = timedelta(days=HORIZON_DAYS)


def track_records(
    rows: pl.LazyFrame, born: pl.LazyFrame, ended: pl.LazyFrame, as_of: datetime
) -> pl.LazyFrame:
    """Return the smoothed close rates of earlier leads with the same campaign, source or owner, by lead.

    A lead counts once its horizon has passed, as won if it was won within it; a row's own lead, which is
    open and so can have matured as not won alone, is taken out.
    """
    matured = born.filter(as_of > CREATED + HORIZON).join(ended, on="Lead ID", how="left")
    in_time = (CLOSED >= CREATED) & (CLOSED < CREATED + HORIZON)
    matured = matured.with_columns(won=((pl.col("Stage") == WON) & in_time).fill_null(False))
    overall = matured.select(all_wins=pl.col("won").sum(), all_leads=pl.len())
    mine = (as_of > CREATED + HORIZON).cast(pl.Int64)
    others = pl.col("all_leads").cast(pl.Int64) - mine
    found = rows.select("Lead ID", "Created Date", *RECORDS).join(overall, how="cross")
    for column, name in RECORDS.items():
        levels = matured.group_by(column).agg(wins=pl.col("won").sum(), leads=pl.len())
        wins, leads = (
            pl.col("wins").fill_null(0),
            pl.col("leads").fill_null(0).cast(pl.Int64) - mine,
        )
        rate = (wins + STRENGTH * pl.col("all_wins") / others) / (leads + STRENGTH)
        known = (others >= PRIOR_LEADS) & pl.col(column).is_not_null()
        found = found.join(levels, on=column, how="left")
        found = found.with_columns(pl.when(known).then(rate).alias(name)).drop("wins", "leads")
    return found.select("Lead ID", *RECORDS.values())


def owner_load(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Return how many other leads of the same owner are open, by lead."""
    others = pl.len().over("Owner").cast(pl.Int64) - 1
    known = pl.col("Owner").is_not_null()
    return rows.select("Lead ID", owner_open_leads=pl.when(known).then(others))


def account(
    rows: pl.LazyFrame,
    born: pl.LazyFrame,
    ended: pl.LazyFrame,
    events: pl.LazyFrame,
    accounts: pl.LazyFrame,
    as_of: datetime,
) -> pl.LazyFrame:
    """Return the account's attributes, and what its other people are, won and did: all of it less the lead's own."""
    recent = events.filter(pl.col("Activity Date") >= as_of - timedelta(days=ACTIVE_DAYS))
    seen = recent.group_by("Lead ID").agg(events=pl.len().cast(pl.Int64))
    won = ended.filter(pl.col("Stage") == WON).select("Lead ID", wins=pl.lit(1))
    people = (
        born.select("Lead ID", "Account")
        .join(seen, on="Lead ID", how="left")
        .join(won, on="Lead ID", how="left")
        .with_columns(pl.col("events", "wins").fill_null(0), people=pl.lit(1))
        .with_columns(active=(pl.col("events") > 0).cast(pl.Int64))
    )
    names = {
        "people": "account_people",
        "wins": "account_wins",
        "active": f"account_active_people_{ACTIVE_DAYS}d",
        "events": f"account_events_{ACTIVE_DAYS}d",
    }
    owned = pl.col("Account").is_not_null()
    others = people.select(
        "Lead ID",
        "Account",
        *(
            pl.when(owned).then(pl.col(old).sum().over("Account") - pl.col(old)).alias(new)
            for old, new in names.items()
        ),
    )
    attributes = accounts.select(
        "Account", *(pl.col(o).alias(n) for o, n in ACCOUNT_ATTRIBUTES.items())
    )
    mine = others.join(rows.select("Lead ID"), on="Lead ID", how="semi")
    return mine.join(attributes, on="Account", how="left").drop("Account")
