"""The loop table's rows: leads as they stood, joined with their steps, their end and what was agreed on."""

from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.backends.duckdb import Backend

from features import sql
from features.agreement import Criterion
from features.attributes import attributes
from features.canonical import moment
from features.catalogue import Attribute, Catalogue
from features.clock import before
from features.frames import canonical
from features.project import Project
from features.tables import TableSet

OPTIONAL = ("account_id", "owner", "source", "campaign")


@dataclass(frozen=True)
class Agreed:
    """A criterion: the canonical column that it asks for, the column's label, and the values that meet it."""

    column: str
    label: str
    values: list[str]


@dataclass(frozen=True)
class Agreement:
    """The agreement's criteria with their columns found; ``named``: the columns that the loop table carries."""

    named: list[str]
    qualified: dict[str, Agreed]
    consent: Agreed | None
    disqualified: list[Agreed]


def agreed(project: Project, named: dict[str, str], labels: dict[str, str]) -> Agreement:
    """Return the criteria of a project file, whose keys lead to the canonical columns in ``named``."""
    said = project.agreement

    def found(key: str, criterion: Criterion) -> Agreed:
        column = named[f"agreement.{key}.column"]
        return Agreed(column, labels[f"lead_{column}"], criterion.values)

    return Agreement(
        sorted(set(named.values())),
        {
            name: found(f"qualified.{name}", criterion)
            for name, criterion in said.qualified.criteria.items()
        },
        None if said.consent is None else found("consent", said.consent),
        [found(f"disqualified.{n}", criterion) for n, criterion in enumerate(said.disqualified)],
    )


def make_stood(connection: Backend, read: TableSet, as_of: datetime, columns: list[str]) -> None:
    """Make the table ``stood``: the leads that were there, with the columns as they stood before the moment."""
    tables = canonical(connection, read)
    changed = set(tables.history.select("field").distinct().execute()["field"])
    catalogue = Catalogue(
        project=read.project,
        timezone="UTC",
        horizon_days=1,
        features=[
            Attribute(
                name=column,
                group="who they are",
                concept=column,
                label=column,
                column=column,
                changing=column in changed,
            )
            for column in columns
        ],
    )
    there = tables.leads.filter(before(tables.leads.created_at, moment(as_of)))
    there = there.select("lead_id", "created_at").mutate(as_of=moment(as_of))
    values = attributes(tables, there, catalogue)
    if values is None:
        rows = there.drop("as_of")
    else:
        rows = there.drop("as_of").inner_join(values.drop("as_of"), "lead_id")
    absent = {name: ibis.null("string") for name in OPTIONAL if name not in columns}
    connection.create_table("stood", rows.mutate(**absent), temp=True)


def loop_query(
    agreement: Agreement,
    read: TableSet,
    as_of: datetime,
    numeric: dict[str, bool],
    *,
    unmatched_lost: bool,
) -> str:
    """Return the query of the whole table, from ``stood``, ``steps``, ``overrules``, ``journey`` and the outcomes.

    ``numeric`` says of each column of ``stood`` whether it holds numbers; ``unmatched_lost``: in flat data a lead
    without an outcome is lost.
    """
    # Flat data know how a lead ended, and not when.
    ended = "true" if read.flat else f"closed_at < {sql.moment(as_of)}"
    won = "coalesce(o.won, false)" if read.flat and unmatched_lost else "o.won"
    named = [
        f"l.{sql.identifier(column)} AS {sql.identifier('lead_' + column)}"
        for column in agreement.named
    ]
    met = [
        f"{_met(agreement.qualified.get(name), numeric)} AS met_{name}"
        for name in ("budget", "authority", "need", "timeframe")
    ]
    return f"""
        SELECT {", ".join(["l.lead_id", "l.created_at", *(f"l.{name}" for name in OPTIONAL), *named])},
            {won} AS won, o.closed_at, o.amount, o.reason, o.competitor, o.discount, o.margin,
            s.first_handed_at, s.handed_at, {_OF_THE_STEPS},
            v.overruled_at, v.overruling.way AS overruled_to, v.overruling.who AS overruled_by,
            v.overruling.why AS overruled_reason,
            {", ".join(met)}, {_met(agreement.consent, numeric)} AS consent,
            {_disqualified_by(agreement.disqualified, numeric)} AS disqualified_by,
            {_own("before")} AS own_events, {_own("after")} AS own_events_after
        FROM stood AS l
        LEFT JOIN (SELECT * FROM outcomes WHERE won IS NOT NULL AND {ended}) AS o USING (lead_id)
        LEFT JOIN (SELECT *, {_SPANS} FROM steps) AS s USING (lead_id)
        LEFT JOIN overrules AS v USING (lead_id)
        LEFT JOIN journey AS j USING (lead_id)
    """


# A step of the hand-off before this one is no step of this one. Where nothing is known of a hand-off, all steps count;
# but what was never with sales has not come back from there.
_THIS_ONE = "(s.handed_at IS NULL OR {at} >= s.handed_at)"
_SPANS = """
    greatest(handed_at, last_sales_at) AS taken_at, greatest(rejected_at, recycled_at) AS ended_at
"""
_REJECTED = _THIS_ONE.format(at="s.rejected_at")
_OF_THE_STEPS = f"""
    CASE WHEN {_THIS_ONE.format(at="s.accepted_at")} THEN s.accepted_at END AS accepted_at,
    CASE WHEN {_REJECTED} THEN s.rejected_at END AS rejected_at,
    CASE WHEN {_REJECTED} THEN s.rejection.why END AS rejected_reason,
    CASE WHEN {_REJECTED} THEN s.rejection.who END AS rejected_by,
    s.contacted_at, s.recycled_at, s.last_sales_at, s.last_nurture_at, s.first_contact_at,
    s.taken_at IS NOT NULL AND (s.ended_at IS NULL OR s.ended_at < s.taken_at) AS with_sales,
    CASE WHEN s.ended_at >= coalesce(s.handed_at, least(s.accepted_at, s.first_contact_at), s.rejected_at)
        THEN s.ended_at END AS came_back_at
"""


def _met(criterion: Agreed | None, numeric: dict[str, bool]) -> str:
    """Return whether a lead meets a criterion: NULL where nothing is asked for, or its value is not known."""
    if criterion is None:
        return "CAST(NULL AS BOOLEAN)"
    column = f"l.{sql.identifier(criterion.column)}"
    if numeric[criterion.column]:
        values = ", ".join(f"TRY_CAST({sql.text(value)} AS DOUBLE)" for value in criterion.values)
        said = f"coalesce(list_contains([{values}], CAST({column} AS DOUBLE)), false)"
    else:
        values = ", ".join(f"lower(trim({sql.text(value)}))" for value in criterion.values)
        said = f"list_contains([{values}], lower(trim({column})))"
    return f"CASE WHEN {column} IS NOT NULL THEN {said} END"


def _disqualified_by(criteria: list[Agreed], numeric: dict[str, bool]) -> str:
    """Return the first criterion that a lead meets, in words."""
    if not criteria:
        return "CAST(NULL AS VARCHAR)"
    clauses = [
        f"WHEN {_met(criterion, numeric)} THEN concat({sql.text(criterion.label)}, ' is ', {_said(criterion, numeric)})"
        for criterion in criteria
    ]
    return f"CASE {' '.join(clauses)} END"


def _said(criterion: Agreed, numeric: dict[str, bool]) -> str:
    """Return the lead's value as people write it: 10, not 10.0."""
    column = f"l.{sql.identifier(criterion.column)}"
    if not numeric[criterion.column]:
        return column
    whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
    return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"


def _own(part: str) -> str:
    return f"CASE WHEN (SELECT asked FROM own) THEN coalesce(j.{part}, 0) END"
