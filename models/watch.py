"""The watch: tonight's open leads against what the model learned from, each finding with a verdict.

A night goes on where nothing is further off than luck and the past explain, warns where the difference is large and
touches what moves the scores, and stops where the scores cannot be right: a column that matters is empty, unknown or
one value for nearly all leads, or every lead gets the same probability.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pandas as pd

from features.catalogue import AccountAttribute, Attribute
from models.bundle import Bundle
from models.counted import Counted, counted, has_reference
from models.drift import share
from models.encoding import unseen
from models.scorer import Floats
from models.tonight import BROKEN, LEVEL, Night, Seen
from models.watch_words import broken_words, drift_words, joint_words, new_words, score_words

Verdict = Literal["go on", "warn", "stop"]
VERDICTS: tuple[Verdict, ...] = ("go on", "warn", "stop")
MATTERS = 0.05  # of what moves the scores: the drifted columns together
STOPS = 0.1  # of what moves the scores: the broken columns together
BOUND = (
    0.2  # of what moves the scores sees the weekday: scores of an unknown weekday are not compared
)
LEAST_LEADS = 8
SCORE_LEVEL = 0.002
OLDER = 0.5  # of the leads older than any that was learned from


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    ``measure`` is held against ``threshold``, both None where there was nothing to measure; ``words`` are for a
    marketing-operations person; ``details`` are JSON values.
    """

    what: str
    verdict: Verdict
    words: str
    measure: float | None = None
    threshold: float | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the finding as one JSON object."""
        return {
            "what": self.what,
            "measure": self.measure,
            "threshold": self.threshold,
            "words": self.words,
            "verdict": self.verdict,
            **self.details,
        }


def worst(findings: Iterable[Finding]) -> Verdict:
    """Return the gravest verdict, ``go on`` if there is none."""
    return max((one.verdict for one in findings), key=VERDICTS.index, default="go on")


def watch(
    batches: Iterable[tuple[pd.DataFrame, Floats]], bundle: Bundle, as_of: datetime
) -> list[Finding]:
    """Hold tonight's open leads against the reference that the model carries (``models.usual.reference``).

    Args:
        batches: feature rows (``lead_id, age_days, group_id`` and the features) with their published probabilities.
        bundle: the model. One without a reference, trained before there was a watch, gives one finding that says so.
        as_of: the night, naive UTC.
    """
    if not has_reference(bundle):
        return _without_reference(batches, bundle)
    return weigh(counted(batches, bundle), bundle, as_of)


def weigh(night_counted: Counted, bundle: Bundle, as_of: datetime) -> list[Finding]:
    """Return what ``watch`` finds, of leads that are counted already, by a bundle that has a reference."""
    night = Night(bundle, night_counted, as_of)
    if night.leads < LEAST_LEADS:
        words = f"{night.leads} open leads are too few to be compared with those of the training"
        return [Finding("leads", "go on", words, float(night.leads), float(LEAST_LEADS))]
    seen = night.columns()
    return [
        *_broken(seen),
        *_new(seen, night.leads),
        _joint(seen, night),
        _scores(night),
        _ages(night),
    ]


def _without_reference(
    batches: Iterable[tuple[pd.DataFrame, Floats]], bundle: Bundle
) -> list[Finding]:
    """Return what a model that was trained before there was a watch can still tell: values that it never saw."""
    specs = {spec["name"]: spec for spec in bundle.model["features"]}
    columns = [
        feature
        for feature in bundle.catalogue.features
        if isinstance(feature, Attribute | AccountAttribute) and feature.type == "category"
    ]
    new: dict[str, Counter[str]] = {feature.name: Counter() for feature in columns}
    leads = 0
    for frame, _ in batches:
        leads += len(frame)
        for name, counts in new.items():
            counts.update(frame.loc[unseen(specs[name], frame[name])[0], name].astype(str))
    words = "this model carries no picture of its training leads; train anew to have nights compared with it"
    return [
        Finding("reference", "go on", words),
        *(
            Finding(
                f"values of {feature.name}",
                "warn",
                new_words(feature, new[feature.name]),
                sum(new[feature.name].values()) / leads,
                0.0,
            )
            for feature in columns
            if new[feature.name]
        ),
    ]


def _broken(seen: Sequence[Seen]) -> list[Finding]:
    """Return the broken columns; they stop the night if together they matter."""
    weight = sum(one.importance for one in seen if one.broken)
    return [
        Finding(
            f"column {one.feature.name}",
            "go on" if one.importance <= 0 else "stop" if weight >= STOPS else "warn",
            broken_words(one),
            weight,
            STOPS,
            {"broken": one.broken, "importance": one.importance},
        )
        for one in seen
        if one.broken
    ]


def _new(seen: Sequence[Seen], leads: int) -> list[Finding]:
    """Return the columns with values that the model never saw; as few as luck and the past bring go on."""
    return [
        Finding(
            f"values of {one.feature.name}",
            "warn" if one.new else "go on",
            new_words(one.feature, one.tally.new),
            one.strange.value,
            one.strange.limit,
            {"leads": leads},
        )
        for one in seen
        if one.tally.new and not one.broken
    ]


def _joint(seen: Sequence[Seen], night: Night) -> Finding:
    """Return one finding about all columns: how many have drifted, and what they weigh with the model.

    What another finding warns of already does not warn a second time.
    """
    drifted = [one for one in seen if one.drift and one.drift.drifted]
    drifted.sort(key=lambda one: -one.importance)
    untold = [one for one in drifted if not one.broken and not one.new]
    columns = [
        {
            "name": one.feature.name,
            "label": one.feature.label,
            "importance": one.importance,
            "measure": one.drift.measure,
            "threshold": one.drift.threshold,
            "words": drift_words(one.feature, one.column, one.drift),
        }
        for one in drifted
        if one.drift
    ]
    skipped = [column["name"] for column in night.usual["columns"] if not night.compares(column)]
    weight = sum(one.importance for one in untold)
    return Finding(
        "inputs",
        "warn" if weight >= MATTERS else "go on",
        joint_words(untold, len(seen), weight),
        weight,
        MATTERS,
        {"columns": len(seen), "drifted": columns, "not_compared": skipped},
    )


def _scores(night: Night) -> Finding:
    """Return whether the probabilities lie as they did, for leads of the same ages."""
    column, tally = night.score
    mean = night.counted.summed / night.leads
    usual = _usual_mean(column["mean"], night.by_band)
    if night.is_one_value(column, tally, night.worth):
        words = (
            f"every one of the {night.leads} open leads gets the same probability, {100 * mean:.1f} %: "
            "nothing of what tells leads apart has reached the model"
        )
        return Finding("scores", "stop", words, 1.0, BROKEN)
    bound = sum(night.importance.get(told["name"], 0.0) for told in night.usual["columns"] if told["bound"])  # fmt: skip
    if night.new_weekday and bound > BOUND:
        words = "the scores were not compared: no training morning was on such a day of the week"
        return Finding("scores", "go on", words)
    drift = night.drift(column, tally, night.worth, SCORE_LEVEL)
    if drift is None:
        return Finding("scores", "go on", "the scores were not compared: too few leads")
    return Finding(
        "scores",
        "warn" if drift.drifted else "go on",
        score_words(column, drift, mean, usual),
        drift.measure,
        drift.threshold,
        {"mean": mean, "usual_mean": usual},
    )


def _ages(night: Night) -> Finding:
    """Return how many leads are older than any that the model learned from."""
    found = share(
        night.counted.older,
        night.leads,
        usual=0.0,
        allowed=OLDER,
        worth=night.worth,
        reference_rows=float(night.leads),
    )
    words = (
        f"{100 * found.value:.0f} % of the open leads are older than any that the model learned from "
        f"({night.usual['oldest_days']:.0f} days): what becomes of such old ones it can only guess"
    )
    verdict: Verdict = "warn" if found.chance < LEVEL else "go on"
    return Finding("ages", verdict, words, found.value, OLDER)


def _usual_mean(means: Sequence[float | None], rows: Floats) -> float | None:
    known = [(mean, count) for mean, count in zip(means, rows, strict=True) if mean is not None]
    total = sum(count for _, count in known)
    return float(sum(mean * count for mean, count in known) / total) if total else None
