"""The floor of a night: what remains if everything else took no time.

``python -m benchmarks.speed.floor scan FOLDER`` counts the open leads' events by kind in DuckDB;
``python -m benchmarks.speed.floor predict FRAME BUNDLE`` and ``kernel FRAME BUNDLE`` ask the model's trees for
margins, and the kernel for contributions, of a frame that is assembled. Prints the seconds as JSON.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path


def main() -> None:
    """Measure what is asked for."""
    what, *paths = sys.argv[1:]
    measures: dict[str, Callable[..., float]] = {"scan": scan, "predict": predict, "kernel": kernel}
    took = measures[what](*map(Path, paths))
    print(json.dumps({"seconds": took}))


def _timed(task: Callable[[], object]) -> float:
    begun = time.perf_counter()
    task()
    return time.perf_counter() - begun


def scan(folder: Path) -> float:
    """Read the columns that the night reads of the events, and count them."""
    import duckdb

    query = f"""
        SELECT "Lead ID", count(*), count(DISTINCT Activity), min("Activity Date"), max("Activity Date")
        FROM '{folder}/events/*.parquet' GROUP BY ALL
    """
    with duckdb.connect() as connection:
        return _timed(lambda: connection.execute(f"SELECT count(*) FROM ({query})").fetchall())


def predict(frame: Path, bundle: Path) -> float:
    """Ask LightGBM for the margins of all rows."""
    return _asked(frame, bundle, lambda model, matrix: model.scorer.raw_margin_of(matrix))


def kernel(frame: Path, bundle: Path) -> float:
    """Ask the kernel for the contributions of all rows."""
    return _asked(frame, bundle, lambda model, matrix: model.trees.values(matrix))


def _asked(frame: Path, bundle: Path, ask: Callable[..., object]) -> float:
    import pyarrow.parquet as pq

    from models.bundle import Bundle
    from pipelines.reading import feature_group

    model, took = Bundle.load(bundle, threads=os.cpu_count() or 1), 0.0
    with pq.ParquetFile(frame) as file:
        groups = file.num_row_groups
    for group in range(groups):
        matrix = model.scorer.encoded(feature_group(frame, group, model.catalogue))
        if group == 0:
            ask(model, matrix[:10])
        took += _timed(lambda: ask(model, matrix))  # noqa: B023  called at once
    return took


if __name__ == "__main__":
    main()
