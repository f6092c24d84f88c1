"""What the watch says, for a marketing-operations person: which column, how much, usually how much, what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from features.catalogue import AccountAttribute, EdgeKind, Feature, TrackRecord
from models.scorer import Spec
from models.tonight import Drift, Seen
from models.words import display, number, percent

LISTED = 10  # new values that a warning names
NAMED = 3  # drifted columns that the joint finding names


def counted(pairs: Sequence[tuple[Any, int]]) -> str:
    """List values with their counts, and how many more there are."""
    listed = ", ".join(f"{str(value)!r} ({count})" for value, count in pairs[:LISTED])
    return listed + (f" and {len(pairs) - LISTED} more" if len(pairs) > LISTED else "")


def name(feature: Feature) -> str:
    """Return a feature as a reader knows it: the CRM's own name of a column, or what is counted and over how long."""
    days = getattr(feature, "days", None)
    said = display(feature.label)
    if isinstance(feature, TrackRecord):
        said = f"close rate so far by {said}"
    elif isinstance(feature, EdgeKind):
        said = f"{feature.which} {said}" if feature.which not in said.lower() else said
    return f"{said!r}" + (f" in {days} days" if days else "")


def new_words(feature: Feature, new: Mapping[str, int]) -> str:
    """Tell values that the model never saw, with the open leads that have them."""
    table = "accounts" if isinstance(feature, AccountAttribute) else "leads"
    return (
        f"{table}: values of {feature.label!r} "
        f"that the model was not trained on, with the open leads that have them: {_new_values(new)}; "
        "the model can tell nothing from them. Train anew once some of these leads have closed"
    )


def broken_words(seen: Seen) -> str:
    """Tell how a column is broken, what it weighs, and what usually causes it."""
    column, tally, said = seen.column, seen.tally, name(seen.feature)
    weighs = f"it makes {percent(seen.importance)} of what moves the scores"
    if seen.broken == "empty":
        empty = percent(float(tally.missing.sum()) / tally.rows)
        return f"{said} is empty for {empty} of the open leads, and {weighs}: has the export lost or renamed the column?"
    if seen.broken == "one value":
        return (
            f"{said} is {_value(tally.first)} for every open lead, and {weighs}: "
            "has the export lost what fills it?"
        )
    odd = percent(tally.strange / tally.rows)
    if column["kind"] == "number":
        return (
            f"{said} lies outside {number(column['low'])} to {number(column['high'])}, where nearly all leads of the "
            f"training were, for {odd} of the open leads, and {weighs}: has its unit changed?"
        )
    return (
        f"{said} has values that the model never saw for {odd} of the open leads: {_new_values(tally.new)}, and "
        f"{weighs}: were the values renamed?"
    )


def _new_values(new: Mapping[str, int]) -> str:
    return counted(sorted(new.items(), key=lambda pair: (-pair[1], pair[0])))


def drift_words(feature: Feature, column: Spec, drift: Drift) -> str:
    """Tell what has moved most in a column: a level or a range, its share tonight and what is usual."""
    said, usual = percent(drift.observed), percent(drift.expected)
    if drift.bins is None:
        return f"{name(feature)} (empty for {said} of the leads, usually {usual})"
    return f"{name(feature)} ({_bins(column, drift.bins)} for {said} of the leads, usually {usual})"


def joint_words(drifted: Sequence[Seen], columns: int, weight: float) -> str:
    """Tell how many columns have drifted, what they weigh, and what the first ones look like; each concept once."""
    if not drifted:
        return f"the {columns} columns that were compared look like those of the training"
    seen: dict[str, str] = {}
    for one in drifted:
        if one.drift:
            seen.setdefault(one.feature.concept, drift_words(one.feature, one.column, one.drift))
    shown, more = list(seen.values())[:NAMED], max(0, len(seen) - NAMED)
    look = "looks" if len(drifted) == 1 else "look"
    return (
        f"inputs: {len(drifted)} of {columns} columns {look} unlike the leads that the model learned from, with "
        f"{percent(weight)} of what moves its scores: {'; '.join(shown)}{f'; and {more} more' if more else ''}. "
        "Look at the export first; if the leads have changed, train anew"
    )


def score_words(column: Spec, drift: Drift, mean: float, usual: float | None) -> str:
    """Tell how the probabilities lie against those of leads of the same ages."""
    level = f"their mean is {percent(mean)}" + (
        f", usually {percent(usual)} for leads of these ages" if usual is not None else ""
    )
    if not drift.drifted or drift.bins is None:
        return f"the scores lie as they did on the training mornings: {level}"
    return (
        f"scores: they lie unlike those of the training mornings: {level}; "
        f"{percent(drift.observed)} of the leads have {_bins(column, drift.bins, in_percent=True)}, usually "
        f"{percent(drift.expected)}"
    )


def _bins(column: Spec, bins: list[int], *, in_percent: bool = False) -> str:
    if column["kind"] == "category":
        levels = [*column["levels"], "other values"]
        names = [
            repr(levels[place]) if place < len(levels) - 1 else levels[place] for place in bins
        ]
        return " or ".join(names) if len(names) <= LISTED // 3 else f"{len(names)} rarer values"
    told = percent if in_percent else number
    edges = column["edges"]
    low = told(edges[bins[0] - 1]) if bins[0] > 0 else None
    high = told(edges[bins[-1]]) if bins[-1] < len(edges) else None
    if low and high:
        return f"{low} to below {high}"
    return f"{low} and more" if low else f"below {high}" if high else "any"


def _value(value: Any) -> str:  # noqa: ANN401  a number or a text of the data
    return repr(value) if isinstance(value, str) else number(float(value))
