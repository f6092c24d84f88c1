"""What leads that close have in common: the model's global explanation, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.facts import Driver, Interval, Level
from reports.voice import Voice, text

MOST_LEVELS = 6
PLACEHOLDERS = {"(missing)": text("not recorded"), "(other)": text("other")}


def drivers_table(
    explanation: Mapping[str, Any],
    *,
    top: int = 8,
    detailed: int = 3,
    min_group: int = 10,
    voice: Voice | None = None,
) -> list[Driver]:
    """Return the concepts that move the score most, strongest first.

    Concepts (visits in 7, 30 and 90 days are one) rank by the mean of their absolute summed
    contributions, exact as contributions add up (Lundberg and Lee, NeurIPS 2017). The
    ``detailed`` first ones show the levels of their strongest feature.

    Args:
        explanation: what ``models.explain`` says: ``concepts`` with ``name`` and
            ``mean_contribution`` (log-odds), ``features`` with ``concept``, ``label``, ``group``,
            ``type``, ``mean_contribution`` and a ``table`` of levels.
        top: concepts returned.
        detailed: of these, how many show their levels.
        min_group: levels of fewer leads are not shown.
        voice: the language of what is said of them; English if none is given.
    """
    voice = voice or Voice.of()
    strongest: dict[str, Mapping[str, Any]] = {}
    for feature in explanation["features"]:
        kept = strongest.setdefault(feature["concept"], feature)
        if feature["mean_contribution"] > kept["mean_contribution"]:
            strongest[feature["concept"]] = feature
    concepts = [
        c for c in explanation["concepts"] if c["name"] in strongest and c["mean_contribution"] > 0
    ]
    drivers = []
    for place, concept in enumerate(concepts[:top]):
        feature = strongest[concept["name"]]
        levels = _levels(feature, min_group, voice)
        drivers.append(
            Driver(
                label=_label(feature, voice),
                group=feature["group"],
                strength=concept["mean_contribution"],
                words=_words(levels, voice),
                levels=levels if place < detailed else [],
            )
        )
    return drivers


def _label(feature: Mapping[str, Any], voice: Voice) -> str:
    """A track record is named after its column, which is often a concept of its own."""
    label = str(feature["label"])
    if feature["group"] == "track record":
        return voice.say("{column}: how earlier leads closed", column=label)
    return label[:1].upper() + label[1:]


def _levels(feature: Mapping[str, Any], min_group: int, voice: Voice) -> list[Level]:
    levels = [
        Level(
            label=voice.say(PLACEHOLDERS[row["value"]])
            if row["value"] in PLACEHOLDERS
            else row["value"],
            leads=row["leads"],
            odds=row["odds_multiplier"],
            close_rate=Interval(value=row["observed_rate"], low=row["low"], high=row["high"]),
        )
        for row in feature["table"]
        if row["leads"] >= min_group
    ]
    if feature["type"] != "category":
        return levels  # bins stand in the order of their numbers
    common = sorted(levels, key=lambda level: -level.leads)[:MOST_LEVELS]
    return sorted(common, key=lambda level: -level.odds)


def _words(levels: Sequence[Level], voice: Voice) -> str:
    """Say at which level leads close more often, and where less. Never why: the model cannot know."""
    if len(levels) < 2:
        return voice.say("Moves the score, without one level that stands out.")
    best = max(levels, key=lambda level: level.odds)
    worst = min(levels, key=lambda level: level.odds)
    average = voice.times(1.0)
    high, low = voice.times(best.odds), voice.times(worst.odds)
    if high == low == average:
        return voice.say("Matters only together with other things.")
    told = {"best": best.label, "high": high, "worst": worst.label, "low": low}
    if best.odds > 1 > worst.odds and low != average:
        return voice.say(
            "“{best}”: these leads close more often (odds {high}). “{worst}”: less often (odds {low}).",
            **told,
        )
    return voice.say("Odds run from {low} (“{worst}”) to {high} (“{best}”) of the average.", **told)
