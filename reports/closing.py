"""What goes with closing: the model's strengths, conditions held against alike leads, segments, and what changed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from models.alike import Alike
from models.alike_conditions import age_of, alike_leads
from models.bundle import Bundle
from models.by_group import (
    ACTED_ON,
    Explained,
    Strength,
    concept_strengths,
    group_strengths,
    levels_of,
    pulls,
)
from models.conditions import Flags
from models.points import Points, curves, swarms
from models.scorer import Floats
from models.segments import important_category
from reports.closing_changes import (
    changed_conditions,
    changed_strengths,
    earlier_closing,
    ratio_interval,
)
from reports.closing_facts import (
    ClosingFacts,
    ConditionFact,
    LevelFact,
    PointsFact,
    PullFact,
    StrengthFact,
)
from reports.intervals import share_interval
from reports.material import Material

LEADS_OF_A_LEVEL = 50
MOST_LEVELS = 8


def closing_facts(
    material: Material,
    bundle: Bundle | None,
    frame: pd.DataFrame | None,
    *,
    explanation: Mapping[str, Any] | None = None,
) -> ClosingFacts:
    """Return what goes with closing.

    Args:
        material: of the report.
        bundle: the champion; None if there is none.
        frame: mature snapshots at one age with ``lead_id, age_days, group_id, label`` and the model's features; None
            or empty if there are none.
        explanation: what the training found (``models.explain``): its strengths stand in where there is no frame.

    Raises:
        DataError: the frame does not fit the model.
    """
    if bundle is None:
        return ClosingFacts(step=None)
    if frame is not None:
        frame = frame[frame["label"].notna()]
    if bundle.step == "base_rate" or frame is None or frame.empty:
        known = {} if bundle.step == "base_rate" else _as_trained(explanation)
        return ClosingFacts.model_validate({"step": bundle.step, **known})
    explained = Explained.of(bundle, frame, chosen=_chosen(material))
    age = None if material.flat else age_of(explained)
    least = material.min_group
    label = explained.frame["label"].to_numpy(dtype=float)
    told = alike_leads(explained, min_group=least)
    wins = float(label.sum()) / (2 if told.apart else 1)  # about, of those that were measured on
    concepts = [_strength(one) for one in concept_strengths(explained)]
    earlier = earlier_closing(material.earlier)
    return ClosingFacts.model_validate(
        {
            "step": bundle.step,
            "age_days": age,
            "leads": len(label),
            "wins": int(label.sum()),
            "horizon_days": None if material.flat else bundle.catalogue.horizon_days,
            "groups": [_strength(one) for one in group_strengths(explained)],
            "concepts": concepts,
            "looked_at": told.looked_at,
            "apart": told.apart,
            "conditions": [_condition(one, age, wins) for one in told.conditions],
            "swarms": [_points(one) for one in swarms(explained, min_group=least)],
            "curves": [_points(one) for one in curves(explained, min_group=least)],
            "levels": list(_levels(material, explained)),
            "compared": bool(earlier.get("concepts")),
            "changed_strengths": list(changed_strengths(earlier, age, concepts)),
            "changed_conditions": list(changed_conditions(earlier, age, explained, least)),
        }
    )


def _chosen(material: Material) -> frozenset[str]:
    """Return the lead's columns that the report compares: what marketing chooses, as a channel or a message."""
    return frozenset(
        column.removeprefix("lead_") for column in material.columns.dimensions.values()
    )


def _as_trained(explanation: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the strengths that the training found; concepts it told no more of keep their names."""
    told = explanation or {}
    features: dict[str, Mapping[str, Any]] = {}
    for feature in told.get("features", []):
        features.setdefault(feature["concept"], feature)  # the strongest stands first
    return {
        "groups": [
            StrengthFact(
                name=one["name"],
                label=one["name"],
                group=one["name"],
                strength=one["mean_contribution"],
                share=one["share"],
                acted_on=one["name"] in ACTED_ON,
            )
            for one in told.get("groups", [])
        ],
        "concepts": [
            StrengthFact(
                name=one["name"],
                label=features[one["name"]]["label"],
                group=features[one["name"]]["group"],
                strength=one["mean_contribution"],
                share=one["share"],
                acted_on=features[one["name"]]["group"] in ACTED_ON,
            )
            for one in told.get("concepts", [])
            if one["name"] in features
        ],
    }


def _strength(one: Strength) -> StrengthFact:
    return StrengthFact(
        name=one.name,
        label=one.label,
        group=one.group,
        strength=one.strength,
        share=min(1.0, one.share),
        acted_on=one.can_be_acted_on,
    )


def _points(one: Points) -> PointsFact:
    return PointsFact(
        concept=one.concept,
        label=one.label,
        group=one.group,
        contributions=one.contributions,
        values=one.values,
    )


def _condition(one: Alike, age: int | None, wins: float) -> ConditionFact:
    return ConditionFact(
        condition=one.condition,
        age_days=age,
        leads=one.leads,
        wins=one.wins,
        rate=one.rate,
        alike_rate=one.alike_rate,
        ratio=ratio_interval(one.ratio),
        closer=None if one.closer is None else ratio_interval(one.closer),
        crude=None if one.crude is None else one.crude.value,
        found=one.found,
        acted_on=one.condition.group in ACTED_ON,
        stake=min(1.0, one.leads * abs(one.rate - one.alike_rate) / max(1.0, wins)),
    )


def _levels(material: Material, explained: Explained) -> Iterator[LevelFact]:
    """Yield the levels with enough leads of each of the project file's segments, or of the model's own."""
    label = explained.frame["label"].to_numpy(dtype=float)
    for segment, column, ours in _segments(material, explained):
        found = [
            (level, rows)
            for level, rows in levels_of(column).items()
            if rows.sum() >= LEADS_OF_A_LEVEL
        ]
        for level, rows in found[:MOST_LEVELS] if len(found) > 1 else []:
            yield _level(explained, segment, level, rows, label, ours)


def _level(
    explained: Explained,
    segment: str,
    level: str,
    rows: Flags,
    label: Floats,
    ours: Sequence[str],
) -> LevelFact:
    leads, wins = int(rows.sum()), int(label[rows].sum())
    return LevelFact.model_validate(
        {
            "segment": segment,
            "level": level,
            "leads": leads,
            "wins": wins,
            "close_rate": share_interval(wins, leads),
            "pulls": [
                PullFact(concept=one.concept, label=one.label, group=one.group, more=one.more)
                for one in pulls(explained, rows, without=ours)
            ],
        }
    )


def _segments(
    material: Material, explained: Explained
) -> Iterator[tuple[str, pd.Series, list[str]]]:
    """Yield each segment's label, its level of each lead, and the concepts that only say that level again."""
    frame = explained.frame
    known = material.loop.drop_duplicates("lead_id").set_index("lead_id")
    if material.columns.segments:
        for segment, column in material.columns.segments.items():
            if column in known:
                yield (
                    segment,
                    frame["lead_id"].map(known[column]),
                    _says(explained, column.removeprefix("lead_")),
                )
        return
    feature = important_category(
        explained.bundle.catalogue,
        dict(zip(explained.bundle.catalogue.names, explained.weight.tolist(), strict=True)),
        frame,
    )
    if feature is not None:
        column = getattr(feature, "column", feature.name)
        yield feature.label, frame[feature.name], [feature.concept, *_says(explained, column)]


def _says(explained: Explained, column: str) -> list[str]:
    return [one.concept for one in explained.features if getattr(one, "column", None) == column]
