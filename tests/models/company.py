"""A small made-up company as the frames that training reads."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.catalogue import Attribute, Catalogue, EventCount, Timing
from features.project import Model

START = pd.Timestamp("2024-01-01")
HORIZON = 30
AGES = (0, 3, 7, 14, 30, 60)
SETTINGS = Model(ages_days=list(AGES), folds=4, seeds=2)
SHARES = [0.1, 0.2, 0.3]
SOURCES = np.array(["web", "ads", "event", "partner"], dtype=object)
EFFECT = {"web": 0.0, "ads": -1.0, "event": 0.7, "partner": 1.2}


@dataclass(frozen=True)
class Frames:
    """The two frames and their catalogue."""

    ladder: pd.DataFrame
    mornings: pd.DataFrame
    catalogue: Catalogue


def catalogue() -> Catalogue:
    """Declare the made-up company's features."""
    return Catalogue(
        project="made_up",
        timezone="UTC",
        horizon_days=HORIZON,
        features=[
            Timing(
                name="age_days",
                group="timing",
                concept="age",
                label="age",
                measure="age_days",
                unit="days",
            ),
            Attribute(
                name="source",
                group="where they came from",
                concept="source",
                label="Lead Source",
                type="category",
                column="source",
            ),
            Attribute(
                name="size",
                group="who they are",
                concept="size",
                label="Company size",
                column="size",
                unit="people",
            ),
            EventCount(
                name="visit_30d",
                group="what they did",
                concept="visits",
                label="visit",
                event="visit",
                days=30,
            ),
        ],
    )


def company(leads: int = 900, *, seed: int = 0, days: int = 360, kind: str = "linear") -> Frames:
    """Make up leads whose closing depends on source, size and visits.

    ``kind``: linear, crossed (only combinations of them tell anything) or none.
    """
    rng = np.random.default_rng(seed)
    created = np.sort(rng.uniform(0, days, leads))
    source, size = rng.choice(SOURCES, leads), rng.lognormal(3, 1, leads)
    visits = rng.poisson(2, leads)
    linear = np.array([EFFECT[name] for name in source]) + 0.6 * (visits - 2)
    crossed = 3.0 * np.where((visits >= 2) == (np.log(size) > 3), 1.0, -1.0)
    told = {"linear": linear, "crossed": crossed, "none": np.zeros(leads)}[kind]
    won = rng.random(leads) < 1 / (1 + np.exp(1.4 - told))
    ends = np.where(won, 1 + rng.exponential(15, leads), 3 + rng.exponential(60, leads))
    about = pd.DataFrame(
        {
            "lead": np.arange(leads),
            "created": created,
            "won": won,
            "ends": ends,
            "source": pd.Series(source, dtype=object).mask(np.arange(leads) % 19 == 0, None),
            "size": np.where(np.arange(leads) % 13 == 0, np.nan, size),
            "visit_30d": visits.astype(np.float64),
        }
    )
    ladder = _snapshots(pd.concat([about.assign(age_days=float(age)) for age in AGES]), days)
    each_lead = ladder.groupby("lead_id")["lead_id"].transform("size")
    mornings = [
        about.assign(age_days=morning - created)[created < morning] for morning in range(0, days, 7)
    ]
    return Frames(
        ladder.assign(weight=1 / each_lead), _snapshots(pd.concat(mornings), days), catalogue()
    )


def _snapshots(rows: pd.DataFrame, days: int) -> pd.DataFrame:
    """Keep the snapshots of open leads whose label is known by the end of the data."""
    moment = rows["created"] + rows["age_days"]
    kept = (rows["age_days"] < rows["ends"]) & (moment + HORIZON <= days)
    rows, moment = rows.loc[kept], moment.loc[kept]
    return pd.DataFrame(
        {
            "lead_id": "L" + rows["lead"].astype(str).str.zfill(5),
            "as_of": START + pd.to_timedelta(moment, unit="D").dt.round("s"),
            "created_at": START + pd.to_timedelta(rows["created"], unit="D").dt.round("s"),
            "age_days": rows["age_days"],
            "label": (rows["won"] & (rows["ends"] <= rows["age_days"] + HORIZON)).astype("int8"),
            "weight": 1.0,
            "group_id": "G" + (rows["lead"] // 2).astype(str),
            "source": rows["source"].astype("str").where(rows["source"].notna()),
            "size": rows["size"],
            "visit_30d": rows["visit_30d"],
        }
    ).reset_index(drop=True)
