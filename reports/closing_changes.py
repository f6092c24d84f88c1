"""What changed since the last review: read from its facts, which another version may have written."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from models.alike_conditions import measure_again
from models.by_group import Explained
from models.risk_ratio import Ratio, Z
from reports.closing_facts import ChangedCondition, ChangedStrength, ConditionFact, StrengthFact
from reports.facts import Fact, Interval

CHANGED_BY = 1 / 3
STRENGTH_FLOOR = 0.05  # log-odds: a weaker concept may change as it likes
F = TypeVar("F", bound=Fact)


def earlier_closing(facts: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return what the last review said of this; another version of the program may have said it otherwise, or nothing."""
    found = (facts or {}).get("closing")
    return found if isinstance(found, Mapping) else {}


def changed_strengths(
    earlier: Mapping[str, Any], age: int | None, now: Sequence[StrengthFact]
) -> Iterator[ChangedStrength]:
    """Yield the concepts whose strength rose or fell by more than a third, those that came or went among them."""
    before = _each(StrengthFact, earlier.get("concepts"))
    if not before or earlier.get("age_days") != age:
        return
    then, today = {one.name: one for one in before}, {one.name: one for one in now}
    for name in dict.fromkeys([*today, *then]):
        about = today.get(name) or then[name]
        was = then[name].strength if name in then else 0.0
        is_ = today[name].strength if name in today else 0.0
        if max(was, is_) >= STRENGTH_FLOOR and abs(is_ - was) > CHANGED_BY * was:
            yield ChangedStrength(label=about.label, group=about.group, before=was, now=is_)


def changed_conditions(
    earlier: Mapping[str, Any], age: int | None, explained: Explained, min_group: int
) -> Iterator[ChangedCondition]:
    """Yield the conditions of the last review whose ratio lies elsewhere now.

    They are asked again as they were asked. The difference must be beyond chance: then each ratio lies outside
    the other's interval, too.
    """
    before = [one for one in _each(ConditionFact, earlier.get("conditions")) if one.age_days == age]
    again = measure_again(explained, [one.condition for one in before], min_group=min_group)
    for was, now in zip(before, again, strict=True):
        if now is None or was.ratio.low <= 0:
            continue
        error = math.log(was.ratio.high / was.ratio.low) / (2 * Z)
        moved = abs(now.ratio.log_ratio - math.log(was.ratio.value))
        if moved > Z * math.hypot(error, now.ratio.error):
            yield ChangedCondition(
                condition=was.condition,
                age_days=age,
                before=was.ratio,
                now=ratio_interval(now.ratio),
                leads=now.leads,
            )


def _each(kind: type[F], values: object) -> list[F]:
    """Return those of the values that can be read as facts of this kind."""
    found: list[F] = []
    for value in values if isinstance(values, list) else []:
        try:
            found.append(kind.model_validate(value))
        except ValidationError:
            continue  # said by another version: there is nothing to compare it with
    return found


def ratio_interval(one: Ratio) -> Interval:
    """Return a ratio and its 95 % interval as a fact."""
    low, high = one.interval
    return Interval(value=one.value, low=low, high=high)
