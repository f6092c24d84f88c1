"""How sure a probability is: the interval of its rate, and how much like the lead training has seen.

`reference` learns it once, at training, as JSON; `told` says it of each lead of a night.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.catalogue import Timing
from models.bundle import Bundle
from models.metrics import AGE_BANDS, Integers
from models.scorer import Floats, Spec, expit
from models.support import Sample, fit_support, known
from models.venn_abers import Z, drift_of, fit_venn_abers, interval

SAMPLE = 5_000
LOW_SHARE, MEDIUM_SHARE = 0.05, 0.25  # of training's own rows
HALF = 0.5  # where less than half of what tells leads apart is known, confidence is low whatever was usual
SURE = 0.95  # and from here on high: the least known of very many leads are known well
ENOUGH_ROWS = 40
DIGITS = 6
AGE_ALONE = "the model tells leads apart by their age at most"
NO_STANDOUT = "few leads in training were like it in all that matters"


@dataclass(frozen=True)
class Told:
    """What is told of each lead, (rows,) each.

    ``low`` and ``high`` are probabilities, NaN where there is no honest interval; ``seen`` is 0..1;
    ``confidence`` high, medium or low; ``note`` why it is not high, empty where it is.
    """

    low: Floats
    high: Floats
    seen: Floats
    confidence: list[str]
    note: list[str]


def reference(bundle: Bundle, ladder: pd.DataFrame, predictions: pd.DataFrame) -> Spec:
    """Return what `told` needs, as JSON: the value of ``model["uncertainty"]``.

    Args:
        bundle: the model that is published, with its calibration.
        ladder: every row that it learned from, with ``lead_id, label, age_days, weight`` and the features.
        predictions: the evaluation's out-of-fold rows, with ``fold, label, age_days, cluster`` and
            ``leadgauge``, what would have been published.
    """
    weight = ladder["weight"].to_numpy(dtype=np.float64)
    weight = weight * ladder["lead_id"].nunique() / weight.sum()
    label = ladder["label"].to_numpy(dtype=np.float64)
    rows = np.unique(np.linspace(0, len(ladder) - 1, min(SAMPLE, len(ladder))).astype(np.intp))
    some = ladder.iloc[rows]
    parts = bundle.contributions(some)
    sample = Sample(
        rows=rows,
        contributions=parts[:, :-1],
        probability=expit(parts.sum(axis=1)),
        label=label[rows],
        lead=pd.factorize(some["lead_id"])[0].astype(np.int64),
    )
    support = fit_support(ladder, weight, bundle.catalogue, sample=sample)
    # A row of training is among those that were counted: one off, or no level would ever look new.
    seen = known(support, some, bundle.catalogue, itself=1.0).share
    return {
        "interval": _interval(predictions),
        "support": support,
        **_thresholds(some["age_days"].to_numpy(dtype=np.float64), seen, weight[rows]),
    }


def _thresholds(age: Floats, seen: Floats, weight: Floats) -> Spec:
    """Return what counts as little for a lead of its age: the older it is, the more of it is its own.

    A band of ages without enough rows joins the one before it.
    """
    spec: Spec = {"ages": [], "low_below": [], "medium_below": []}
    starts = [0.0, *(float(start) for start in AGE_BANDS[1:])]
    band = np.searchsorted(starts, age, side="right") - 1
    for number, start in enumerate(starts):
        inside = band == number
        if inside.sum() < ENOUGH_ROWS and (spec["ages"] or number < band.max()):
            continue
        low, medium = _quantiles(seen[inside], weight[inside])
        spec["ages"].append(start)
        spec["low_below"].append(round(float(np.clip(low, HALF, SURE)), DIGITS))
        spec["medium_below"].append(round(float(np.clip(medium, HALF, SURE)), DIGITS))
    return spec


def _quantiles(seen: Floats, weight: Floats) -> Floats:
    order = np.argsort(seen, kind="stable")
    mass = weight[order].cumsum()
    at = np.searchsorted(mass, np.array([LOW_SHARE, MEDIUM_SHARE]) * mass[-1], side="left")
    return np.asarray(seen[order][at], dtype=np.float64)


def _interval(predictions: pd.DataFrame) -> Spec | None:
    """Return the interval's steps; None for a flat export, whose leads are known at age 0 alone."""
    if predictions.empty or float(predictions["age_days"].max()) <= 0:
        return None
    probability = predictions["leadgauge"].to_numpy(dtype=np.float64)
    label = predictions["label"].to_numpy(dtype=np.float64)
    clusters: Integers = predictions["cluster"].to_numpy(dtype=np.int64)
    drift = drift_of(probability, label, clusters, predictions["fold"].to_numpy())
    return fit_venn_abers(probability, label, clusters, drift=drift)


def told(bundle: Bundle, frame: pd.DataFrame, probability: Floats) -> Told | None:
    """Return interval and confidence of each lead; None for a model that was trained before it learned them.

    Args:
        bundle: the model.
        frame: (rows,) with its features.
        probability: as published, (rows,).
    """
    spec = bundle.model.get("uncertainty")
    if spec is None:
        return None
    found = known(spec["support"], frame, bundle.catalogue)
    unsure = np.zeros(len(frame), dtype=bool) | (bundle.step == "base_rate")
    band = np.searchsorted(spec["ages"], _ages(bundle, frame), side="right") - 1
    band = np.maximum(band, 0)
    low = found.share < np.array(spec["low_below"])[band]
    medium = unsure | (found.share < np.array(spec["medium_below"])[band])
    words = np.select([low, medium], ["low", "medium"], "high")
    otherwise = {"low": NO_STANDOUT, "medium": "", "high": ""}
    if bundle.step == "base_rate":
        otherwise["medium"] = AGE_ALONE
    notes = [
        (note if word != "high" else "") or otherwise[str(word)]
        for word, note in zip(words, found.notes, strict=True)
    ]
    least, most = widened(spec["interval"], probability, found.variance)
    return Told(least, most, found.share, [str(word) for word in words], notes)


def _ages(bundle: Bundle, frame: pd.DataFrame) -> Floats:
    """Return each lead's age in days, 0 where the model does not know it: a flat export's leads."""
    for feature in bundle.catalogue.features:
        if isinstance(feature, Timing) and feature.measure == "age_days":
            ages = pd.to_numeric(frame[feature.name]).to_numpy(dtype=np.float64, na_value=np.nan)
            return np.asarray(np.nan_to_num(ages))
    return np.zeros(len(frame))


def widened(spec: Spec | None, probability: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Return the ends of the interval, (rows,) each: of leads scored like it, widened for what is new in this one.

    The distances from the probability, in log-odds, and the lead's own standard deviation are independent
    and so add up as squares. NaN where there is no interval.
    """
    if spec is None:
        nothing = np.full(len(probability), np.nan)
        return nothing, nothing.copy()
    least, most = interval(spec, probability)
    middle, own = _log_odds(probability), Z * Z * variance
    below = np.sqrt((middle - _log_odds(least)) ** 2 + own)
    above = np.sqrt((_log_odds(most) - middle) ** 2 + own)
    return (
        np.minimum(expit(middle - below), probability),
        np.maximum(expit(middle + above), probability),
    )


def _log_odds(probability: Floats) -> Floats:
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)
