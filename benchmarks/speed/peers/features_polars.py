"""The same features in Polars: one group-by with an expression per measure, and joins, as one lazy query.

Reading is a step of its own here, so that features compare with features; of the events only the columns
that are needed are read, as a lazy scan would.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl

from benchmarks.speed.peers.company import (
    ATTRIBUTES,
    CATEGORIES,
    EVENT_COLUMNS,
    KINDS,
    TREND_DAYS,
    WINDOWS,
    ZONE,
)
from benchmarks.speed.peers.surroundings_polars import account, owner_load, track_records

SECONDS_PER_DAY = 86_400
AT = pl.col("Activity Date")


@dataclass(frozen=True)
class Exports:
    """The company's exports, the kinds of events as an enumeration."""

    leads: pl.DataFrame
    events: pl.DataFrame
    outcomes: pl.DataFrame
    accounts: pl.DataFrame


def read(folder: Path) -> Exports:
    """Read the exports, of the events the columns that are needed."""
    events = pl.scan_parquet(folder / "events/*.parquet").select(EVENT_COLUMNS)
    return Exports(
        leads=pl.read_parquet(folder / "leads.parquet"),
        events=events.with_columns(pl.col("Activity").cast(pl.Enum(sorted(KINDS)))).collect(),
        outcomes=pl.read_parquet(folder / "outcomes.parquet"),
        accounts=pl.read_parquet(folder / "accounts.parquet"),
    )


def features(exports: Exports, as_of: datetime) -> pd.DataFrame:
    """Return one row per lead that is open at ``as_of`` (naive UTC), by lead: the columns of leadgauge's catalogue."""
    ended = exports.outcomes.lazy().filter(pl.col("Close Date") < as_of)
    born = exports.leads.lazy().filter(pl.col("Created Date") < as_of)
    rows = born.join(ended, on="Lead ID", how="anti")
    events = exports.events.lazy().filter(as_of > AT)
    found = (
        rows.select(
            "Lead ID", *timing(as_of), *(pl.col(old).alias(new) for old, new in ATTRIBUTES.items())
        )
        .join(track_records(rows, born, ended, as_of), on="Lead ID")
        .join(owner_load(rows), on="Lead ID")
        .join(account(rows, born, ended, events, exports.accounts.lazy(), as_of), on="Lead ID")
        .join(behaviour(events, as_of), on="Lead ID", how="left")
        .with_columns(pl.col(counted()).fill_null(0))
    )
    frame = found.collect().to_pandas().set_index("Lead ID")
    return frame.astype(dict.fromkeys(CATEGORIES, "category"))


def timing(as_of: datetime) -> list[pl.Expr]:
    """Return age, and hour and weekday of the creation where the company sits."""
    local = pl.col("Created Date").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    return [
        _days(pl.lit(as_of) - pl.col("Created Date")).alias("age_days"),
        local.dt.hour().alias("created_hour"),
        local.dt.weekday().alias("created_weekday"),
    ]


def behaviour(events: pl.LazyFrame, as_of: datetime) -> pl.LazyFrame:
    """Return counts by kind and window, recencies, active days, trend and the kinds at both ends, by lead."""
    starts = {days: as_of - timedelta(days=days) for days in WINDOWS}
    new, both = (as_of - timedelta(days=days) <= AT for days in (TREND_DAYS, 2 * TREND_DAYS))
    kind = pl.col("Activity")  # of events in the same second the first, or the last, by its name
    return events.group_by("Lead ID").agg(
        *(count for kind in [*KINDS, None] for count in _of_kind(kind, starts, as_of)),
        *(
            AT.dt.date().filter(start <= AT).n_unique().alias(f"active_days_{days}d")
            for days, start in starts.items()
        ),
        (2 * new.sum().cast(pl.Int64) - both.sum().cast(pl.Int64)).alias(f"trend_{TREND_DAYS}d"),
        kind.filter(AT.min() == AT).min().alias("first_kind"),
        kind.filter(AT.max() == AT).max().alias("last_kind"),
    )


def counted() -> list[str]:
    """Return the names of the columns that are 0 for a lead without events."""
    windows = [*(f"{days}d" for days in WINDOWS), "ever"]
    counts = [f"{kind}_{window}" for kind in [*KINDS, "any"] for window in windows]
    return [*counts, *(f"active_days_{days}d" for days in WINDOWS), f"trend_{TREND_DAYS}d"]


def _of_kind(kind: str | None, starts: dict[int, datetime], as_of: datetime) -> Iterator[pl.Expr]:
    """Yield the counts of a kind (of any, if None) by window, and the days since its last."""
    name, those = kind or "any", pl.lit(True) if kind is None else pl.col("Activity") == kind
    for days, start in starts.items():
        yield (those & (start <= AT)).sum().alias(f"{name}_{days}d")
    yield those.sum().alias(f"{name}_ever") if kind else pl.len().alias(f"{name}_ever")
    last = AT.filter(those).max() if kind else AT.max()
    yield _days(pl.lit(as_of) - last).alias(f"{name}_days_since")


def _days(duration: pl.Expr) -> pl.Expr:
    return duration.dt.total_seconds() / SECONDS_PER_DAY
