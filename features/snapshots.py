"""Snapshots ``(lead_id, as_of)`` and their labels: the unit of training and of scoring."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import ibis
import pandas as pd
import pyarrow as pa
from ibis.expr import types as ir

from features.canonical import Canonical, moment
from features.clock import ahead, before, days_between, open_at
from features.project import Project

MORNING = time(5)  # the evaluation stands where a nightly run would have stood
MAX_MORNING_ROWS = 60_000  # past this, more rows add time and no precision
SOMEWHAT_MORE = 1.5
WIDEST = 4  # times as far apart may mornings be; past that, accounts are drawn
COLUMNS = ["lead_id", "as_of", "created_at", "age_days", "group_id", "label", "weight"]
FOLLOWED = ["days_to_win", "days_followed"]  # what came after: for labels at other horizons alone


def training_snapshots(tables: Canonical, project: Project) -> ir.Table:
    """Return each lead at the ages of the ladder, while open and once its label is mature.

    A lead's rows share a weight of 1, so that one that stays open for long does not count for
    more (landmarking: van Houwelingen 2007). Columns: ``COLUMNS`` and ``FOLLOWED``.
    """
    return aged_snapshots(tables, project, project.model.ages_days)


def aged_snapshots(
    tables: Canonical,
    project: Project,
    ages: Sequence[int],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    mature: bool = True,
) -> ir.Table:
    """Return each lead at these ages in days, while open, as ``training_snapshots`` has it at those of the ladder.

    ``since`` and ``until`` (naive UTC): leads created at or after the first and before the second. Without
    ``mature`` the moments whose label is not known yet or not to be trusted stand there as well, with none.
    """
    rows = _trusted(tables, project) if mature else tables.closed_leads()
    if since is not None:
        rows = rows.filter(rows.created_at >= moment(since))
    if until is not None:
        rows = rows.filter(before(rows.created_at, moment(until)))
    rows = _at_ages(rows, [0] if tables.flat else sorted(set(ages)))
    rows = _open(rows, project, newborn=True)
    rows = _labelled(rows, tables, project) if mature else _young_too(rows, tables, project)
    return rows.mutate(weight=1 / rows.count().over(group_by="lead_id")).select(*COLUMNS, *FOLLOWED)


def morning_snapshots(
    tables: Canonical, project: Project, since: datetime | None = None, *, apart: int | None = None
) -> ir.Table:
    """Return the leads open on each mature calendar morning: what a night would have seen.

    A flat export has no mornings: its leads stand at age 0. ``since`` (naive UTC): mornings later than
    that only. Where there are very many rows, mornings stand further apart, and where that is not
    enough only accounts drawn by a hash of their name are taken, always the same ones. ``apart``: days between
    mornings, whatever rows that gives. Columns: ``COLUMNS``, weight 1, and ``FOLLOWED``.
    """
    if tables.flat:
        rows = training_snapshots(tables, project)
        return rows if since is None else rows.filter(before(moment(since), rows.as_of))
    spacing = apart or project.model.evaluate_every_days
    rows = _on_mornings(tables, project, spacing, since)
    count = rows.count().execute()
    wider = -(-count // MAX_MORNING_ROWS)
    if wider <= 1:
        return rows
    if apart is None:
        rows = _on_mornings(tables, project, spacing * min(wider, WIDEST), since)
        count = rows.count().execute()
    # The last morning stays, however far apart they stand: one alone may have too many rows.
    if count <= SOMEWHAT_MORE * MAX_MORNING_ROWS:
        return rows
    return drawn(rows, MAX_MORNING_ROWS / count)


def drawn(rows: ir.Table, share: float) -> ir.Table:
    """Return the rows of a share of the accounts, always the same ones: those of a smaller share are among them.

    Drawn by a hash of the account's name, whatever the engine and the other accounts. An account is
    taken whole, so that its leads never stand on both sides of a split, or count for less than they are.
    """
    if share >= 1:
        return rows
    edge = f"{int(share * 2**32):08x}"
    return rows.filter(rows.group_id.hexdigest("md5").substr(0, 8) < edge)


def open_snapshots(tables: Canonical, project: Project, as_of: datetime) -> ir.Table:
    """Return the leads open at ``as_of`` (naive UTC), with ``COLUMNS`` but for label and weight.

    In a flat export a lead without a known outcome is open, and stands at age 0 like those that
    the model learned from.
    """
    rows = tables.closed_leads()
    rows = rows.filter(before(rows.created_at, moment(as_of)))
    if tables.flat:
        open_now = ~_known(rows, tables, project)
        if project.label.unmatched == "open":
            open_now = open_now | rows.won.isnull()
        rows = rows.filter(open_now)
        return _described(rows.mutate(as_of=rows.created_at)).select(COLUMNS[:5])
    return _described(_open(rows.mutate(as_of=moment(as_of)), project)).select(COLUMNS[:5])


def count_snapshots(tables: Canonical, project: Project) -> int:
    """Return how many ladder snapshots there are, those included whose label is not known yet."""
    ages = [0] if tables.flat else sorted(set(project.model.ages_days))
    rows = _at_ages(_trusted(tables, project), ages)
    rows = _open(rows, project, newborn=True)
    return int(rows.filter(before(rows.as_of, moment(tables.cutoff))).count().execute())


def _at_ages(rows: ir.Table, ages: list[int]) -> ir.Table:
    ladder = ibis.memtable({"ladder_age": ages}, schema={"ladder_age": "int32"})
    rows = rows.cross_join(ladder)
    return rows.mutate(as_of=rows.created_at + rows.ladder_age.as_interval("D"))


def _on_mornings(
    tables: Canonical, project: Project, spacing_days: int, since: datetime | None
) -> ir.Table:
    rows = _trusted(tables, project)
    first = rows.created_at.min().execute()
    mornings = [
        morning
        for morning in _mornings(first, tables.cutoff, project, spacing_days)
        if since is None or morning > since
    ]
    moments = pa.table({"as_of": pa.array(mornings, pa.timestamp("us"))})  # typed, also when empty
    rows = rows.cross_join(ibis.memtable(moments))
    rows = _labelled(_open(rows, project), tables, project)
    return rows.mutate(weight=ibis.literal(1).cast("float64")).select(*COLUMNS, *FOLLOWED)


def _mornings(
    first: datetime, cutoff: datetime, project: Project, spacing_days: int
) -> list[datetime]:
    """Return moments in naive UTC, counted back from the last one whose label is mature."""
    if pd.isna(first):
        return []
    zone = ZoneInfo(project.timezone)
    last = cutoff - timedelta(days=project.label.horizon_days)
    day = last.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
    moments: list[datetime] = []
    while True:
        local = datetime.combine(day, MORNING, zone)
        morning = local.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
        if morning <= first:
            return moments[::-1]
        if morning <= last:
            moments.append(morning)
        day -= timedelta(days=spacing_days if moments else 1)


def _trusted(tables: Canonical, project: Project) -> ir.Table:
    """Leads with their end, from the first date that the labels can be trusted."""
    rows = tables.closed_leads()
    if project.label.trusted_from is not None:
        rows = rows.filter(rows.created_at >= moment(project.moment(project.label.trusted_from)))
    return rows


def _open(rows: ir.Table, project: Project, *, newborn: bool = False) -> ir.Table:
    """Keep the rows whose lead is there and open at their ``as_of``.

    ``newborn``: a lead's own creation is known at the moment of its creation (age 0).
    """
    there = rows.created_at <= rows.as_of if newborn else before(rows.created_at, rows.as_of)
    rows = rows.filter(there, open_at(rows.closed_at, rows.as_of))
    if project.label.lost_after_days is not None:
        rows = rows.filter(
            days_between(rows.created_at, rows.as_of) < project.label.lost_after_days
        )
    return rows


def _labelled(rows: ir.Table, tables: Canonical, project: Project) -> ir.Table:
    """Add the label and drop what is immature: whose horizon ends after the data.

    An immature snapshot is dropped even where its end is known already: keeping the known ones
    alone would favour fast ends. ``days_to_win`` (null: not won by the data cut-off) and
    ``days_followed`` (to the cut-off) tell the label at other horizons; a flat export has neither.
    """
    if tables.flat:
        rows = rows.filter(_known(rows, tables, project)).mutate(label=rows.won)
        if project.label.unmatched == "lost":
            rows = rows.mutate(label=rows.label.fill_null(False))
        rows = rows.filter(rows.label.notnull())
        rows = rows.mutate(**dict.fromkeys(FOLLOWED, ibis.null("float64")))
    else:
        days = project.label.horizon_days
        rows = rows.filter(rows.as_of + ibis.interval(days=days) <= moment(tables.cutoff))
        won = rows.won & ahead(rows.closed_at, rows.as_of, days)
        rows = rows.mutate(
            label=won.fill_null(False),
            days_to_win=ibis.ifelse(rows.won, days_between(rows.as_of, rows.closed_at), None),
            days_followed=days_between(rows.as_of, moment(tables.cutoff)),
        )
    rows = rows.mutate(label=rows.label.cast("int8"))
    return _described(rows)


def _young_too(rows: ir.Table, tables: Canonical, project: Project) -> ir.Table:
    """Add the label and keep the rows that have none, up to the end of the data."""
    rows = rows.filter(before(rows.as_of, moment(tables.cutoff)))
    trusted = rows.semi_join(_trusted(tables, project).select("lead_id"), "lead_id")
    labelled = _labelled(trusted, tables, project)
    labels = labelled.select("lead_id", "as_of", "label", *FOLLOWED)
    joined = rows.left_join(labels, ("lead_id", "as_of"), rname="{name}_labelled")
    return _described(joined.drop("lead_id_labelled", "as_of_labelled"))


def _known(rows: ir.Table, tables: Canonical, project: Project) -> ir.BooleanValue:
    """Whether a flat export's status was known at the moment that somebody stands at.

    The export says how a lead ended, not when: standing inside the data, it counts as known one
    horizon after creation. At the end of the data, the status is what it is.
    """
    if tables.stood_at is None:
        return ibis.literal(True)
    return rows.created_at + ibis.interval(days=project.label.horizon_days) <= moment(
        tables.stood_at
    )


def _described(rows: ir.Table) -> ir.Table:
    group = rows.lead_id
    if "account_id" in rows.columns:
        group = ibis.coalesce("account:" + rows.account_id, "lead:" + rows.lead_id)
    return rows.mutate(age_days=days_between(rows.created_at, rows.as_of), group_id=group)
