"""A night's files, from the scored rows to what each CRM takes, without holding all leads at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from delivery.exports import write_exports
from delivery.neutral import SCORED, as_batch, neutral_columns, refusals
from delivery.neutral_files import PARQUET_NAME, write_parquet
from delivery.previous import PreviousScores
from delivery.problems import Tally, stop_if
from delivery.publication import SCORES, Publication
from delivery.receipt import Receipt
from delivery.routes import ASKED, NURTURE, SALES_READY, Cut, cut
from delivery.scored_rows import batches, in_order
from features.agreement import Agreement
from features.project import Delivery

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

    Raises:
        ProjectError: names in the project file that a CRM cannot have.
        StoppedError: ids or texts that machine files must not carry, or ids that a CRM cannot take as keys.
    """
    earlier = None if previous is None else previous.folder / SCORES
    routes = write_scores(
        scored, agreement=agreement, receipt=receipt, previous=earlier, folder=folder
    )
    return NightFiles(write_exports(folder, delivery), routes)


def write_scores(
    scored: Path, *, agreement: Agreement, receipt: Receipt, previous: Path | None, folder: Path
) -> dict[str, int]:
    """Write the neutral rows as ``scores.parquet``, and return how many leads go which way.

    Raises:
        StoppedError: ids or texts that machine files must not carry; nothing is altered to make it fit.
    """
    names = pq.read_schema(scored).names
    if missing := [name for name in SCORED if name not in names]:
        raise ValueError(f"scored rows lack {', '.join(missing)}")
    tally, routed = Tally(), dict.fromkeys((NURTURE, SALES_READY), 0)
    with TemporaryDirectory(dir=scored.parent, prefix=".sorted-") as beside:
        ordered = in_order(scored, Path(beside))
        line = cut(lambda: batches(ordered, columns=ASKED), agreement)
        rows = _neutral(ordered, line, receipt, PreviousScores(previous), tally, routed)
        write_parquet(rows, folder / PARQUET_NAME)
    what = "The scores cannot be written to machine files"
    stop_if(tally.problems, what, _REFUSED, count=tally.count)
    return {name: count for name, count in routed.items() if count}


def _neutral(
    scored: Path,
    line: Cut,
    receipt: Receipt,
    previous: PreviousScores,
    tally: Tally,
    routed: dict[str, int],
) -> Iterator[pa.RecordBatch]:
    """Yield neutral rows for as long as none is refused; all are looked at."""
    before = None
    for rows in batches(scored, columns=SCORED):
        ready = line.sales_ready(rows)
        routed[SALES_READY] += int(ready.sum())
        routed[NURTURE] += int((~ready).sum())
        ids = rows["lead_id"].cast(pa.string())
        columns = neutral_columns(
            rows, sales_ready=ready, previous=previous.beside(ids), receipt=receipt
        )
        refusals(rows, columns, before, tally)
        before = ids[-1].as_py()
        if not tally.count:
            yield as_batch(columns)
