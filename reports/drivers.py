"""What leads that close have in common: the model's global explanation, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.facts import Driver, Interval, Level
from reports.words import TIMES, odds

MOST_LEVELS = 6
PLACEHOLDERS = {"(missing)": "not recorded", "(other)": "other"}


def drivers_table(
    explanation: Mapping[str, Any], *, top: int = 8, detailed: int = 3, min_group: int = 10
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
    """
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
        levels = _levels(feature, min_group)
        drivers.append(
            Driver(
                label=_label(feature),
                group=feature["group"],
                strength=concept["mean_contribution"],
                words=_words(levels),
                levels=levels if place < detailed else [],
            )
        )
    return drivers


def _label(feature: Mapping[str, Any]) -> str:
    """A track record is named after its column, which is often a concept of its own."""
    label = str(feature["label"])
    if feature["group"] == "track record":
        return f"{label}: how earlier leads closed"
    return label[:1].upper() + label[1:]


def _levels(feature: Mapping[str, Any], min_group: int) -> list[Level]:
    levels = [
        Level(
            label=PLACEHOLDERS.get(row["value"], row["value"]),
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


def _words(levels: Sequence[Level]) -> str:
    """Say at which level leads close more often, and where less. Never why: the model cannot know."""
    if len(levels) < 2:
        return "Moves the score, without one level that stands out."
    best = max(levels, key=lambda level: level.odds)
    worst = min(levels, key=lambda level: level.odds)
    if odds(best.odds) == odds(worst.odds) == f"{TIMES}1.0":
        return "Matters only together with other things."
    return (
        f"“{best.label}”: these leads close more often (odds {odds(best.odds)}). "
        f"“{worst.label}”: less often (odds {odds(worst.odds)})."
        if best.odds > 1 > worst.odds and odds(worst.odds) != f"{TIMES}1.0"
        else f"Odds run from {odds(worst.odds)} (“{worst.label}”) to {odds(best.odds)} (“{best.label}”) of the average."
    )
