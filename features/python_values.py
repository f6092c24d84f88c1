"""Rows that Python hands over (cells, database rows) into DuckDB, in batches, with their types."""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa

from features import sql
from features.raw import FILE, ROW

_BATCH = 20_000
_SUM = 1 << 256


class Stage:
    """Takes rows as text and remembers what they were, so that columns of one kind get their type back.

    ``digest`` does not depend on the order of rows: a query without ORDER BY has none.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]
    ) -> None:
        self._connection, self._table, self._columns = connection, table, list(columns)
        self._kinds: list[set[str]] = [set() for _ in columns]
        self._pending: list[list[str | None]] = []
        self._rows: list[tuple[int, int]] = []
        self._sum = 0

    @property
    def digest(self) -> str:
        """SHA-256 sum over the rows."""
        return f"{self._sum:064x}"

    def add(self, values: Iterable[object], file: int, row: int) -> None:
        """Take one row."""
        texts: list[str | None] = []
        for kinds, value in zip(self._kinds, values, strict=True):
            kind, text = as_text(value)
            if text is not None:
                kinds.add(kind)
            texts.append(text)
        self._sum = (
            self._sum + int.from_bytes(hashlib.sha256(repr(texts).encode()).digest())
        ) % _SUM
        self._pending.append(texts)
        self._rows.append((file, row))
        if len(self._pending) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is pending."""
        if not self._pending:
            return
        values = [pa.array(column, pa.string()) for column in zip(*self._pending, strict=True)]
        numbers = [pa.array(column, pa.int64()) for column in zip(*self._rows, strict=True)]
        batch = pa.table([*values, *numbers], names=[f"c{n}" for n in range(len(values) + 2)])
        target = ", ".join([*(sql.identifier(name) for name in self._columns), FILE, ROW])
        self._connection.register("batch", batch)
        self._connection.execute(f"INSERT INTO {self._table} ({target}) SELECT * FROM batch")
        self._connection.unregister("batch")
        self._pending, self._rows = [], []

    def finish(self) -> None:
        """Write the rest and give every column the type that all its values had."""
        self.flush()
        for name, kinds in zip(self._columns, self._kinds, strict=True):
            wanted = _type_of(kinds)
            if wanted == "VARCHAR":
                continue
            column = sql.identifier(name)
            fits = self._connection.execute(
                f"SELECT bool_and(TRY_CAST({column} AS {wanted}) IS NOT NULL) FROM {self._table} WHERE {column} IS NOT NULL"
            ).fetchone()
            if fits and fits[0]:
                self._connection.execute(f"ALTER TABLE {self._table} ALTER {column} TYPE {wanted}")


def as_text(value: object) -> tuple[str, str | None]:
    """Return a value's kind and its text; nothing, an empty text and NaN are None."""
    if value is None or value == "":
        return "text", None
    if isinstance(value, str):
        return "text", value
    if isinstance(value, bool):
        return "bool", "true" if value else "false"
    if isinstance(value, int):
        return "int", str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "float", None
        return (
            ("int", str(int(value)))
            if value.is_integer() and abs(value) < 1e15
            else ("float", repr(value))
        )
    if isinstance(value, Decimal):
        return "float", format(value, "f")
    if isinstance(value, datetime):
        return ("zoned" if value.tzinfo else "moment"), value.isoformat(sep=" ")
    if isinstance(value, date):
        return "moment", value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "text", bytes(value).decode("utf-8", "replace")
    return "text", json.dumps(value, default=str) if isinstance(value, dict | list) else str(value)


def _type_of(kinds: set[str]) -> str:
    if kinds == {"bool"}:
        return "BOOLEAN"
    if kinds == {"int"}:
        return "BIGINT"
    if kinds and kinds <= {"int", "float"}:
        return "DOUBLE"
    if kinds == {"moment"}:
        return "TIMESTAMP"
    return "TIMESTAMPTZ" if kinds == {"zoned"} else "VARCHAR"
