"""Feature rows of very many snapshots, assembled portion by portion, so that memory does not grow with the leads."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features import sql
from features.assemble import assemble
from features.canonical import Canonical
from features.catalogue import Catalogue
from features.surroundings import surroundings
from features.surroundings_at import surroundings_at

PORTION = 100_000  # leads that are assembled together
ROW_GROUP = 50_000  # rows of the file that are read together later
_OF_LEADS = ("leads", "events", "history")


def write_portions(
    connection: Backend,
    tables: Canonical,
    snapshots: ir.Table,
    catalogue: Catalogue,
    path: Path,
    *,
    at: datetime | None,
) -> None:
    """Write the feature rows of ``snapshots`` to a Parquet file, ordered by ``lead_id`` and ``as_of``.

    ``at``: the moment that all of them stand at, if it is one. Leads, events and history of ``tables``
    are tables or views of the connection.
    """
    computed = connection.create_table("snapshots", snapshots)
    around = [
        _kept(connection, f"around_{number}", table)
        for number, table in enumerate(_surroundings(connection, tables, computed, catalogue, at))
    ]
    sources = {name: getattr(tables, name).get_name() for name in _OF_LEADS}
    sources["snapshots"] = "snapshots"
    edges = list(_edges(connection))
    _cut(connection, sources, edges[0])
    mine = {table: connection.table(f"portion_{table}") for table in _OF_LEADS}
    rows = assemble(
        replace(tables, **mine), connection.table("portion_snapshots"), catalogue, around=around
    )
    query = str(connection.compile(rows))  # once: it takes longer than a small portion itself
    first = connection.con.sql(query).to_arrow_table()
    texts = [field.name for field in first.schema if pa.types.is_string(field.type)]
    with pq.ParquetWriter(
        path, first.schema, compression="zstd", compression_level=1, use_dictionary=texts
    ) as writer:
        writer.write_table(first, ROW_GROUP)
        del first
        for edge in edges[1:]:
            _cut(connection, sources, edge)
            writer.write_table(connection.con.sql(query).to_arrow_table(), ROW_GROUP)


def _surroundings(
    connection: Backend,
    tables: Canonical,
    snapshots: ir.Table,
    catalogue: Catalogue,
    at: datetime | None,
) -> list[ir.Table]:
    if at is None:
        return surroundings(tables, snapshots, catalogue)
    return surroundings_at(
        tables, snapshots, catalogue, at, lambda table: _kept(connection, "people", table)
    )


def _kept(connection: Backend, name: str, table: ir.Table) -> ir.Table:
    return connection.create_table(name, table)


def _edges(connection: Backend) -> Iterator[tuple[str | None, str | None]]:
    """Yield the first lead of each portion and of the next one; at least one portion."""
    found = connection.con.execute(
        "SELECT lead_id FROM (SELECT lead_id, row_number() OVER (ORDER BY lead_id) AS place FROM snapshots) "
        f"WHERE place % {PORTION} = 0 ORDER BY lead_id"
    ).fetchall()
    yield from pairwise([None, *dict.fromkeys(str(lead_id) for (lead_id,) in found), None])


def _cut(
    connection: Backend, sources: Mapping[str, str], edge: tuple[str | None, str | None]
) -> None:
    """Let the portion's tables hold its leads only: events lie by lead, so that others are not even read."""
    first, after = edge
    conditions = [f"lead_id >= {sql.text(first)}"] if first is not None else []
    conditions += [f"lead_id < {sql.text(after)}"] if after is not None else []
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    for table, source in sources.items():
        connection.raw_sql(
            f"CREATE OR REPLACE VIEW portion_{table} AS SELECT * FROM {source}{where}"
        )
