"""The tables that some snapshots need: few mornings of a large company do not read all of its events."""

from dataclasses import replace

from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features.canonical import Canonical


def nearby(connection: Backend, tables: Canonical, snapshots: ir.Table) -> Canonical:
    """Return the tables with the events and the history of the snapshots' leads and of the others of their accounts.

    Every feature of these snapshots keeps its value: no feature looks at the events of anybody else.

    Args:
        connection: where both lie; tables called ``nearby_...`` are made there.
        tables: the canonical tables.
        snapshots: with ``lead_id``, computed already.
    """
    ours = snapshots.select("lead_id").distinct()
    people = ours
    if "account_id" in tables.leads.columns:
        leads = tables.leads.select("lead_id", "account_id")
        accounts = leads.semi_join(ours, "lead_id").select("account_id").distinct()
        accounts = accounts.filter(accounts.account_id.notnull())
        others = leads.semi_join(accounts, "account_id").select("lead_id")
        people = ours.union(others, distinct=True)
    people = connection.create_table("nearby_people", people)
    return replace(
        tables,
        events=connection.create_table("nearby_events", tables.events.semi_join(people, "lead_id")),
        history=connection.create_table(
            "nearby_history", tables.history.semi_join(people, "lead_id")
        ),
    )
