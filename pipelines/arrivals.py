"""What the champion says of each lead at its creation: how good what came in was, whatever became of it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from features.aged import aged_frame
from features.catalogue import Catalogue
from features.tables import TableSet
from pipelines.reading import feature_group
from pipelines.settings import Request

if TYPE_CHECKING:
    import pyarrow as pa

MOST_LEADS = 200_000  # more tell the same of a source and take longer
_ARRIVED = b"leadgauge.arrived"  # how many leads were created in the time; the file has a sample of very many


def arrivals_schema() -> "pa.Schema":
    """Return the columns and types of the file."""
    import pyarrow as pa

    return pa.schema(
        [
            ("lead_id", pa.string()),
            ("created_at", pa.timestamp("us")),
            ("close_probability", pa.float64()),
            ("grade", pa.string()),
        ]
    )


def arrivals(
    request: Request, tables: TableSet, catalogue: Catalogue, bundle: Path, as_of: datetime
) -> Path:
    """Score each lead of the last ``report.history_days`` before ``as_of`` as it stood at its creation.

    Features are those of age 0; the probability is the given bundle's, with the level that the outcomes known at each
    lead's time told (`models.following.at_their_time`). Of more
    than ``MOST_LEADS`` leads whole accounts are drawn, always the same ones; ``share_of`` tells how many.

    Returns:
        A Parquet file of ``lead_id, created_at, close_probability, grade``, ordered by ``lead_id``; without
        leads an empty one.

    Raises:
        DataError: the data do not fit the model.
    """
    since = as_of - timedelta(days=request.project.report.history_days)
    frame = aged_frame(
        tables,
        request.project,
        catalogue,
        [0],
        request.work / "arrivals",
        since=since,
        until=as_of,
        mature=False,
        most_rows=MOST_LEADS,
    )
    path = request.work / "arrivals" / "arrivals.parquet"
    _score(
        frame,
        bundle,
        path,
        gap_days=request.project.label.horizon_days,
        arrived=_arrived(tables, since, as_of),
    )
    return path


def share_of(path: Path) -> float:
    """Return the share of the leads of the time that a file of arrivals holds: 1 unless there were very many."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        arrived = int((file.schema_arrow.metadata or {}).get(_ARRIVED, b"0"))
        return min(1.0, file.metadata.num_rows / arrived) if arrived else 1.0


def _arrived(tables: TableSet, since: datetime, as_of: datetime) -> int:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    created = pq.read_table(tables.path("leads"), columns=["created_at"])["created_at"]
    within = pc.and_(pc.greater_equal(created, since), pc.less(created, as_of))
    return int(pc.sum(within).as_py() or 0)


def _score(frame: Path | None, bundle: Path, path: Path, *, gap_days: float, arrived: int) -> None:
    """Score row group by row group, so that memory holds a few numbers of each lead and no features."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from models.bundle import Bundle
    from models.following import at_their_time

    schema = arrivals_schema().with_metadata({_ARRIVED: str(arrived)})
    if frame is None:
        pq.write_table(schema.empty_table(), path)
        return
    model = Bundle.load(bundle)
    raw, kept = [], []
    with pq.ParquetFile(frame) as file:
        groups = file.num_row_groups
    for group in range(groups):
        rows = feature_group(frame, group, model.catalogue)
        raw.append(model.raw_margin(rows))
        kept.append(rows[["lead_id", "as_of", "created_at", "age_days", "label"]])
    leads = pd.concat(kept, ignore_index=True)
    probability = at_their_time(model, leads, np.concatenate(raw), gap_days)
    told = {
        "lead_id": pa.array(leads["lead_id"].astype(str), pa.string()),
        "created_at": pa.array(leads["created_at"], pa.timestamp("us")),
        "close_probability": pa.array(probability, pa.float64()),
        "grade": pa.array(model.grade(probability), pa.string()),
    }
    pq.write_table(pa.table(told, schema=schema), path)
