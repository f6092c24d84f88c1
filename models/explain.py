"""What makes leads close, over all of them: for leadership and for the data scientist, as JSON values."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Feature
from models.bundle import Bundle
from models.metrics import wilson
from models.scorer import Floats
from models.words import clean, display, number

Positions = npt.NDArray[np.intp]
SAMPLE = 5_000
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
    ``features``: for the strongest ones a table of bins or levels with rows, leads, what their concept contributes
    there, as a multiple of the average row's odds, and the observed close rate with its 95 % interval (independent leads counted, not rows).
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
                "label": display(features[position].label),
                "concept": features[position].concept,
                "group": features[position].group,
                "type": features[position].type,
                "mean_contribution": float(strength[position]),
                "table": _dependence(
                    frame,
                    features[position].name,
                    features[position].kind,
                    features[position].type,
                    _against_average(parts, features, features[position].concept),
                ),
            }
            for position in top
        ],
    }


def _against_average(parts: Floats, features: Sequence[Feature], concept: str) -> Floats:
    """Return what a concept contributes to each row, less its mean.

    Visits in 7, 30 and 90 days share one effect between them: the odds of one of them alone would
    tell a fraction of it.
    """
    mine = [place for place, feature in enumerate(features) if feature.concept == concept]
    summed = np.asarray(parts[:, mine].sum(axis=1), dtype=np.float64)
    return np.asarray(summed - summed.mean(), dtype=np.float64)


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


def _dependence(
    frame: pd.DataFrame, name: str, kind: str, column_type: str, part: Floats
) -> list[dict[str, Any]]:
    if column_type == "category":
        places, words = _levels(frame[name])
    else:
        places, words = _bins(frame[name], _percent if kind == "track_record" else number)
    label, lead = frame["label"].to_numpy(dtype=np.float64), frame["lead_id"].to_numpy()
    rows = []
    for place in np.unique(places):
        inside = places == place
        leads, rate = len(np.unique(lead[inside])), float(label[inside].mean())
        low, high = wilson(rate * leads, leads)
        rows.append(
            {
                "value": words[place],
                "rows": int(inside.sum()),
                "leads": leads,
                "odds_multiplier": float(np.exp(part[inside].mean())),
                "observed_rate": rate,
                "low": low,
                "high": high,
            }
        )
    return rows


def _levels(column: pd.Series) -> tuple[Positions, list[str]]:
    """Return each row's place among the commonest levels, the rest together, and their names."""
    missing = column.isna().to_numpy(dtype=bool)
    names = column.astype(object).where(~missing, "").astype(str).to_numpy()
    levels, counts = np.unique(names[~missing], return_counts=True)
    common = levels[np.argsort(-counts, kind="stable")[:MAX_LEVELS]]
    places = pd.Index(common).get_indexer(pd.Index(names))
    places = np.where(missing, len(common) + 1, np.where(places < 0, len(common), places))
    return places, [*(clean(str(level)) for level in common), "(other)", "(missing)"]


def _percent(rate: float) -> str:
    return f"{number(100 * rate)} %"


def _bins(column: pd.Series, told: Callable[[float], str]) -> tuple[Positions, list[str]]:
    """Return each row's place among up to six bins of equal mass, and the bins in words."""
    values = column.astype(np.float64).to_numpy()
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, 7)[1:-1])) if len(known) else np.zeros(0)
    edges = edges[edges > known.min()] if len(known) else edges
    places = np.where(
        np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="right")
    )
    if not len(edges):
        return places, ["any", "(missing)"]
    between = [f"{told(low)} to below {told(high)}" for low, high in itertools.pairwise(edges)]
    first, last = f"below {told(edges[0])}", f"{told(edges[-1])} and more"
    return places, [first, *between, last, "(missing)"]
