"""The scored rows as the night hands them over: sorted by lead, and read in batches of one size."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BATCH = 25_000  # leads that are in memory at a time, in every form in which they are written
_READ_AHEAD = 1_000_000  # bytes of each column
_SORTING = "300MB"  # beyond it DuckDB goes on on the disk


def in_order(scored: Path, folder: Path) -> Path:
    """Return the scored rows sorted by ``lead_id`` as text: the same file if they are, else one in ``folder``."""
    if is_sorted(scored):
        return scored
    import duckdb

    path = folder / "scored_in_order.parquet"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _SORTING,
        "temp_directory": str(folder / "sorting"),
        "threads": 2,
    }
    with duckdb.connect(config=settings) as connection:
        connection.from_parquet(str(scored)).order("CAST(lead_id AS VARCHAR)").write_parquet(
            str(path), row_group_size=BATCH
        )
    return path


def is_sorted(scored: Path) -> bool:
    """Whether no lead id, as text, comes after a greater one."""
    last = pa.scalar("", pa.string())
    for batch in batches(scored, columns=["lead_id"]):
        ids = batch["lead_id"].cast(pa.string())
        if ids.null_count:
            return False
        before = pa.concat_arrays([pa.array([last.as_py()]), ids[:-1]])
        if not pc.all(pc.less_equal(before, ids), min_count=0).as_py():
            return False
        last = ids[-1]
    return True


def batches(
    path: Path, *, columns: Sequence[str] | None = None, texts: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield a Parquet file's rows, ``BATCH`` at a time and the rest at the end, whatever its row groups are.

    Args:
        path: the file.
        columns: which of its columns, all if None.
        texts: those that are read as Arrow dictionaries, because they hold few different texts.
    """
    # Without these a whole row group, or all of them, would be read ahead.
    reading = {"pre_buffer": False, "buffer_size": _READ_AHEAD}
    with pq.ParquetFile(path, read_dictionary=list(texts), **reading) as file:
        given = file.iter_batches(
            batch_size=BATCH, columns=None if columns is None else list(columns), use_threads=False
        )
        yield from _of_one_size(given)


def _of_one_size(given: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in given:
        waiting.append(batch)
        rows += len(batch)
        while rows >= BATCH:
            whole = waiting[0] if len(waiting) == 1 else pa.concat_batches(waiting)
            yield whole.slice(0, BATCH)
            rows -= BATCH
            waiting = [whole.slice(BATCH)] if rows else []
    if rows:
        yield waiting[0] if len(waiting) == 1 else pa.concat_batches(waiting)
