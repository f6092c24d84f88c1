"""Drawn leads: one line of a table is one lead."""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from delivery import dynamics, exports
from delivery.cells import Cells, neutral_batches
from delivery.keys import refuse_keys
from delivery.neutral import SCHEMA
from delivery.neutral_files import PARQUET_NAME, write_parquet
from delivery.night import write_scores
from delivery.receipt import Receipt
from delivery.scored_rows import BATCH
from features.agreement import Agreement
from features.project import Delivery

GOLDEN = Path(__file__).parent / "golden"
AS_OF = datetime(2026, 1, 15, 4, 30, tzinfo=UTC)
RECEIPT = Receipt(
    project="acme",
    model_version="7",
    run_id="night-20260115",
    data_as_of=datetime(2026, 1, 15, 4, 30, tzinfo=UTC),
    scored_at=datetime(2026, 1, 15, 4, 41, 7, 250_000, tzinfo=UTC),
    expires_at=datetime(2026, 1, 22, 4, 41, 7, 250_000, tzinfo=UTC),
)


def receipt(**changes: Any) -> Receipt:
    """The drawn receipt, with changes."""
    return Receipt(**{**vars(RECEIPT), **changes})


def scored(table: str, **columns: list[Any]) -> pd.DataFrame:
    """Scored leads from a table of ``lead_id probability score grade value``; ``-`` for no value."""
    lines = [line.split() for line in table.strip().splitlines()]
    frame = pd.DataFrame(
        {
            "lead_id": [line[0] for line in lines],
            "close_probability": [float(line[1]) for line in lines],
            "score": [int(line[2]) for line in lines],
            "grade": [line[3] for line in lines],
            "reasons_for": [["visited the pricing page 3 times in the last 7 days"] for _ in lines],
            "reasons_against": [[] for _ in lines],
            "probability_low": np.nan,
            "probability_high": np.nan,
            "confidence": "high",
            "confidence_note": "",
            "expected_value": [np.nan if line[4] == "-" else float(line[4]) for line in lines],
        }
    )
    return frame.assign(**columns)


def night(ids: list[str], *, previous: pd.DataFrame | None = None) -> pa.Table:
    """Neutral rows for the golden files: a lead of every kind, with the ids of one CRM."""
    leads = scored(
        f"""
        {ids[0]} 0.91236 97 A 12000.5
        {ids[1]} 0.40004 61 B 800
        {ids[2]} 0.00004  1 D -
        """,
        reasons_for=[
            ['source is Web, form "Demo"', "visited 3 pages, 2 today", "Köln is near the office"],
            ["replied to an e-mail yesterday"],
            [],
        ],
        reasons_against=[[], ["no call for 30 days", "small company"], []],
        probability_low=[0.84996, 0.31, np.nan],
        probability_high=[0.96, 0.52, np.nan],
        confidence=["high", "medium", "low"],
        confidence_note=["", "", "Campaign: Spring fair, never seen in training"],
    )
    known = pd.DataFrame({"lead_id": ids[:2], "score": [80, 62]}) if previous is None else previous
    return neutral_rows(leads, previous=known)


def neutral_rows(
    leads: pd.DataFrame, *, previous: pd.DataFrame | None = None, agreement: Agreement | None = None
) -> pa.Table:
    """The neutral rows of scored leads, as ``scores.parquet`` holds them."""
    with TemporaryDirectory() as folder:
        scored_path, before = Path(folder) / "scored.parquet", Path(folder) / "before.parquet"
        leads.to_parquet(scored_path)
        if previous is not None:
            previous.sort_values("lead_id").to_parquet(before)
        write_scores(
            scored_path,
            agreement=agreement or Agreement(),
            receipt=RECEIPT,
            previous=None if previous is None else before,
            folder=Path(folder),
        )
        return pq.read_table(Path(folder) / PARQUET_NAME)


def changed(rows: pa.Table, **columns: list[Any]) -> pa.Table:
    """The rows with other values in some columns."""
    arrays = [
        pa.array(columns[f.name], f.type) if f.name in columns else rows[f.name] for f in SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def put(rows: pa.Table, folder: Path) -> Path:
    """Write neutral rows as ``scores.parquet``."""
    return write_parquet(rows.combine_chunks().to_batches(BATCH), folder / PARQUET_NAME)


def write_exports(rows: pa.Table, delivery: Delivery, folder: Path) -> list[Path]:
    """Write every file of a publication from neutral rows."""
    put(rows, folder)
    return exports.write_exports(folder, delivery)


def write_crm(crm: ModuleType, rows: pa.Table, target: Any, folder: Path) -> list[Path]:
    """Write the files of one CRM from neutral rows."""
    crm.check_target(target)
    refuse_keys(lambda: rows["lead_id"].chunks, crm.key(target))
    with TemporaryDirectory() as place:
        scores = put(rows, Path(place))
        options = {"mark": dynamics.beyond_ascii(scores)} if crm is dynamics else {}
        writer = crm.Writer(target, folder, **options)
        for batch in neutral_batches(scores):
            writer.add(Cells.of(batch))
        return list(writer.finish())


def many(count: int) -> pd.DataFrame:
    """Scored leads with GUIDs as ids, made without chance."""
    place = np.arange(count)
    probability = 0.001 + 0.998 * ((place * 7919) % 10_007) / 10_007
    return pd.DataFrame(
        {
            "lead_id": [f"{i:08x}-0000-4000-8000-{i * 31:012x}" for i in place],
            "close_probability": probability,
            "score": np.clip((probability * 100).astype(int), 1, 99),
            "grade": np.array(list("ABCD"))[place % 4],
            "reasons_for": [
                ["visited the pricing page 3 times", "source is Web", f"{i % 40} calls"]
                for i in place
            ],
            "reasons_against": [["no reply for 12 days"] for _ in place],
            "probability_low": probability * 0.8,
            "probability_high": probability * 0.8 + 0.2,
            "confidence": "medium",
            "confidence_note": "",
            "expected_value": probability * 1000,
        }
    )
