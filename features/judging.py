"""Every row of every table judged in turn: leads first, then what hangs on them."""

import duckdb

from features import sql
from features.clean import TAKEN, CleanTable
from features.cutoff import Cutoff
from features.project import Project
from features.quarantine import Quarantine
from features.row_checks import (
    SAME,
    closing_verdicts,
    column_verdicts,
    label,
    lead_verdicts,
    of_a_lead,
    outcome_verdicts,
    repeat_verdicts,
    with_repeats,
)
from features.tables import TableName

Cleaned = dict[TableName, list[CleanTable]]


def judge_all(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    cleaned: Cleaned,
    cutoff: Cutoff,
    quarantine: Quarantine,
) -> None:
    """Turn ``parsed_<table>`` into ``final_<table>``: the rows that keep to the contract."""
    for sources in cleaned.values():
        for source in sources:
            quarantine.pass_over(source.raw.table, "filtered out by where", source.filtered)
    _suppression(cleaned, quarantine)
    _leads(connection, cleaned, cutoff, quarantine)
    _outcomes(connection, project, cleaned, cutoff, quarantine)
    _drop_leads_of_refused_outcomes(connection, quarantine)
    _accounts(connection, cleaned, quarantine)
    _of_leads(cleaned, cutoff, quarantine, "events", "occurred_at")
    _of_leads(cleaned, cutoff, quarantine, "history", "changed_at")
    _spend(cleaned, cutoff, quarantine)
    for table in cleaned:
        if table != "events":  # whose rows are looked at once more as they are written
            connection.execute(f"DROP TABLE parsed_{table}")
    for name in ("closed_outcomes", "single_outcomes", "single_leads", "single_accounts"):
        connection.execute(f"DROP TABLE IF EXISTS {name}")


def _suppression(cleaned: Cleaned, quarantine: Quarantine) -> None:
    checks = [*column_verdicts("suppression", cleaned["suppression"])]
    quarantine.judge("suppression", "SELECT * FROM parsed_suppression", checks, "final_suppression")


def _leads(
    connection: duckdb.DuckDBPyConnection, cleaned: Cleaned, cutoff: Cutoff, quarantine: Quarantine
) -> None:
    sources = cleaned["leads"]
    suppressed = "coalesce(lead_id IN (SELECT lead_id FROM final_suppression), false) AS suppressed"
    quarantine.judge(
        "leads",
        f"SELECT *, {suppressed} FROM parsed_leads",
        lead_verdicts(sources, cutoff),
        "single_leads",
    )
    _repeats(connection, quarantine, "leads", "lead_id", "leads with one id", SAME, sources)
    # What became of every id, so that a row of a lead that is not taken is not blamed for it.
    connection.execute(
        f"""
        CREATE OR REPLACE TABLE fates AS
        SELECT lead_id, CASE
            WHEN bool_or(lead_id IN (SELECT lead_id FROM final_leads)) THEN 'kept'
            WHEN bool_or(lead_id IN (SELECT lead_id FROM final_suppression)) THEN 'suppressed'
            WHEN bool_or({TAKEN} AND created_at >= {sql.moment(cutoff.moment)}) THEN 'later than the cut-off'
            WHEN bool_or({TAKEN}) THEN 'refused' ELSE 'filtered out' END AS fate,
            CAST(row_number() OVER (ORDER BY lead_id) AS INTEGER) AS lead_place
        FROM parsed_leads WHERE lead_id IS NOT NULL GROUP BY lead_id
        """
    )


def _with_fate(rows: str) -> str:
    return f"SELECT r.*, f.fate, f.lead_place FROM ({rows}) AS r LEFT JOIN fates AS f ON f.lead_id = r.lead_id"


def _outcomes(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    cleaned: Cleaned,
    cutoff: Cutoff,
    quarantine: Quarantine,
) -> None:
    sources = cleaned["outcomes"]
    checks = outcome_verdicts(project, sources, cutoff)
    quarantine.judge(
        "outcomes", _with_fate("SELECT * FROM parsed_outcomes"), checks, "closed_outcomes"
    )
    zone = sql.text(sources[0].source.timezone or project.timezone)
    # A close that is told as a date only is its midnight: on the lead's own first day it may stand before the lead.
    local = f"timezone({zone}, timezone('UTC', {{}}))"
    closed, created = local.format("o.closed_at"), local.format("l.created_at")
    same_day = f"{closed} = date_trunc('day', {closed}) AND CAST({closed} AS DATE) = CAST({created} AS DATE)"
    rows = f"""
        SELECT o.* REPLACE (CASE WHEN o.closed_at < l.created_at AND {same_day} THEN l.created_at ELSE o.closed_at END AS closed_at),
            l.created_at, o.status IN {sql.texts(project.label.won)} AS won
        FROM closed_outcomes AS o JOIN final_leads AS l ON l.lead_id = o.lead_id
    """
    flat = "closed_at" not in sources[0].canonical
    quarantine.judge("outcomes", rows, closing_verdicts(sources, flat=flat), "single_outcomes")
    same = "hash(won, closed_at, amount, reason)"
    _repeats(
        connection,
        quarantine,
        "outcomes",
        "lead_id",
        "outcomes of one lead that disagree",
        same,
        sources,
    )
    connection.execute(
        "UPDATE fates SET fate = 'refused' WHERE lead_id IN (SELECT lead_id FROM closed_outcomes EXCEPT SELECT lead_id FROM final_outcomes)"
    )


def _drop_leads_of_refused_outcomes(
    connection: duckdb.DuckDBPyConnection, quarantine: Quarantine
) -> None:
    """A lead whose end is known to be there and cannot be read is neither open nor lost: it is not taken."""
    gone = "lead_id IN (SELECT lead_id FROM fates WHERE fate <> 'kept')"
    count = connection.execute(f"SELECT count(*) FROM final_leads WHERE {gone}").fetchone()
    quarantine.pass_over("leads", "its outcome is refused", count[0] if count else 0)
    connection.execute(f"DELETE FROM final_leads WHERE {gone}")
    # A row of another outcome of the same lead may have stood: it has no lead any more.
    left = connection.execute(f"SELECT count(*) FROM final_outcomes WHERE {gone}").fetchone()
    quarantine.pass_over("outcomes", "its lead is refused", left[0] if left else 0)
    connection.execute(f"DELETE FROM final_outcomes WHERE {gone}")


def _accounts(
    connection: duckdb.DuckDBPyConnection, cleaned: Cleaned, quarantine: Quarantine
) -> None:
    sources = cleaned["accounts"]
    checks = [*column_verdicts("accounts", sources)]
    quarantine.judge("accounts", "SELECT * FROM parsed_accounts", checks, "single_accounts")
    _repeats(
        connection, quarantine, "accounts", "account_id", "accounts with one id", SAME, sources
    )


def _repeats(
    connection: duckdb.DuckDBPyConnection,
    quarantine: Quarantine,
    table: TableName,
    name: str,
    what: str,
    same: str,
    sources: list[CleanTable],
) -> None:
    """Judge the rows of ``single_<table>`` that share an id: equal ones are one, others are all refused."""
    rows = f"SELECT * FROM single_{table}"
    shared = connection.execute(
        f"SELECT count(*) - count(DISTINCT {name}) FROM single_{table}"
    ).fetchone()
    if not shared or not shared[0]:
        connection.execute(f"DROP TABLE IF EXISTS final_{table}")
        connection.execute(f"ALTER TABLE single_{table} RENAME TO final_{table}")
        return
    repeats = repeat_verdicts(name, what, sources)
    quarantine.judge(table, with_repeats(rows, name, same), repeats, f"final_{table}")


def _of_leads(
    cleaned: Cleaned, cutoff: Cutoff, quarantine: Quarantine, table: TableName, time: str
) -> None:
    """Events may come before their lead (visits before the form), and be recorded before they happen (a planned call)."""
    sources = cleaned[table]
    lead = column_verdicts(table, sources, ["lead_id"])
    others = [verdict for verdict in column_verdicts(table, sources) if verdict not in lead]
    times = cutoff.verdicts(time, label(time, sources), f"said_{time}")
    if table == "events":
        times += cutoff.verdicts("recorded_at", label("recorded_at", sources), "said_recorded_at")
    rows = _with_fate(f"SELECT * FROM parsed_{table}")
    of_lead = [*lead, *of_a_lead(sources)]
    if table == "events":
        quarantine.judge_where_they_lie(
            table,
            rows,
            [*of_lead, *others, *times],
            f"final_{table}",
            sure="fate = 'kept'",  # the id of a lead that is kept has passed the same checks
            unless_sure=len(of_lead),
        )
        return
    quarantine.judge(table, rows, [*of_lead, *others, *times], f"final_{table}")


def _spend(cleaned: Cleaned, cutoff: Cutoff, quarantine: Quarantine) -> None:
    sources = cleaned["spend"]
    times = cutoff.verdicts("spent_on", label("spent_on", sources), "said_spent_on")
    quarantine.judge(
        "spend",
        "SELECT * FROM parsed_spend",
        [*column_verdicts("spend", sources), *times],
        "final_spend",
    )
