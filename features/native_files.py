"""Parquet and JSON lines into DuckDB: files whose columns have types of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from features import sql
from features.errors import DataError
from features.kept_files import Keeping, digests_of
from features.project import Source
from features.raw import FILE, ROW, RawTable, create_raw, loaded, same_columns


def load_native(
    connection: duckdb.DuckDBPyConnection,
    raw: RawTable,
    source: Source,
    form: str,
    files: Sequence[Path],
    keeping: Keeping | None,
) -> RawTable:
    """Load files whose columns have types; what lies as Parquet becomes a view of the files.

    Raises:
        DataError: a file cannot be read, or has other columns than the first.
    """
    scans = [_scan(file, form) for file in files]
    try:
        described = [
            connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall() for scan in scans
        ]
        columns = same_columns(
            raw.key, files, [[str(row[0]) for row in rows] for rows in described]
        )
        types = _common_types(connection, scans, columns)
        if keeping is not None:
            parts = keeping.look(connection, source, form, files, types)
            raw = replace(raw, partitions=parts)
        # JSON comes where values of one name differ in type; a text is then the text itself.
        plain = {name: "VARCHAR" if kind == "JSON" else kind for name, kind in types.items()}
        kept = {part.number for part in raw.kept}
        left = [number for number in range(len(files)) if number not in kept]
        if raw.lies_in:
            raw = replace(raw, types=plain, alike=all(rows == described[0] for rows in described))
            look_at(connection, raw, left)
        else:
            create_raw(connection, raw.name, plain)
            for number in left:
                _copy(connection, raw.name, types, scans[number], number)
    except duckdb.Error as error:
        raise DataError(
            f"{raw.key}: {', '.join(raw.files)} cannot be read as {form}: {error}"
        ) from None
    return loaded(connection, raw, [(digest, columns) for digest in digests_of(raw, files)])


def _copy(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    types: Mapping[str, str],
    scan: str,
    number: int,
) -> None:
    names = ", ".join(sql.identifier(column) for column in types)
    values = ", ".join(
        f"{sql.identifier(column)} ->> '$'" if kind == "JSON" else sql.identifier(column)
        for column, kind in types.items()
    )
    connection.execute(
        f"INSERT INTO {name} ({names}, {FILE}, {ROW}) SELECT {values}, {number}, row_number() OVER () FROM {scan}"
    )


def look_at(connection: duckdb.DuckDBPyConnection, raw: RawTable, numbers: Sequence[int]) -> None:
    """Make ``raw.name`` a view of some files of a source that is read where it lies; ``raw.types`` are its columns'.

    One scan of all files where that can be: each scan of many holds memory of its own.
    """
    files = [raw.lies_in[number].path for number in numbers]
    every = len(files) == len(raw.lies_in)
    names = ", ".join(
        f"CAST({sql.identifier(name)} AS {kind}) AS {sql.identifier(name)}"
        for name, kind in raw.types.items()
    )
    scans = [
        (_scan(file, "parquet"), str(number)) for number, file in zip(numbers, files, strict=True)
    ]
    if files and raw.alike:
        places = f"[{', '.join(map(str, numbers))}][CAST(file_index AS INTEGER) + 1]"
        scans = [(_scan_all(files), "file_index" if every else places)]
    parts = [
        f"SELECT {names}, CAST({number} AS INTEGER) AS {FILE}, file_row_number + 1 AS {ROW} FROM {scan}"
        for scan, number in scans
    ] or [_no_rows(raw.types)]
    connection.execute(f"CREATE OR REPLACE VIEW {raw.name} AS {' UNION ALL '.join(parts)}")


def _no_rows(types: Mapping[str, str]) -> str:
    columns = {**types, FILE: "INTEGER", ROW: "BIGINT"}
    nulls = ", ".join(
        f"CAST(NULL AS {kind}) AS {sql.identifier(name)}" for name, kind in columns.items()
    )
    return f"SELECT {nulls} WHERE false"


def _scan_all(files: Sequence[Path]) -> str:
    return f"read_parquet([{', '.join(sql.text(str(file)) for file in files)}])"


def _scan(file: Path, form: str) -> str:
    if form == "parquet":
        return f"read_parquet({sql.text(str(file))})"
    # Dates stay text, so that one rule reads times; a later row may have what the first lacks.
    return f"read_json({sql.text(str(file))}, format = 'newline_delimited', sample_size = -1, dateformat = 'none', timestampformat = 'none', convert_strings_to_integers = false)"


def _common_types(
    connection: duckdb.DuckDBPyConnection, scans: Sequence[str], columns: Sequence[str]
) -> dict[str, str]:
    names = ", ".join(sql.identifier(column) for column in columns)
    union = " UNION ALL ".join(f"SELECT {names} FROM {scan}" for scan in scans)
    return {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {union}").fetchall()}
