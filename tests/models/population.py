"""A population that stays as it is: its training mornings, and nights of any size, drawn from the same law."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.catalogue import Attribute, Catalogue, EventCount, EventRecency, Feature, Timing
from models.bundle import Bundle
from models.mornings import weekday
from models.scorer import FORMAT
from models.usual import reference

NOW = pd.Timestamp("2026-03-02 05:00")  # a Monday
HORIZON = 30
SOURCES = ("web", "ads", "fair", "partner", "mail")
SHARES = (0.35, 0.25, 0.2, 0.15, 0.05)
INDUSTRIES = tuple(f"industry {number}" for number in range(30))
NUMBERS = 12  # columns that tell nothing: each may raise a false alarm


def catalogue() -> Catalogue:
    """Declare the population's columns."""
    features: list[Feature] = [
        Timing(name="age_days", group="timing", concept="age", label="age", measure="age_days"),
        *(
            Attribute(
                name=name, group="who they are", concept=name, label=name.capitalize(),
                type="category", column=name,
            )
            for name in ("source", "industry")
        ),
        Attribute(name="employees", group="who they are", concept="employees", label="Employees", column="employees"),
        EventCount(name="visits_30d", group="what they did", concept="visits", label="visit", event="visit", days=30),
        EventRecency(name="since_visit", group="what they did", concept="visits", label="visit", event="visit"),
        *(
            Attribute(name=f"number_{at}", group="who they are", concept=f"number {at}", label=f"Number {at}", column=f"number_{at}")
            for at in range(NUMBERS)
        ),
    ]  # fmt: skip
    return Catalogue(project="made_up", timezone="UTC", horizon_days=HORIZON, features=features)


def draw(leads: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw open leads: ages, an account for every other one, columns that depend on age and account."""
    age = rng.exponential(40, leads)
    account = rng.integers(0, max(1, int(leads / 1.5)), leads)
    visits = rng.poisson(3 * np.exp(-age / 60))
    frame = pd.DataFrame(
        {
            "lead_id": [f"L{at}" for at in range(leads)],
            "group_id": account.astype(str),
            "as_of": NOW,
            "age_days": age,
            "source": rng.choice(SOURCES, leads, p=SHARES),
            "industry": rng.choice(INDUSTRIES, leads),
            "employees": rng.lognormal(3, 1, leads).round(),
            "visits_30d": visits.astype(np.float64),
            "since_visit": np.where(visits > 0, rng.exponential(5, leads), np.nan),
            **{f"number_{at}": rng.gamma(1 + at, size=leads) for at in range(NUMBERS)},
        }
    )
    frame["source"] = frame["source"].astype(object).mask(rng.random(leads) < 0.03, None)
    frame["employees"] = frame["employees"].mask(rng.random(leads) < 0.2)
    return frame.assign(created_at=frame["as_of"] - pd.to_timedelta(frame["age_days"], unit="D"))


def mornings(
    rng: np.random.Generator, *, leads: int = 250, count: int = 26, every: int = 5
) -> pd.DataFrame:
    """Draw training mornings: half of a morning's leads were there the morning before."""
    last = NOW - pd.Timedelta(days=HORIZON)
    parts: list[pd.DataFrame] = []
    for at in range(count):
        new = draw(leads, rng).assign(as_of=last - pd.Timedelta(days=every * (count - 1 - at)))
        new["lead_id"] = [f"M{at}-{lead}" for lead in range(leads)]
        new["group_id"] = f"{at}-" + new["group_id"]
        if parts:
            stay = parts[-1].iloc[: leads // 2]
            new = pd.concat([stay.assign(as_of=new["as_of"].iloc[0]), new.iloc[leads // 2 :]])
        parts.append(new)
    return pd.concat(parts, ignore_index=True)


def probability(frame: pd.DataFrame) -> np.ndarray:
    """Return what the model says: the source, the visits and the employees matter."""
    effect = frame["source"].map(dict(zip(SOURCES, (0, -1, 0.7, 1.2, 0.3), strict=True))).fillna(0)
    margin = (
        -2.0 + effect + 0.3 * frame["visits_30d"] + 0.2 * np.log1p(frame["employees"]).fillna(3)
    )
    return np.asarray(1 / (1 + np.exp(-margin)), dtype=np.float64)  # fmt: skip


@dataclass(frozen=True)
class Watched:
    """A model that carries its reference."""

    bundle: Bundle
    weekdays: list[int]


def watched(seed: int = 0, **changes: int) -> Bundle:
    """Return a model of the population with the reference of drawn mornings."""
    rng = np.random.default_rng(seed)
    frame = mornings(rng, **changes)
    told = catalogue()
    levels = {"source": list(SOURCES), "industry": list(INDUSTRIES)}
    importance = dict.fromkeys(told.names, 0.01)
    model = {
        "format": FORMAT,
        "boosters": [],
        "step": "base_rate",
        "weights": {"base_rate": 1.0, "logistic": 0.0},
        "horizon_days": HORIZON,
        "features": [
            {"name": name, "type": "category", "levels": levels[name], "other": 0, "missing": 0, "rare": []}
            if name in levels
            else {"name": name, "type": "number"}
            for name in told.names
        ],
        "rates": [],
        "base_rate": {"feature": None, "edges": [], "margins": [-2.0], "base": -2.0},
        "logistic": None,
        "calibration": {"slope": 1.0, "intercept": 0.0, "shift": 0.0},
        "following": {"speed": None, "variance": 0.0, "day": 0.0},
        "training": {
            "importance": {**importance, "source": 0.5, "visits_30d": 0.3, "employees": 0.2, "industry": 0.1},
            "ranges": {},
        },
    }  # fmt: skip
    draft = Bundle.of(model, {}, told)
    return Bundle.of({**model, "watch": reference(frame, draft, probability(frame))}, {}, told)


def assert_every_weekday(bundle: Bundle) -> None:
    """Check that the drawn mornings stand on all days of the week, so that all columns are compared."""
    assert len(bundle.model["watch"]["weekdays"]) > 1
    assert weekday(NOW, "UTC") in bundle.model["watch"]["weekdays"]
