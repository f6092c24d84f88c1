"""What surrounds the open leads, in pandas: track records, the owner's load, the account and its other people."""

from datetime import datetime

import pandas as pd

from benchmarks.speed.peers.company import (
    ACCOUNT_ATTRIBUTES,
    ACTIVE_DAYS,
    HORIZON_DAYS,
    PRIOR_LEADS,
    RECORDS,
    STRENGTH,
    WON,
)

HORIZON = pd.Timedelta(days=HORIZON_DAYS)


def track_records(
    rows: pd.DataFrame, born: pd.DataFrame, ended: pd.DataFrame, as_of: datetime
) -> pd.DataFrame:
    """Return the smoothed close rates of earlier leads with the same campaign, source or owner.

    A lead counts once its horizon has passed, as won if it was won within it; a row's own lead, which is
    open and so can have matured as not won alone, is taken out.
    """
    matured = born[born["Created Date"] + HORIZON < as_of]
    matured = matured.merge(ended[["Lead ID", "Stage", "Close Date"]], on="Lead ID", how="left")
    in_time = (matured["Close Date"] >= matured["Created Date"]) & (
        matured["Close Date"] < matured["Created Date"] + HORIZON
    )
    matured["won"] = (matured["Stage"] == WON) & in_time
    mine = (rows["Created Date"] + HORIZON < as_of).astype(float)
    others = len(matured) - mine
    prior = matured["won"].sum() / others
    found = {}
    for column, name in RECORDS.items():
        levels = matured.groupby(column)["won"].agg(["sum", "size"])
        wins = rows[column].map(levels["sum"]).fillna(0)
        leads = rows[column].map(levels["size"]).fillna(0) - mine
        rate = (wins + STRENGTH * prior) / (leads + STRENGTH)
        found[name] = rate.where((others >= PRIOR_LEADS) & rows[column].notna())
    return pd.DataFrame(found)


def owner_load(rows: pd.DataFrame) -> pd.Series:
    """Return how many other leads of the same owner are open."""
    load = rows.groupby("Owner")["Owner"].transform("size") - 1
    return load.rename("owner_open_leads")


def account(
    rows: pd.DataFrame,
    born: pd.DataFrame,
    ended: pd.DataFrame,
    events: pd.DataFrame,
    accounts: pd.DataFrame,
    as_of: datetime,
) -> pd.DataFrame:
    """Return the account's attributes, and what its other people are, won and did: all of it less the lead's own."""
    recent = events[events["Activity Date"] >= as_of - pd.Timedelta(days=ACTIVE_DAYS)]
    seen = recent.groupby("Lead ID", observed=True).size()
    people = born.set_index("Lead ID")
    own = pd.DataFrame(
        {
            "account_people": 1,
            "account_wins": people.index.isin(ended.loc[ended["Stage"] == WON, "Lead ID"]),
            f"account_events_{ACTIVE_DAYS}d": seen.reindex(people.index).fillna(0),
        },
        index=people.index,
    ).astype(float)
    own[f"account_active_people_{ACTIVE_DAYS}d"] = (own[f"account_events_{ACTIVE_DAYS}d"] > 0) * 1.0
    sums = own.groupby(people["Account"]).transform("sum")
    others = (sums - own).loc[rows.index]
    attributes = accounts.set_index("Account")[[*ACCOUNT_ATTRIBUTES]]
    owned = rows[["Account"]].join(attributes, on="Account").drop(columns="Account")
    return others.join(owned.rename(columns=ACCOUNT_ATTRIBUTES))
