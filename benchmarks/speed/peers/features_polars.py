"""The same features in Polars, lazy and in one pass where it can."""

from datetime import datetime
from pathlib import Path

import pandas as pd
import polars as pl

from benchmarks.speed.peers.features_pandas import CATEGORIES, NUMBERS, WINDOWS


def features(folder: Path, as_of: datetime) -> pd.DataFrame:
    """Return one row per open lead, as ``features_pandas.features`` does."""
    leads = pl.scan_parquet(folder / "leads.parquet").filter(pl.col("Created Date") < as_of)
    ended = pl.scan_parquet(folder / "outcomes.parquet").filter(pl.col("Close Date") < as_of)
    open_ = leads.join(ended, on="Lead ID", how="anti")
    kinds = sorted(
        pl.scan_parquet(folder / "events/*.parquet")
        .select(pl.col("Activity").unique())
        .collect()
        .to_series()
    )
    age = (pl.lit(as_of) - pl.col("Activity Date")).dt.total_seconds() / 86_400
    told = (
        pl.scan_parquet(folder / "events/*.parquet")
        .filter(pl.col("Activity Date") < as_of)
        .with_columns(age=age, day=pl.col("Activity Date").dt.date())
    )
    measures = [
        *(_of(kind, days).alias(f"{kind}_{days}d") for kind in kinds for days in WINDOWS),
        *(
            pl.col("day").filter(pl.col("age") <= days).n_unique().alias(f"days_{days}d")
            for days in WINDOWS
        ),
        *((pl.col("Activity") == kind).sum().alias(f"{kind}_all") for kind in kinds),
        *(_ages(kind).min().alias(f"{kind}_last") for kind in kinds),
        *(_ages(kind).max().alias(f"{kind}_first") for kind in kinds),
    ]
    known = leads.join(ended.select("Lead ID", "Stage"), on="Lead ID")
    rows = open_.join(told.group_by("Lead ID").agg(measures), on="Lead ID", how="left")
    for name in CATEGORIES:
        won = (pl.col("Stage") == "Closed Won").sum()
        rate = known.group_by(name).agg(((won + 1) / (pl.len() + 10)).alias(f"{name}_rate"))
        rows = rows.join(rate, on=name, how="left")
    rows = rows.with_columns(
        age=(pl.lit(as_of) - pl.col("Created Date")).dt.total_seconds() / 86_400
    )
    found = rows.collect().to_pandas().set_index("Lead ID")
    typed = found.astype(dict.fromkeys(CATEGORIES, "category"))
    others = [
        name for name in typed.columns if name not in {*NUMBERS, "age", "Created Date", "Account"}
    ]
    return typed[[*NUMBERS, "age", *others]]


def _of(kind: str, days: int) -> pl.Expr:
    return ((pl.col("Activity") == kind) & (pl.col("age") <= days)).sum()


def _ages(kind: str) -> pl.Expr:
    return pl.col("age").filter(pl.col("Activity") == kind)
