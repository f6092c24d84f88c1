"""Feature rows assembled by Spark: the expressions of ``features.assemble`` on another engine."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr import types as ir

from features.assemble import assemble
from features.catalogue import Catalogue
from features.frames import check_columns
from features.portions import ROW_GROUP
from features.project import Project
from features.snapshots import open_snapshots
from features.spark_folder import SharedFolder
from features.spark_tables import spark_tables
from features.surroundings_at import surroundings_at
from features.tables import TableSet

if TYPE_CHECKING:
    from ibis.backends.pyspark import Backend

OPEN = "open"  # the dataset of the open leads' feature rows


def open_dataset(
    shared: SharedFolder, read: TableSet, project: Project, catalogue: Catalogue, as_of: datetime
) -> pa.Schema:
    """Let Spark write the feature rows of the leads open at ``as_of`` (naive UTC), ordered by ``lead_id``.

    They become the dataset ``OPEN`` of the folder; its columns and types are returned.

    Raises:
        DataError: the leads lack a column that the model was trained on.
    """
    session = shared.session
    connection, tables = spark_tables(session, read, lambda table: shared.shared(read.path(table)))
    check_columns(tables, read, catalogue)
    with ExitStack() as stack:
        snapshots = _kept(connection, "snapshots", open_snapshots(tables, project, as_of), stack)
        around = None
        if not read.flat:
            around = surroundings_at(
                tables,
                snapshots,
                catalogue,
                as_of,
                lambda table: _kept(connection, "people", table, stack),
            )
        rows = assemble(tables, snapshots, catalogue, around=around)
        written = session.sql(str(connection.compile(rows))).write
        written.mode("overwrite").parquet(shared.place(OPEN))
    return _arrow_schema(rows)


def open_file(parts: Iterator[Path], schema: pa.Schema, path: Path) -> Path:
    """Write the parts of a dataset into one Parquet file, in their order, as ``features.portions`` does."""
    texts = [field.name for field in schema if pa.types.is_string(field.type)]
    with pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=1, use_dictionary=texts
    ) as writer:
        for part in parts:
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(batch_size=ROW_GROUP):
                    writer.write_table(pa.Table.from_batches([batch]).cast(schema), ROW_GROUP)
    return path


def _kept(connection: "Backend", name: str, table: ir.Table, stack: ExitStack) -> ir.Table:
    """Return a table that is computed once; what a lost worker held of it is computed again."""
    computed = connection._session.sql(str(connection.compile(table))).persist()  # noqa: SLF001  Ibis' own way keeps it for as long as a Python object lives
    stack.callback(computed.unpersist)
    computed.createOrReplaceTempView(name)
    return connection.table(name)


def _arrow_schema(rows: ir.Table) -> pa.Schema:
    """Return the columns as DuckDB's Parquet files have them."""
    types = {"timestamp": pa.timestamp("us"), "string": pa.string(), "float64": pa.float64()}
    return pa.schema(
        [(name, types[type(kind).__name__.lower()]) for name, kind in rows.schema().items()]
    )
