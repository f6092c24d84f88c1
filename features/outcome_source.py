"""What the outcomes' source says about itself: its statuses, and the columns that give the answer away."""

import json
from collections.abc import Iterator

import duckdb

from features.clean import TAKEN, CleanTable
from features.errors import DataError
from features.nearest import nearest
from features.project import Project
from features.values import text_sql


def refuse_without_wins(
    connection: duckdb.DuckDBPyConnection, project: Project, outcomes: CleanTable
) -> list[str]:
    """Check that ``label.won`` names values that there are, and return warnings of those nobody names.

    Raises:
        DataError: no row has a status that ``label.won`` names; the message lists what there is.
    """
    column = outcomes.canonical["status"]
    status = text_sql(column, outcomes.columns[column])
    found = connection.execute(
        f"SELECT {status} AS s, count(*) AS n FROM {outcomes.name} WHERE {TAKEN} AND s IS NOT NULL GROUP BY s ORDER BY n DESC, s"
    ).fetchall()
    if not found:
        return [f"outcomes: no row has a {column}; every lead is open"]
    values = [str(value) for value, _ in found]
    if not set(values) & set(project.label.won):
        listed = ", ".join(f"{value!r} ({count})" for value, count in found[:10])
        more = f" and {len(found) - 10} more" if len(found) > 10 else ""
        close = [name for wanted in project.label.won for name in nearest(wanted, values, count=1)]
        advice = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        if {"true", "false"} & set(project.label.won):
            advice += "; an unquoted yes or no in YAML is true or false: write 'yes' in quotes"
        advice += (
            ""
            if close
            else ". Name under label.won what won leads are called here, or check that the export holds them"
        )
        raise DataError(
            f"outcomes: no row of {column} is one of label.won ({', '.join(map(repr, project.label.won))}); found are {listed}{more}{advice}"
        )
    named = {*project.label.won, *project.label.lost}
    neither = [f"{value!r} ({count})" for value, count in found if str(value) not in named]
    if not neither:
        return []
    more = f" and {len(neither) - 10} more" if len(neither) > 10 else ""
    return [
        f"outcomes: neither won nor lost, so open: {', '.join(neither[:10])}{more}; label.won and label.lost say what counts"
    ]


def columns_of_the_outcome(
    connection: duckdb.DuckDBPyConnection, leads: CleanTable, outcomes: CleanTable
) -> dict[str, str]:
    """Name the leads' columns that the outcome is read from, if both come from one place: they are the answer.

    Through the outcomes' derived columns, too: what the status is made of.
    """
    place = ("path", "url", "query", "sheet")
    if any(getattr(leads.source, name) != getattr(outcomes.source, name) for name in place):
        return {}
    pending = [column for name, column in outcomes.canonical.items() if name != "lead_id"]
    seen: set[str] = set()
    while pending:
        column = pending.pop()
        if column not in seen and column in outcomes.source.derive:
            pending += _columns_in(connection, outcomes.source.derive[column], outcomes.columns)
        seen.add(column)
    return {column: "the outcome is read from it" for column in leads.columns if column in seen}


def _columns_in(
    connection: duckdb.DuckDBPyConnection, expression: str, columns: dict[str, str]
) -> list[str]:
    row = connection.execute(
        "SELECT json_serialize_sql(?)", [f"SELECT ({expression}\n)"]
    ).fetchone()
    folded = {column.casefold(): column for column in columns}
    names = _references(json.loads(row[0])) if row else iter(())
    return [folded[name.casefold()] for name in names if name.casefold() in folded]


def _references(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        if node.get("class") == "COLUMN_REF":
            yield str(node["column_names"][-1])
        for item in node.values():
            yield from _references(item)
