"""The neutral row: one per lead and night, the same for every CRM."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from delivery import rules
from delivery.problems import Problem, stop_if
from delivery.receipt import Receipt, iso

REASONS = ("reason_1", "reason_2", "reason_3")
AGAINST = ("against_1", "against_2")
TREND_POINTS = 5  # a smaller step of the score, 1 to 99, is noise from one night to the next
_TEXT = rules.line_of_text()
INTERVAL = ("probability_low", "probability_high")
TIMES = ("data_as_of", "scored_at", "expires_at")

RULES: dict[str, rules.Rule] = {
    "lead_id": _TEXT,
    "close_probability": rules.PROBABILITY,
    **dict.fromkeys(INTERVAL, rules.optional(rules.PROBABILITY)),
    "score": rules.SCORE,
    "grade": rules.GRADE,
    "route": rules.ROUTE,
    "previous_score": rules.optional(rules.SCORE),
    "trend": rules.TREND,
    **dict.fromkeys((*REASONS, *AGAINST), rules.optional(_TEXT)),
    "confidence": rules.CONFIDENCE,
    "confidence_note": rules.optional(_TEXT),
    "expected_value": rules.optional(rules.AMOUNT),
    "model_version": rules.LABEL,
    "run_id": rules.LABEL,
    **dict.fromkeys(TIMES, rules.MOMENT),
}
COLUMNS = tuple(RULES)
_SCORED = (
    "lead_id",
    "close_probability",
    *INTERVAL,
    "score",
    "grade",
    "route",
    "reasons_for",
    "reasons_against",
    "confidence",
    "confidence_note",
    "expected_value",
)


def neutral_rows(
    scored: pd.DataFrame, *, receipt: Receipt, previous: pd.DataFrame | None
) -> pd.DataFrame:
    """Return one neutral row per lead, sorted by ``lead_id``, whatever the order of the scored rows.

    Args:
        scored: n leads with ``lead_id``, ``close_probability`` in (0, 1), ``probability_low`` and
            ``probability_high`` around it (NaN where there is no interval), ``score`` 1 to 99, ``grade`` A to D,
            ``route``, ``reasons_for`` (at most 3), ``reasons_against`` (at most 2), ``confidence``,
            ``confidence_note`` (empty for none) and ``expected_value`` (NaN where there is none).
        receipt: where the scores come from.
        previous: ``lead_id`` and ``score`` of the publication before this night's, or None.

    Returns:
        n x 22 in the order of ``COLUMNS``: times with time zone UTC, scores as nullable integers, None for no reason.

    Raises:
        StoppedError: ids, values or reasons that a machine file must not carry; nothing is altered to make it fit.
    """
    missing = [name for name in _SCORED if name not in scored]
    if missing:
        raise ValueError(f"scored rows lack {', '.join(missing)}")
    ordered = scored.assign(lead_id=scored["lead_id"].astype(str))
    ordered = ordered.sort_values("lead_id", kind="stable", ignore_index=True)
    score, before = ordered["score"].astype("Int64"), _previous(ordered["lead_id"], previous)
    rows = pd.DataFrame(
        {
            **{name: ordered[name] for name in ("lead_id", "grade", "route", "confidence")},
            **{
                name: ordered[name].astype(float).round(4)
                for name in ("close_probability", *INTERVAL)
            },
            "confidence_note": ordered["confidence_note"].astype(object).replace("", None),
            "score": score,
            "previous_score": before,
            "trend": _trend(score, before),
            "expected_value": ordered["expected_value"].astype(float).round(2),
            **_reasons(ordered),
            **_receipt_columns(receipt, ordered.index),
        }
    )
    _refuse(ordered, rows)
    return rows[list(COLUMNS)]


def _reasons(scored: pd.DataFrame) -> dict[str, pd.Series]:
    return {
        name: pd.Series(
            [_at(given, place) for given in scored[source]], index=scored.index, dtype=object
        )
        for source, names in (("reasons_for", REASONS), ("reasons_against", AGAINST))
        for place, name in enumerate(names)
    }


def _receipt_columns(receipt: Receipt, index: pd.Index) -> dict[str, pd.Series]:
    labels = {
        name: pd.Series(getattr(receipt, name), index=index, dtype=object)
        for name in ("model_version", "run_id")
    }
    moments = {name: pd.Timestamp(getattr(receipt, name), tz="UTC").as_unit("ms") for name in TIMES}
    times = {
        name: pd.Series(value, index=index, dtype="datetime64[ms, UTC]")
        for name, value in moments.items()
    }
    return labels | times


def _previous(ids: pd.Series, previous: pd.DataFrame | None) -> pd.Series:
    if previous is None or previous.empty:
        return pd.Series(pd.NA, index=ids.index, dtype="Int64")
    known = previous.set_index(previous["lead_id"].astype(str))["score"].astype("Int64")
    return ids.map(known).astype("Int64")


def _trend(score: pd.Series, previous: pd.Series) -> pd.Series:
    change = (score - previous).astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    names = np.select(
        [np.isnan(change), change >= TREND_POINTS, change <= -TREND_POINTS],
        ["new", "improving", "declining"],
        default="steady",
    )
    return pd.Series(names.astype(object), index=score.index, dtype=object)


def _at(reasons: Sequence[str], place: int) -> str | None:
    return reasons[place] if place < len(reasons) else None


def _refuse(scored: pd.DataFrame, rows: pd.DataFrame) -> None:
    where, ids = "scored leads", rows["lead_id"]
    problems = [
        Problem(where, "each lead once", row=str(lead_id), column="lead_id")
        for lead_id in ids[ids.duplicated()].unique()
    ]
    for source, most in (("reasons_for", len(REASONS)), ("reasons_against", len(AGAINST))):
        problems += [
            Problem(
                where,
                f"at most {most} reasons",
                row=lead_id,
                column=source,
                value=f"{len(reasons)} reasons",
            )
            for lead_id, reasons in zip(ids, scored[source], strict=True)
            if len(reasons) > most
        ]
    for name, cells in texts(rows).items():
        refused = RULES[name].refused(cells)
        if refused:
            problems += [
                Problem(where, RULES[name].expected, row=lead_id, column=name, value=cell)
                for lead_id, cell in zip(ids, cells, strict=True)
                if cell in refused
            ]
    advice = (
        "Nothing was published. Machine files carry such text neither as it is nor altered: "
        "clean it in the source (missing, derive or where of the project file), or take another column as lead_id."
    )
    stop_if(problems, "The scores cannot be written to machine files", advice)


def texts(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return the columns of neutral rows as the text that the files hold: fixed decimals, ISO times, "" for nothing."""
    return {name: _cells(name, rows[name]) for name in COLUMNS}


def _cells(name: str, column: pd.Series) -> list[str]:
    # Most columns hold few different values, and pandas hands out one value at a time slowly.
    places, values = pd.factorize(column, use_na_sentinel=True)
    if name in ("close_probability", *INTERVAL):
        words = [f"{value:.4f}" for value in values]
    elif name == "expected_value":
        words = [f"{value:.2f}" for value in values]
    elif name in TIMES:
        words = [iso(moment) for moment in values]
    else:
        words = [str(value) for value in values]
    words.append("")  # a missing value has the place -1
    return [words[place] for place in places.tolist()]
