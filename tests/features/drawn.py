"""Tables drawn as text, so that a reader checks a test by eye."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa

from features.canonical import Canonical
from features.catalogue import Catalogue, Feature
from features.project import Project

SCHEMAS = {
    "leads": {
        "lead_id": "string",
        "created_at": "timestamp(6)",
        "account_id": "string",
        "owner": "string",
        "source": "string",
        "size": "float64",
    },
    "outcomes": {
        "lead_id": "string",
        "won": "boolean",
        "closed_at": "timestamp(6)",
        "amount": "float64",
        "reason": "string",
    },
    "events": {
        "lead_id": "string",
        "kind": "string",
        "occurred_at": "timestamp(6)",
        "recorded_at": "timestamp(6)",
        "value": "float64",
    },
    "accounts": {"account_id": "string", "industry": "string"},
    "history": {
        "lead_id": "string",
        "field": "string",
        "old_value": "string",
        "new_value": "string",
        "changed_at": "timestamp(6)",
    },
}
FAR = datetime.fromisoformat("2030-01-01")  # naive UTC, as in the canonical tables


@dataclass
class Drawn:
    """Draws canonical tables into one connection and computes features on them."""

    connection: Any
    cutoff: datetime = FAR
    flat: bool = False
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def tables(self, **drawings: str | list[dict[str, Any]]) -> Canonical:
        for name, schema in SCHEMAS.items():
            drawing = drawings.get(name, [])
            rows = parse(drawing) if isinstance(drawing, str) else drawing
            self._create(name, schema, [{c: row.get(c) for c in schema} for row in rows])
        return Canonical.of(self.connection, cutoff=self.cutoff, flat=self.flat)

    def _create(self, name: str, schema: dict[str, str], rows: list[dict[str, Any]]) -> None:
        """Load rows of text through the engine's own casts."""
        texts = pa.table(
            {
                c: pa.array([None if r[c] is None else str(r[c]) for r in rows], pa.string())
                for c in schema
            }
        )
        duck = self.connection.con
        duck.register("drawing", texts)
        cast = {
            "string": "VARCHAR",
            "float64": "DOUBLE",
            "boolean": "BOOLEAN",
            "timestamp(6)": "TIMESTAMP",
        }
        columns = {c: f"CAST({c} AS {cast[kind]})" for c, kind in schema.items()}
        if name == "events":
            columns["recorded_at"] = "CAST(coalesce(recorded_at, occurred_at) AS TIMESTAMP)"
        listed = ", ".join(f"{value} AS {c}" for c, value in columns.items())
        duck.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {listed} FROM drawing")
        duck.unregister("drawing")


def parse(drawing: str) -> list[dict[str, Any]]:
    """Read a drawn table: a header, then rows, cells between bars; an empty cell is missing."""
    lines = [line for line in drawing.strip().splitlines() if line.strip()]
    header = [cell.strip() for cell in lines[0].split("|")]
    return [
        {name: cell.strip() or None for name, cell in zip(header, line.split("|"), strict=True)}
        for line in lines[1:]
    ]


def snapshots(tables: Canonical, *pairs: tuple[str, str]) -> ibis.Table:
    """Return snapshots at given moments, with the columns that assembling needs."""
    drawn = ibis.memtable(
        {"lead_id": [p[0] for p in pairs], "as_of": [datetime.fromisoformat(p[1]) for p in pairs]},
        schema={"lead_id": "string", "as_of": "timestamp(6)"},
    )
    rows = drawn.inner_join(tables.leads.select("lead_id", "created_at"), "lead_id")
    seconds = rows.as_of.epoch_seconds() - rows.created_at.epoch_seconds()
    return rows.mutate(age_days=seconds / 86_400.0)


def catalogue(*features: Feature, horizon_days: int = 30, timezone: str = "UTC") -> Catalogue:
    return Catalogue(
        project="drawn", timezone=timezone, horizon_days=horizon_days, features=list(features)
    )


def project(**blocks: Any) -> Project:
    sources = {"leads": {"path": "leads.csv"}, "outcomes": {"path": "outcomes.csv"}}
    return Project.model_validate({"project": "drawn", "sources": sources, **blocks})
