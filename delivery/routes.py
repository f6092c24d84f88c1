"""Each night's way for every open lead, and the clause of the agreement that decided."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from delivery.clauses import (
    CANDIDATE,
    DRAWN_AMONG,
    NURTURE,
    OVERRULED,
    SALES_READY,
    STATE,
    Clause,
    clauses,
    percent,
)
from delivery.scored_rows import BATCH
from features import sql
from features.agreement import Agreement
from features.loop import Loop

HOLDS_ON = 1.1  # a lead that sales was to get yesterday gives way to one that is worth a tenth more
BLIND = "by the agreement"
NAME = "routes.parquet"
ROUTED = ("route", "route_reason", "explored")
_EVERYBODY = ""  # the pool of the leads whose team has no capacity of its own
_GRADES = "ABCD"


@dataclass(frozen=True)
class Pool:
    """A team that has its own capacity, or all others together.

    ``capacity``: None, no limit. ``lots``: how many of its places go to leads drawn by lot.
    """

    team: str
    capacity: int | None
    lots: int


def pools(agreement: Agreement) -> list[Pool]:
    """Return whose places are shared out, the pool of all other leads first."""
    named = sorted(agreement.team_capacity.items())
    shares = [(_EVERYBODY, agreement.capacity_per_day), *named]
    return [Pool(team, places, _lots(places, agreement)) for team, places in shares]


def _lots(places: int | None, agreement: Agreement) -> int:
    if places is None or not agreement.exploration_share:
        return 0
    return max(1, round(agreement.exploration_share * places))


def write_routes(
    scored: Path,
    folder: Path,
    *,
    agreement: Agreement,
    project: str,
    as_of: datetime,
    loop: Loop | None = None,
    previous: Path | None = None,
) -> Path:
    """Write a row ``route, route_reason, explored`` for each of a night's leads, in their order.

    Leads that no earlier clause keeps back are candidates. The best get the places of their team, or of all: by
    expected value if every candidate has it, else by probability, since euros and probabilities cannot be held
    against each other. A lead that was sales-ready yesterday counts ``HOLDS_ON`` times, so that scores that merely
    tremble change nobody's list; equals are told apart by a hash of the lead's id, so that neither the order of the
    rows nor the age of an id decides. ``exploration_share`` of the places go to leads that would otherwise stay with
    nurture, by another hash, the same every night; they are ``explored``, and their reason, like that of every lead
    with a place then, does not tell it.

    Args:
        scored: Parquet, leads with ``lead_id``, ``grade``, ``close_probability`` and ``expected_value``.
        folder: where to write.
        agreement: what sales and marketing signed.
        project: salts the lots.
        as_of: the night, naive UTC.
        loop: what became of every lead so far; None: not known, so that grade, chance and places decide alone.
        previous: ``scores.parquet`` of the publication before, or None.

    Returns:
        the file. The same inputs give the same rows, whatever order the leads came in.
    """
    import duckdb

    settings: dict[str, Any] = {
        "memory_limit": "500MB",  # beyond it DuckDB goes on on the disk
        "temp_directory": str(folder / "routing"),
        "threads": 2,
    }
    path = folder / NAME
    asked = list(clauses(agreement, None if loop is None else loop.columns, as_of))
    leads = _leads(scored, loop, previous)
    with duckdb.connect(config=settings) as connection:
        connection.execute(f"CREATE TEMP TABLE judged AS {_judged(asked, agreement, leads)}")
        connection.execute(f"CREATE TEMP TABLE room AS {_room(agreement)}")
        connection.execute(f"CREATE TEMP TABLE ranked AS {_ranked()}")
        connection.execute(f"CREATE TEMP TABLE drawn AS {_drawn(agreement, project)}")
        connection.execute(
            f"COPY ({_routed(agreement)}) TO {sql.text(str(path))} (FORMAT parquet, ROW_GROUP_SIZE {BATCH})"
        )
    return path


def _leads(scored: Path, loop: Loop | None, previous: Path | None) -> str:
    """Return SQL for tonight's leads by their place, with what is known of each."""
    return f"""
        SELECT scored.*, states.* EXCLUDE (lead_id), held.lead_id IS NOT NULL AS held
        FROM (
            SELECT file_row_number AS place, CAST(lead_id AS VARCHAR) AS lead_id, CAST(grade AS VARCHAR) AS grade,
                CAST(close_probability AS DOUBLE) AS chance, CAST(expected_value AS DOUBLE) AS value
            FROM read_parquet({sql.text(str(scored))}, file_row_number = true)
        ) AS scored
        LEFT JOIN ({_states(loop)}) AS states USING (lead_id)
        LEFT JOIN ({_held(previous)}) AS held USING (lead_id)
    """  # noqa: S608  names and values are quoted


def _states(loop: Loop | None) -> str:
    """Return SQL for what is known of each lead; without a loop, of none."""
    if loop is None:
        columns = ", ".join(f"NULL::{kind} AS {name}" for name, kind in STATE.items())
        return f"SELECT NULL::VARCHAR AS lead_id, NULL::VARCHAR AS team, {columns} WHERE false"
    team = "NULL::VARCHAR"
    if loop.columns.team:  # a team that is a number is 3 in the project file, and 3.0 in the table
        column = sql.identifier(loop.columns.team)
        team = f"regexp_replace(CAST({column} AS VARCHAR), '\\.0$', '')"
    columns = ", ".join(STATE)
    file = sql.text(str(loop.path))
    return f"SELECT lead_id, {team} AS team, {columns} FROM read_parquet({file})"  # noqa: S608  quoted


def _held(previous: Path | None) -> str:
    """Return SQL for the leads that sales was to get the night before, without those drawn by lot."""
    names = [] if previous is None else pq.read_schema(previous).names
    if "route" not in names:
        return "SELECT NULL::VARCHAR AS lead_id WHERE false"
    by_lot = "AND NOT explored" if "explored" in names else ""
    file = sql.text(str(previous))
    return f"SELECT lead_id FROM read_parquet({file}) WHERE route = '{SALES_READY}' {by_lot}"  # noqa: S608  quoted


def _judged(asked: list[Clause], agreement: Agreement, leads: str) -> str:
    """Return SQL for each lead's clause: its way and reason, as far as places do not decide."""
    may_be_drawn = _numbers(asked, CANDIDATE, *DRAWN_AMONG)
    sent = f"clause IN ({_numbers(asked, OVERRULED)}) AND overruled_to = '{SALES_READY}' AND with_sales IS NOT TRUE"
    return f"""
        SELECT place, lead_id, chance, value, held, {_pool(agreement)} AS pool,
            clause IN ({_numbers(asked, CANDIDATE)}) AS candidate, clause IN ({may_be_drawn}) AS may_be_drawn,
            coalesce({sent}, false) AS sent,
            CASE clause {_by_clause(asked, "route")} END AS route,
            CASE clause {_by_clause(asked, "reason")} END AS reason
        FROM (SELECT *, {_first_that_holds(asked)} AS clause FROM ({leads}))
    """  # noqa: S608  names and values are quoted


def _room(agreement: Agreement) -> str:
    """Return SQL for each pool's room: ``places`` for the best and ``lots``, behind those that people sent."""
    rows = ", ".join(
        f"({sql.text(pool.team)}, {'NULL' if pool.capacity is None else pool.capacity}::BIGINT, {pool.lots}::BIGINT)"
        for pool in pools(agreement)
    )
    return f"""
        SELECT pool, capacity, least(lots, free) AS lots, greatest(free - lots, 0) AS places,
            (SELECT coalesce(bool_and(value IS NOT NULL AND NOT isnan(value)), false) FROM judged WHERE candidate)
                AS by_value
        FROM (
            SELECT p.*, greatest(capacity - coalesce(taken, 0), 0) AS free
            FROM (VALUES {rows}) AS p (pool, capacity, lots)
            LEFT JOIN (SELECT pool, count(*) AS taken FROM judged WHERE sent GROUP BY pool) USING (pool)
        )
    """  # noqa: S608  names and values are quoted


def _ranked() -> str:
    """Return SQL for the candidates of limited pools, each with its rank."""
    return f"""
        SELECT place, row_number() OVER (
            PARTITION BY pool
            ORDER BY coalesce(if(isnan(worth), NULL, worth), '-infinity'::DOUBLE) * if(held, {HOLDS_ON}, 1.0) DESC,
                sha256(coalesce(lead_id, '')), place
        ) AS rank
        FROM (
            SELECT place, pool, lead_id, held, if(by_value, value, chance) AS worth
            FROM judged JOIN room USING (pool) WHERE candidate AND capacity IS NOT NULL
        )
    """  # noqa: S608  nothing but our own number is put in


def _drawn(agreement: Agreement, project: str) -> str:
    """Return SQL for the leads that are drawn by lot, pool by pool."""
    draws = [
        f"""
        (SELECT place FROM judged LEFT JOIN ranked USING (place) JOIN room USING (pool)
        WHERE pool = {sql.text(pool.team)} AND may_be_drawn AND NOT coalesce(rank <= places, false)
        ORDER BY sha256({sql.text(f"{project} explores ")} || coalesce(lead_id, '')), place
        LIMIT (SELECT lots FROM room WHERE pool = {sql.text(pool.team)}))
        """  # noqa: S608  names and values are quoted
        for pool in pools(agreement)
        if pool.lots
    ]
    return " UNION ALL ".join(draws) or "SELECT NULL::BIGINT AS place WHERE false"


def _routed(agreement: Agreement) -> str:
    """Return SQL for the routes of all leads, in their order."""
    return f"""
        SELECT
            CASE WHEN explored OR (candidate AND has_place) THEN '{SALES_READY}'
                WHEN candidate THEN '{NURTURE}' ELSE route END AS route,
            CASE WHEN explored THEN '{BLIND}'
                WHEN candidate AND has_place THEN {_why_placed(agreement)}
                WHEN candidate THEN {_why_not()} ELSE reason END AS route_reason,
            explored
        FROM (
            SELECT judged.*, room.* EXCLUDE (pool), rank, drawn.place IS NOT NULL AS explored,
                capacity IS NULL OR rank <= places AS has_place
            FROM judged JOIN room USING (pool) LEFT JOIN ranked USING (place) LEFT JOIN drawn USING (place)
        )
        ORDER BY place
    """  # noqa: S608  names and values are quoted


def _numbers(asked: list[Clause], *names: str) -> str:
    found = [str(number) for number, clause in enumerate(asked) if clause.name in names]
    return ", ".join(found) or "NULL"


def _first_that_holds(asked: list[Clause]) -> str:
    cases = " ".join(f"WHEN {clause.holds} THEN {number}" for number, clause in enumerate(asked))
    return f"CASE {cases} END"


def _by_clause(asked: list[Clause], part: str) -> str:
    return " ".join(
        f"WHEN {number} THEN {getattr(clause, part)}" for number, clause in enumerate(asked)
    )


def _pool(agreement: Agreement) -> str:
    return f"if(coalesce(team IN {sql.texts(agreement.team_capacity)}, false), team, '')"


def _why_placed(agreement: Agreement) -> str:
    """Return SQL for why a candidate has a place; where some places are drawn, the words fit both."""
    told = [_grades(agreement), *_asked_chance(agreement)]
    by_merit = sql.text(", ".join(told))
    among = (
        "', and among the ' || capacity || if(by_value, ' of most expected value', ' of the highest chance')"
        f" || if(pool = '', '', ' in team ' || {_shown('pool')})"
    )
    return f"CASE WHEN capacity IS NULL THEN {by_merit} WHEN lots > 0 THEN '{BLIND}' ELSE {by_merit} || {among} END"


def _why_not() -> str:
    """Return SQL for why a candidate has no place: its rank behind those who were sent and those drawn."""
    number = "(rank - places + capacity)"
    ending = (
        f"CASE WHEN {number} % 100 BETWEEN 11 AND 13 THEN 'th' "
        f"ELSE CASE {number} % 10 WHEN 1 THEN 'st' WHEN 2 THEN 'nd' WHEN 3 THEN 'rd' ELSE 'th' END END"
    )
    who = f"if(pool = '', 'sales', 'team ' || {_shown('pool')})"
    places = "capacity || if(capacity = 1, ' place', ' places')"
    return f"{who} || ' has ' || {places} || ' a day; this lead is the ' || {number} || {ending}"


def _shown(column: str) -> str:
    return rf"left(trim(regexp_replace({column}, '[\pC\pZ\s]+', ' ', 'g')), 60)"


def _grades(agreement: Agreement) -> str:
    grades = [grade for grade in _GRADES if grade in agreement.sales_ready_grades]
    if len(grades) == len(_GRADES):
        return "any grade"
    return "grade " + " or ".join(filter(None, [", ".join(grades[:-1]), *grades[-1:]]))


def _asked_chance(agreement: Agreement) -> list[str]:
    least = agreement.sales_ready_probability
    return [] if least is None else [f"chance of at least {percent(least)}"]
