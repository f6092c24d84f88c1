"""The loop: what became of every lead between marketing and sales, as it stood at one moment.

Hand-offs, acceptances, rejections, contacts and recycles come from the CRM's events of reserved kinds and from
sales' feedback; nothing at or after the moment is in the table.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import Field

from features import sql
from features.blocks import Block
from features.tables import TableSet, open_tables

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from features.project import Project

STEPS: Final = ("handed_over", "accepted", "rejected", "contacted", "recycled")
OVERRULED: Final = "overruled"
ROUTES: Final = ("sales_ready", "nurture", "recycle", "disqualified")

# Feedback of sales as `delivery.ledger` keeps it; what the CRM tells of a step is told by the same columns.
FEEDBACK: Final = {
    "lead_id": "VARCHAR",
    "step": "VARCHAR",
    "occurred_at": "TIMESTAMP",
    "actor": "VARCHAR",
    "reason": "VARCHAR",
    "route": "VARCHAR",
    "note": "VARCHAR",
    "recorded_at": "TIMESTAMP",
    "file": "VARCHAR",
}
_MAPPED = ("account_id", "owner", "source", "campaign")


class LoopColumns(Block):
    """Which columns of the loop table hold what the project file names.

    Lead attributes stand in it as ``lead_<canonical column>``, as of the moment. ``dimensions``: name (source,
    campaign, and those of ``report.dimensions``) and column; ``segments``: label and column. ``team`` and ``role``
    are None where the project file names none. ``labels``: column and its name in the source. ``kinds``: those of
    the steps and of sales' and nurture's kinds that occur at all: what is not there cannot be judged.
    """

    dimensions: dict[str, str] = Field(default={})
    segments: dict[str, str] = Field(default={})
    team: str | None = None
    role: str | None = None
    labels: dict[str, str] = Field(default={})
    kinds: list[str] = Field(default=[])


@dataclass(frozen=True)
class Loop:
    """The loop table on disk, sorted by ``lead_id``, and which of its columns are what."""

    path: Path
    columns: LoopColumns


def write_loop(
    read: TableSet,
    project: "Project",
    as_of: datetime,
    folder: Path,
    *,
    feedback: Path | None = None,
    journey: bool = False,
) -> Loop:
    """Write ``loop.parquet``: one row per lead that was created before the moment.

    Columns, times as naive UTC, null where it did not happen or is not known before the moment:

    - ``lead_id, created_at, account_id, owner, source, campaign``, and ``lead_<column>`` for every column that the
      agreement and the report name, as they stood at the moment;
    - ``won`` (null: open), ``closed_at, amount, reason, competitor, discount, margin``;
    - ``first_handed_at, handed_at`` (the last), ``accepted_at, rejected_at`` (the last, none before ``handed_at``),
      ``rejected_reason, rejected_by, contacted_at`` (the first of sales' doing from ``handed_at`` on, or ever),
      ``recycled_at, last_sales_at, last_nurture_at, first_contact_at``;
    - ``with_sales``: handed over, accepted, contacted, and not rejected or recycled since; ``came_back_at``: the
      rejection or recycling that ended the last hand-off, null for a lead that was never with sales;
    - ``overruled_at, overruled_to, overruled_by, overruled_reason``: the last that counts, from feedback alone;
    - ``met_budget, met_authority, met_need, met_timeframe, consent`` (null: not asked, or not known),
      ``disqualified_by``;
    - ``own_events, own_events_after``: what the lead did before the first contact, and from then on; null unless
      ``journey``.

    Args:
        read: the company's tables.
        project: the agreement, the report's columns, the memory that the database may take.
        as_of: the moment, naive UTC. An event is known from the later of its two times on, and before it.
        folder: where the table is written.
        feedback: Parquet with the columns ``FEEDBACK``; its rows count as the CRM's events do.
        journey: whether all events are looked at, for ``own_events``.

    Raises:
        ProjectError: the agreement or the report names what is no column of the leads.
        DataError: a file of the table set is missing.
    """
    # Ibis is slow to import, and most who look at a loop only read it.
    from features.loop_steps import make_journey, make_steps
    from features.loop_table import agreed, loop_query, make_stood
    from features.named_leads import resolve

    folder.mkdir(parents=True, exist_ok=True)
    connection = open_tables(read, project.limits.memory_gb)
    path = folder / "loop.parquet"
    try:
        there = connection.table("leads").columns
        named = resolve(read, project, there)
        make_stood(connection, read, as_of, sorted({*named.values(), *(set(there) & set(_MAPPED))}))
        kinds = make_steps(connection, project, as_of, feedback)
        make_journey(connection, project, as_of, asked=journey)
        columns = _columns(read, project, named, there, kinds)
        query = loop_query(
            agreed(project, named, columns.labels),
            read,
            as_of,
            _types(connection),
            unmatched_lost=project.label.unmatched == "lost",
        )
        connection.raw_sql(
            f"COPY ({query} ORDER BY lead_id) TO {sql.text(str(path))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )
    finally:
        connection.disconnect()
    return Loop(path, columns)


def _types(connection: "Backend") -> dict[str, bool]:
    """Return the columns of ``stood``, and whether each holds numbers."""
    return {name: kind.is_numeric() for name, kind in connection.table("stood").schema().items()}


def _columns(
    read: TableSet,
    project: "Project",
    named: dict[str, str],
    there: "tuple[str, ...]",
    kinds: list[str],
) -> LoopColumns:
    from features.named_leads import LeadColumns

    labels = LeadColumns.of(read, project, there).labels
    used = {f"lead_{column}": labels[column] for column in named.values()}
    used |= {column: labels[column] for column in _MAPPED if column in there}

    def column(key: str) -> str | None:
        return f"lead_{named[key]}" if key in named else None

    dimensions: dict[str, str] = {name: name for name in ("source", "campaign") if name in there}
    dimensions |= {
        name: f"lead_{named[f'report.dimensions.{name}']}" for name in project.report.dimensions
    }
    segments = [
        f"lead_{named[f'report.segments.{n}']}" for n in range(len(project.report.segments))
    ]
    return LoopColumns(
        dimensions=dimensions,
        segments={used[segment]: segment for segment in segments},
        team=column("agreement.team"),
        role=column("agreement.buying_group.column"),
        labels=used,
        kinds=kinds,
    )
