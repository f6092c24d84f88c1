"""CSV into DuckDB: every value as text, every refused record kept with its number."""

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features import sql
from features.dialect import TextFile, delimiter_of, header_of, open_text, records
from features.errors import DataError
from features.project import Source
from features.python_values import Stage
from features.raw import FILE, ROW, RawTable

_REJECTED = {
    "TOO MANY COLUMNS": "more columns than the header",
    "MISSING COLUMNS": "fewer columns than the header",
    "UNQUOTED VALUE": "a quote is not closed where a column ends",
    "INVALID ENCODING": "bytes that are not in the declared encoding",
    "LINE SIZE OVER MAXIMUM": "longer than 2 MB, most likely a quote that is never closed",
    "INVALID STATE": "cannot be read as CSV",
}
_SWALLOWED = 4000  # characters


@dataclass(frozen=True)
class CsvFile:
    """One CSV file, its header known."""

    text: TextFile
    columns: list[str]
    delimiter: str
    quote: str


def open_csv(file: Path, source: Source, form: str, scratch: Path) -> CsvFile:
    """Find out how a CSV file is written.

    Raises:
        DataError: wrong bytes, no header, or columns named alike.
    """
    text = open_text(file, source, scratch)
    delimiter = delimiter_of(text, source, form)
    return CsvFile(text, header_of(text, delimiter, source.quote), delimiter, source.quote)


def load_csv(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, file: CsvFile, number: int
) -> None:
    """Append a file's records to ``raw.name``, the refused ones to the quarantine.

    Rows are numbered as a spreadsheet shows them: the header is row 1. Lines that are blank
    count where a file is read with care, and not where it is read fast.
    """
    if file.text.odd_ends:
        _carefully(connection, raw, file, number)
        return
    try:
        _fast(connection, raw, file, number)
    except duckdb.InvalidInputException:
        # DuckDB gives up on a file, not on a record, where line ends are mixed or quotes odd.
        connection.execute(f"DELETE FROM {raw.name} WHERE {FILE} = {number}")
        connection.execute(
            f"DELETE FROM refused WHERE source = {sql.text(raw.key)} AND file = {number}"
        )
        _carefully(connection, raw, file, number)
    finally:
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")


def _fast(connection: duckdb.DuckDBPyConnection, raw: RawTable, file: CsvFile, number: int) -> None:
    types = ", ".join(f"{sql.text(name)}: 'VARCHAR'" for name in file.columns)
    names = ", ".join(sql.identifier(name) for name in file.columns)
    connection.execute(
        f"""
        INSERT INTO {raw.name} ({names}, {FILE}, {ROW})
        SELECT {names}, {number}, 1 + row_number() OVER () FROM read_csv({sql.text(str(file.text.path))},
            auto_detect = false, all_varchar = true, header = true, strict_mode = true, nullstr = '',
            store_rejects = true, rejects_limit = 0, delim = {sql.text(file.delimiter)},
            quote = {sql.text(file.quote)}, escape = {sql.text(file.quote)}, columns = {{{types}}})
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE rejected AS
        SELECT line, any_value(error_type::VARCHAR) AS problem, any_value(csv_line) AS content,
            row_number() OVER (ORDER BY line) AS place
        FROM reject_errors GROUP BY line
        """
    )
    refused = connection.execute("SELECT count(*) FROM rejected").fetchone()
    if refused and refused[0]:
        _stop_at_lost_rows(connection, file)
        _refuse(connection, raw, number)


def _stop_at_lost_rows(connection: duckdb.DuckDBPyConnection, file: CsvFile) -> None:
    """DuckDB keeps the start of what an open quote swallowed; how many rows the rest was, nobody knows."""
    open_quote = connection.execute(
        f"SELECT min(line) FROM rejected WHERE problem = 'UNQUOTED VALUE' AND length(content) > {_SWALLOWED}"
    ).fetchone()
    if open_quote and open_quote[0] is not None:
        raise DataError(
            f"{file.text.original}: row {open_quote[0]} opens a quote that is not closed; the rows after it "
            "cannot be told apart. Close the quote, or say quote: in the project file"
        )


def _refuse(connection: duckdb.DuckDBPyConnection, raw: RawTable, number: int) -> None:
    # A record's number is its place among the accepted, the header, and the refused before it.
    connection.execute(
        f"""
        UPDATE {raw.name} SET {ROW} = moved.place FROM (
            SELECT a.{ROW} AS was, a.{ROW} + r.place AS place
            FROM {raw.name} AS a ASOF JOIN (SELECT max(place) AS place, line - place AS before FROM rejected GROUP BY before) AS r ON a.{ROW} > r.before
            WHERE a.{FILE} = {number}
        ) AS moved
        WHERE {raw.name}.{FILE} = {number} AND {raw.name}.{ROW} = moved.was
        """
    )
    reason = (
        "CASE problem "
        + " ".join(f"WHEN {sql.text(k)} THEN {sql.text(v)}" for k, v in _REJECTED.items())
        + " ELSE problem END"
    )
    # A quote that is never closed swallows the lines after it: each of them is a row lost.
    connection.execute(
        f"""
        INSERT INTO refused (source, file, row, "column", value, reason)
        SELECT {sql.text(raw.key)}, {number}, line + swallowed, NULL, left(part, 200),
            CASE WHEN swallowed = 0 THEN {reason} ELSE 'swallowed by the open quote of row ' || line END
        FROM (
            SELECT *, unnest(parts) AS part, unnest(range(len(parts))) AS swallowed
            FROM (SELECT *, CASE WHEN problem = 'UNQUOTED VALUE' THEN
                      string_split(trim(content, E'\\r\\n'), E'\\n') ELSE [trim(content, E'\\r\\n')] END AS parts FROM rejected)
        )
        """
    )


def _carefully(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, file: CsvFile, number: int
) -> None:
    """Read record by record: slower, and at home with line ends that change within a file."""
    wide = len(file.columns)
    accepted = Stage(connection, raw.name, file.columns)
    refused: list[tuple[int, str, str]] = []
    row = 0
    try:
        for row, record in enumerate(records(file.text, file.delimiter, file.quote), 1):
            while len(record) > wide and not record[-1]:
                record.pop()  # delimiters at the end of the line, as DuckDB takes them
            if row == 1 or not record:
                continue
            if len(record) != wide:
                refused.append(
                    (
                        row,
                        file.delimiter.join(record)[:200],
                        _REJECTED["TOO MANY COLUMNS" if len(record) > wide else "MISSING COLUMNS"],
                    )
                )
                continue
            accepted.add(record, number, row)
    except csv.Error as error:
        raise DataError(
            f"{file.text.original}: row {row + 1}: {error}; the rows after it cannot be told apart. Close the quote, or say quote: in the project file"
        ) from None
    accepted.flush()
    if refused:
        connection.executemany(
            'INSERT INTO refused (source, file, row, "column", value, reason) VALUES (?, ?, ?, NULL, ?, ?)',
            [(raw.key, number, *line) for line in refused],
        )
