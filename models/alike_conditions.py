"""Which conditions on a lead tell most, for the strongest concepts of a model."""

from collections.abc import Sequence

import numpy as np

from models.alike import Alike, Leads, Likeness, Question, Told, measure, tell
from models.by_group import Explained, concept_strengths
from models.conditions import Condition, conditions_of
from models.risk_ratio import strata_of

STRONGEST = 12
FLOOR = 0.01  # log-odds: a concept that moves scores less has nothing to tell


def age_of(explained: Explained) -> int:
    """Return the age of the snapshots in days; 0 where there are none."""
    ages = explained.frame["age_days"].to_numpy(dtype=np.float64)
    return round(float(np.median(ages))) if len(ages) else 0


def alike_leads(explained: Explained, *, min_group: int, strongest: int = STRONGEST) -> Told:
    """Return for each of the strongest concepts the condition that tells most, held against alike leads without it.

    Args:
        explained: leads of one age, with ``label`` and ``group_id``.
        min_group: fewest leads on either side.
        strongest: how many concepts are asked about.
    """
    if not len(explained.frame):
        return Told([], 0, apart=False)
    moving = [one.name for one in concept_strengths(explained) if one.strength >= FLOOR]
    age = age_of(explained)
    asked = {
        concept: found
        for concept in moving[:strongest]
        if (found := _questions(explained, concept, age, min_group))
    }
    likeness = {concept: _likeness(explained, concept) for concept in asked}
    return tell(
        Leads.of(explained.frame),
        asked,
        likeness,
        min_group=min_group,
        concepts=len(moving),
    )


def measure_again(
    explained: Explained, conditions: Sequence[Condition], *, min_group: int
) -> list[Alike | None]:
    """Return what conditions of an earlier time come to now, on all leads; None where that cannot be told any more."""
    if not len(explained.frame):
        return [None] * len(conditions)
    leads = Leads.of(explained.frame)
    concepts = {feature.name: feature.concept for feature in explained.features}
    found: list[Alike | None] = []
    for condition in conditions:
        concept = concepts.get(condition.feature)
        if concept is None or condition.feature not in explained.frame:
            found.append(None)
            continue
        question = Question(condition, *condition.asked(explained.frame[condition.feature]))
        likeness = _likeness(explained, concept)
        found.append(measure(leads, question, likeness, min_group=min_group))
    return found


def _likeness(explained: Explained, concept: str) -> Likeness:
    return Likeness(strata_of(explained.before(concept)), strata_of(explained.rest(concept)))


def _questions(explained: Explained, concept: str, age: int, min_group: int) -> list[Question]:
    """Return what can be asked of a concept's features; a window as long as the leads are old comes first."""
    features = [feature for feature in explained.features if feature.concept == concept]
    features.sort(key=lambda feature: _plainness(getattr(feature, "days", None), age))
    return [
        Question(condition, *condition.asked(explained.frame[feature.name]))
        for feature in features
        for condition in conditions_of(
            feature, explained.frame[feature.name], age_days=age, min_group=min_group
        )
    ]


def _plainness(window: int | None, age: int) -> tuple[int, int]:
    """Order windows: as long as the age, ever, longer ones from the longest, shorter ones from the longest."""
    if window == age:
        return 0, 0
    if window is None:
        return 1, 0
    return (2, -window) if window > age else (3, -window)
