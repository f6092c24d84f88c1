"""A small company read twice, with and without what is kept of its events: the tables must be the same."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from features import sql
from features.contract import read_tables
from features.project import Project
from features.tables import CANONICAL, EventFiles, TableSet
from tests.features.company import NOW, drawn

HEADER = ("who", "what", "day", "noted", "n")
Row = tuple[str, str, str, str, str]
LEADS = {"1": "2026-01-01", "2": "2026-01-02", "3": "2026-01-03", "4": "2026-03-04"}


@dataclass
class Folder:
    """A project whose events lie in ``events/``, one file per month, and the two places it is read to."""

    root: Path
    form: str = "csv"
    events: dict[str, Any] = field(default_factory=dict[str, Any])
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    suppressed: Sequence[str] = ()

    @property
    def kept(self) -> Path:
        return self.root / "kept"

    @property
    def names(self) -> set[str]:
        return {path.name for path in self.kept.iterdir()} if self.kept.is_dir() else set()

    def leads(self, ids: Sequence[str]) -> None:
        self._write("leads", ("id", "created"), [(one, LEADS[one]) for one in ids])
        self._write("deals", ("lead", "result", "closed"), [(ids[0], "won", "2026-02-01")])

    def draw(self, month: str, drawing: str) -> Path:
        """Draw the rows of one month; the columns are those of ``HEADER``."""
        return self.write(month, [tuple(row) for row in drawn(drawing)])

    def write(self, month: str, rows: Sequence[Sequence[str]]) -> Path:
        (self.root / "events").mkdir(exist_ok=True)
        return self._write(f"events/{month}", HEADER, rows, self.form)

    def _write(
        self, name: str, header: Sequence[str], rows: Sequence[Sequence[str]], form: str = "csv"
    ) -> Path:
        path = self.root / f"{name}.{form}"
        if form == "parquet":
            _parquet(path, header, rows)
            return path
        opened = gzip.open if form == "csv.gz" else open
        with opened(path, "wt", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *rows])
        return path

    def project(self, *, keep_read: bool) -> Project:
        sources: dict[str, Any] = {
            "leads": {"path": "leads.csv", "columns": {"lead_id": "id", "created_at": "created"}},
            "outcomes": {
                "path": "deals.csv",
                "columns": {"lead_id": "lead", "status": "result", "closed_at": "closed"},
            },
            "events": {
                "path": f"events/*.{self.form}",
                "columns": {
                    "lead_id": "who",
                    "kind": "what",
                    "occurred_at": "day",
                    "recorded_at": "noted",
                    "value": "n",
                },
                "keep_read": keep_read,
                **self.events,
            },
        }
        if self.suppressed:
            self._write("gone", ("id",), [(one,) for one in self.suppressed])
            sources["suppression"] = {"path": "gone.csv", "columns": {"lead_id": "id"}}
        limits = {"quarantine_share": 1.0}
        return Project.model_validate(
            {"project": "folder", "sources": sources, "limits": limits, **self.settings}
        )

    def read(
        self, *, as_of: datetime | None = None, keep_read: bool = True, now: datetime = NOW
    ) -> TableSet:
        out = self.root / ("with" if keep_read else "without")
        kept = self.kept if keep_read else None
        project = self.project(keep_read=keep_read)
        return read_tables(project, self.root, out, now=now, as_of=as_of, kept=kept)

    def night(self, *, as_of: datetime | None = None, now: datetime = NOW) -> EventFiles:
        """Read both ways, compare every byte, and return how many files were read."""
        found = self.read(as_of=as_of, now=now).event_files
        self.read(as_of=as_of, keep_read=False, now=now)
        one, other = _bytes(self.root / "with"), _bytes(self.root / "without")
        for name in one:
            assert one[name] == other[name], name
        assert found is not None
        return found


def _bytes(folder: Path) -> Mapping[str, bytes | str]:
    files = {f"{table}.parquet" for table in CANONICAL} | {"quarantine.csv"}
    assert {path.name for path in folder.iterdir()} == files | {"tables.json"}
    told = json.loads((folder / "tables.json").read_text())
    told.pop("event_files")
    return {name: (folder / name).read_bytes() for name in files} | {
        "tables.json": json.dumps(told)
    }


def _parquet(path: Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    columns = ", ".join(f"{name} VARCHAR" for name in header)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t ({columns})")
        if rows:
            marks = ", ".join("?" for _ in header)
            connection.executemany(f"INSERT INTO t VALUES ({marks})", rows)
        connection.execute(f"COPY t TO {sql.text(str(path))} (FORMAT parquet)")


def copy_parquet(query: str, path: Path) -> None:
    """Write the rows of a query, with their types."""
    path.parent.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO {sql.text(str(path))} (FORMAT parquet)")
