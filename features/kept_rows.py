"""Events that were parsed once: written beside the run for the next one, and read in place of the source's files.

A file is kept if every one of its rows passes the checks of its columns, and is read again every night if not,
so that the quarantine tells file, row and value. What a row is judged by beside itself (its lead, the cut-off) is
judged anew every night.
"""

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from features import sql
from features.clean import TAKEN, CleanTable
from features.kept_files import Keeping, notes
from features.native_files import look_at
from features.quarantine import SOURCE
from features.raw import FILE, ROW, Partition
from features.row_checks import SHAPE, column_verdicts, parsed

_TIMES = tuple(name for name, shape in SHAPE["events"].items() if shape.startswith("time"))
# A time as the source wrote it is told where the row is refused; most are written as DuckDB writes them.
_SAID = ", ".join(f"nullif(said_{name}, CAST({name} AS VARCHAR)) AS said_{name}" for name in _TIMES)
# As canonical tables are: what is sorted already joins and sorts in two thirds of the time. No result hangs on it.
_ORDER = "lead_id, occurred_at, hash(kind), recorded_at, value, row"


def keep_rows(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[CleanTable],
    zone: str,
    keeping: Keeping | None,
) -> list[CleanTable]:
    """Write the parsed rows of files that can be kept and are not, and take them out of ``CleanTable.name``."""
    return [
        _keep(connection, cleaned, zone, keeping)
        if keeping is not None and cleaned.raw.partitions
        else cleaned
        for cleaned in sources
    ]


def kept_rows(sources: Sequence[CleanTable], keeping: Keeping | None) -> list[str]:
    """Return SQL for the rows that are kept, as ``row_checks.parsed`` gives those of the source."""
    if keeping is None:
        return []
    return [_select(cleaned, keeping) for cleaned in sources if cleaned.raw.kept]


def _keep(
    connection: duckdb.DuckDBPyConnection, cleaned: CleanTable, zone: str, keeping: Keeping
) -> CleanTable:
    raw = cleaned.raw
    refused = connection.execute(
        f"SELECT DISTINCT file FROM refused WHERE source = {sql.text(raw.key)}"
    ).fetchall()
    untouched = {part.number for part in raw.partitions} - {file for (file,) in refused}
    parts = [
        _written(connection, cleaned, part, zone, keeping)
        if part.rows is None and part.number in untouched
        else part
        for part in raw.partitions
    ]
    left = [part.number for part in parts if part.rows is None]
    if raw.lies_in:
        look_at(connection, raw, left)
    else:
        listed = ", ".join(map(str, left)) or "NULL"
        rows = f"SELECT * FROM {cleaned.name} WHERE {FILE} IN ({listed})"
        connection.execute(f"CREATE OR REPLACE TABLE {cleaned.name} AS {rows}")  # frees the others
    return replace(cleaned, raw=replace(raw, partitions=parts))


def _written(
    connection: duckdb.DuckDBPyConnection,
    cleaned: CleanTable,
    part: Partition,
    zone: str,
    keeping: Keeping,
) -> Partition:
    """Write the rows of one file; it is kept if none of them is refused."""
    half = keeping.half(part.target)
    if part.target not in keeping.staged:
        if cleaned.raw.lies_in:
            look_at(connection, cleaned.raw, [part.number])
        refusals = " OR ".join(
            f"coalesce({verdict.when}, false)" for verdict in column_verdicts("events", [cleaned])
        )
        rows = f"SELECT * FROM ({parsed('events', cleaned, zone)}) WHERE {FILE} = {part.number}"
        connection.execute(
            f"""
            COPY (SELECT {", ".join(SHAPE["events"])}, {_SAID}, {ROW} AS row, {refusals} AS refused FROM ({rows}) ORDER BY {_ORDER})
            TO {sql.text(str(half))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, USE_TMP_FILE false, KV_METADATA {notes(part)})
            """
        )
    found = connection.execute(
        f"SELECT count(*), count(*) FILTER (refused) FROM read_parquet({sql.text(str(half))})"
    ).fetchone()
    count, refused = found or (0, 0)
    if refused:
        half.unlink()
        return part
    keeping.staged.setdefault(part.target, part.lying)
    read = count if cleaned.raw.lies_in else part.read
    return replace(part, rows=count, read=read)


def _select(cleaned: CleanTable, keeping: Keeping) -> str:
    kept = cleaned.raw.kept
    files = [
        keeping.half(part.target) if part.target in keeping.staged else part.target for part in kept
    ]
    listed = ", ".join(sql.text(str(file)) for file in files)
    numbers = ", ".join(str(part.number) for part in kept)
    columns = [
        f"{sql.text(cleaned.raw.key)} AS {SOURCE}",
        f"[{numbers}][CAST(file_index AS INTEGER) + 1] AS {FILE}",
        f"row AS {ROW}",
        f"true AS {TAKEN}",
    ]
    for name, shape in SHAPE["events"].items():
        columns += [name, f"{_said(name)} AS said_{name}", f"CAST(NULL AS VARCHAR) AS why_{name}"]
        if shape.rstrip("?") in ("time", "number"):
            columns.append(f"{name} IS NOT NULL AS there_{name}")
    return f"SELECT {', '.join(columns)} FROM read_parquet([{listed}])"


def _said(name: str) -> str:
    if name in _TIMES:
        return f"coalesce(said_{name}, CAST({name} AS VARCHAR))"
    if name == "kind":
        return "coalesce(kind, '')"  # a kind of signs alone is none, and was there
    return f"CAST({name} AS VARCHAR)"
