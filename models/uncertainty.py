"""How sure a probability is: the interval of its rate, and how much like the lead training has seen.

`reference` learns it once, at training, as JSON; `told` says it of each lead of a night.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.bundle import Bundle
from models.frames import fair_weights
from models.metrics import Integers
from models.scorer import Floats, Spec
from models.support import fit_support, known
from models.venn_abers import Z, drift_of, fit_venn_abers, interval

SAMPLE = 10_000
LOW_SHARE, MEDIUM_SHARE = 0.05, 0.25  # of training's own rows
HALF = 0.5  # where less than half of what tells leads apart is known, confidence is low whatever was usual
SURE = 0.95  # and from here on high: the least known of very many leads are known well
DIGITS = 6
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


def reference(
    bundle: Bundle, ladder: pd.DataFrame, mornings: pd.DataFrame, predictions: pd.DataFrame
) -> Spec:
    """Return what `told` needs, as JSON: the value of ``model["uncertainty"]``.

    Args:
        bundle: the model that is published, with its calibration.
        ladder: every row that it learned from, in the order of training.
        mornings: of the leads open on calendar mornings, which is what nights look like.
        predictions: the evaluation's out-of-fold rows, with ``fold, label, age_days, cluster`` and
            ``leadgauge``, what would have been published.
    """
    weight = fair_weights(ladder)
    label = ladder["label"].to_numpy(dtype=np.float64)
    sample = np.unique(np.linspace(0, len(ladder) - 1, min(SAMPLE, len(ladder))).astype(np.intp))
    support = fit_support(
        ladder,
        weight,
        bundle.catalogue,
        sample=sample,
        contributions=bundle.contributions(ladder.iloc[sample])[:, :-1],
        rate=float(np.average(label, weights=weight)),
    )
    # A morning's lead is among those that were counted: one off, or no level would ever look new.
    seen = known(support, mornings, bundle.catalogue, itself=1.0).share
    low, medium = (float(np.quantile(seen, share)) for share in (LOW_SHARE, MEDIUM_SHARE))
    return {
        "interval": _interval(predictions),
        "support": support,
        "low_below": round(max(min(low, SURE), HALF), DIGITS),
        "medium_below": round(max(min(medium, SURE), HALF), DIGITS),
    }


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
    low = found.share < spec["low_below"]
    medium = unsure | (found.share < spec["medium_below"])
    words = np.select([low, medium], ["low", "medium"], "high")
    notes = [
        "" if word == "high" else note or ("" if word == "medium" else NO_STANDOUT)
        for word, note in zip(words, found.notes, strict=True)
    ]
    least, most = widened(spec["interval"], probability, found.variance)
    return Told(least, most, found.share, [str(word) for word in words], notes)


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
        np.minimum(_probability(middle - below), probability),
        np.maximum(_probability(middle + above), probability),
    )


def _log_odds(probability: Floats) -> Floats:
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def _probability(log_odds: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * log_odds)), dtype=np.float64)
