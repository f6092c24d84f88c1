"""From a source's rows to the rows the company meant: missing values, derived columns, filter."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import duckdb

from features import sql
from features.errors import DataError, ProjectError
from features.nearest import hint
from features.project import Source
from features.project_checks import canonical_columns
from features.raw import FILE, ROW, RawTable
from features.row_by_row import looks_beyond
from features.values import is_number, trimmed

TAKEN = "_leadgauge_taken"


@dataclass(frozen=True)
class CleanTable:
    """A source after its own rules; ``name`` is the DuckDB table, with FILE, ROW and TAKEN.

    ``columns`` holds the type of every column, derived ones included; ``canonical`` which
    of them are ours. ``filtered`` counts the rows that ``where`` did not take; those of
    leads stay in the table, marked in TAKEN.
    """

    raw: RawTable
    source: Source
    name: str
    columns: dict[str, str]
    canonical: dict[str, str]
    filtered: int = 0


def clean(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, source: Source, *, trained: bool = False
) -> CleanTable:
    """Turn missing values to NULL, derive columns in their order, and mark the rows that ``where`` takes.

    ``trained``: ``types`` are those that a model was trained on; a column of theirs may be gone.

    Raises:
        ProjectError: a column is not there, or an expression is not SQL; all of them at once.
        DataError: an expression fails on a value.
    """
    problems = list(_unknown(raw, source, trained=trained))
    if raw.partitions:
        problems += _beyond_the_row(connection, raw, source)
    query = _base(raw, source)
    types = _types(connection, query)
    failed: list[str] = []
    for name, expression in source.derive.items():
        if _names(expression, failed):
            failed.append(name)  # it says no more than the one it is made of
            continue
        step = _derived(query, types, name, expression)
        failure = _refusal(connection, step)
        if failure:
            problems.append(f"{raw.key}.derive.{name}: {failure}")
            failed.append(name)
            continue
        query, types = step, _types(connection, step)
    where = source.where or "true"
    taken = f"SELECT *, coalesce(CAST(({where}\n) AS BOOLEAN), false) AS {TAKEN} FROM ({query})"
    failure = None if _names(where, failed) else _refusal(connection, taken)
    if failure:
        problems.append(f"{raw.key}.where: {failure}")
    if problems:
        raise ProjectError("\n".join(problems))
    name = raw.name.replace("raw_", "clean_", 1)
    try:
        # Leads that are filtered out are remembered: what hangs on them is not blamed.
        kept = "" if raw.table == "leads" else f" WHERE {TAKEN}"
        form = "VIEW" if raw.lies_in else "TABLE"
        connection.execute(f"CREATE OR REPLACE {form} {name} AS SELECT * FROM ({taken}){kept}")
    except duckdb.Error as error:
        raise DataError(_culprit(connection, raw, source, error)) from None
    columns = {column: kind for column, kind in types.items() if column not in (FILE, ROW)}
    cleaned = CleanTable(raw, source, name, columns, canonical_columns(raw.table, source))
    if raw.lies_in:  # there is no ``where``, so that nothing is filtered
        return cleaned
    gone = connection.execute(
        f"SELECT (SELECT count(*) FROM {raw.name}) - (SELECT count(*) FROM {name})"
    ).fetchone()
    connection.execute(f"DROP TABLE {raw.name}")
    elsewhere = sum(part.read - (part.rows or 0) for part in raw.kept)
    return replace(cleaned, filtered=(gone[0] if gone else 0) + elsewhere)


def _beyond_the_row(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, source: Source
) -> Iterator[str]:
    """Expressions that cannot be kept: their values change with the other files, or with the night."""
    said = {f"derive.{name}": expression for name, expression in source.derive.items()}
    said |= {"where": source.where} if source.where else {}
    for where, expression in said.items():
        beyond = looks_beyond(connection, expression, [*raw.columns, *source.derive])
        if beyond:
            yield f"{raw.key}.{where}: {beyond}, and keep_read reads each file once and by itself; write it without, or take keep_read out"


def _names(expression: str, columns: list[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(column)}(?!\w)", expression) for column in columns)


def _unknown(raw: RawTable, source: Source, *, trained: bool) -> Iterator[str]:
    """Columns that the project file names and the source does not have."""
    have = [*raw.columns, *source.derive]
    named = [(f"columns.{name}", column, have) for name, column in source.columns.items()]
    named += [("drop", column, have) for column in source.drop]
    named += [("types", column, have) for column in source.types if not trained]
    named += [("missing_in", column, raw.columns) for column in source.missing_in]
    for where, column, known in named:
        if column not in known:
            yield f"{raw.key}.{where}: {', '.join(raw.files[:3])} has no column {column!r}; {hint(column, known, what='there are')}"


def _base(raw: RawTable, source: Source) -> str:
    listed = [
        f"{_without_missing(name, raw.types[name], source)} AS {sql.identifier(name)}"
        for name in raw.columns
    ]
    return f"SELECT {', '.join([*listed, FILE, ROW])} FROM {raw.name}"


def _without_missing(name: str, kind: str, source: Source) -> str:
    column = sql.identifier(name)
    missing = [value.strip() for value in [*source.missing, *source.missing_in.get(name, [])]]
    if is_number(kind):
        numbers = [value for value in missing if _is_float(value)]
        return (
            f"CASE WHEN {column} IN ({', '.join(numbers)}) THEN NULL ELSE {column} END"
            if numbers
            else column
        )
    if kind.startswith(("TIMESTAMP", "DATE", "BOOLEAN")):
        listed = sql.texts(missing)
        return (
            f"CASE WHEN CAST({column} AS VARCHAR) IN {listed} THEN NULL ELSE {column} END"
            if missing
            else column
        )
    plain = trimmed(column if kind == "VARCHAR" else f"CAST({column} AS VARCHAR)")
    for value in dict.fromkeys(["", *missing]):
        plain = f"nullif({plain}, {sql.text(value)})"
    return plain


def _is_float(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return value.lower().lstrip("+-") not in ("nan", "inf", "infinity")


def _derived(query: str, types: dict[str, str], name: str, expression: str) -> str:
    column = sql.identifier(name)
    there = next((known for known in types if known.casefold() == name.casefold()), None)
    if there is not None:
        return f"SELECT * REPLACE (({expression}\n) AS {sql.identifier(there)}) FROM ({query})"
    return f"SELECT *, ({expression}\n) AS {column} FROM ({query})"


def _types(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {query}").fetchall()}


def _refusal(connection: duckdb.DuckDBPyConnection, query: str) -> str | None:
    """Say why DuckDB does not take a query, without running it."""
    try:
        connection.execute(f"DESCRIBE {query}")
    except duckdb.Error as error:
        return f"DuckDB says: {_first_lines(error)}"
    return None


def _culprit(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, source: Source, error: duckdb.Error
) -> str:
    """Find the expression that fails on the data: the first whose query fails."""
    query = _base(raw, source)
    for name, expression in source.derive.items():
        query = _derived(query, _types(connection, query), name, expression)
        try:
            connection.execute(f"SELECT count(DISTINCT {sql.identifier(name)}) FROM ({query})")
        except duckdb.Error as failure:
            return f"{raw.key}.derive.{name}: fails on the data: {_first_lines(failure)}; TRY_CAST gives NULL where CAST fails"
    return f"{raw.key}.where: fails on the data: {_first_lines(error)}; TRY_CAST gives NULL where CAST fails"


def _first_lines(error: duckdb.Error) -> str:
    """DuckDB's message without the excerpt of a query that the user did not write."""
    return " ".join(str(error).split("\n\nLINE ")[0].split("\nLINE ")[0].split())
