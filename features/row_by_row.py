"""Whether an SQL expression of the project file follows from its own row alone, the same every night."""

import json
from collections.abc import Iterator

import duckdb

from features import sql
from features.raw import FILE

# Names without brackets that DuckDB reads as functions.
_BARE = frozenset(
    {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
)
# DuckDB calls these constant, and they look at the clock.
_CLOCKS = frozenset({"current_localtime", "current_localtimestamp"})


def looks_beyond(
    connection: duckdb.DuckDBPyConnection, expression: str, columns: list[str]
) -> str | None:
    """Say what in an expression over ``columns`` looks further than its row, or None.

    One that is not SQL says nothing here: who runs it says so.
    """
    row = connection.execute(
        "SELECT json_serialize_sql(?)", [f"SELECT ({expression}\n)"]
    ).fetchone()
    known = {column.casefold() for column in columns}
    for node in _nodes(json.loads(row[0])) if row else iter(()):
        found = _beyond(connection, node, known)
        if found:
            return found
    return None


def _beyond(
    connection: duckdb.DuckDBPyConnection, node: dict[str, object], known: set[str]
) -> str | None:
    kind = node.get("class")
    if kind == "WINDOW":
        return "a window function looks at other rows"
    if kind == "SUBQUERY":
        return "a query within it looks at other rows"
    if kind == "STAR":
        return "columns that are not named may come in another order"
    if kind == "COLUMN_REF":
        names = node["column_names"]
        name = str(names[-1]).casefold() if isinstance(names, list) else ""
        if name == FILE:
            return f"{FILE} changes as files come and go"
        if name in _BARE and name not in known:
            return f"{name} looks at the clock"
    if kind == "FUNCTION":
        name, given = str(node["function_name"]).casefold(), node.get("arguments")
        # DuckDB takes what stands before a dot for a schema until it knows better: a.age() is age(a).
        alone = isinstance(given, list) and len(given) + bool(node.get("schema")) == 1
        if name in _CLOCKS or (name == "age" and alone):
            return f"{name}() looks at the clock"
        if _wavers(connection, name):
            return f"{name}() does not give the same every night"
    return None


def _wavers(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    row = connection.execute(
        f"""
        SELECT count(*) FROM duckdb_functions() WHERE lower(function_name) = {sql.text(name)}
            AND (stability <> 'CONSISTENT' OR macro_definition ILIKE '%current_%')
        """
    ).fetchone()
    return bool(row and row[0])


def _nodes(tree: object) -> Iterator[dict[str, object]]:
    if isinstance(tree, list):
        for item in tree:
            yield from _nodes(item)
    elif isinstance(tree, dict):
        yield tree
        for item in tree.values():
            yield from _nodes(item)
