"""A source's rows in DuckDB as they were read, each with its file and row."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from features import sql
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
class RawTable:
    """One source, loaded.

    ``name``: the DuckDB table, with the source's own columns, ``FILE`` and ``ROW``.
    ``key``: where it stands in the project file. ``files``: names, in reading order.
    ``digest``: SHA-256 of the content. ``types``: DuckDB's, by column. ``lies_in``: where the rows stay,
    for a source that is not copied but read where it lies; ``name`` is a view then.
    """

    key: str
    table: TableName
    name: str
    columns: list[str]
    files: list[str]
    digest: str = ""
    types: dict[str, str] = field(default_factory=dict[str, str])
    lies_in: list[LyingFile] = field(default_factory=list[LyingFile])


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
    return RawTable(
        raw.key, raw.table, raw.name, list(types), raw.files, digest, types, raw.lies_in
    )


def refuse_changed(raws: Sequence[RawTable]) -> None:
    """Check that the files which were read more than once were the same all the time.

    Raises:
        DataError: some are not; the message names them.
    """
    changed = [str(file.path) for raw in raws for file in raw.lies_in if _differs(file)]
    if changed:
        raise DataError(
            f"{', '.join(changed)}: changed while it was being read; run again once the export is complete"
        )


def _differs(file: LyingFile) -> bool:
    try:
        return LyingFile.of(file.path) != file
    except FileNotFoundError:
        return True
