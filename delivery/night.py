"""A night's files, from the scored rows to what each CRM takes, without holding all leads at once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from delivery.columns import plain
from delivery.exports import write_exports
from delivery.leaks_file import write_leaks
from delivery.neutral import SCORED, as_batch, neutral_columns, refusals
from delivery.neutral_files import PARQUET_NAME, write_parquet
from delivery.previous import PreviousScores
from delivery.problems import Tally, stop_if
from delivery.publication import SCORES, Publication
from delivery.receipt import Receipt
from delivery.routes import ROUTED, write_routes
from delivery.scored_rows import batches, in_order
from features.agreement import Agreement
from features.loop import Loop
from features.project import Delivery

if TYPE_CHECKING:
    import pandas as pd

_REFUSED = (
    "Nothing was published. Machine files carry such text neither as it is nor altered: "
    "clean it in the source (missing, derive or where of the project file), or take another column as lead_id."
)


@dataclass(frozen=True)
class NightFiles:
    """What was written: the files, and how many leads go which way, without the ways that no lead goes."""

    paths: list[Path]
    routes: dict[str, int]


def write_night(
    scored: Path,
    *,
    agreement: Agreement,
    delivery: Delivery,
    receipt: Receipt,
    previous: Publication | None,
    folder: Path,
    loop: Loop | None = None,
    leaks: "pd.DataFrame | None" = None,
) -> NightFiles:
    """Route the scored leads and write every file of a publication into a folder.

    Args:
        scored: a Parquet file with a row per lead, in any order, as :func:`delivery.neutral.neutral_columns` takes
            them. Sorted by ``lead_id``, it is read where it lies; else it is sorted beside it first.
        agreement: what sales and marketing signed.
        delivery: which CRMs.
        receipt: where the scores come from.
        previous: the publication before this night's, or None.
        folder: where to write; the same rows give the same bytes, whatever their order was.
        loop: what became of every lead so far, as of the night; None: not known, so that grade and places decide.
        leaks: the rows of :class:`features.leaks.Leaks` as of the night, for a list of their own.

    Raises:
        ProjectError: names in the project file that a CRM cannot have.
        StoppedError: ids or texts that machine files must not carry, or ids that a CRM cannot take as keys.
    """
    earlier = None if previous is None else previous.folder / SCORES
    routes = write_scores(
        scored, agreement=agreement, receipt=receipt, previous=earlier, folder=folder, loop=loop
    )
    paths = write_exports(folder, delivery)
    if leaks is not None:
        paths.append(write_leaks(leaks, folder))
    return NightFiles(paths, routes)


def write_scores(
    scored: Path,
    *,
    agreement: Agreement,
    receipt: Receipt,
    previous: Path | None,
    folder: Path,
    loop: Loop | None = None,
) -> dict[str, int]:
    """Write the neutral rows as ``scores.parquet``, and return how many leads go which way.

    Raises:
        StoppedError: ids or texts that machine files must not carry; nothing is altered to make it fit.
    """
    names = pq.read_schema(scored).names
    if missing := [name for name in SCORED if name not in names]:
        raise ValueError(f"scored rows lack {', '.join(missing)}")
    tally, routed = Tally(), Counter[str]()
    with TemporaryDirectory(dir=scored.parent, prefix=".sorted-") as beside:
        ordered = in_order(scored, Path(beside))
        routes = write_routes(
            ordered,
            Path(beside),
            agreement=agreement,
            project=receipt.project,
            as_of=receipt.scored_at,
            loop=loop,
            previous=previous,
        )
        rows = _neutral(ordered, routes, receipt, PreviousScores(previous), tally, routed)
        write_parquet(rows, folder / PARQUET_NAME)
    what = "The scores cannot be written to machine files"
    stop_if(tally.problems, what, _REFUSED, count=tally.count)
    return {name: routed[name] for name in sorted(routed)}


def _neutral(
    scored: Path,
    routes: Path,
    receipt: Receipt,
    previous: PreviousScores,
    tally: Tally,
    routed: Counter[str],
) -> Iterator[pa.RecordBatch]:
    """Yield neutral rows for as long as none is refused; all are looked at."""
    before = None
    ways = batches(routes, texts=ROUTED[:2])
    for rows, way in zip(batches(scored, columns=SCORED), ways, strict=True):
        for count in pc.value_counts(plain(way["route"])).to_pylist():
            routed[count["values"]] += count["counts"]
        ids = rows["lead_id"].cast(pa.string())
        columns = neutral_columns(rows, routes=way, previous=previous.beside(ids), receipt=receipt)
        refusals(rows, columns, before, tally)
        before = ids[-1].as_py()
        if not tally.count:
            yield as_batch(columns)
