"""The ledger of feedback: what sales said of leads, each word once, in a Delta table.

::

    <home>/ledger/<project>/feedback/

Rows are added and never changed, so that a past night sees what was known then. Only one run at a time writes: the
caller holds the project's lock. No statistics of columns are kept in the log, so that what is erased is not in it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import DataError

if TYPE_CHECKING:
    from deltalake import DeltaTable

SCHEMA: Final = pa.schema(
    [
        pa.field("lead_id", pa.string()),
        pa.field("step", pa.string()),
        pa.field("occurred_at", pa.timestamp("us")),
        pa.field("actor", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("route", pa.string()),
        pa.field("note", pa.string()),
        pa.field("recorded_at", pa.timestamp("us")),
        pa.field("file", pa.string()),
    ]
)
KEY: Final = ("lead_id", "step", "occurred_at", "actor", "route")
_ORDER: Final = [(name, "ascending") for name in ("lead_id", "occurred_at", "recorded_at", *KEY)]


@dataclass(frozen=True)
class TakenIn:
    """How many rows were new to the ledger, and how many it knew."""

    added: int
    known: int


def folder(home: Path, project: str) -> Path:
    """Return where a project's feedback lies.

    Raises:
        ValueError: the name would lead out of the home.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", project):
        raise ValueError(f"{project!r} is not a project's identifier")
    return home / "ledger" / project / "feedback"


def take_in(home: Path, project: str, rows: pa.Table) -> TakenIn:
    """Add the rows that the ledger does not know; two are the same if all of ``KEY`` is.

    Args:
        home: the root of the home.
        project: the project's identifier.
        rows: n rows with the columns of ``SCHEMA``, times naive UTC. Of rows that are the same the first stays, also
            against one that the ledger has: its reason and note are the ones that were known.

    Raises:
        DataError: the ledger cannot be read.
    """
    distinct = _distinct(rows.select(SCHEMA.names).cast(SCHEMA))
    if not distinct.num_rows:
        return TakenIn(0, rows.num_rows)
    same = " AND ".join(f"(known.{name} IS NOT DISTINCT FROM told.{name})" for name in KEY)
    merging = _opened_or_new(folder(home, project)).merge(
        distinct, predicate=same, source_alias="told", target_alias="known"
    )
    done = merging.when_not_matched_insert_all().execute()
    added = int(done["num_target_rows_inserted"])
    return TakenIn(added, rows.num_rows - added)


def known(home: Path, project: str, before: datetime) -> pa.Table:
    """Return the rows with the columns of ``SCHEMA`` that were known before a moment (naive UTC), by lead and time.

    A row is known from the later of ``occurred_at`` and ``recorded_at`` on.

    Raises:
        DataError: the ledger cannot be read.
    """
    rows = _rows(folder(home, project))
    known_at = pc.max_element_wise(rows["occurred_at"], rows["recorded_at"])
    found = rows.filter(pc.less(known_at, pa.scalar(before, pa.timestamp("us"))))
    return found.sort_by(_ORDER)


def erase(home: Path, project: str, lead_ids: Collection[str]) -> int:
    """Remove every row of these leads, from the files of earlier versions too; return how many rows there were.

    The table is written anew without them: a deletion would name them in the log.

    Raises:
        DataError: the ledger cannot be read.
    """
    path = folder(home, project)
    rows = _rows(path)
    theirs = pc.is_in(rows["lead_id"], pa.array(sorted(lead_ids), pa.string()))
    gone = int(pc.sum(theirs).as_py() or 0)
    if not gone:
        return 0
    from deltalake import write_deltalake

    write_deltalake(_opened_or_new(path), rows.filter(pc.invert(theirs)), mode="overwrite")
    _opened_or_new(path).vacuum(
        retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True
    )
    return gone


def _distinct(rows: pa.Table) -> pa.Table:
    """Keep the first of rows that are the same: of twins that are both new, a merge would add both."""
    keys = zip(*(rows[name].to_pylist() for name in KEY), strict=True)
    first: dict[tuple[object, ...], int] = {}
    for place, key in enumerate(keys):
        first.setdefault(key, place)
    return rows.take(pa.array(list(first.values()), pa.int64()))


def _rows(path: Path) -> pa.Table:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    if not path.exists():
        return SCHEMA.empty_table()
    try:
        return DeltaTable(str(path)).to_pyarrow_table().select(SCHEMA.names).cast(SCHEMA)
    except (DeltaError, OSError, KeyError, pa.ArrowException) as error:
        raise DataError(_damaged(path, error)) from error


def _opened_or_new(path: Path) -> "DeltaTable":
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return DeltaTable.create(
            str(path),
            schema=SCHEMA,
            mode="ignore",
            configuration={"delta.dataSkippingNumIndexedCols": "0"},
        )
    except (DeltaError, OSError) as error:
        raise DataError(_damaged(path, error)) from error


def _damaged(path: Path, error: Exception) -> str:
    return (
        f"{path}: the ledger of feedback cannot be read ({error}); expected a Delta table that `leadgauge feedback` "
        "wrote. Restore the folder from a backup, or move it away and take the files of feedback in again"
    )
