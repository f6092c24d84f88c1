"""What the hindsight audit cannot see, in one line for each table or group of columns."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from features.canonical import Canonical
from features.hindsight import Suspect
from features.hindsight_figures import MIN_LOCAL, MIN_OF_EACH
from features.hindsight_leads import ended_leads, lead_frame
from features.project import Project
from features.tables import AttributeColumn, TableSet, open_tables

LISTED = 3


@dataclass(frozen=True)
class Unseen:
    """What could not be judged of one table, and why."""

    table: str
    why: str

    def to_json(self) -> dict[str, str]:
        """Return a JSON-able form."""
        return asdict(self)


def not_judged(read: TableSet, project: Project, suspects: Sequence[Suspect]) -> list[Unseen]:
    """Return what the audit of these tables could not see, ``suspects`` being what it found.

    Raises:
        DataError: a file of the table set is missing.
    """
    connection = open_tables(read, project.limits.memory_gb)
    try:
        tables = Canonical.of(
            connection, cutoff=read.data_cutoff, flat=read.flat, stood_at=read.stood_at
        )
        return unseen(tables, read, project, suspects)
    finally:
        connection.disconnect()


def unseen(
    tables: Canonical, read: TableSet, project: Project, suspects: Sequence[Suspect]
) -> list[Unseen]:
    """Return the same of tables that are open."""
    return [*_of_leads(tables, read, project, suspects), *_of_others(tables, read, suspects)]


def _of_leads(
    tables: Canonical, read: TableSet, project: Project, suspects: Sequence[Suspect]
) -> Iterator[Unseen]:
    frame = lead_frame(tables, project, [])
    leads = ended_leads(frame, project, cutoff=tables.cutoff, flat=tables.flat)
    won, ended, still = int(leads.won.sum()), int(leads.ended.sum()), int((~leads.ended).sum())
    if not leads.judged:
        yield Unseen(
            "leads",
            f"nothing was judged: {won:,} won and {ended - won:,} lost leads, {MIN_OF_EACH} of each are needed",
        )
        return
    changing = set(tables.history.select("field").distinct().execute()["field"])
    fixed = _unsuspected(read.columns("leads"), suspects, changing)
    if fixed:
        yield Unseen(
            "leads",
            f"no history of {_listed(fixed)}: taken as known at creation; "
            "one overwritten since is seen only by how it tells the outcome",
        )
    if still < MIN_LOCAL:
        yield Unseen(
            "leads",
            f"{still:,} open leads ({MIN_LOCAL} are needed) to tell which columns only closing a lead fills in",
        )
    elif read.stood_at is not None:
        yield Unseen(
            "leads",
            f"the columns are as of the export: leads open on {read.stood_at:%Y-%m-%d} already show what became of them",
        )


def _of_others(tables: Canonical, read: TableSet, suspects: Sequence[Suspect]) -> Iterator[Unseen]:
    accounts = _unsuspected(read.columns("accounts"), suspects, set())
    if accounts and "account_id" not in tables.leads.columns:
        yield Unseen(
            "accounts", "no lead names its account (columns.account_id): nothing was judged"
        )
    elif accounts:
        yield Unseen(
            "accounts",
            f"no history of {_listed(accounts)}: taken as known at creation, though accounts live on",
        )
    events = tables.events
    if not events.count().execute():
        return
    late = events.filter(events.recorded_at != events.occurred_at).count().execute()
    if not late:
        yield Unseen(
            "events",
            "no time of recording (columns.recorded_at): one entered later counts from when it happened",
        )


def _unsuspected(
    attributes: Sequence[AttributeColumn], suspects: Sequence[Suspect], changing: set[str]
) -> list[str]:
    found = {suspect.label for suspect in suspects if suspect.verdict != "watch"}
    return [a.label for a in attributes if a.label not in found and a.column not in changing]


def _listed(labels: list[str]) -> str:
    named = ", ".join(labels[:LISTED])
    more = f" and {len(labels) - LISTED} more" if len(labels) > LISTED else ""
    return f"{len(labels)} {'column' if len(labels) == 1 else 'columns'} ({named}{more})"
