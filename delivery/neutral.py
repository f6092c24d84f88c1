"""The neutral row: one per lead and night, the same for every CRM."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delivery import rules
from delivery.columns import coded, decimals, plain, same
from delivery.problems import Problem, Tally
from delivery.receipt import Receipt, iso

REASONS = ("reason_1", "reason_2", "reason_3")
AGAINST = ("against_1", "against_2")
TREND_POINTS = 5  # a smaller step of the score, 1 to 99, is noise from one night to the next
_TEXT = rules.line_of_text()
INTERVAL = ("probability_low", "probability_high")
TIMES = ("data_as_of", "scored_at", "expires_at")
LABELS = ("model_version", "run_id")

RULES: dict[str, rules.Rule] = {
    "lead_id": _TEXT,
    "close_probability": rules.PROBABILITY,
    **dict.fromkeys(INTERVAL, rules.optional(rules.PROBABILITY)),
    "score": rules.SCORE,
    "grade": rules.GRADE,
    "route": rules.ROUTE,
    "route_reason": _TEXT,
    "explored": rules.YES_NO,
    "previous_score": rules.optional(rules.SCORE),
    "trend": rules.TREND,
    **dict.fromkeys((*REASONS, *AGAINST), rules.optional(_TEXT)),
    "confidence": rules.CONFIDENCE,
    "confidence_note": rules.optional(_TEXT),
    "expected_value": rules.optional(rules.AMOUNT),
    **dict.fromkeys(LABELS, rules.LABEL),
    **dict.fromkeys(TIMES, rules.MOMENT),
}
COLUMNS = tuple(RULES)
DECIMALS = {**dict.fromkeys(("close_probability", *INTERVAL), 4), "expected_value": 2}
_MOMENT = pa.timestamp("ms", tz="UTC")
_TYPES = {
    **dict.fromkeys(DECIMALS, pa.float64()),
    **dict.fromkeys(("score", "previous_score"), pa.int16()),
    **dict.fromkeys(TIMES, _MOMENT),
    "explored": pa.bool_(),
}
SCHEMA = pa.schema([pa.field(name, _TYPES.get(name, pa.string())) for name in COLUMNS])
SCORED = (
    "lead_id",
    "close_probability",
    *INTERVAL,
    "score",
    "grade",
    "reasons_for",
    "reasons_against",
    "confidence",
    "confidence_note",
    "expected_value",
)
_SOURCES = {"reasons_for": REASONS, "reasons_against": AGAINST}
_TRENDS = ("new", "improving", "declining", "steady")

Columns = Mapping[str, pa.Array]


def neutral_columns(
    scored: pa.RecordBatch, *, routes: pa.RecordBatch, previous: pa.Array, receipt: Receipt
) -> dict[str, pa.Array]:
    """Return the neutral rows of a batch of scored leads, in the leads' order, before they are looked at.

    Args:
        scored: n leads with ``lead_id``, ``close_probability`` in (0, 1), ``probability_low`` and
            ``probability_high`` around it (missing where there is no interval), ``score`` 1 to 99, ``grade`` A to D,
            ``reasons_for`` (at most 3), ``reasons_against`` (at most 2), ``confidence``, ``confidence_note`` (empty
            for none) and ``expected_value`` (missing where there is none).
        routes: the same n leads' ``route``, ``route_reason`` and ``explored``.
        previous: n scores of the publication before this night's, null where the lead was not in it.
        receipt: where the scores come from.

    Returns:
        the 24 ``COLUMNS``, with scores of any whole number: :func:`refusals` looks at them before they get ``SCHEMA``.
    """
    score = scored["score"].cast(pa.int64())
    columns = {
        "lead_id": scored["lead_id"].cast(pa.string()),
        **{name: _rounded(scored[name], places) for name, places in DECIMALS.items()},
        "score": score,
        "grade": _texts(scored["grade"]),
        "route": _texts(routes["route"]),
        "route_reason": _texts(routes["route_reason"]),
        "explored": routes["explored"].cast(pa.bool_()),
        "previous_score": previous,
        "trend": _trend(score, previous),
        **_reasons(scored),
        "confidence": _texts(scored["confidence"]),
        "confidence_note": _texts(scored["confidence_note"]),
        **{name: same(getattr(receipt, name), len(score)) for name in LABELS},
        **{
            name: pa.repeat(pa.scalar(getattr(receipt, name), pa.timestamp("ms")), len(score)).cast(
                _MOMENT
            )
            for name in TIMES
        },
    }
    return {name: columns[name] for name in COLUMNS}


def as_batch(columns: Columns) -> pa.RecordBatch:
    """Return neutral columns, in which nothing is refused, with the types of ``SCHEMA``."""
    arrays = [plain(columns[field.name]).cast(field.type) for field in SCHEMA]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def texts(columns: Columns) -> dict[str, pa.Array]:
    """Return neutral columns as the text that the files hold: fixed decimals, ISO times, null for nothing."""
    return {name: _cells(name, columns[name]) for name in COLUMNS}


def refusals(scored: pa.RecordBatch, columns: Columns, before: str | None, tally: Tally) -> None:
    """Count what machine files must not carry: ids that come twice, too many reasons, cells against their rule.

    ``before`` is the lead id in front of the batch's first: ids come in ascending order.
    """
    where, ids = "scored leads", columns["lead_id"]
    for place in _repeated(ids, before):
        problem = Problem(where, "each lead once", row=ids[place].as_py(), column="lead_id")
        tally.add(0, [problem])
    for kind, (source, names) in enumerate(_SOURCES.items(), start=1):
        counts = _lengths(scored[source])
        places = np.flatnonzero(counts > len(names))
        problems = (
            Problem(
                where,
                f"at most {len(names)} reasons",
                row=ids[place].as_py(),
                column=source,
                value=f"{counts[place]} reasons",
            )
            for place in places[: tally.room(kind)].tolist()
        )
        tally.add(kind, problems, len(places))
    tally_cells(texts(columns), where, tally, kind=len(_SOURCES) + 1)


def tally_cells(cells: Columns, where: str, tally: Tally, *, kind: int) -> None:
    """Count the cells that are against their column's rule; a problem names the lead."""
    for column, (name, rule) in enumerate(RULES.items(), start=kind):
        places = rule.wrong(cells[name])
        problems = [
            Problem(
                where,
                rule.expected,
                row=cells["lead_id"][place].as_py() or "",
                column=name,
                value=cells[name][place].as_py() or "",
            )
            for place in places[: tally.room(column)].tolist()
        ]
        tally.add(column, problems, len(places))


def _rounded(column: pa.Array, places: int) -> pa.Array:
    values = np.round(column.cast(pa.float64()).to_numpy(zero_copy_only=False), places)
    return pa.array(values, mask=np.isnan(values))


def _texts(column: pa.Array) -> pa.Array:
    """Return a column of few different texts; an empty one is missing."""
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    column = column.cast(pa.string())
    return pc.if_else(pc.equal(column, ""), None, column).dictionary_encode()


def _trend(score: pa.Array, previous: pa.Array) -> pa.Array:
    change = pc.subtract(score, previous.cast(pa.int64())).cast(pa.float64())
    step = change.to_numpy(zero_copy_only=False)
    known = [np.isnan(step), step >= TREND_POINTS, step <= -TREND_POINTS]
    return coded(np.select(known, [0, 1, 2], default=3), pa.array(_TRENDS))


def _lengths(lists: pa.Array) -> np.ndarray:
    return np.asarray(pc.list_value_length(lists).fill_null(0))


def _reasons(scored: pa.RecordBatch) -> dict[str, pa.Array]:
    found = {}
    for source, names in _SOURCES.items():
        lengths = _lengths(scored[source])
        starts = np.cumsum(lengths) - lengths
        words = _texts(scored[source].flatten())
        codes = words.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        for place, name in enumerate(names):
            there = lengths > place
            mine = np.full(len(lengths), -1, dtype=np.int32)
            mine[there] = codes[starts[there] + place]
            found[name] = coded(mine, words.dictionary)
    return found


def _repeated(ids: pa.Array, before: str | None) -> list[int]:
    """Return one place of each id that comes more than once, in ascending ids; a null id is refused elsewhere."""
    behind = pa.concat_arrays([pa.array([before], pa.string()), ids[:-1]])
    twice = pc.equal(ids, behind).fill_null(False).to_numpy(zero_copy_only=False)
    further = np.r_[False, twice[:-1]] if len(twice) else twice
    return np.flatnonzero(twice & ~further).tolist()


def _cells(name: str, column: pa.Array) -> pa.Array:
    if name in DECIMALS:
        return decimals(column.to_numpy(zero_copy_only=False), DECIMALS[name])
    if name in TIMES:
        known = column.dictionary_encode()
        words = [iso(moment) for moment in known.dictionary.to_pylist()]
        return pa.DictionaryArray.from_arrays(known.indices, pa.array(words, pa.string()))
    if isinstance(column, pa.DictionaryArray):
        return column
    return column.cast(pa.string())
