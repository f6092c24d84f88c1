"""How dimensions, groups and ranges are named in sentences."""

from reports.facts import Interval
from reports.quality_rows import QualityRow
from reports.voice import Voice, text

SOURCE, CAMPAIGN, MONTH = text("source"), text("campaign"), text("month")


def dimension_name(dimension: str, voice: Voice) -> str:
    """Return a dimension in words: our own ones translated, the project file's as they are written there."""
    if dimension in {SOURCE, CAMPAIGN, MONTH}:
        return voice.say(dimension)
    return dimension.replace("_", " ")


def row_name(row: QualityRow, voice: Voice) -> str:
    """Return a group's name; what we named ourselves is translated."""
    return voice.say(row.name) if row.pooled or not row.recorded else row.name


def money_range(interval: Interval, voice: Voice) -> str:
    """Write an interval's ends as amounts."""
    return voice.say(
        "{low} to {high}", low=voice.money(interval.low), high=voice.money(interval.high)
    )


def whole_range(interval: Interval, voice: Voice) -> str:
    """Write an interval's ends as whole numbers, for a sentence."""
    return voice.say(
        "{low} to {high}", low=voice.whole(interval.low), high=voice.whole(interval.high)
    )


def ratio(value: float, voice: Voice) -> str:
    """Write how many times as often: 1.8, and 0.35 with two places below one."""
    return voice.number(value, 1 if value >= 0.95 else 2)


def points(difference: float, voice: Voice) -> str:
    """Write a difference of shares in points, with its sign: +1.2, -0.4."""
    number = voice.number(100 * difference, 1)
    return number if difference < 0 else f"+{number}"
