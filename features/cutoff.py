"""The data cut-off: the moment that nothing in the tables reaches."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import duckdb

from features import sql
from features.errors import DataError
from features.project import Project
from features.quarantine import Verdict

# Money may be booked ahead; it says nothing of how far the rest of the data go.
_TIMES = {
    "leads": ("created_at",),
    "outcomes": ("closed_at",),
    "events": ("occurred_at", "recorded_at"),
    "history": ("changed_at",),
}


@dataclass(frozen=True)
class Cutoff:
    """Naive UTC; ``said_by`` tells who decided it."""

    moment: datetime
    said_by: Literal["as_of", "project", "data"]
    now: datetime

    def verdicts(self, time: str, column: str, value: str) -> list[Verdict]:
        """Judge a row by one of its times: the future is refused, unless somebody stands in the past."""
        late = f"{time} >= {sql.moment(self.moment)}"
        if self.said_by == "as_of":
            return [
                Verdict(
                    late, f"'later than the as-of ({self.moment}Z)'", column, value, ignored=True
                )
            ]
        future = Verdict(
            f"{time} > {sql.moment(self.now)}",
            "'later than now'",
            column,
            value,
        )
        said = f"'at or after the data cut-off ({self.moment}Z)'"
        return [future, Verdict(late, said, column, value, ignored=self.said_by == "data")]


def find_cutoff(
    connection: duckdb.DuckDBPyConnection, project: Project, now: datetime, as_of: datetime | None
) -> Cutoff:
    """Take the as-of, else the project's cut-off, else the second after the latest time that is not after now.

    Raises:
        DataError: nobody says it, and no row has a time.
    """
    if as_of is not None:
        return Cutoff(as_of, "as_of", now)
    if project.data_cutoff is not None:
        return Cutoff(project.moment(project.data_cutoff), "project", now)
    latest = latest_time(connection, "parsed_{}", f"<= {sql.moment(now)}")
    if latest is None:
        raise DataError(
            "no row of leads, outcomes, events or history has a time that is not after now; nothing is known"
        )
    return Cutoff(latest.replace(microsecond=0) + timedelta(seconds=1), "data", now)


def latest_time(
    connection: duckdb.DuckDBPyConnection, place: str, condition: str
) -> datetime | None:
    """Return the latest time that fulfils a condition, of the tables; ``place`` says where one lies, ``{}`` for its name."""
    parts = [
        f"SELECT max({column}) AS t FROM {place.format(table)} WHERE {column} {condition}"
        for table, columns in _TIMES.items()
        for column in columns
    ]
    row = connection.execute(f"SELECT max(t) FROM ({' UNION ALL '.join(parts)})").fetchone()
    found = row[0] if row else None
    return found if isinstance(found, datetime) else None
