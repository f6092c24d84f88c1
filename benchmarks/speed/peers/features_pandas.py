"""Features of the open leads in pandas, as a competent user writes them: group-bys and pivots over categories."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from benchmarks.speed.peers.company import (
    ATTRIBUTES,
    CATEGORIES,
    EVENT_COLUMNS,
    KINDS,
    TREND_DAYS,
    WINDOWS,
    ZONE,
)
from benchmarks.speed.peers.surroundings_pandas import account, owner_load, track_records

DAY, SECONDS_PER_DAY = pd.Timedelta(days=1), 86_400


@dataclass(frozen=True)
class Exports:
    """The company's exports, ids and kinds of events as categories."""

    leads: pd.DataFrame
    events: pd.DataFrame
    outcomes: pd.DataFrame
    accounts: pd.DataFrame


def read(folder: Path) -> Exports:
    """Read the exports, of the events the columns that are needed."""
    events = pd.read_parquet(folder / "events", columns=EVENT_COLUMNS)
    return Exports(
        leads=pd.read_parquet(folder / "leads.parquet"),
        events=events.astype({"Lead ID": "category", "Activity": "category"}),
        outcomes=pd.read_parquet(folder / "outcomes.parquet"),
        accounts=pd.read_parquet(folder / "accounts.parquet"),
    )


def features(exports: Exports, as_of: datetime) -> pd.DataFrame:
    """Return one row per lead that is open at ``as_of`` (naive UTC), by lead: the columns of leadgauge's catalogue."""
    ended = exports.outcomes[exports.outcomes["Close Date"] < as_of]
    born = exports.leads[exports.leads["Created Date"] < as_of]
    rows = born[~born["Lead ID"].isin(ended["Lead ID"])].set_index("Lead ID")
    events = exports.events[exports.events["Activity Date"] < as_of]
    found = pd.concat(
        [
            timing(rows, as_of),
            rows[[*ATTRIBUTES]].rename(columns=ATTRIBUTES),
            track_records(rows, born, ended, as_of),
            owner_load(rows),
            account(rows, born, ended, events, exports.accounts, as_of),
            behaviour(rows, events, as_of),
        ],
        axis=1,
    )
    return found.astype(dict.fromkeys(CATEGORIES, "category"))


def timing(rows: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Return age, and hour and weekday of the creation where the company sits."""
    local = rows["Created Date"].dt.tz_localize("UTC").dt.tz_convert(ZONE)
    return pd.DataFrame(
        {
            "age_days": _days(as_of - rows["Created Date"]),
            "created_hour": local.dt.hour,
            "created_weekday": local.dt.day_of_week + 1,
        }
    )


def behaviour(rows: pd.DataFrame, events: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """Return counts by kind and window, recencies, active days, trend and the kinds at both ends."""
    told = events[events["Lead ID"].isin(rows.index)]
    counts: list[pd.DataFrame | pd.Series[int]] = [_counts(told, "ever")]
    for days in WINDOWS:
        recent = told[told["Activity Date"] >= as_of - days * DAY]
        active = recent["Activity Date"].dt.normalize().groupby(recent["Lead ID"], observed=True)
        counts += [_counts(recent, f"{days}d"), active.nunique().rename(f"active_days_{days}d")]
    both = told[told["Activity Date"] >= as_of - 2 * TREND_DAYS * DAY]
    counts.append(both.groupby("Lead ID", observed=True).size().rename("both"))
    counted = pd.concat(counts, axis=1).reindex(rows.index).fillna(0)
    counted[f"trend_{TREND_DAYS}d"] = 2 * counted[f"any_{TREND_DAYS}d"] - counted.pop("both")
    last = told.groupby(["Lead ID", "Activity"], observed=True)["Activity Date"].max()
    since = _days(as_of - last).unstack().reindex(columns=KINDS)  # noqa: PD010  as users write it
    since["any"] = since.min(axis=1)
    ordered = told.sort_values(["Activity Date", "Activity"])
    edges = {
        f"{which}_kind": ordered.drop_duplicates("Lead ID", keep=which).set_index("Lead ID")[
            "Activity"
        ]
        for which in ("first", "last")
    }
    others = pd.concat([since.add_suffix("_days_since"), pd.DataFrame(edges)], axis=1)
    return counted.join(others.reindex(rows.index))


def _counts(events: pd.DataFrame, window: str) -> pd.DataFrame:
    sizes = events.groupby(["Lead ID", "Activity"], observed=True).size()
    counts = sizes.unstack(fill_value=0).reindex(columns=KINDS, fill_value=0)  # noqa: PD010  as users write it
    counts["any"] = counts.sum(axis=1)
    return counts.add_suffix(f"_{window}")


def _days(duration: "pd.Series[pd.Timedelta]") -> "pd.Series[float]":
    return duration.dt.total_seconds() / SECONDS_PER_DAY
