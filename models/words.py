"""A lead's own values in words: one line per feature and value, facts without causes."""

import math
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.catalogue import (
    AccountActivity,
    AccountAttribute,
    ActiveDays,
    Attribute,
    EdgeKind,
    EventCount,
    EventRecency,
    EventTrend,
    Feature,
    OwnerLoad,
    TimeBetween,
    Timing,
    TrackRecord,
)

LONGEST = 255
LONGEST_VALUE = 80
FORMULA = "=+-@＝＋－＠"  # noqa: RUF001  the full-width forms start a formula too
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def phrase(feature: Feature, value: Any, *, average: float | None = None) -> str:  # noqa: ANN401
    """Return what this value of this feature is, in words.

    Args:
        feature: as declared in the catalogue.
        value: number or text; None and NaN mean missing.
        average: the feature's mean in training, which a track record is told against.

    The line holds no control characters, is at most 255 characters long, and never starts a formula.
    """
    known = None if value is None or (isinstance(value, float) and math.isnan(value)) else value
    label = display(feature.label)
    if isinstance(feature, TrackRecord):
        return safe(_track_record(label, known, average))
    return safe(_TELLERS[type(feature)](feature, label, known))


def phrases(
    feature: Feature, column: pd.Series, *, average: float | None = None
) -> npt.NDArray[np.object_]:
    """Return ``phrase`` of each value of a column, (rows,) str; each different value is told once."""
    codes, values = pd.factorize(column, use_na_sentinel=True)
    told = [phrase(feature, value, average=average) for value in _plain(values)]
    told.append(phrase(feature, None, average=average))  # a missing value has the code -1
    return np.array(told, dtype=object)[codes]


def _plain(values: pd.Index | npt.NDArray[Any]) -> list[str | float]:
    return [
        value if isinstance(value, str) else float(value)
        for value in np.asarray(values, dtype=object)
    ]


def clean(text: str, longest: int = LONGEST_VALUE) -> str:
    """Return text from the data as one printable line: no control or direction characters, not too long."""
    printable = str(text)
    if not (printable.isascii() and printable.isprintable()):  # nearly all are
        printable = "".join(
            " " if unicodedata.category(sign)[0] in "CZ" else sign for sign in printable
        )
    line = " ".join(printable.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def safe(text: str) -> str:
    """Return a line that a spreadsheet does not take for a formula."""
    line = clean(text, LONGEST).lstrip(FORMULA + " '")
    return line or "(no words)"


@lru_cache(maxsize=4096)
def display(label: str) -> str:
    """Return a feature's label as a reader takes it: a column's name without its underscores."""
    return clean(label.replace("_", " "))


def number(value: float) -> str:
    """Return a number as people write it: whole ones whole, others with three digits that count."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(share: float) -> str:
    """Return a share as a percentage, with one decimal below ten."""
    hundredths = 100 * share
    return (
        f"{hundredths:.0f} %"
        if hundredths >= 9.95
        else f"{hundredths:.1f}".removesuffix(".0") + " %"
    )


def days_text(days: float) -> str:
    """Return a number of days with its noun."""
    return "1 day" if round(days) == 1 else f"{number(round(days))} days"


def _window(days: int | None) -> str:
    return (
        "so far" if days is None else "in the last day" if days == 1 else f"in the last {days} days"
    )


def _ago(days: float) -> str:
    return "within the last day" if days < 1 else f"{days_text(math.floor(days))} ago"


def _given(feature: Attribute | AccountAttribute, label: str, value: Any) -> str:  # noqa: ANN401
    if value is None:
        return f"{label} not given"
    if isinstance(value, str):
        return f"{label}: {clean(value)}"
    unit = f" {clean(feature.unit)}" if feature.unit else ""
    return f"{label}: {number(float(value))}{unit}"


def _count(feature: EventCount | ActiveDays, label: str, value: float | None) -> str:
    if not value:
        return f"no {label} {_window(feature.days)}"
    return f"{label}: {number(value)} {_window(feature.days)}"


def _recency(feature: EventRecency, label: str, value: float | None) -> str:
    return f"no {label} so far" if value is None else f"{label}: {feature.which} {_ago(value)}"


def _trend(feature: EventTrend, label: str, value: float | None) -> str:
    span = f"in the last {feature.days} days" if feature.days > 1 else "in the last day"
    before = f"the {feature.days} before" if feature.days > 1 else "the day before"
    if not value:
        return f"{label}: as much {span} as in {before}"
    return (
        f"{label}: {number(abs(value))} {'more' if value > 0 else 'fewer'} {span} than in {before}"
    )


def _edge(feature: EdgeKind, label: str, value: str | None) -> str:
    del feature
    return (
        f"{label}: none so far" if value is None else f"{label}: {clean(value.replace('_', ' '))}"
    )


def _between(feature: TimeBetween, label: str, value: float | None) -> str:
    del feature
    if value is None:
        return f"{label}: has not happened so far"
    return f"{label}: less than a day" if value < 1 else f"{label}: {days_text(math.floor(value))}"


def _track_record(label: str, value: float | None, average: float | None) -> str:
    if value is None:
        return f"no track record for this {label}"
    against = "" if average is None else f" (average {percent(average)})"
    return f"earlier leads with this {label} closed at {percent(value)}{against}"


def _account(feature: AccountActivity, label: str, value: float | None) -> str:
    window = "" if feature.days is None else f" {_window(feature.days)}"
    if value is None:
        return f"{label}: not known"
    return f"{label}: {number(value) if value else 'none'}{window}"


def _load(feature: OwnerLoad, label: str, value: float | None) -> str:
    del feature
    return f"{label}: not known" if value is None else f"{label}: {number(value)}"


def _timing(feature: Timing, label: str, value: float | None) -> str:
    if value is None:
        return f"{label} not known"
    if feature.measure == "age_days":
        return f"created {_ago(value)}"
    if feature.measure == "created_weekday":
        return f"created on a {WEEKDAYS[(int(value) - 1) % 7]}"
    return f"created between {int(value):02d}:00 and {(int(value) + 1) % 24:02d}:00"


_TELLERS: dict[type, Callable[[Any, str, Any], str]] = {
    Attribute: _given,
    AccountAttribute: _given,
    EventCount: _count,
    ActiveDays: _count,
    EventRecency: _recency,
    EventTrend: _trend,
    EdgeKind: _edge,
    TimeBetween: _between,
    AccountActivity: _account,
    OwnerLoad: _load,
    Timing: _timing,
}
