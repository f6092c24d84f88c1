"""What is learned about the columns before any model: levels of categories, ranges of numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Catalogue
from models.scorer import MISSING, OTHER, Floats, Spec

MAX_ONE_HOT = 400
MAX_RARE = 1000


@dataclass(frozen=True)
class Limits:
    """What a level needs to stand alone: leads, wins (seen or to be expected), and how many levels at most."""

    leads: float
    wins: float
    levels: int

    @classmethod
    def of(cls, label: Floats, weight: Floats, categories: int) -> "Limits":
        """Scale down from 30 leads and 5 wins where there is little data, so that small data keeps some levels."""
        leads, wins = float(weight.sum()), float((label * weight).sum())
        return cls(
            leads=float(np.clip(leads / 50, 5, 30)),
            wins=float(np.clip(wins / 20, 1, 5)),
            levels=int(np.clip(MAX_ONE_HOT // max(categories, 1), 5, 40)),
        )


def fit_encoder(
    frame: pd.DataFrame, catalogue: Catalogue, *, label: Floats, weight: Floats
) -> list[Spec]:
    """Learn how each feature is read; the result is JSON and is what ``models.scorer.encode`` takes.

    Rows are weighted so that a lead counts once: limits speak of leads, not of snapshots.
    """
    limits = Limits.of(label, weight, len(catalogue.categories))
    return [
        _learn_levels(feature.name, frame[feature.name], label, weight, limits)
        if feature.type == "category"
        else {"name": feature.name, "type": "number"}
        for feature in catalogue.features
    ]


def _learn_levels(
    name: str, column: pd.Series, label: Floats, weight: Floats, limits: Limits
) -> Spec:
    """Keep the levels there is enough of; the rest and missing are pools of their own.

    A pool that training never saw has nothing learned; its rows are read as the level whose
    close rate is nearest to the average, since an unknown should say little either way.
    """
    sums = _sums(column, label, weight)
    overall = float((label * weight).sum() / weight.sum())
    rare = ~sums["missing"] & ~_enough(sums, overall, limits)
    kept = sums[~rare & ~sums["missing"]].sort_values("leads", ascending=False, kind="stable")
    rare_names = [*sums.index[rare], *kept.index[limits.levels :]]
    levels = sorted(
        str(level) for level in kept.index[: limits.levels] if level not in (MISSING, OTHER)
    )
    pools = {OTHER: sums[sums.index.isin(rare_names)], MISSING: sums[sums["missing"]]}
    learned = sums.loc[levels]
    for pool, rows in pools.items():
        if rows["leads"].sum() > 0:
            levels.append(pool)
            learned = pd.concat(
                [learned, pd.DataFrame(rows[["leads", "wins"]].sum()).T.set_axis([pool])]
            )
    usual = _nearest_to_average(learned, overall)
    other = levels.index(OTHER) if OTHER in levels else usual
    return {
        "name": name,
        "type": "category",
        "levels": levels,
        "other": other,
        "missing": levels.index(MISSING) if MISSING in levels else other,
        "rare": sorted(str(level) for level in rare_names)[:MAX_RARE],
    }


def _sums(column: pd.Series, label: Floats, weight: Floats) -> pd.DataFrame:
    """Return leads and wins of each level, weighted; missing is one of them."""
    missing = column.isna().to_numpy(dtype=bool)
    names = column.astype(object).where(~missing, MISSING).astype(str)
    return (
        pd.DataFrame(
            {"level": names.to_numpy(), "leads": weight, "wins": weight * label, "missing": missing}
        )
        .groupby("level", sort=True)
        .agg(leads=("leads", "sum"), wins=("wins", "sum"), missing=("missing", "any"))
    )


def _enough(sums: pd.DataFrame, overall: float, limits: Limits) -> pd.Series:
    """Expected wins count too: a level of a thousand leads and no win says a lot."""
    return (sums["leads"] >= limits.leads) & (
        np.maximum(sums["wins"], sums["leads"] * overall) >= limits.wins
    )


def _nearest_to_average(learned: pd.DataFrame, overall: float) -> int:
    rate = (learned["wins"] + 10 * overall) / (learned["leads"] + 10)
    return int(np.argmin(np.round((rate - overall).abs().to_numpy(dtype=np.float64), 12)))


def ranges(features: list[Spec], matrix: Floats) -> dict[str, dict[str, float]]:
    """Return what each number column held in training: least, greatest, mean and the share missing."""
    found: dict[str, dict[str, float]] = {}
    for position, spec in enumerate(features):
        values = matrix[:, position]
        present = values[~np.isnan(values)]
        if spec["type"] == "number" and len(present):
            found[spec["name"]] = {
                "low": float(present.min()),
                "high": float(present.max()),
                "mean": float(present.mean()),
                "missing": float(1 - len(present) / len(values)),
            }
    return found


def unseen(spec: Spec, column: pd.Series) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return for each row of a category column whether its level is new, and whether it was rare in training."""
    rare = column.isin(spec["rare"]).to_numpy(dtype=bool)
    known: Any = column.isin([level for level in spec["levels"] if level not in (MISSING, OTHER)])
    new = ~(known.to_numpy(dtype=bool) | rare | column.isna().to_numpy(dtype=bool))
    # When the list of rare levels was cut, a level outside it may have been there.
    if len(spec["rare"]) >= MAX_RARE:
        return np.zeros(len(column), dtype=bool), rare | new
    return new, rare
