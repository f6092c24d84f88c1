"""Features of the open leads in pandas, as a competent user writes them: pivots and group-bys over all events."""

from pathlib import Path

import pandas as pd

WINDOWS = (7, 30, 90)
CATEGORIES = ("Source", "Campaign", "Country", "Product", "Owner")
NUMBERS = ("Employees", "Budget")


def features(
    leads: pd.DataFrame, events: pd.DataFrame, outcomes: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return one row per lead that is open at ``as_of``: attributes, counts by kind and window, recencies, rates."""
    ended = outcomes.loc[outcomes["Close Date"] < as_of]
    born = leads.loc[leads["Created Date"] < as_of]
    rows = born[~born["Lead ID"].isin(ended["Lead ID"])].set_index("Lead ID")
    told = events[(events["Activity Date"] < as_of) & events["Lead ID"].isin(rows.index)]
    age = (as_of - told["Activity Date"]).dt.total_seconds() / 86_400
    parts = [
        rows[[*NUMBERS]],
        ((as_of - rows["Created Date"]).dt.total_seconds() / 86_400).rename("age"),
    ]
    for days in WINDOWS:
        recent = told[age <= days]
        counts = recent.groupby(["Lead ID", "Activity"], observed=True).size().unstack(fill_value=0)  # noqa: PD010  as users write it
        parts.append(counts.add_suffix(f"_{days}d"))
        parts.append(
            recent["Activity Date"]
            .dt.normalize()
            .groupby(recent["Lead ID"])
            .nunique()
            .rename(f"days_{days}d")
        )
    counts = told.groupby(["Lead ID", "Activity"], observed=True).size().unstack(fill_value=0)  # noqa: PD010  as users write it
    last = age.groupby([told["Lead ID"], told["Activity"]], observed=True).min().unstack()  # noqa: PD010  as users write it
    first = age.groupby([told["Lead ID"], told["Activity"]], observed=True).max().unstack()  # noqa: PD010  as users write it
    parts += [counts.add_suffix("_all"), last.add_suffix("_last"), first.add_suffix("_first")]
    known = born.merge(ended[["Lead ID", "Stage"]], on="Lead ID")
    won = known["Stage"].eq("Closed Won")
    for name in CATEGORIES:
        rate = (won.groupby(known[name]).sum() + 1) / (won.groupby(known[name]).count() + 10)
        parts.append(rows[name].map(rate).rename(f"{name}_rate"))
        parts.append(rows[name].astype("category"))
    joined: pd.DataFrame = pd.concat(parts, axis=1).loc[rows.index]
    return joined


def read(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return leads, events and outcomes."""
    events = pd.concat(
        pd.read_parquet(path, columns=["Lead ID", "Activity", "Activity Date"])
        for path in sorted((folder / "events").glob("*.parquet"))
    )
    return (
        pd.read_parquet(folder / "leads.parquet"),
        events,
        pd.read_parquet(folder / "outcomes.parquet"),
    )
