"""The night's leads in batches, each scored as a whole; where there are many, by one process for each core."""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.reading import feature_group

if TYPE_CHECKING:
    import pyarrow as pa

    from models.bundle import Bundle
    from models.counted import Counted

LEADS_PER_WORKER = 75_000  # fewer are scored before another process has started


def scored_schema() -> "pa.Schema":
    """Return the columns and types of a scored row."""
    import pyarrow as pa

    words = pa.list_(pa.string())
    types = {"score": pa.int64(), "reasons_for": words, "reasons_against": words}
    types |= dict.fromkeys(("lead_id", "grade", "confidence", "confidence_note"), pa.string())
    return pa.schema([(name, types.get(name, pa.float64())) for name in COLUMNS])


COLUMNS = (
    "lead_id",
    "close_probability",
    "score",
    "grade",
    "reasons_for",
    "reasons_against",
    "probability_low",
    "probability_high",
    "confidence",
    "confidence_note",
    "seen",
    "expected_value",
)


def scored_batches(
    frame: Path, bundle: Path, amount: float | None, counts: "Counted | None" = None
) -> Iterator["pa.Table"]:
    """Yield the scored rows of a Parquet file of feature rows, in its order; the row groups are the batches.

    Args:
        frame: the feature rows.
        bundle: the model's folder.
        amount: what a lead is worth if it closes, None where that is not known.
        counts: takes the leads of each batch, once it has been yielded; for a model with a reference.
    """
    import pyarrow.parquet as pq

    with pq.ParquetFile(frame) as file:
        leads, groups = file.metadata.num_rows, file.num_row_groups
    cores = os.cpu_count() or 1
    workers = min(cores, leads // LEADS_PER_WORKER, groups)
    if workers < 2:
        alone = _Scoring.begin(bundle, amount, threads=cores)
        for group in range(groups):
            yield _taken(alone.scored(frame, group), counts)
        return
    # A copy of a process with running threads may hang: new ones are started.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_begin, initargs=(bundle, amount)
    ) as pool:
        # A few at a time, so that finished batches do not pile up.
        for first in range(0, groups, 2 * workers):
            some = range(first, min(first + 2 * workers, groups))
            for batch in pool.map(_scored, [frame] * len(some), some):
                yield _taken(batch, counts)


def _taken(batch: "_Batch", counts: "Counted | None") -> "pa.Table":
    if counts is not None and batch.counts is not None:
        counts.take(batch.counts)
    return batch.rows


@dataclass(frozen=True)
class _Batch:
    """Scored rows, and their leads as the watch counts them: the features are at hand but once."""

    rows: "pa.Table"
    counts: "Counted | None"


@dataclass(frozen=True)
class _Scoring:
    """A model that is ready to score."""

    model: "Bundle"
    amount: float | None

    @classmethod
    def begin(cls, bundle: Path, amount: float | None, *, threads: int) -> "_Scoring":
        from models.bundle import Bundle

        return cls(Bundle.load(bundle, threads=threads), amount)

    def scored(self, frame: Path, group: int) -> _Batch:
        import pyarrow as pa

        from models.counted import counted, has_reference
        from models.reasons import score

        rows = feature_group(frame, group, self.model.catalogue)
        told = score(rows, self.model, amount=self.amount, contributions=False)
        probability = told["close_probability"].to_numpy()
        return _Batch(
            pa.Table.from_pandas(told, schema=scored_schema(), preserve_index=False),
            counted([(rows, probability)], self.model) if has_reference(self.model) else None,
        )


_ready: list[_Scoring] = []  # of a worker's process: it loads the model once


def _begin(bundle: Path, amount: float | None) -> None:
    _ready[:] = [_Scoring.begin(bundle, amount, threads=1)]


def _scored(frame: Path, group: int) -> _Batch:
    return _ready[0].scored(frame, group)
