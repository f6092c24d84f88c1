"""The people of one account as they stand at a moment: how their leads ended, their role, what they did last."""

from datetime import datetime
from typing import TYPE_CHECKING

import ibis
from ibis.expr import types as ir

from features.attributes import attributes
from features.canonical import Canonical, moment
from features.catalogue import Attribute, Catalogue
from features.clock import before
from features.frames import canonical
from features.named_leads import resolve
from features.project import Project
from features.tables import TableSet, open_tables

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["lead_id", "created_at", "role", "won", "closed_at", "amount", "last_at", "last_kind"]
_ROLE = "agreement.buying_group.column"


def account_of(read: TableSet, lead_id: str) -> str | None:
    """Return the account of a lead, None if it has none or is not there."""
    import pyarrow.parquet as pq

    if "account_id" not in pq.read_schema(read.path("leads")).names:
        return None
    found = pq.read_table(
        read.path("leads"), columns=["account_id"], filters=[("lead_id", "=", lead_id)]
    )
    account = found["account_id"][0].as_py() if len(found) else None
    return None if account is None else str(account)


def people(
    read: TableSet,
    project: Project,
    as_of: datetime,
    *,
    account_id: str | None = None,
    lead_id: str | None = None,
) -> "pd.DataFrame":
    """Return the leads of an account that were there before ``as_of`` (naive UTC), or one lead, by ``lead_id``.

    Columns: ``lead_id, created_at, role`` (as it stood; null where the agreement names no buying group or it is not
    known), ``won`` (null: no outcome by then), ``closed_at, amount``, and time and kind of the last event known.

    Raises:
        ProjectError: the column of the buying group's roles is none of the leads.
    """
    connection = open_tables(read, project.limits.memory_gb)
    try:
        tables = canonical(connection, read)
        leads = tables.leads.filter(before(tables.leads.created_at, moment(as_of)))
        if account_id is None:
            leads = leads.filter(leads.lead_id == lead_id)
        elif "account_id" in leads.columns:
            leads = leads.filter(leads.account_id == account_id)
        else:
            leads = leads.filter(ibis.literal(False))
        rows = leads.select("lead_id", "created_at").mutate(as_of=moment(as_of))
        rows = _with_role(rows, tables, read, project)
        rows = rows.left_join(_ends(tables, read, as_of), "lead_id").drop("lead_id_right")
        rows = rows.left_join(_last_events(tables, rows, as_of), "lead_id").drop("lead_id_right")
        found: pd.DataFrame = rows.select(*COLUMNS).order_by("lead_id").execute()
        return found
    finally:
        connection.disconnect()


def _with_role(rows: ir.Table, tables: Canonical, read: TableSet, project: Project) -> ir.Table:
    if project.agreement.buying_group is None:
        return rows.mutate(role=ibis.null("string"))
    column = resolve(read, project, tables.leads.columns)[_ROLE]
    role = Attribute(
        name="role",
        group="who they are",
        concept="role",
        label="role",
        column=column,
        changing=True,
    )
    catalogue = Catalogue(project=read.project, timezone="UTC", horizon_days=1, features=[role])
    stood = attributes(tables, rows, catalogue)
    assert stood is not None  # noqa: S101  the catalogue has one attribute
    rows = rows.inner_join(stood.select("lead_id", "role"), "lead_id")
    return rows.mutate(role=rows.role.cast("string"))


def _ends(tables: Canonical, read: TableSet, as_of: datetime) -> ir.Table:
    ends = tables.outcomes
    if not read.flat:  # flat data know how a lead ended, and not when
        ends = ends.filter(before(ends.closed_at, moment(as_of)))
    return ends.select("lead_id", "won", "closed_at", "amount")


def _last_events(tables: Canonical, rows: ir.Table, as_of: datetime) -> ir.Table:
    events = tables.known_events.semi_join(rows.select("lead_id"), "lead_id")
    events = events.filter(before(events.known_at, moment(as_of)))
    return events.group_by("lead_id").aggregate(
        last_at=events.occurred_at.max(), last_kind=events.kind.argmax(events.occurred_at)
    )
