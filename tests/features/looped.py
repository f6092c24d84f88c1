"""Canonical tables drawn as text and written to disk, and the loop table that they give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features import sql
from features.loop import FEEDBACK, Loop, write_loop
from features.project import Project
from features.tables import CANONICAL, LEAD_OPTIONAL, AttributeColumn, TableCount, TableSet
from tests.features.drawn import parse

Rows = Sequence[Mapping[str, Any]]
FAR = datetime.fromisoformat("2030-01-01")  # naive UTC
LEADS = """
    lead_id | created_at       | team  | size
    1       | 2026-01-01 10:00 | north | 5
    2       | 2026-01-02 10:00 | south | 10
    3       | 2026-01-03 10:00 |       |
"""


def rows_of(drawing: str | Rows) -> Rows:
    return parse(drawing) if isinstance(drawing, str) else drawing


def write(
    connection: duckdb.DuckDBPyConnection, path: Path, rows: Rows, types: Mapping[str, str]
) -> None:
    """Write rows of text as Parquet, by the engine's own casts."""
    texts = pa.table(
        {
            name: pa.array(
                [None if row.get(name) is None else str(row[name]) for row in rows], pa.string()
            )
            for name in types
        }
    )
    listed = ", ".join(f"CAST({sql.identifier(n)} AS {kind}) AS {n}" for n, kind in types.items())
    connection.register("texts", texts)
    connection.execute(f"COPY (SELECT {listed} FROM texts) TO {sql.text(str(path))}")
    connection.unregister("texts")


@dataclass
class Looped:
    """A company in ``folder``; ``numbers`` are those of its attributes that hold numbers."""

    folder: Path
    flat: bool = False
    numbers: frozenset[str] = frozenset({"size"})
    settings: dict[str, Any] = field(default_factory=dict)

    def project(self) -> Project:
        names = ("lead_id", "created_at", *LEAD_OPTIONAL)
        leads = {"path": "leads.csv", "columns": {name: f"the {name}" for name in names}}
        return Project.model_validate(
            {
                "project": "looped",
                "sources": {"leads": leads, "outcomes": {"path": "o.csv"}},
                **self.settings,
            }
        )

    def tables(self, leads: str | Rows = LEADS, **drawings: str | Rows) -> TableSet:
        """Write the canonical tables; all columns of leads beyond the canonical ones are attributes."""
        rows = rows_of(leads)
        columns = [name for name in rows[0] if name not in CANONICAL["leads"]]
        kinds = {name: "DOUBLE" if name in self.numbers else "VARCHAR" for name in columns}
        with duckdb.connect() as connection:
            for table, types in CANONICAL.items():
                given = rows if table == "leads" else rows_of(drawings.get(table, []))
                all_types = {**types, **kinds} if table == "leads" else types
                write(connection, self.folder / f"{table}.parquet", given, all_types)
        return TableSet(
            folder=self.folder,
            project="looped",
            data_cutoff=FAR,
            flat=self.flat,
            tables={table: TableCount() for table in CANONICAL},
            attributes=[
                AttributeColumn(
                    column=name,
                    label=name.title(),
                    type="number" if name in self.numbers else "category",
                    distinct=2,
                    filled=1.0,
                )
                for name in columns
                if name not in ("account_id", "owner")
            ],
        )

    def feedback(self, drawing: str | Rows) -> Path:
        path = self.folder / "feedback.parquet"
        with duckdb.connect() as connection:
            write(connection, path, rows_of(drawing), FEEDBACK)
        return path

    def loop(
        self,
        as_of: datetime | str = FAR,
        *,
        feedback: str | Rows | None = None,
        journey: bool = False,
        **drawings: str | Rows,
    ) -> Loop:
        moment = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
        told = None if feedback is None else self.feedback(feedback)
        read = self.tables(**drawings)
        out = self.folder / "loop"
        return write_loop(read, self.project(), moment, out, feedback=told, journey=journey)

    def rows(self, *columns: str, **given: Any) -> list[tuple[Any, ...]]:
        """Return some columns of the loop table, times as text without zeros at their end."""
        table = pq.read_table(self.loop(**given).path, columns=list(columns))
        return [tuple(_short(row[name]) for name in columns) for row in table.to_pylist()]


def _short(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else value
