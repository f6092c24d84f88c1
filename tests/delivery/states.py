"""Drawn states of leads in the loop, as a night's routes read them."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from delivery.clauses import STATE
from features.loop import Loop, LoopColumns

_TYPES = {"TIMESTAMP": pa.timestamp("us"), "BOOLEAN": pa.bool_(), "VARCHAR": pa.string()}
KINDS = ["handed_over", "accepted", "rejected", "contacted", "recycled"]


def day(text: str) -> datetime:
    """A moment of 2026 from month and day: 09-12 is the 12th of September, at noon."""
    return datetime.fromisoformat(f"2026-{text}T12:00:00")


def write_loop(folder: Path, leads: dict[str, dict[str, Any]], *, kinds: list[str] = KINDS) -> Loop:
    """Write a loop table that says of each lead what is given, and of the rest that it is not known."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = sorted(leads)
    columns = {
        name: pa.array([leads[lead].get(name) for lead in ids], _TYPES[kind])
        for name, kind in STATE.items()
    }
    columns["with_sales"] = pa.array([leads[lead].get("with_sales", False) for lead in ids])
    team = pa.array([leads[lead].get("team") for lead in ids], pa.string())
    path = folder / "loop.parquet"
    pq.write_table(
        pa.table({"lead_id": pa.array(ids, pa.string()), "lead_team": team, **columns}), path
    )
    return Loop(path, LoopColumns(team="lead_team", kinds=kinds))
