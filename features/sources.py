"""Where the tables lie: files, globs, sheets and databases, loaded into DuckDB as they are."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from features import sql
from features.csv_files import load_csv, open_csv
from features.databases import load_query
from features.dialect import refuse_repeated
from features.errors import DataError, ProjectError
from features.nearest import nearest
from features.project import Source
from features.python_values import Stage
from features.raw import FILE, ROW, LyingFile, RawTable, create_raw, finished
from features.spreadsheets import read_sheet
from features.tables import TableName

_FORMATS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_FORMATS |= {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xls": "xlsx",
    ".ods": "xlsx",
}


def load_source(
    connection: duckdb.DuckDBPyConnection,
    key: str,
    table: TableName,
    source: Source,
    data_root: Path,
    scratch: Path,
) -> RawTable:
    """Load one source into a table ``raw_N`` of the connection.

    Raises:
        ProjectError: there is no such file, sheet or format, or an environment variable is missing.
        DataError: a file or database cannot be read.
    """
    name = "raw_" + key.removeprefix("sources.").replace(".", "_")
    if source.url is not None:
        return load_query(connection, RawTable(key, table, name, [], []), source, data_root)
    files = find_files(key, source, data_root)
    forms = {_form(key, file, source) for file in files}
    if len(forms) > 1:
        raise ProjectError(
            f"{key}.path: the files are of different formats ({', '.join(sorted(forms))}); give each format its own source"
        )
    raw = RawTable(key, table, name, [], [_shown(file, data_root) for file in files])
    form = forms.pop()
    if form in ("csv", "tsv"):
        return _load_text(connection, raw, source, files, scratch)
    if form == "xlsx":
        return _load_sheets(connection, raw, source, files)
    # What the project file does not compute with need not be copied: it is read where it lies.
    lies = form == "parquet" and not source.derive and source.where is None
    if lies:
        raw = replace(raw, lies_in=[LyingFile.of(file) for file in files])
    return _load_native(connection, raw, form, files)


def find_files(key: str, source: Source, data_root: Path) -> list[Path]:
    """Resolve paths and globs, each glob's files by name.

    Raises:
        ProjectError: nothing lies there; the message says what does.
    """
    found: list[Path] = []
    for path in source.path:
        full = data_root / Path(path).expanduser()
        if any(mark in path for mark in "*?["):
            anchor = Path(full.anchor)
            matches = sorted(
                file for file in anchor.glob(str(full.relative_to(anchor))) if file.is_file()
            )
            if not matches:
                raise ProjectError(f"{key}.path: no file matches {full}; {_beside(full)}")
            found += matches
        elif full.is_file():
            found.append(full)
        else:
            what = "this is a folder, not a file:" if full.is_dir() else "there is no file"
            raise ProjectError(f"{key}.path: {what} {full}; {_beside(full)}")
    return list(dict.fromkeys(found))


def _beside(path: Path) -> str:
    folder = path if path.is_dir() else path.parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist either (relative paths start from the project file's folder, or from --data)"
    names = sorted(file.name for file in folder.iterdir() if file.is_file())
    close = nearest(path.name, names)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"beside it lie {', '.join(names[:12])}" if names else f"the folder {folder} is empty"


def _form(key: str, file: Path, source: Source) -> str:
    if source.format is not None:
        return source.format
    suffix = Path(file.stem).suffix if file.suffix == ".gz" else file.suffix
    try:
        return _FORMATS[suffix.lower()]
    except KeyError:
        raise ProjectError(
            f"{key}.format: {file.name} does not tell its format; say csv, tsv, parquet, jsonl or xlsx"
        ) from None


def _shown(file: Path, data_root: Path) -> str:
    return str(file.relative_to(data_root)) if file.is_relative_to(data_root) else str(file)


def _load_text(
    connection: duckdb.DuckDBPyConnection,
    raw: RawTable,
    source: Source,
    files: Sequence[Path],
    scratch: Path,
) -> RawTable:
    form = _form(raw.key, files[0], source)
    opened = [open_csv(file, source, form, scratch) for file in files]
    columns = _same_columns(raw.key, files, [file.columns for file in opened])
    create_raw(connection, raw.name, dict.fromkeys(columns, "VARCHAR"))
    for number, file in enumerate(opened):
        load_csv(connection, raw, file, number)
    return finished(connection, raw, [file.text.digest for file in opened])


def _load_sheets(
    connection: duckdb.DuckDBPyConnection,
    raw: RawTable,
    source: Source,
    files: Sequence[Path],
) -> RawTable:
    sheets = [read_sheet(raw.key, file, source.sheet) for file in files]
    columns = _same_columns(raw.key, files, [names for names, _ in sheets])
    create_raw(connection, raw.name, dict.fromkeys(columns, "VARCHAR"))
    stage = Stage(connection, raw.name, columns)
    for number, (names, rows) in enumerate(sheets):
        places = [names.index(column) for column in columns]
        for row, values in rows:
            stage.add([values[place] for place in places], number, row)
    stage.finish()
    return finished(connection, raw, [_sha256(file) for file in files])


def _load_native(
    connection: duckdb.DuckDBPyConnection,
    raw: RawTable,
    form: str,
    files: Sequence[Path],
) -> RawTable:
    scans = [_scan(file, form) for file in files]
    try:
        described = [
            connection.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall() for scan in scans
        ]
        columns = _same_columns(
            raw.key, files, [[str(row[0]) for row in rows] for rows in described]
        )
        types = _common_types(connection, scans, columns)
        # JSON comes where values of one name differ in type; a text is then the text itself.
        plain = {name: "VARCHAR" if kind == "JSON" else kind for name, kind in types.items()}
        if raw.lies_in:
            alike = all(rows == described[0] for rows in described)
            _view(connection, raw, [_scan_all(files)] if alike else scans, plain)
            return finished(connection, raw, [_sha256(file) for file in files])
        create_raw(connection, raw.name, plain)
        names = ", ".join(sql.identifier(column) for column in columns)
        values = ", ".join(
            f"{sql.identifier(name)} ->> '$'" if types[name] == "JSON" else sql.identifier(name)
            for name in columns
        )
        for number, scan in enumerate(scans):
            connection.execute(
                f"INSERT INTO {raw.name} ({names}, {FILE}, {ROW}) SELECT {values}, {number}, row_number() OVER () FROM {scan}"
            )
    except duckdb.Error as error:
        raise DataError(
            f"{raw.key}: {', '.join(raw.files)} cannot be read as {form}: {error}"
        ) from None
    return finished(connection, raw, [_sha256(file) for file in files])


def _view(
    connection: duckdb.DuckDBPyConnection,
    raw: RawTable,
    scans: Sequence[str],
    types: dict[str, str],
) -> None:
    names = ", ".join(
        f"CAST({sql.identifier(name)} AS {kind}) AS {sql.identifier(name)}"
        for name, kind in types.items()
    )
    # One scan of all files where that can be: each scan of many holds memory of its own.
    parts = [
        f"SELECT {names}, CAST({number} + file_index AS INTEGER) AS {FILE}, file_row_number + 1 AS {ROW} FROM {scan}"
        for number, scan in enumerate(scans)
    ]
    connection.execute(f"CREATE OR REPLACE VIEW {raw.name} AS {' UNION ALL '.join(parts)}")


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


def _same_columns(key: str, files: Sequence[Path], columns: Sequence[list[str]]) -> list[str]:
    for file, names in zip(files, columns, strict=True):
        refuse_repeated(file, names)
        more, fewer = sorted(set(names) - set(columns[0])), sorted(set(columns[0]) - set(names))
        if more or fewer:
            said = [f"{file.name} has {', '.join(more)} besides"] if more else []
            said += [f"{file.name} lacks {', '.join(fewer)}"] if fewer else []
            raise DataError(
                f"{key}: the files of one source have the same columns, but against {files[0].name}, {' and '.join(said)}"
            )
    return columns[0]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
