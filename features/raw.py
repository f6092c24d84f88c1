"""A source's rows in DuckDB as they were read, each with its file and row."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb

from features import sql
from features.tables import TableName

FILE = "_leadgauge_file"
ROW = "_leadgauge_row"

# Every row that is not taken, wherever it is refused; ``file`` is the number within the source.
REFUSED = """
    CREATE TABLE refused (
        source VARCHAR, file INTEGER, row BIGINT, "column" VARCHAR, value VARCHAR, reason VARCHAR)
"""


@dataclass(frozen=True)
class RawTable:
    """One source, loaded.

    ``name``: the DuckDB table, with the source's own columns, ``FILE`` and ``ROW``.
    ``key``: where it stands in the project file. ``files``: names, in reading order.
    ``digest``: SHA-256 of the content. ``types``: DuckDB's, by column.
    """

    key: str
    table: TableName
    name: str
    columns: list[str]
    files: list[str]
    digest: str = ""
    types: dict[str, str] = field(default_factory=dict[str, str])


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
    return RawTable(raw.key, raw.table, raw.name, list(types), raw.files, digest, types)
