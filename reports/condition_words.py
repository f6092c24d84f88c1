"""A condition on leads, and what was measured of it, in words that say what is seen together and never why."""

from typing import Final

from babel.dates import get_day_names

from models.conditions import Condition
from reports.closing_facts import ConditionFact
from reports.facts import Interval
from reports.voice import Voice, text

WEEK = 7
FINE_BELOW = 0.5  # ratios below are written with two places

# How a condition is said of leads as they arrived, at the end of their first week, and at another age.
# In a flat export nobody knows when anything was so.
UNDATED, ARRIVED, FIRST_WEEK, OLDER = "undated", "arrived", "week", "older"
TEMPLATES: Final[dict[tuple[str, str], str]] = {
    ("count", ARRIVED): text("{low} or more {label} when they arrived"),
    ("count", FIRST_WEEK): text("{low} or more {label} by the end of their first week"),
    ("count", OLDER): text("{low} or more {label} by the end of their first {age}"),
    ("count_window", ARRIVED): text("{low} or more {label} in the {window} before they arrived"),
    ("count_window", FIRST_WEEK): text(
        "{low} or more {label} in the {window} up to the end of their first week"
    ),
    ("count_window", OLDER): text(
        "{low} or more {label} in the {window} up to the end of their first {age}"
    ),
    ("count_whole", FIRST_WEEK): text("{low} or more {label} in their first week"),
    ("count_whole", OLDER): text("{low} or more {label} in their first {age}"),
    ("recency", ARRIVED): text("{label} in the {high} before they arrived"),
    ("recency", FIRST_WEEK): text("{label} in the last {high} of their first week"),
    ("recency", OLDER): text("{label} in the last {high} of their first {age}"),
    ("recency_whole", FIRST_WEEK): text("{label} in their first week"),
    ("recency_whole", OLDER): text("{label} in their first {age}"),
    ("speed", ARRIVED): text("{label} within {high} when they arrived"),
    ("speed", FIRST_WEEK): text("{label} within {high} by the end of their first week"),
    ("speed", OLDER): text("{label} within {high} by the end of their first {age}"),
    ("level", ARRIVED): text("{label} “{level}” when they arrived"),
    ("level", FIRST_WEEK): text("{label} “{level}” at the end of their first week"),
    ("level", OLDER): text("{label} “{level}” at the end of their first {age}"),
    ("not_given", ARRIVED): text("no {label} on record when they arrived"),
    ("not_given", FIRST_WEEK): text("no {label} on record at the end of their first week"),
    ("not_given", OLDER): text("no {label} on record at the end of their first {age}"),
    ("number_from", ARRIVED): text("{label} of {low} or more when they arrived"),
    ("number_from", FIRST_WEEK): text("{label} of {low} or more at the end of their first week"),
    ("number_from", OLDER): text("{label} of {low} or more at the end of their first {age}"),
    ("number_below", ARRIVED): text("{label} below {high} when they arrived"),
    ("number_below", FIRST_WEEK): text("{label} below {high} at the end of their first week"),
    ("number_below", OLDER): text("{label} below {high} at the end of their first {age}"),
    ("number_between", ARRIVED): text("{label} from {low} to below {high} when they arrived"),
    ("number_between", FIRST_WEEK): text(
        "{label} from {low} to below {high} at the end of their first week"
    ),
    ("number_between", OLDER): text(
        "{label} from {low} to below {high} at the end of their first {age}"
    ),
    ("stock", ARRIVED): text("{low} or more {label} when they arrived"),
    ("stock", FIRST_WEEK): text("{low} or more {label} at the end of their first week"),
    ("stock", OLDER): text("{low} or more {label} at the end of their first {age}"),
    ("record", ARRIVED): text(
        "{label} whose earlier leads closed at {low} or more (as known when they arrived)"
    ),
    ("record", FIRST_WEEK): text(
        "{label} whose earlier leads closed at {low} or more (as known at the end of their first week)"
    ),
    ("record", OLDER): text(
        "{label} whose earlier leads closed at {low} or more (as known at the end of their first {age})"
    ),
    ("count", UNDATED): text("{low} or more {label}"),
    ("count_window", UNDATED): text("{low} or more {label} within {window}"),
    ("recency", UNDATED): text("{label} in the last {high}"),
    ("speed", UNDATED): text("{label} within {high}"),
    ("level", UNDATED): text("{label} “{level}”"),
    ("not_given", UNDATED): text("no {label} on record"),
    ("number_from", UNDATED): text("{label} of {low} or more"),
    ("number_below", UNDATED): text("{label} below {high}"),
    ("number_between", UNDATED): text("{label} from {low} to below {high}"),
    ("stock", UNDATED): text("{low} or more {label}"),
    ("record", UNDATED): text("{label} whose earlier leads closed at {low} or more"),
}


def condition_words(condition: Condition, age_days: int | None, voice: Voice) -> str:
    """Return a condition as it stands after "leads with": 2 or more visits to the pricing page in their first week.

    ``age_days``: when it was looked at; None: in a flat export.
    """
    age = 0 if condition.at_creation or age_days is None else age_days
    older = ARRIVED if age == 0 else FIRST_WEEK if age == WEEK else OLDER
    when = UNDATED if age_days is None else older
    shape = _shape(condition, age)
    record = shape == "record"
    low, high = condition.low, condition.high
    happens = condition.shape in ("recency", "speed")
    return voice.say(
        TEMPLATES[shape, when],
        label=condition.label,
        level=_level(condition, voice),
        low="" if low is None else voice.percent(low) if record else _amount(low, voice),
        high="" if high is None else voice.days(high) if happens else _amount(high, voice),
        window="" if condition.window_days is None else voice.days(condition.window_days),
        age=voice.days(age),
    )


def _shape(condition: Condition, age: int) -> str:
    if condition.shape == "count" and condition.window_days is not None:
        return "count_whole" if condition.window_days == age else "count_window"
    if condition.shape == "recency" and condition.high == age:
        return "recency_whole"
    if condition.shape == "number":
        ends = condition.low is not None, condition.high is not None
        return "number_between" if all(ends) else "number_from" if ends[0] else "number_below"
    return "level" if condition.shape == "weekday" else condition.shape


def _level(condition: Condition, voice: Voice) -> str:
    if condition.shape == "weekday" and condition.low is not None:
        names = get_day_names("wide", context="stand-alone", locale=voice.locale)
        return str(names[int(condition.low) - 1])
    return condition.level or ""


def _amount(value: float, voice: Voice) -> str:
    """Write a threshold with all of its places: rounded, it would not be the one that was asked."""
    return voice.number(value, len(f"{value:.6f}".rstrip("0").partition(".")[2]))


def ratio_words(ratio: Interval, voice: Voice) -> tuple[str, str, str]:
    """Return a ratio and its interval as numbers with one place, or two below one half."""
    places = 1 if ratio.value >= FINE_BELOW else 2
    value, low, high = (
        voice.number(number, places) for number in (ratio.value, ratio.low, ratio.high)
    )
    return value, low, high


def condition_sentence(fact: ConditionFact, voice: Voice) -> str:
    """Return what was measured of a condition, as a sentence."""
    ratio, low, high = ratio_words(fact.ratio, voice)
    return voice.say(
        "Leads with {condition} closed {ratio} times ({low} to {high}) as often as alike leads without; {leads}.",
        condition=condition_words(fact.condition, fact.age_days, voice),
        ratio=ratio,
        low=low,
        high=high,
        leads=voice.many("{count} lead", "{count} leads", fact.leads),
    )


def closer_sentence(fact: ConditionFact, voice: Voice) -> list[str]:
    """Return a warning where leads that are alike in all else, too, do not differ beyond chance; else nothing."""
    if fact.closer is None or not fact.closer.low <= 1 <= fact.closer.high:
        return []
    ratio, low, high = ratio_words(fact.closer, voice)
    return [
        voice.say(
            "Among leads that were alike in all else that is known of them, too, it was {ratio} times ({low} to {high}),"
            " which may be chance: it comes together with other signs.",
            ratio=ratio,
            low=low,
            high=high,
        )
    ]
