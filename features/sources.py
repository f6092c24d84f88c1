"""Where the tables lie: files, globs, sheets and databases, loaded into DuckDB as they are."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from features.csv_files import load_csv, open_csv
from features.databases import load_query
from features.errors import ProjectError
from features.kept_files import Keeping, digests_of
from features.native_files import load_native
from features.nearest import nearest
from features.project import Source
from features.python_values import Stage
from features.raw import LyingFile, RawTable, create_raw, loaded, same_columns
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
    keeping: Keeping | None = None,
) -> RawTable:
    """Load one source into a table ``raw_N`` of the connection.

    ``keeping``: what earlier runs kept of files; those of a source that says ``keep_read`` are not
    read again.

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
    keeping = keeping if source.keep_read else None
    if keeping is not None and form in ("csv", "tsv", "xlsx"):
        raw = replace(raw, partitions=keeping.look(connection, source, form, files))
    if form in ("csv", "tsv"):
        return _load_text(connection, raw, source, files, scratch)
    if form == "xlsx":
        return _load_sheets(connection, raw, source, files)
    # What the project file does not compute with need not be copied: it is read where it lies.
    lies = form == "parquet" and not source.derive and source.where is None
    if lies:
        raw = replace(raw, lies_in=[LyingFile.of(file) for file in files])
    return load_native(connection, raw, source, form, files, keeping)


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
    kept = {part.number: part for part in raw.kept}
    opened = {
        number: open_csv(file, source, form, scratch)
        for number, file in enumerate(files)
        if number not in kept
    }
    told = {number: (file.text.digest, file.columns) for number, file in opened.items()}
    told |= {number: (part.digest, list(part.columns)) for number, part in kept.items()}
    columns = same_columns(raw.key, files, [told[number][1] for number in range(len(files))])
    create_raw(connection, raw.name, dict.fromkeys(columns, "VARCHAR"))
    for number, file in opened.items():
        load_csv(connection, raw, file, number)
    return loaded(connection, raw, [told[number] for number in range(len(files))])


def _load_sheets(
    connection: duckdb.DuckDBPyConnection,
    raw: RawTable,
    source: Source,
    files: Sequence[Path],
) -> RawTable:
    kept = {part.number: part for part in raw.kept}
    sheets = {
        number: read_sheet(raw.key, file, source.sheet)
        for number, file in enumerate(files)
        if number not in kept
    }
    told = {number: list(part.columns) for number, part in kept.items()}
    told |= {number: names for number, (names, _) in sheets.items()}
    columns = same_columns(raw.key, files, [told[number] for number in range(len(files))])
    create_raw(connection, raw.name, dict.fromkeys(columns, "VARCHAR"))
    stage = Stage(connection, raw.name, columns)
    for number, (names, rows) in sheets.items():
        places = [names.index(column) for column in columns]
        for row, values in rows:
            stage.add([values[place] for place in places], number, row)
    stage.finish()
    digests = digests_of(raw, files)
    return loaded(
        connection, raw, [(digest, told[number]) for number, digest in enumerate(digests)]
    )
