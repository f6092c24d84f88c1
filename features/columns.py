"""Which of a table's own columns become attributes, of which type, and why the others do not."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import duckdb

from features import sql
from features.clean import CleanTable
from features.tables import AttributeColumn, LeftOutColumn
from features.values import is_number, number_sql, text_sql, time_sql, without_control

MAX_TEXT = 200
_LONG = 60
_MANY = 1000
_NEARLY_ALL = 0.95
_ID_ENDINGS = ("id", "key", "number", "no", "nr", "uuid", "guid", "code")
# Names that the frames give a meaning of their own.
RESERVED = (
    *("lead_id", "created_at", "account_id", "owner", "source", "campaign"),
    *("as_of", "label", "weight", "group_id", "age_days", "won", "closed_at"),
    *("days_to_win", "days_followed"),
)


@dataclass(frozen=True)
class Unreadable:
    """A column that is declared a number, how many of its values are none, and one of them."""

    table: Literal["leads", "accounts"]
    label: str
    values: int
    filled: int
    example: str


@dataclass(frozen=True)
class Profiled:
    """The attributes of one table: how each is read from its clean column, and what is left out.

    ``carried``: column and label of those left out that are read all the same, as text.
    """

    kept: list[AttributeColumn]
    expressions: dict[str, str]
    left_out: list[LeftOutColumn]
    unreadable: list[Unreadable]
    carried: dict[str, str]


@dataclass(frozen=True)
class _Seen:
    """Counts over one column."""

    filled: int
    distinct: int
    numbers: int
    times: int
    whole: int
    padded: int
    length: float
    odd: str | None


def profile(
    connection: duckdb.DuckDBPyConnection,
    table: Literal["leads", "accounts"],
    cleaned: CleanTable,
    rows: str,
    skipped: Mapping[str, str],
    own: Collection[str],
    zone: str,
    wanted: Collection[str] = (),
) -> Profiled:
    """Look at every column that is not ``own`` (mapped) over ``rows`` and decide on it.

    ``skipped`` names columns that the project file leaves out, by name or slug, with the reason. ``wanted`` are
    those that are asked for whether or not they can be attributes, by either name, upper and lower case alike.
    """
    asked = {name.casefold() for name in wanted}
    names = [name for name in cleaned.columns if name not in own]
    slugs = sql.slugs(names, taken=RESERVED)
    reasons = {name: skipped.get(name, skipped.get(slug)) for name, slug in slugs.items()}
    looked_at = [name for name in names if reasons[name] is None]
    total, seen = _look(connection, cleaned, looked_at, rows, zone)
    result = Profiled([], {}, [], [], {})
    for name, slug in slugs.items():
        kind: Literal["number", "category"] = "category"
        reason = reasons[name]
        if reason is None:
            kind, reason = _decide(name, slug, seen[name], total, cleaned.source.types.get(name))
        if reason is not None:
            result.left_out.append(
                LeftOutColumn(table=table, column=slug, label=name, reason=reason)
            )
            if asked & {name.casefold(), slug}:
                result.expressions[slug] = category_sql(name, cleaned.columns[name])
                result.carried[slug] = name
            continue
        result.expressions[slug] = _expression(cleaned, name, kind)
        if kind == "number" and seen[name].numbers < seen[name].filled:
            odd = seen[name].filled - seen[name].numbers
            result.unreadable.append(
                Unreadable(table, name, odd, seen[name].filled, str(seen[name].odd))
            )
        there = seen[name].numbers if kind == "number" else seen[name].filled
        result.kept.append(
            AttributeColumn(
                table=table,
                column=slug,
                label=name,
                type=kind,
                distinct=seen[name].distinct,
                filled=there / total,
            )
        )
    return result


def category_sql(column: str, kind: str) -> str:
    """Read a category: text without control characters, cut at ``MAX_TEXT``."""
    return f"nullif(left({without_control(text_sql(column, kind))}, {MAX_TEXT}), '')"


def _expression(cleaned: CleanTable, name: str, kind: str) -> str:
    duck = cleaned.columns[name]
    return (
        number_sql(name, duck, cleaned.source.decimal).value
        if kind == "number"
        else category_sql(name, duck)
    )


def _look(
    connection: duckdb.DuckDBPyConnection,
    cleaned: CleanTable,
    names: list[str],
    rows: str,
    zone: str,
) -> tuple[int, dict[str, _Seen]]:
    """Count rows, and what is in each column, in one pass."""
    counts = [count for name in names for count in _counts(cleaned, name, zone)]
    row = connection.execute(f"SELECT {', '.join(['count(*)', *counts])} FROM ({rows})").fetchone()
    total, *seen = row or (0, *[0] * len(counts))
    each = len(counts) // len(names) if names else 0
    return total, {name: _Seen(*seen[n * each : (n + 1) * each]) for n, name in enumerate(names)}


def _counts(cleaned: CleanTable, name: str, zone: str) -> list[str]:
    column, kind = sql.identifier(name), cleaned.columns[name]
    number = number_sql(name, kind, cleaned.source.decimal).value
    timeless = is_number(kind) or kind == "BOOLEAN"
    moment = "NULL" if timeless else time_sql(name, kind, cleaned.source, zone).value
    text = f"CAST({column} AS VARCHAR)"
    return [
        f"count({column})",
        f"count(DISTINCT {column})",
        f"count({number})",
        f"count({moment})",
        f"count(*) FILTER ({number} = trunc({number}))",
        f"count(*) FILTER (regexp_matches({text}, '^0\\d'))",
        f"coalesce(avg(length({text})), 0)",
        f"min({text}) FILTER ({column} IS NOT NULL AND {number} IS NULL)",
    ]


def _decide(
    name: str, slug: str, seen: _Seen, total: int, declared: str | None
) -> tuple[Literal["number", "category"], str | None]:
    """Return the type, and the reason to leave the column out, if there is one."""
    if declared == "time":
        return "category", "a time, as declared under types"
    if declared == "text":
        return "category", "free text, as declared under types"
    if declared is not None:  # also where it is empty tonight: the model was trained with it
        return ("number" if declared == "number" else "category"), None
    if seen.filled == 0:
        return "category", "empty"
    if seen.distinct == 1 and seen.filled == total:
        return "category", "one value only"
    all_numbers = seen.numbers == seen.filled
    unique = seen.distinct >= _NEARLY_ALL * seen.filled and seen.filled > _MANY
    if all_numbers and not seen.padded:
        named_id = slug.rsplit("_", 1)[-1] in _ID_ENDINGS or name.endswith(("Id", "ID"))
        if unique and named_id and seen.whole == seen.filled:
            return "number", "an id: nearly every row has its own"
        return ("number" if seen.distinct > 2 else "category"), None
    if seen.times == seen.filled:
        return "category", "times: derive a number from them, or leave them"
    if seen.length > _LONG:
        return "category", f"free text: {seen.length:.0f} characters on average"
    if unique:
        return "category", "an id or free text: nearly every row has its own value"
    return "category", None
