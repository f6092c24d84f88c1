"""Who was open on the nights of the past, and how it ended: rows without features."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from features.canonical import Canonical
from features.frames import canonical
from features.project import Project
from features.snapshots import COLUMNS, morning_snapshots, training_snapshots
from features.tables import TableSet, open_tables
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

PERIOD = timedelta(days=365)
MOST_ROWS = 200_000  # of leads on nights within the period: past this, nights stand further apart


@dataclass(frozen=True)
class PastSnapshots:
    """Rows without features: what trainings learn from and are judged on, and the backtest's nights."""

    ladder: "pd.DataFrame"
    mornings: "pd.DataFrame"
    nights: "pd.DataFrame"


def past_snapshots(
    request: Request, tables: TableSet, every: int, since: datetime | None
) -> PastSnapshots:
    """Return who was open when, with labels; nights ``every`` days apart from ``since`` on (naive UTC; None: the last year)."""
    project = request.project
    model = project.model.model_copy(update={"evaluate_every_days": every})
    connection = open_tables(tables, project.limits.memory_gb)
    try:
        canonically = canonical(connection, tables)
        ladder = training_snapshots(canonically, project).execute()
        mornings = morning_snapshots(canonically, project).execute()
        nights = mornings
        if not tables.flat:
            spaced = project.model_copy(update={"model": model})
            nights = _in_turns(canonically, spaced, since)
    finally:
        connection.disconnect()
    night = _first_moments(nights["as_of"], project, every) if tables.flat else nights["as_of"]
    dated = nights[COLUMNS].assign(night=night.astype("datetime64[us]"))
    return PastSnapshots(ladder, mornings, dated)


def _first_moments(
    created: "pd.Series[pd.Timestamp]", project: Project, every: int
) -> "pd.Series[pd.Timestamp]":
    """Return the night of each lead of a flat export: the first moment of the days that it came in with.

    It stands at its creation; whoever came in before that moment could be learned from.
    """
    import pandas as pd

    if created.empty:
        return created
    zone = ZoneInfo(project.timezone)
    day = created.dt.tz_localize("UTC").dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    blocks = (day.max() - day).dt.days // every
    first = day.max() - pd.to_timedelta(blocks * every + every - 1, unit="D")
    there = first.dt.tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return there.dt.tz_convert("UTC").dt.tz_localize(None)


def _in_turns(tables: Canonical, project: Project, since: datetime | None) -> "pd.DataFrame":
    """Return who was open on nights as close together as was asked for.

    A training evaluates on so many rows of the whole history and moves its mornings apart for that; a
    backtest looks at one period and takes the mornings between, standing a little earlier each time.
    """
    import pandas as pd

    rows: pd.DataFrame = morning_snapshots(tables, project).execute()
    moments = sorted(rows["as_of"].unique())
    if len(moments) < 2:
        return rows
    every = project.model.evaluate_every_days
    # The closest two: a morning on which nobody was open is not there.
    apart = min(later - earlier for earlier, later in pairwise(moments))
    between = round(apart / timedelta(days=every))
    begin = pd.Timestamp(since) if since else moments[-1] - PERIOD
    room = MOST_ROWS // max(int((rows["as_of"] >= begin).sum()), 1)
    turns = max(
        turn
        for turn in range(1, max(between, 1) + 1)
        if turn <= max(room, 1) and between % turn == 0
    )
    step = timedelta(days=every * between // turns)
    parts = [rows]
    for turn in range(1, turns):
        earlier = replace(tables, cutoff=tables.cutoff - turn * step)
        # As far apart as the first ones: by their own count they might stand otherwise.
        parts.append(morning_snapshots(earlier, project, apart=every * between).execute())
    every_night: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return every_night.drop_duplicates(["lead_id", "as_of"])
