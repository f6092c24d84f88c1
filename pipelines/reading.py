"""Reading: the company's tables, and feature rows of them, as files of a run's working folder."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from features.catalogue import Catalogue
from features.declare import as_trained
from features.tables import TableSet
from pipelines.home import make_private
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

BATCH_ROWS = 50_000
KEPT_RUNS = 20
COUNTS = "counts.json"  # of a night's leads, for the watch


def read(
    request: Request,
    catalogue: Catalogue | None = None,
    *,
    everything: bool = False,
    locked: bool = False,
) -> TableSet:
    """Read and check the company's tables up to the request's moment, or ``everything`` that there is.

    ``catalogue``: of the model that will score them; columns are read as it was trained on them.
    ``locked``: the run holds the project's lock, so that no other one touches what is kept of events.

    Raises:
        ProjectError: a source does not exist.
        DataError: the data break the contract.
    """
    from features.contract import read_tables

    folder = request.work / ("tables-later" if everything else "tables")
    folder.mkdir(exist_ok=True)
    kept = request.project_home.kept_events if locked else None
    if kept is not None and any(source.keep_read for source in request.project.sources.events):
        make_private(kept)
    return read_tables(
        as_trained(request.project, catalogue) if catalogue else request.project,
        request.data_root,
        folder,
        now=request.now,
        as_of=None if everything else request.as_of,
        trained=catalogue is not None,
        kept=kept,
    )


def moment_of(request: Request, tables: TableSet) -> datetime:
    """Return the moment that the run stands at: the one asked for, or the data cut-off."""
    return request.as_of or tables.data_cutoff


def feature_frame(path: Path, catalogue: Catalogue) -> "pd.DataFrame":
    """Return feature rows as the models take them: numbers as float64 with NaN, categories as text with None."""
    import pandas as pd

    return typed(pd.read_parquet(path), catalogue)


def feature_batches(
    path: Path, catalogue: Catalogue, rows: int = BATCH_ROWS
) -> "Iterator[pd.DataFrame]":
    """Yield feature rows in batches, so that memory does not grow with the leads."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=rows):
            yield typed(batch.to_pandas(), catalogue)


def feature_group(path: Path, group: int, catalogue: Catalogue) -> "pd.DataFrame":
    """Return one row group of feature rows."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return typed(file.read_row_group(group).to_pandas(), catalogue)


def typed(frame: "pd.DataFrame", catalogue: Catalogue) -> "pd.DataFrame":
    """Return feature rows with the types that the models take."""
    categories = set(catalogue.categories)
    columns = {}
    for name in frame.columns:
        column = frame[name]
        if name in categories:
            column = column.astype(object)
            columns[name] = column.where(column.notna(), None)
        elif name in catalogue.names or name in {"age_days", "weight", "label"}:
            columns[name] = column.astype("float64")
        else:
            columns[name] = column
    return type(frame)(columns)


@contextmanager
def tidied_if_broken(request: Request) -> Iterator[None]:
    """Leave no rows of people behind where a run breaks off; its counts and refused rows stay."""
    try:
        yield
    except BaseException:
        tidy(request)
        raise


def tidy(request: Request) -> None:
    """Remove the rows of people from the working folder, and the folders of long past runs.

    Counts, refused rows and the evidence stay.
    """
    # The watch's counts hold the first lead's values: whether all leads have the same is told by them.
    for path in [
        *request.work.rglob("*.parquet"),
        *request.work.rglob("spill"),
        *request.work.rglob(COUNTS),
    ]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    runs = sorted(request.work.parent.iterdir(), key=lambda path: path.name)
    for folder in runs[:-KEPT_RUNS]:
        shutil.rmtree(folder, ignore_errors=True)
