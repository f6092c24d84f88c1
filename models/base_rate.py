"""The lowest step: what share of leads of this age closes."""

import numpy as np

from models.scorer import Floats, Spec

STRENGTH = 20.0
MIN_RATE = 1e-4


def logit(probability: Floats) -> Floats:
    """Return log-odds; probabilities are kept off 0 and 1."""
    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(clipped) - np.log1p(-clipped), dtype=np.float64)


def fit_base_rate(matrix: Floats, label: Floats, weight: Floats, *, age_feature: int | None) -> Spec:
    """Learn the close rate by age band, each pulled to the overall rate as by 20 leads of it.

    Bands lie between the ages at which leads were looked at, so that each age of the ladder has its own.
    The pull is the empirical-Bayes shrinkage of a Beta-Binomial with a fixed strength.
    """
    overall = float(np.clip(np.average(label, weights=weight), MIN_RATE, 1 - MIN_RATE))
    base = float(logit(np.array([overall]))[0])
    if age_feature is None:
        return {"feature": None, "edges": [], "margins": [base], "base": base}
    ages = matrix[:, age_feature]
    edges = _band_edges(ages)
    band = np.searchsorted(edges, ages, side="right")
    known = ~np.isnan(ages)
    count = len(edges) + 1
    leads = np.bincount(band[known], minlength=count)
    total = np.bincount(band[known], weights=weight[known], minlength=count)
    wins = np.bincount(band[known], weights=(label * weight)[known], minlength=count)
    seen = np.divide(wins, total, out=np.full(count, overall), where=total > 0)
    margins = logit(np.clip((seen * leads + STRENGTH * overall) / (leads + STRENGTH), MIN_RATE, 1 - MIN_RATE))
    centre = float(np.average(margins, weights=total)) if total.sum() > 0 else base
    return {
        "feature": age_feature,
        "edges": [float(edge) for edge in edges],
        "margins": [float(margin) for margin in margins],
        "base": centre,
    }


def _band_edges(ages: Floats) -> Floats:
    """Return the middles between neighbouring ages; many different ages are cut at their tenths."""
    values = np.unique(ages[~np.isnan(ages)])
    if len(values) > 15:
        values = np.unique(np.quantile(ages[~np.isnan(ages)], np.linspace(0.05, 0.95, 10)))
    return np.asarray((values[:-1] + values[1:]) / 2, dtype=np.float64)
