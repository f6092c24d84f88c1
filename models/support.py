"""How much like a lead training has seen, in what matters to the model; and what about it is new."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import Catalogue, Feature
from models.scorer import Floats, Spec
from models.words import number, phrase, safe

Counts = npt.NDArray[np.float64]
IMPORTANT_SHARE = 0.95
TAIL_SHARES = (0.0, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5)
MOST_LEVELS = 1000
NEAR = 0.02  # of the distance between the quartiles
TOLD_SHARE = 0.01  # of what tells leads apart: less is not worth a word
FEW_LEADS = 5.0
DIGITS = 6


@dataclass(frozen=True)
class Sample:
    """Training rows and what the model says of them, (sample,) each.

    ``rows`` are positions; ``contributions`` what each feature added, (sample, features), in log-odds;
    ``lead`` numbers the leads.
    """

    rows: npt.NDArray[np.intp]
    contributions: Floats
    probability: Floats
    label: Floats
    lead: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """What training knew about each row: ``share`` in 0..1, ``variance`` of its log-odds, and the reason in words.

    ``notes`` names what of it training had seen least; empty where nothing stands out.
    """

    share: Floats
    variance: Floats
    notes: list[str]


def fit_support(
    frame: pd.DataFrame,
    weight: Floats,
    catalogue: Catalogue,
    *,
    sample: Sample,
) -> Spec:
    """Learn how many leads had each level and each extreme of the features that matter.

    Args:
        frame: training rows.
        weight: of the rows; they sum to the number of leads.
        catalogue: the features, in order.
        sample: some of these rows, with what the model said of them.

    Returns:
        JSON: ``leads``, ``rate``, and for each concept that matters the ``variance`` of its effects
        (log-odds squared) and its features, each with ``share`` of the concept and its counts.
    """
    leads = float(weight.sum())
    rate = float(np.average(frame["label"].to_numpy(dtype=np.float64), weights=weight))
    names = np.array([feature.concept for feature in catalogue.features], dtype=object)
    found = []
    for concept in dict.fromkeys(names.tolist()):
        mine = np.flatnonzero(names == concept)
        each = [_spread(at, catalogue.features[at], frame, weight, sample) for at in mine.tolist()]
        together = sample.contributions[:, mine].sum(axis=1)
        spread = max(_variance(together, weight[sample.rows]), *each)
        if sum(each) > 0:
            found.append((spread, concept, mine, each))
    total, reached, kept = sum(one[0] for one in found), 0.0, list[Spec]()
    for spread, _, mine, each in sorted(found, key=lambda one: (-one[0], one[1])):
        if reached >= IMPORTANT_SHARE * total:
            break
        reached += spread
        kept.append(
            {
                "variance": round(spread, DIGITS),
                "features": [
                    {
                        "name": catalogue.names[at],
                        "share": round(own / sum(each), DIGITS),
                        **_counts(frame[catalogue.names[at]], catalogue.features[at], weight),
                    }
                    for at, own in zip(mine, each, strict=True)
                    if own > 0
                ],
            }
        )
    return {"leads": round(leads, 2), "rate": round(rate, DIGITS), "concepts": kept}


def _spread(
    at: int, feature: Feature, frame: pd.DataFrame, weight: Floats, sample: Sample
) -> float:
    """Return the variance of a feature's effects among leads; for categories at least that among levels.

    A model holds back where levels are small, and its effects are then narrower than those of a level
    that it never saw. What the levels themselves tell is in the partial residuals: effect plus what the
    model left unexplained. Two leads of one level share nothing but the level, so that the mean product of
    theirs is the variance of the levels' effects, without the noise of outcomes.
    """
    own, mass = sample.contributions[:, at], weight[sample.rows]
    if feature.type == "number":
        return _variance(own, mass)
    column = frame[feature.name].iloc[sample.rows]
    level = pd.factorize(column.astype(object).where(column.notna(), None), use_na_sentinel=False)[
        0
    ]
    curve = np.maximum(sample.probability * (1 - sample.probability), 1e-6)
    worth = mass * curve
    pull = worth * own + mass * (sample.label - sample.probability)
    pull -= worth * pull.sum() / worth.sum()
    pair = np.unique(np.column_stack([level, sample.lead]), axis=0, return_inverse=True)[1].ravel()
    above = (np.bincount(level, pull) ** 2).sum() - (np.bincount(pair, pull) ** 2).sum()
    below = (np.bincount(level, worth) ** 2).sum() - (np.bincount(pair, worth) ** 2).sum()
    return max(_variance(own, mass), float(above / below) if below > 0 else 0.0)


def _variance(values: Floats, weight: Floats) -> float:
    mean = np.average(values, weights=weight)
    return float(np.average((values - mean) ** 2, weights=weight))


def _counts(column: pd.Series, feature: Feature, weight: Floats) -> Spec:
    missing = column.isna().to_numpy(dtype=bool)
    counts: Spec = {"missing": round(float(weight[missing].sum()), 2)}
    if feature.type == "category":
        level = column[~missing].astype(str).to_numpy()
        sums = pd.Series(weight[~missing]).groupby(level).sum().sort_index()
        kept = sums.sort_values(ascending=False, kind="stable").head(MOST_LEVELS).sort_index()
        levels = {str(name): round(float(leads), 2) for name, leads in kept.items()}
        # Where there are too many to keep, one that is not listed may have been there.
        return counts | {"levels": levels, "cut": len(kept) < len(sums)}
    values = column[~missing].to_numpy(dtype=np.float64)
    return counts | _tails(values, weight[~missing])


def _tails(values: Floats, weight: Floats) -> Spec:
    """Return, for either end, values and how many leads lay as far out as each of them, and what ``near`` is."""
    if not len(values):
        return {"near": 0.0, "low": [], "low_leads": [], "high": [], "high_leads": []}
    order = np.argsort(values, kind="stable")
    low, low_leads = _tail(values[order], weight[order])
    high, high_leads = _tail(-values[order[::-1]], weight[order[::-1]])
    quarter, three_quarters = np.quantile(values, [0.25, 0.75])
    return {
        "near": float(NEAR * (three_quarters - quarter)),
        "low": low,
        "low_leads": low_leads,
        "high": [-value for value in high],
        "high_leads": high_leads,
    }


def _tail(ordered: Floats, weight: Floats) -> tuple[list[float], list[float]]:
    """Return values of the lower end, least first, and the leads at or below each."""
    below = weight.cumsum()
    at = np.searchsorted(below, np.array(TAIL_SHARES) * below[-1], side="left")
    knots = np.unique(ordered[np.minimum(at, len(ordered) - 1)])
    leads = below[np.searchsorted(ordered, knots, side="right") - 1]
    return knots.tolist(), np.round(leads, 2).tolist()


def known(
    support: Spec, frame: pd.DataFrame, catalogue: Catalogue, *, itself: float = 0.0
) -> Known:
    """Return how much of what tells leads apart was learned from leads like these.

    Each level's effect is taken as drawn from the spread that its concept's effects have among leads, and
    learned from the n leads that had it (those at least as extreme, for a number): what is left open of
    it is the share k / (k + n), with k the leads that it takes to learn half of such an effect (as in a
    model with random effects: Robinson 1991). ``share`` is one less the part left open, weighted by the
    concepts' variance; ``variance`` is what is left open, in log-odds squared.

    Args:
        support: of ``fit_support``.
        frame: (rows,) with the features.
        catalogue: the features' words.
        itself: leads to take off each count, 1 for rows that training held.
    """
    features = {feature.name: feature for feature in catalogue.features}
    total = sum(concept["variance"] for concept in support["concepts"])
    rate = support["rate"]
    needed = half_known(rate)
    open_ = np.zeros(len(frame))
    most, told = np.zeros(len(frame)), np.zeros(len(frame), dtype=np.int64)
    words: list[tuple[Feature, Spec]] = []
    for concept in support["concepts"]:
        for spec in concept["features"]:
            leads = np.maximum(_like(spec, frame[spec["name"]]) - itself, 0.0)
            left = concept["variance"] * spec["share"] * needed / (needed + leads)
            open_ += left
            words.append((features[spec["name"]], spec))
            # Only what is rare stands out; what every lead leaves open is nobody's peculiarity.
            peculiar = np.where(leads < _few(support), left, 0.0)
            told[peculiar > most] = len(words)
            most = np.maximum(most, peculiar)
    told[most < TOLD_SHARE * total] = 0
    share = 1 - open_ / total if total > 0 else np.zeros(len(frame))
    return Known(
        share=np.clip(share, 0.0, 1.0),
        variance=open_ + 1 / (support["leads"] * max(rate * (1 - rate), 1e-6)),
        notes=_notes(words, told, frame),
    )


def half_known(rate: float) -> float:
    """Return how many leads a level needs to be known half: those that bring two outcomes of the rarer kind."""
    return float(np.clip(2 / max(min(rate, 1 - rate), 1e-6), 10, 100))


def _few(support: Spec) -> float:
    return float(np.clip(support["leads"] / 200, 1.0, FEW_LEADS))


def _like(spec: Spec, column: pd.Series) -> Counts:
    """Return how many leads of training had this level, or lay at least as far out."""
    missing = column.isna().to_numpy(dtype=bool)
    if "levels" in spec:
        leads = column.astype(object).map(spec["levels"]).to_numpy(dtype=np.float64, na_value=0.0)
        if spec["cut"]:
            leads = np.maximum(leads, 1.0)
    else:
        values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
        # A hair beyond the last lead is not beyond all experience.
        low = _at_least(values + spec["near"], spec["low"], spec["low_leads"])
        high = _at_least(
            spec["near"] - values, [-value for value in spec["high"]], spec["high_leads"]
        )
        leads = np.minimum(low, high)
    return np.where(missing, spec["missing"], leads)


def _at_least(values: Floats, knots: list[float], leads: list[float]) -> Counts:
    """Return the leads at or below the last knot that a value reaches; none below the first."""
    place = np.searchsorted(np.asarray(knots, dtype=np.float64), values, side="right")
    return np.asarray(np.r_[0.0, leads][place], dtype=np.float64)


def _notes(
    words: list[tuple[Feature, Spec]], told: npt.NDArray[np.int64], frame: pd.DataFrame
) -> list[str]:
    notes = np.full(len(frame), "", dtype=object)
    for place in np.unique(told[told > 0]):
        feature, spec = words[place - 1]
        rows = np.flatnonzero(told == place)
        # Many leads share a value: each is put into words once.
        codes, values = pd.factorize(frame[spec["name"]].iloc[rows], use_na_sentinel=False)
        leads = _like(spec, pd.Series(values))
        said = [
            note(feature, spec, value, float(count))
            for value, count in zip(np.asarray(values, dtype=object), leads, strict=True)
        ]
        notes[rows] = np.array(said, dtype=object)[codes]
    return [str(one) for one in notes]


def note(feature: Feature, spec: Spec, value: Any, leads: float) -> str:  # noqa: ANN401  number or text
    """Return in words why training says little about this value of this feature."""
    missing = bool(pd.isna(value))
    told = phrase(feature, None if missing else value if isinstance(value, str) else float(value))
    new = leads < 0.5
    some = "1 lead" if leads < 1.5 else f"{number(round(leads))} leads"
    if missing:
        why = "as for no lead in training" if new else f"as for only about {some} in training"
    elif "levels" in spec:
        why = "never seen in training" if new else f"as for only about {some} in training"
    else:
        why = "beyond all that training held" if new else f"beyond all but about {some} in training"
    return safe(f"{told}, {why}")
