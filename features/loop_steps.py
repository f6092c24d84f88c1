"""The steps of the hand-off, from the CRM's events and from sales' feedback: what was known before a moment."""

from datetime import datetime
from pathlib import Path

from ibis.backends.duckdb import Backend

from features import sql
from features.loop import FEEDBACK, OVERRULED, ROUTES, STEPS
from features.project import Project

KNOWN = "greatest(occurred_at, coalesce(recorded_at, occurred_at))"
# The last of equals is always the same one, whatever order the rows come in.
_LAST = f"occurred_at, {KNOWN}, coalesce(reason, ''), coalesce(actor, '')"


def make_steps(
    connection: Backend, project: Project, as_of: datetime, feedback: Path | None
) -> list[str]:
    """Make the tables ``steps`` and ``overrules``, one row per lead that has any; return the kinds that occur.

    Only the events of the steps, of sales' and of nurture's kinds are looked at.
    """
    agreed = project.agreement
    contact = ["contacted", *agreed.sales_kinds]
    asked = sorted({*STEPS, *agreed.sales_kinds, *agreed.nurture_kinds})
    make_feedback(connection, feedback)
    moment = sql.moment(as_of)
    connection.raw_sql(f"""
        CREATE TEMP TABLE told AS
        SELECT lead_id, kind, occurred_at, recorded_at, actor, reason FROM events
        WHERE kind IN {sql.texts(asked)} AND {KNOWN} < {moment}
        UNION ALL
        SELECT lead_id, step, occurred_at, recorded_at, actor, reason FROM feedback
        WHERE step IN {sql.texts(STEPS)} AND {KNOWN} < {moment}
    """)
    connection.raw_sql(f"""
        CREATE TEMP TABLE steps AS
        WITH ends AS (
            SELECT lead_id, {_ends(contact, agreed.nurture_kinds)} FROM told GROUP BY lead_id
        ), since AS (
            SELECT t.lead_id, min(t.occurred_at) AS contacted_at
            FROM told AS t JOIN ends AS e USING (lead_id)
            WHERE t.kind IN {sql.texts(contact)} AND (e.handed_at IS NULL OR t.occurred_at >= e.handed_at)
            GROUP BY t.lead_id
        )
        SELECT e.*, s.contacted_at FROM ends AS e LEFT JOIN since AS s USING (lead_id)
    """)
    _make_overrules(connection, project, moment)
    found = connection.con.execute("SELECT DISTINCT kind FROM told ORDER BY kind").fetchall()
    return [str(kind) for (kind,) in found]


def _ends(contact: list[str], nurture: list[str]) -> str:
    """Return the first and last times of a lead's steps, as aggregates over ``told``."""

    def times(function: str, kinds: list[str]) -> str:
        return f"{function}(occurred_at) FILTER (kind IN {sql.texts(kinds)})"

    last = f"arg_max(struct_pack(why := reason, who := actor), row({_LAST})) FILTER (kind = 'rejected')"
    return ", ".join(
        [
            f"{times('min', ['handed_over'])} AS first_handed_at",
            f"{times('max', ['handed_over'])} AS handed_at",
            f"{times('max', ['accepted'])} AS accepted_at",
            f"{times('max', ['rejected'])} AS rejected_at",
            f"{last} AS rejection",
            f"{times('max', ['recycled'])} AS recycled_at",
            f"{times('max', ['accepted', *contact])} AS last_sales_at",
            f"{times('max', nurture)} AS last_nurture_at",
            f"{times('min', contact)} AS first_contact_at",
        ]
    )


def make_feedback(connection: Backend, feedback: Path | None) -> None:
    """Make the view ``feedback``: the file's rows, or none."""
    if feedback is None:
        columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in FEEDBACK.items())
        source = f"SELECT {columns} WHERE false"
    else:
        columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in FEEDBACK.items())
        source = f"SELECT {columns} FROM read_parquet({sql.text(str(feedback))})"
    connection.raw_sql(f"CREATE TEMP VIEW feedback AS {source}")


def _make_overrules(connection: Backend, project: Project, moment: str) -> None:
    may = project.agreement.may_overrule
    people = ", ".join(f"lower({sql.text(name.strip())})" for name in may)
    allowed = f"lower(trim(actor)) IN ({people})" if may else "true"
    connection.raw_sql(f"""
        CREATE TEMP TABLE overrules AS
        SELECT lead_id, max(occurred_at) AS overruled_at,
            arg_max(struct_pack(way := route, who := actor, why := reason), row({_LAST}, route)) AS overruling
        FROM feedback
        WHERE step = {sql.text(OVERRULED)} AND route IN {sql.texts(ROUTES)} AND {allowed} AND {KNOWN} < {moment}
        GROUP BY lead_id
    """)


def make_journey(connection: Backend, project: Project, as_of: datetime, *, asked: bool) -> None:
    """Make the table ``journey``: what each lead did before the first contact and from then on; empty unless asked."""
    agreed = project.agreement
    theirs = sql.texts([*STEPS, OVERRULED, *agreed.sales_kinds, *agreed.nurture_kinds])
    early = "s.first_contact_at IS NULL OR e.occurred_at < s.first_contact_at"
    where = f"e.kind NOT IN {theirs} AND {KNOWN} < {sql.moment(as_of)}" if asked else "false"
    connection.raw_sql(f"""
        CREATE TEMP TABLE journey AS
        SELECT e.lead_id, count(*) FILTER ({early}) AS before, count(*) FILTER (NOT ({early})) AS after
        FROM events AS e LEFT JOIN steps AS s USING (lead_id)
        WHERE {where} GROUP BY e.lead_id
    """)
    connection.raw_sql(f"CREATE TEMP VIEW own AS SELECT {asked} AS asked")
