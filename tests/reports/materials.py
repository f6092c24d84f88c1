"""Drawn Materials: a small company's loop, arrivals and money, for the tests of the report's facts."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.loop import STEPS, LoopColumns
from features.project import Project
from reports.material import Material
from reports.periods import Period
from reports.voice import Voice

CUTOFF = datetime(2026, 10, 1)  # noqa: DTZ001  canonical times are naive UTC
HORIZON_DAYS = 90
VOICE = Voice.of()

TIMES = (
    "created_at",
    "closed_at",
    "first_handed_at",
    "handed_at",
    "accepted_at",
    "rejected_at",
    "contacted_at",
    "recycled_at",
    "last_sales_at",
    "last_nurture_at",
    "first_contact_at",
    "came_back_at",
    "overruled_at",
)
TEXTS = (
    "lead_id",
    "account_id",
    "owner",
    "source",
    "campaign",
    "reason",
    "competitor",
    "rejected_reason",
    "rejected_by",
    "overruled_to",
    "overruled_by",
    "overruled_reason",
    "disqualified_by",
)
NUMBERS = ("amount", "discount", "margin", "own_events", "own_events_after")
TRUTHS = ("won", "met_budget", "met_authority", "met_need", "met_timeframe", "consent")


def loop_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as a whole loop table: columns that are not given are null, with_sales is False."""
    table = rows.copy()
    for name in TIMES:
        table[name] = pd.to_datetime(table[name]) if name in table else pd.NaT
        table[name] = table[name].astype("datetime64[us]")
    for name in TEXTS:
        table[name] = table[name].astype(object) if name in table else None
    for name in NUMBERS:
        table[name] = table[name].astype(float) if name in table else np.nan
    for name in TRUTHS:
        table[name] = (
            table[name].astype("boolean")
            if name in table
            else pd.array([pd.NA] * len(table), dtype="boolean")
        )
    table["with_sales"] = table["with_sales"].astype(bool) if "with_sales" in table else False
    return table.sort_values("lead_id").reset_index(drop=True)


def drawn_loop(
    count: int,
    *,
    seed: int = 7,
    close_rate: float | np.ndarray[Any, Any] = 0.1,
    sources: tuple[str, ...] = ("Search", "Fair"),
    campaigns_per_source: int = 2,
    days: int = 730,
    steps: bool = True,
) -> pd.DataFrame:
    """Draw a company in which nothing but ``close_rate`` (one number, or one per lead) tells leads apart.

    Leads come evenly over the ``days`` before `CUTOFF`, in order of ``lead_id``; each ends 5 to 60 days after it
    came unless the data end before. With ``steps``, every second lead is handed over a day after it came, and most
    of these are contacted within hours, most accepted, some rejected.
    """
    random = np.random.default_rng(seed)
    age = np.sort(random.uniform(0, days, count))[::-1]
    created = pd.Series(pd.Timestamp(CUTOFF) - pd.to_timedelta(age, unit="D")).dt.floor("s")
    closed = created + pd.to_timedelta(random.uniform(5, 60, count), unit="D").floor("s")
    known = (closed < pd.Timestamp(CUTOFF)).to_numpy()
    won = random.random(count) < close_rate
    source = random.choice(sources, count)
    campaign = random.integers(1, campaigns_per_source + 1, count)
    rows = pd.DataFrame(
        {
            "lead_id": [f"L{number:06}" for number in range(count)],
            "created_at": created,
            "account_id": [
                f"A{number}" for number in random.integers(0, max(1, count // 2), count)
            ],
            "owner": random.choice(["Kim", "Lee", "Ines"], count),
            "source": source,
            "campaign": [f"{name} {number}" for name, number in zip(source, campaign, strict=True)],
            "won": pd.Series(won, dtype="boolean").where(pd.Series(known)),
            "closed_at": closed.where(known),
            "amount": np.where(known & won, np.round(random.lognormal(9, 0.5, count), 2), np.nan),
        }
    )
    return loop_table(_with_steps(rows, random) if steps else rows)


def _with_steps(rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    count = len(rows)
    cutoff = pd.Timestamp(CUTOFF)
    handed = (rows["created_at"] + timedelta(days=1)).where(random.random(count) < 0.5)
    handed = handed.where(handed < cutoff)
    contacted = handed + pd.to_timedelta(random.exponential(12, count), unit="h").floor("s")
    contacted = contacted.where((contacted < cutoff) & (random.random(count) < 0.9))
    decided = (contacted + timedelta(hours=2)).where(contacted + timedelta(hours=2) < cutoff)
    rejects = random.random(count) < 0.2
    accepted, rejected = decided.where(~rejects), decided.where(rejects)
    return rows.assign(
        first_handed_at=handed,
        handed_at=handed,
        accepted_at=accepted,
        rejected_at=rejected,
        came_back_at=rejected,
        rejected_reason=rejected.notna().map({True: "Bad fit", False: None}),
        contacted_at=contacted,
        first_contact_at=contacted,
        last_sales_at=pd.concat([contacted, accepted], axis=1).max(axis=1),
        with_sales=handed.notna() & rejected.isna(),
    )


def drawn_arrivals(loop: pd.DataFrame, probability: Any = 0.1) -> pd.DataFrame:
    """Return what a model would have said of each lead at its creation."""
    return pd.DataFrame({"lead_id": loop["lead_id"], "close_probability": probability})


def drawn_tonight(loop: pd.DataFrame, probability: float = 0.1) -> pd.DataFrame:
    """Return tonight's scores of the leads that are open."""
    open_ = loop.loc[loop["won"].isna(), ["lead_id"]].reset_index(drop=True)
    return open_.assign(
        close_probability=probability, grade="B", expected_value=probability * 10_000.0
    )


def drawn_spend(
    cost: dict[tuple[str, str], float], months: int = 24, until: datetime = CUTOFF
) -> pd.DataFrame:
    """Return monthly spend: (source, campaign) and its amount a month, for the months before ``until``."""
    firsts = pd.date_range(end=until, periods=months + 1, freq="MS")[:-1]
    rows = [
        {"spent_on": first, "source": source, "campaign": campaign, "amount": amount}
        for first in firsts
        for (source, campaign), amount in cost.items()
    ]
    return pd.DataFrame(rows, columns=["spent_on", "source", "campaign", "amount"])


def drawn_project(**blocks: Any) -> Project:
    """Return the smallest project file, with these blocks (``report=...``, ``agreement=...``) in it."""
    return Project.model_validate(
        {
            "project": "drawn",
            "sources": {"leads": {"path": "leads.csv"}, "outcomes": {"path": "outcomes.csv"}},
            "label": {"horizon_days": HORIZON_DAYS},
            **blocks,
        }
    )


def material(loop: pd.DataFrame | None = None, **changed: Any) -> Material:
    """Return a Material of this loop (one of 400 leads by default); everything else can be changed.

    Without more, there is no model (no arrivals, nothing tonight) and no spend, the dimensions are source and
    campaign, all steps occur, and the period is 2026-Q3.
    """
    loop = drawn_loop(400) if loop is None else loop
    won = loop.loc[loop["won"].astype("boolean").fillna(value=False), "amount"]
    fields: dict[str, Any] = {
        "project": drawn_project(),
        "as_of": CUTOFF,
        "data_cutoff": CUTOFF,
        "flat": False,
        "loop": loop,
        "columns": LoopColumns(
            dimensions={"source": "source", "campaign": "campaign"},
            labels={"source": "Source", "campaign": "Campaign"},
            kinds=[*STEPS, "call"],
        ),
        "arrivals": pd.DataFrame(
            {"lead_id": pd.Series(dtype=object), "close_probability": pd.Series(dtype=float)}
        ),
        "tonight": pd.DataFrame(
            {
                "lead_id": pd.Series(dtype=object),
                "close_probability": pd.Series(dtype=float),
                "grade": pd.Series(dtype=object),
                "expected_value": pd.Series(dtype=float),
            }
        ),
        "spend": pd.DataFrame(
            {
                "spent_on": pd.to_datetime([]),
                "source": pd.Series(dtype=object),
                "campaign": pd.Series(dtype=object),
                "amount": pd.Series(dtype=float),
            }
        ),
        "mean_amount": float(won.mean()) if won.notna().any() else None,
        "period": Period.numbered("quarter", 2026, 3, "UTC"),
    }
    return Material(**{**fields, **changed})
