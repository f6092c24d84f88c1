"""What can be wrong with a row of feedback: all of it is told, so that one look at the file mends it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from features import sql
from features.loop import OVERRULED, ROUTES, STEPS
from features.nearest import hint
from features.project import Project


@dataclass(frozen=True)
class Refused:
    """Why a row is not taken in; several for one row if several things are wrong with it."""

    row: int
    column: str
    value: str
    reason: str


def judged(
    row: dict[str, Any], project: Project, moment: datetime
) -> dict[str, Any] | list[Refused]:
    """Return a row as the ledger takes it, or everything that is wrong with it.

    Args:
        row: ``row`` (its number), the cells ``lead, step, when, who, reason, route, note`` as text, ``told_at`` (when, naive
            UTC), ``day`` (the day alone was said), ``ambiguous``, ``created_at`` of the lead (None: there is no such
            lead) and ``same_day`` (it was created on that day).
        project: who may overrule.
        moment: now, naive UTC.
    """
    row = {
        **row,
        "step": _word(row["step"]),
        "step_said": row["step"],
        "route": _word(row["route"]),
        "route_said": row["route"],
    }
    if row["day"] and row["same_day"]:
        row["told_at"] = max(
            row["told_at"], row["created_at"]
        )  # the day alone: not before the lead was there
    problems = [
        Refused(row["row"], column, str(row[value] or ""), reason)
        for check in _CHECKS
        for column, value, reason in check(row, project, moment)
    ]
    if problems:
        return problems
    return {
        "lead_id": row["lead"],
        "step": row["step"],
        "occurred_at": row["told_at"],
        "actor": row["who"],
        "reason": row["reason"],
        "route": row["route"] if row["step"] == OVERRULED else None,
        "note": row["note"],
    }


def _word(said: str | None) -> str | None:
    return None if said is None else sql.slug(said)


Problem = tuple[str, str, str]
Check = Callable[[dict[str, Any], Project, datetime], Iterator[Problem]]


def _lead(row: dict[str, Any], project: Project, moment: datetime) -> Iterator[Problem]:  # noqa: ARG001  a check is given all
    if row["lead"] is None:
        yield "lead", "lead", "no lead is named"
    elif row["created_at"] is None:
        yield "lead", "lead", "no lead has this id"


def _step(row: dict[str, Any], project: Project, moment: datetime) -> Iterator[Problem]:  # noqa: ARG001
    steps = (*STEPS, OVERRULED)
    if row["step"] is None:
        yield "step", "step_said", f"no step is named; expected {', '.join(steps)}"
    elif row["step"] not in steps:
        near = hint(row["step"], steps, what="expected")
        yield "step", "step_said", f"there is no such step; {near}"
    if row["step"] == "rejected" and row["reason"] is None:
        yield "reason", "reason", "a rejection needs a reason"


def _time(row: dict[str, Any], project: Project, moment: datetime) -> Iterator[Problem]:  # noqa: ARG001
    if row["when"] is None:
        yield "when", "when", "no time is told"
    elif row["ambiguous"]:
        yield "when", "when", "day or month first? expected for example 2026-11-21 14:05"
    elif row["told_at"] is None:
        yield (
            "when",
            "when",
            "not a time; expected for example 2026-11-21 14:05 or 21.11.2026 14:05",
        )
    elif row["told_at"] > moment:
        yield "when", "when", f"later than now [{moment:%Y-%m-%d %H:%M} UTC]"
    elif row["created_at"] is not None and row["told_at"] < row["created_at"]:
        created = f"{row['created_at']:%Y-%m-%d %H:%M} UTC"
        yield "when", "when", f"before the lead was created [{created}]"


def _who(row: dict[str, Any], project: Project, moment: datetime) -> Iterator[Problem]:  # noqa: ARG001
    if row["who"] is None:
        yield "who", "who", "nobody is named"


def _overruling(row: dict[str, Any], project: Project, moment: datetime) -> Iterator[Problem]:  # noqa: ARG001
    if row["step"] != OVERRULED:
        return
    if row["route"] is None:
        yield "route", "route", f"an overruling needs a route; expected {', '.join(ROUTES)}"
    elif row["route"] not in ROUTES:
        near = hint(row["route"], ROUTES, what="expected")
        yield "route", "route_said", f"there is no such route; {near}"
    may = {name.strip().casefold() for name in project.agreement.may_overrule}
    if may and row["who"] is not None and row["who"].casefold() not in may:
        yield "who", "who", "may not overrule; agreement.may_overrule says who may"


_CHECKS: Final[tuple[Check, ...]] = (_lead, _step, _time, _who, _overruling)
