"""The canonical tables on disk: what was judged good, in the columns that everybody else reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb

from features import sql
from features.clean import TAKEN, CleanTable
from features.columns import Profiled, Unreadable, profile
from features.named_leads import named_by_the_loop
from features.outcome_source import columns_of_the_outcome
from features.project import Project
from features.quarantine import Quarantine
from features.raw import FILE, ROW
from features.tables import CANONICAL, LEAD_OPTIONAL, AttributeColumn, LeftOutColumn, TableName
from features.values import number_sql

_ORDER: dict[TableName, str] = {
    "leads": "created_at, lead_id",
    "outcomes": "lead_id",
    # Numbers that stand for lead_id (in its order) and for kind (in some): sorting by these takes half of the time.
    "events": "lead_place, occurred_at, kind_place",
    "accounts": "account_id",
    "history": "lead_id, changed_at, field, old_value, new_value",
    "spend": "spent_on, source, campaign, amount",
    "suppression": "lead_id",
}


@dataclass
class Written:
    """What is on disk: rows per table, the attributes, and what is left out of them.

    ``carried``: column and label of the leads' columns that are left out and yet on disk.
    """

    kept: dict[TableName, int] = field(default_factory=dict[TableName, int])
    attributes: list[AttributeColumn] = field(default_factory=list[AttributeColumn])
    carried: dict[str, str] = field(default_factory=dict[str, str])
    left_out: list[LeftOutColumn] = field(default_factory=list[LeftOutColumn])
    unreadable: list[Unreadable] = field(default_factory=list[Unreadable])


def write_tables(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    cleaned: dict[TableName, list[CleanTable]],
    folder: Path,
    quarantine: Quarantine,
) -> Written:
    """Write ``<table>.parquet`` for every canonical table, its rows in a fixed order."""
    written = Written()
    leads = cleaned["leads"][0]
    answers = columns_of_the_outcome(connection, leads, cleaned["outcomes"][0])
    skipped = {**project.features.leave_out, **answers}
    queries: dict[TableName, str] = {
        "leads": _with_attributes(connection, project, "leads", leads, skipped, written),
        "accounts": "SELECT account_id FROM final_accounts",
    }
    if cleaned["accounts"]:
        accounts = cleaned["accounts"][0]
        queries["accounts"] = _with_attributes(
            connection, project, "accounts", accounts, project.features.leave_out, written
        )
    _name_fields(connection, leads, written, quarantine)
    _read_past_numbers(connection, project, written)
    for table in CANONICAL:
        query = queries.get(table) or _plain(table)
        path = sql.text(str(folder / f"{table}.parquet"))
        if table == "events":
            # From the first of many files the planner takes them for few, and would keep them all in memory.
            connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        count = connection.execute(
            f"COPY ({query} ORDER BY {_order(table, cleaned[table])}) TO {path} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        ).fetchone()
        connection.execute("RESET disabled_optimizers")
        written.kept[table] = count[0] if count else 0
        quarantine.look_again(table, written.kept[table])
        # The events come after the leads and need the room.
        form = "VIEW" if table == "events" else "TABLE"
        connection.execute(f"DROP {form} final_{table}")
    return written


def _order(table: TableName, sources: list[CleanTable]) -> str:
    """Name the columns to sort by; those of events that no source has are left out, for every key costs."""
    if table != "events":
        return _ORDER[table]
    told = {name for source in sources for name in source.canonical}
    return ", ".join(
        [
            _ORDER[table],
            *(name for name in ("recorded_at", "value", "actor", "reason") if name in told),
        ]
    )


def _plain(table: TableName) -> str:
    columns = ", ".join(
        "coalesce(recorded_at, occurred_at) AS recorded_at" if column == "recorded_at" else column
        for column in CANONICAL[table]
    )
    if table != "events":
        return f"SELECT {columns} FROM final_{table}"
    sorted_by = "lead_place, hash(kind) AS kind_place"
    # DuckDB writes a column without gaps in another way once it knows that there are none, which depends on where
    # the rows come from. A row of gaps that never comes, as DuckDB cannot know, makes the bytes depend on the rows alone.
    gaps = ", ".join(["NULL"] * (len(CANONICAL[table]) + 2))
    return f"""
        SELECT {columns} FROM (SELECT {", ".join(CANONICAL[table])}, {sorted_by} FROM final_{table}
            UNION ALL SELECT {gaps} WHERE random() > 2)
    """


def _with_attributes(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    table: Literal["leads", "accounts"],
    cleaned: CleanTable,
    skipped: Mapping[str, str],
    written: Written,
) -> str:
    own = {*cleaned.canonical.values(), *cleaned.source.drop, TAKEN}
    optional = [name for name in LEAD_OPTIONAL if table == "leads" and name in cleaned.canonical]
    # A column of the source may bear the name of a canonical one.
    renamed = ", ".join(f"{name} AS _leadgauge_{name}" for name in (*CANONICAL[table], *optional))
    joined = f"FROM (SELECT {FILE}, {ROW}, {renamed} FROM final_{table}) AS f JOIN {cleaned.name} AS c USING ({FILE}, {ROW})"
    wanted = [named.name for named in named_by_the_loop(project)] if table == "leads" else []
    found = profile(
        connection, table, cleaned, f"SELECT c.* {joined}", skipped, own, project.timezone, wanted
    )
    written.carried |= found.carried
    attributes = [
        _mapped(connection, name, cleaned.canonical[name])
        for name in optional
        if name in ("source", "campaign")
    ]
    _sort_out(attributes, found, skipped, written)
    columns = [f"_leadgauge_{name} AS {name}" for name in (*CANONICAL[table], *optional)]
    columns += [
        f"{expression} AS {sql.identifier(slug)}" for slug, expression in found.expressions.items()
    ]
    return f"SELECT {', '.join(columns)} {joined}"


def _sort_out(
    mapped: list[AttributeColumn], found: Profiled, skipped: Mapping[str, str], written: Written
) -> None:
    """Mapped columns stay in the table, and are attributes unless the project file leaves them out."""
    for attribute in mapped:
        reason = skipped.get(attribute.column, skipped.get(attribute.label))
        if reason is None and attribute.distinct == 0:
            reason = "empty"
        if reason is None and attribute.distinct == 1 and attribute.filled == 1:
            reason = "one value only"
        if reason is None:
            written.attributes.append(attribute)
        else:
            written.left_out.append(
                LeftOutColumn(column=attribute.column, label=attribute.label, reason=reason)
            )
    written.attributes += found.kept
    written.left_out += found.left_out
    written.unreadable += found.unreadable


def _mapped(connection: duckdb.DuckDBPyConnection, name: str, column: str) -> AttributeColumn:
    row = connection.execute(
        f"SELECT count(*), count({name}), count(DISTINCT {name}) FROM final_leads"
    ).fetchone()
    total, filled, distinct = row or (0, 0, 0)
    return AttributeColumn(
        column=name,
        label=column,
        type="category",
        distinct=distinct,
        filled=filled / total if total else 0.0,
    )


def _read_past_numbers(
    connection: duckdb.DuckDBPyConnection, project: Project, written: Written
) -> None:
    """Write the past values of number attributes as everybody reads them, with a decimal point."""
    history = project.sources.history
    if history is None or history.decimal == ".":
        return
    numbers = [a.column for a in written.attributes if a.table == "leads" and a.type == "number"]
    values = ", ".join(
        f"{name} = CAST({number_sql(name, 'VARCHAR', history.decimal).value} AS VARCHAR)"
        for name in ("old_value", "new_value")
    )
    connection.execute(f"UPDATE final_history SET {values} WHERE field IN {sql.texts(numbers)}")


def _name_fields(
    connection: duckdb.DuckDBPyConnection,
    leads: CleanTable,
    written: Written,
    quarantine: Quarantine,
) -> None:
    """Turn the history's field names into the columns of ``leads``; other fields are passed over."""
    names: dict[str, str] = {}
    for name in LEAD_OPTIONAL:
        if name in leads.canonical:
            names |= {name: name, leads.canonical[name].lower(): name}
    for attribute in written.attributes:
        if attribute.table == "leads":
            names |= {
                attribute.column: attribute.column,
                attribute.label.lower(): attribute.column,
            }
    for column, label in written.carried.items():
        names |= {column: column, label.lower(): column}
    listed = (
        ", ".join(f"({sql.text(said)}, {sql.text(column)})" for said, column in names.items())
        or "('', '')"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE fields AS SELECT * FROM (VALUES {listed}) AS f(said, col)"
    )
    other = "lower(field) NOT IN (SELECT said FROM fields)"
    count = connection.execute(f"SELECT count(*) FROM final_history WHERE {other}").fetchone()
    quarantine.pass_over("history", "its field is no attribute", count[0] if count else 0)
    connection.execute(f"DELETE FROM final_history WHERE {other}")
    connection.execute(
        "UPDATE final_history SET field = fields.col FROM fields WHERE fields.said = lower(final_history.field)"
    )
