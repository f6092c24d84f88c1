"""A source's rows in DuckDB as they were read, each with its file and row."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from features import sql
from features.dialect import refuse_repeated
from features.errors import DataError
from features.tables import TableName

FILE = "_leadgauge_file"
ROW = "_leadgauge_row"

# Every row that is not taken, wherever it is refused; ``file`` is the number within the source.
REFUSED = """
    CREATE TABLE refused (
        source VARCHAR, file INTEGER, row BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR)
"""


@dataclass(frozen=True)
class LyingFile:
    """A file that is read again and again, and what would tell that somebody has replaced it meanwhile."""

    path: Path
    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> "LyingFile":
        """Look at a file."""
        found = path.stat()
        return cls(path, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Partition:
    """One file of a source whose cleaned rows are kept from one run to the next.

    ``number``: its place among the source's files. ``lying``: what it was before it was read.
    ``target``: where its rows are kept, or would be; ``rows``: how many, None where they are
    not and the file is read. ``read``: rows before ``where``. ``digest`` and ``columns``: as
    reading the file tells them.
    """

    number: int
    lying: LyingFile
    target: Path
    digest: str = ""
    columns: tuple[str, ...] = ()
    read: int = 0
    rows: int | None = None


@dataclass(frozen=True)
class RawTable:
    """One source, loaded.

    ``name``: the DuckDB table, with the source's own columns, ``FILE`` and ``ROW``.
    ``key``: where it stands in the project file. ``files``: names, in reading order.
    ``digest``: SHA-256 of the content. ``types``: DuckDB's, by column. ``lies_in``: where the rows stay,
    for a source that is not copied but read where it lies; ``name`` is a view then, and of one scan if the files are ``alike`` in columns and types. ``partitions``: of a
    source that says ``keep_read``, one for each file; ``name`` lacks the rows of those that are kept.
    """

    key: str
    table: TableName
    name: str
    columns: list[str]
    files: list[str]
    digest: str = ""
    types: dict[str, str] = field(default_factory=dict[str, str])
    lies_in: list[LyingFile] = field(default_factory=list[LyingFile])
    alike: bool = False
    partitions: list[Partition] = field(default_factory=list[Partition])

    @property
    def kept(self) -> list[Partition]:
        """The files that need not be read: an earlier run has kept their rows."""
        return [part for part in self.partitions if part.rows is not None]


def create_raw(connection: duckdb.DuckDBPyConnection, name: str, types: dict[str, str]) -> None:
    """Create an empty raw table."""
    listed = ", ".join(f"{sql.identifier(column)} {kind}" for column, kind in types.items())
    connection.execute(f"CREATE OR REPLACE TABLE {name} ({listed}, {FILE} INTEGER, {ROW} BIGINT)")


def finished(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, digests: Sequence[str]
) -> RawTable:
    """Return what was loaded, with its columns, their types and the digest of all files in order."""
    described = connection.execute(f"DESCRIBE {raw.name}").fetchall()
    types = {str(row[0]): str(row[1]) for row in described if row[0] not in (FILE, ROW)}
    digest = hashlib.sha256("\n".join([raw.table, *digests]).encode()).hexdigest()
    return replace(raw, columns=list(types), digest=digest, types=types)


def loaded(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, told: Sequence[tuple[str, list[str]]]
) -> RawTable:
    """Return what was loaded; ``told`` are digest and columns of each file, the kept ones too."""
    parts = [
        replace(part, digest=told[part.number][0], columns=tuple(told[part.number][1]))
        for part in raw.partitions
    ]
    if parts and not raw.lies_in:
        rows = connection.execute(
            f"SELECT {FILE}, count(*) FROM {raw.name} GROUP BY ALL"
        ).fetchall()
        read = dict(rows)
        parts = [
            part if part.rows is not None else replace(part, read=read.get(part.number, 0))
            for part in parts
        ]
    return finished(connection, replace(raw, partitions=parts), [digest for digest, _ in told])


def same_columns(key: str, files: Sequence[Path], columns: Sequence[list[str]]) -> list[str]:
    """Return the columns of files that all have the same, in the first one's order.

    Raises:
        DataError: one has others, or two that are named alike.
    """
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


def refuse_changed(raws: Sequence[RawTable]) -> None:
    """Check that the files which were read more than once were the same all the time.

    Raises:
        DataError: some are not; the message names them.
    """
    changed = [str(file.path) for raw in raws for file in raw.lies_in if differs(file)]
    if changed:
        raise DataError(
            f"{', '.join(changed)}: changed while it was being read; run again once the export is complete"
        )


def differs(file: LyingFile) -> bool:
    """Say whether somebody has replaced a file since it was looked at."""
    try:
        return LyingFile.of(file.path) != file
    except FileNotFoundError:
        return True
