"""Feedback that sales filled in: a CSV or a sheet, read row by row and held against the company's leads."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from features import sql
from features.errors import DataError
from features.feedback_checks import Refused, judged
from features.nearest import hint
from features.project import Project, Source
from features.raw import REFUSED, ROW, RawTable
from features.sources import load_source
from features.tables import TableSet
from features.values import text_sql, time_sql, trimmed, without_control

NEEDED: Final = ("lead", "step", "when", "who")
COLUMNS: Final = (*NEEDED, "reason", "route", "note")
# What people call them, as slugs.
CALLED: Final = {
    "lead": ("lead", "lead_id"),
    "step": ("step", "what"),
    "when": ("when", "date", "occurred_at"),
    "who": ("who", "actor", "owner"),
    "reason": ("reason", "why"),
    "route": ("route",),
    "note": ("note", "notes", "comment"),
}
ENCODINGS: Final = ("utf-8", "cp1252")  # the second is what Excel writes under Windows unless asked
_CLOCKS = ("", " %H:%M", " %H:%M:%S")
_FOUR = [f"{day}{clock}" for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y") for clock in _CLOCKS]
_TWO = [form.replace("%Y", "%y") for form in _FOUR]
_TWELVE_HOURS = ["%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p"]
_LONGEST = 500


@dataclass
class Feedback:
    """What a file of feedback says.

    ``rows`` have the columns of ``features.loop.FEEDBACK`` but for ``recorded_at`` and ``file``, times naive UTC.
    ``read`` counts the file's rows, ``blank`` those of them that nobody has filled in. ``notes`` are about the file.
    """

    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    refused: list[Refused] = field(default_factory=list[Refused])
    read: int = 0
    blank: int = 0
    notes: list[str] = field(default_factory=list[str])

    @property
    def refused_rows(self) -> int:
        """How many rows something is wrong with."""
        return len({refused.row for refused in self.refused})


def read_feedback(
    file: Path, project: Project, read: TableSet, moment: datetime, scratch: Path
) -> Feedback:
    """Read a file of feedback and check every row against the agreement and the leads.

    Args:
        file: CSV (comma, semicolon or tab) or a spreadsheet of one sheet, its first row the header.
        project: whose clock times without an offset are on, and who may overrule.
        read: the company's tables: which leads there are and when they were created.
        moment: now, naive UTC; nothing can have happened later.
        scratch: a folder for copies, removed afterwards.

    Raises:
        DataError: the file cannot be read, or lacks a column.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(config={"memory_limit": f"{project.limits.memory_gb}GB"})
    found = Feedback()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        raw = _load(connection, file, scratch, found)
        names = _header(file, raw.columns)
        for row in _rows(connection, raw, names, project.timezone, read):
            found.read += 1
            if row["step"] is None and row["when"] is None:
                found.blank += 1
                continue
            taken = judged(row, project, moment)
            if isinstance(taken, list):
                found.refused += taken
            else:
                found.rows.append(taken)
        for number, value, reason in connection.execute(
            "SELECT row, value, reason FROM refused"
        ).fetchall():
            found.refused.append(Refused(number, "", value or "", reason))
            found.read += 1
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)
    found.refused.sort(key=lambda refused: refused.row)
    return found


def _load(
    connection: duckdb.DuckDBPyConnection, file: Path, scratch: Path, found: Feedback
) -> RawTable:
    """Load the file's rows as text, as UTF-8 or as Excel writes it under Windows."""
    place = file
    if set("*?[") & set(str(file)):  # a path of a source is a pattern
        place = scratch / f"feedback{file.suffix}"
        shutil.copyfile(file, place)
    for encoding in ENCODINGS:
        connection.execute("DROP TABLE IF EXISTS refused")
        connection.execute(REFUSED)
        source = Source(path=[str(place)], encoding=encoding)
        try:
            raw = load_source(connection, "feedback", "events", source, place.parent, scratch)
        except DataError:
            if encoding == ENCODINGS[-1] or _is_utf8(place):
                raise
        else:
            if encoding != ENCODINGS[0]:
                found.notes.append(f"{file.name} is not UTF-8; it was read as {encoding}")
            return raw
    raise AssertionError("the last encoding either reads or raises")


def _is_utf8(file: Path) -> bool:
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _header(file: Path, columns: list[str]) -> dict[str, str]:
    """Return the file's column for each of ours.

    Raises:
        DataError: one that is needed is missing, or two columns mean the same.
    """
    meant = {said: ours for ours, called in CALLED.items() for said in called}
    names: dict[str, str] = {}
    problems: list[str] = []
    for column in columns:
        ours = meant.get(sql.slug(column))
        if ours is None:
            continue
        if ours in names:
            problems.append(f"{names[ours]!r} and {column!r} both mean {ours}; keep one")
        names.setdefault(ours, column)
    for ours in NEEDED:
        if ours not in names:
            also = " or ".join(CALLED[ours][1:])
            near = hint(ours, columns, what="there are")
            problems.append(f"there is no column {ours} (it may be called {also}); {near}")
    if problems:
        raise DataError(
            "\n".join([f"{file}: expected the columns {', '.join(COLUMNS)}", *problems])
        )
    return names


def _rows(
    connection: duckdb.DuckDBPyConnection,
    raw: RawTable,
    names: Mapping[str, str],
    zone: str,
    read: TableSet,
) -> Iterator[dict[str, Any]]:
    """Yield the file's rows: its cells as text, and what was found to them.

    ``told_at``: when, naive UTC; ``day``: the day alone was said; ``ambiguous``: day or month first, nobody knows.
    ``created_at``: None where there is no such lead; ``same_day``: that day is the one of its creation.
    """
    cells = [
        f"{_cell(names[ours], raw.types[names[ours]])} AS {sql.identifier(ours)}"
        if ours in names
        else f"CAST(NULL AS VARCHAR) AS {sql.identifier(ours)}"
        for ours in COLUMNS
    ]
    kind = raw.types[names["when"]]
    timed = (
        f"{sql.identifier(names['when'])} AS moment"
        if kind.startswith(("TIMESTAMP", "DATE"))
        else f"{_cell(names['when'], kind)} AS moment"
    )
    told = "VARCHAR" if not kind.startswith(("TIMESTAMP", "DATE")) else kind
    value, ambiguous = _moment("moment", told, zone)
    here = sql.text(zone)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE told AS
        SELECT *, date_trunc('day', wall) = wall AS day FROM (
            SELECT *, timezone({here}, timezone('UTC', told_at)) AS wall FROM (
                SELECT * EXCLUDE (moment), {value} AS told_at, {ambiguous} AS ambiguous
                FROM (SELECT {ROW} AS row, {", ".join(cells)}, {timed} FROM {raw.name})))
    """)
    leads = sql.text(str(read.path("leads")))
    found = connection.execute(f"""
        SELECT t.* EXCLUDE (wall), l.created_at,
            date_trunc('day', timezone({here}, timezone('UTC', l.created_at))) = t.wall AS same_day
        FROM told AS t LEFT JOIN read_parquet({leads}) AS l ON l.lead_id = t.lead
        ORDER BY row
    """)
    header = [str(column[0]) for column in found.description or ()]
    while batch := found.fetchmany(10_000):
        yield from (dict(zip(header, values, strict=True)) for values in batch)


def _cell(column: str, kind: str) -> str:
    return f"nullif(left({without_control(trimmed(text_sql(column, kind)))}, {_LONGEST}), '')"


def _moment(column: str, kind: str, zone: str) -> tuple[str, str]:
    """Return SQL for the time in naive UTC, and for whether it could mean two days."""
    iso = time_sql(column, kind, Source(path=["-"]), zone).value
    if kind != "VARCHAR":
        return iso, "false"
    four = time_sql(column, kind, Source(path=["-"], time_formats=_FOUR + _TWELVE_HOURS), zone)
    two = time_sql(column, kind, Source(path=["-"], time_formats=_TWO), zone)
    # strptime's %Y takes 26 for the year 26.
    long_year = rf"regexp_matches({column}, '(^|\D)\d{{4}}(\D|$)')"
    written = f"CASE WHEN {long_year} THEN {four.value} ELSE {two.value} END"
    problem = f"CASE WHEN {long_year} THEN {four.problem} ELSE {two.problem} END"
    value = f"coalesce({iso}, {written})"
    return value, f"{value} IS NULL AND {problem} LIKE 'ambiguous%'"
