"""What makes leads close, over all of them: for leadership and for the data scientist, as JSON values."""

from typing import Any

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.scorer import MISSING
from models.metrics import wilson
from models.scorer import Floats

SAMPLE = 4000
TOP_FEATURES = 12
MAX_LEVELS = 12


def importance(bundle: Bundle, frame: pd.DataFrame, *, sample: int = SAMPLE) -> dict[str, Any]:
    """Return the mean |contribution| of each feature and the mean contribution of each concept (log-odds)."""
    parts = bundle.contributions(frame.tail(sample))[:, :-1]
    by_concept: dict[str, float] = {}
    for position, feature in enumerate(bundle.catalogue.features):
        by_concept[feature.concept] = by_concept.get(feature.concept, 0.0) + float(
            parts[:, position].mean()
        )
    strength = np.abs(parts).mean(axis=0)
    return {
        "importance": {
            name: float(value) for name, value in zip(bundle.catalogue.names, strength, strict=True)
        },
        "average_contributions": by_concept,
    }


def explain(
    bundle: Bundle, frame: pd.DataFrame, *, seed: int, sample: int = SAMPLE
) -> dict[str, Any]:
    """Return the global explanation on a sample of rows with labels.

    ``concepts`` and ``groups``: the mean of |sum of their features' contributions|, in log-odds, greatest first.
    ``features``: for the strongest ones a table of bins or levels with rows, leads, the mean contribution as an
    odds multiplier, and the observed close rate with its 95 % interval (independent leads counted, not rows).
    """
    if len(frame) > sample:
        frame = frame.iloc[np.sort(np.random.default_rng(seed).permutation(len(frame))[:sample])]
    parts = bundle.contributions(frame)[:, :-1]
    features = bundle.catalogue.features
    strength = np.abs(parts).mean(axis=0)
    top = [
        int(position)
        for position in np.argsort(-strength, kind="stable")[:TOP_FEATURES]
        if strength[position] > 1e-6
    ]
    return {
        "rows": len(frame),
        "step": bundle.step,
        "concepts": _ranked(parts, [feature.concept for feature in features]),
        "groups": _ranked(parts, [feature.group for feature in features]),
        "features": [
            {
                "name": features[position].name,
                "label": features[position].label,
                "concept": features[position].concept,
                "group": features[position].group,
                "type": features[position].type,
                "mean_contribution": float(strength[position]),
                "table": _dependence(
                    frame, features[position].name, features[position].type, parts[:, position]
                ),
            }
            for position in top
        ],
    }


def _ranked(parts: Floats, names: list[str]) -> list[dict[str, Any]]:
    codes, unique = pd.factorize(np.array(names, dtype=object))
    summed = np.zeros((len(parts), len(unique)))
    for position, code in enumerate(codes):
        summed[:, code] += parts[:, position]
    means = np.abs(summed).mean(axis=0)
    total = float(means.sum()) or 1.0
    order = np.argsort(-means, kind="stable")
    return [
        {
            "name": str(unique[code]),
            "mean_contribution": float(means[code]),
            "share": float(means[code] / total),
        }
        for code in order
    ]


def _dependence(frame: pd.DataFrame, name: str, kind: str, part: Floats) -> list[dict[str, Any]]:
    keys = _levels(frame[name]) if kind == "category" else _bins(frame[name])
    table = pd.DataFrame(
        {
            "key": keys.to_numpy(),
            "part": part,
            "label": frame["label"].to_numpy(),
            "lead": frame["lead_id"].to_numpy(),
        }
    )
    rows = []
    for key, inside in table.groupby("key", sort=True):
        leads, rate = int(inside["lead"].nunique()), float(inside["label"].mean())
        low, high = wilson(rate * leads, leads)
        rows.append(
            {
                "value": str(key[1]) if isinstance(key, tuple) else str(key),
                "rows": len(inside),
                "leads": leads,
                "odds_multiplier": float(np.exp(inside["part"].mean())),
                "observed_rate": rate,
                "low": low,
                "high": high,
            }
        )
    return rows


def _levels(column: pd.Series) -> pd.Series:
    names = column.astype(object).where(column.notna(), "(missing)").astype(str)
    common = (
        names.value_counts()
        .sort_index()
        .sort_values(ascending=False, kind="stable")
        .index[:MAX_LEVELS]
    )
    return names.where(names.isin(common), "(other)").replace(MISSING, "(missing)")


def _bins(column: pd.Series) -> pd.Series:
    """Return (order, words) pairs of up to six bins of equal mass, so that they sort as numbers do."""
    values = column.astype(np.float64)
    edges = (
        np.unique(np.quantile(values.dropna(), np.linspace(0, 1, 7)))
        if values.notna().any()
        else np.zeros(1)
    )
    inner = edges[1:-1] if len(edges) > 2 else edges[:1]
    place = np.searchsorted(inner, values, side="right")
    keys = []
    for value, slot in zip(values, place, strict=True):
        if np.isnan(value):
            keys.append((len(inner) + 1, "(missing)"))
            continue
        low = "" if slot == 0 else f"{inner[slot - 1]:.4g}"
        high = "" if slot == len(inner) else f"{inner[slot]:.4g}"
        keys.append(
            (
                int(slot),
                f"below {high}"
                if not low
                else f"{low} and more"
                if not high
                else f"{low} to below {high}",
            )
        )
    return pd.Series(keys, index=column.index, dtype=object)
