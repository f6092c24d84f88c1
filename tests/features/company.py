"""A small company on disk: its files, its project file, and what reading them gives."""

import csv
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from features.contract import read_tables
from features.project import Project
from features.tables import TableName, TableSet

NOW = datetime.fromisoformat("2026-06-01")  # naive UTC
LEADS = """
    id | created    | channel
    1  | 2026-01-01 | web
    2  | 2026-01-02 | fair
    3  | 2026-01-03 | web
"""
DEALS = """
    lead | result | closed
    1    | won    | 2026-02-01
    2    | lost   | 2026-02-02
"""


def drawn(drawing: str) -> list[list[str]]:
    """Read a table drawn with bars; the first row is the header, ``-`` is empty."""
    lines = [line for line in drawing.strip().splitlines() if line.strip()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [["" if cell == "-" else cell for cell in row] for row in cells]


@dataclass
class Company:
    """Files in ``root``, and the sources that the project file says."""

    root: Path
    sources: dict[str, Any] = field(
        default_factory=lambda: {
            "leads": {"path": "leads.csv", "columns": {"lead_id": "id", "created_at": "created"}},
            "outcomes": {
                "path": "deals.csv",
                "columns": {"lead_id": "lead", "status": "result", "closed_at": "closed"},
            },
        }
    )
    settings: dict[str, Any] = field(default_factory=lambda: {"limits": {"quarantine_share": 1.0}})

    def draw(self, file: str, drawing: str, delimiter: str = ",") -> Path:
        with (self.root / file).open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows(drawn(drawing))
        return self.root / file

    def project(self) -> Project:
        return Project.model_validate(
            {"project": "company", "sources": self.sources, **self.settings}
        )

    def read(self, **drawings: str) -> TableSet:
        """Draw the files named (``leads``, ``deals``, ``events``, ...) and read all."""
        for name, drawing in {"leads": LEADS, "deals": DEALS, **drawings}.items():
            if name in drawings or not (self.root / f"{name}.csv").exists():
                self.draw(f"{name}.csv", drawing)
        return self.read_files()

    def read_files(self, *, as_of: datetime | None = None, now: datetime = NOW) -> TableSet:
        return read_tables(self.project(), self.root, self.root / "out", now=now, as_of=as_of)

    def rows(self, table: TableName, columns: str = "*") -> list[tuple[Any, ...]]:
        path = self.root / "out" / f"{table}.parquet"
        with duckdb.connect() as connection:
            return connection.execute(f"SELECT {columns} FROM read_parquet('{path}')").fetchall()

    def quarantine(self) -> list[tuple[str, ...]]:
        """The refused rows: table, row, column, value, reason."""
        with (self.root / "out" / "quarantine.csv").open(encoding="utf-8", newline="") as stream:
            lines = list(csv.reader(stream))
        assert lines[0] == ["table", "file", "row", "column", "value", "reason"]
        return [(line[0], *line[2:]) for line in lines[1:]]
