"""The canonical tables on Spark: a session that counts, casts and tells times as DuckDB does.

The expressions of features/ are written once. Here stands what Spark would otherwise answer differently.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import pyarrow.parquet as pq
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import NULL
from ibis.backends.sql.compilers.pyspark import PySparkCompiler

from features.canonical import Canonical
from features.tables import TableName, TableSet

if TYPE_CHECKING:
    from ibis.backends.pyspark import Backend
    from pyspark.sql import SparkSession

# What DuckDB reads as a number: digits in groups, a fraction, an exponent, or a word. Java would
# take 5d and 0x1p3 for one, too.
_DIGITS = r"[0-9]+(_[0-9]+)*"
NUMBER = (
    rf"(?i)^\s*[+-]?(({_DIGITS}(\.({_DIGITS})?)?|\.{_DIGITS})(e[+-]?{_DIGITS})?"
    r"|inf|infinity|nan)\s*$"
)
TABLES: tuple[TableName, ...] = ("leads", "outcomes", "events", "accounts", "history")
CONF = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # canonical times are naive UTC
    "spark.sql.ansi.enabled": "false",  # as for DuckDB, dividing by zero is no error; it gives null, not inf
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.caseSensitive": "true",
}
# The function that features/clock.py calls by the name that DuckDB has for it.
WALL_CLOCK = """
CREATE OR REPLACE TEMPORARY FUNCTION timezone(zone STRING, moment TIMESTAMP_NTZ)
RETURNS TIMESTAMP_NTZ RETURN convert_timezone('UTC', zone, moment)
"""


class _Compiler(PySparkCompiler):  # type: ignore[misc]  # Ibis has no types
    """Spark's SQL where it means what DuckDB's means."""

    __slots__ = ()

    def visit_NonNullLiteral(self, op: ops.Literal, *, value: Any, dtype: dt.DataType) -> Any:  # noqa: ANN401, N802
        """Write a float64 as one: Spark reads 86400.0 as a decimal, and divides decimals to six digits."""
        if dtype.is_floating() and value == value and abs(value) != float("inf"):
            return sg.cast(sge.convert(repr(float(value))), sge.DataType.Type.DOUBLE)
        return super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def visit_ExtractEpochSeconds(self, op: ops.ExtractEpochSeconds, *, arg: Any) -> Any:  # noqa: ANN401, ARG002, N802
        """Keep the fraction of a second, as DuckDB's epoch() does."""
        moment = sg.cast(arg, sge.DataType.Type.TIMESTAMPLTZ)
        return sge.Div(
            this=self.f.anon.unix_micros(moment),
            expression=sg.cast(sge.convert("1e6"), sge.DataType.Type.DOUBLE),
        )

    def visit_TryCast(self, op: ops.TryCast, *, arg: Any, to: dt.DataType) -> Any:  # noqa: ANN401, N802
        """Take for a number what DuckDB takes for one."""
        cast = super().visit_TryCast
        if not (to.is_floating() and op.arg.dtype.is_string()):
            return cast(op, arg=arg, to=to)
        plain = self.f.replace(arg, sge.convert("_"), sge.convert(""))
        return self.if_(
            self.f.anon.regexp_like(arg, sge.convert(NUMBER)), cast(op, arg=plain, to=to), NULL
        )


def spark_tables(
    session: "SparkSession", read: TableSet, uri: Callable[[TableName], str]
) -> tuple["Backend", Canonical]:
    """Return Ibis on a Spark session, and the canonical tables of a table set there.

    Args:
        session: settings, views and functions of its own are set; give one that nobody else uses.
        read: the table set.
        uri: where Spark finds a table's Parquet file.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    for name, value in CONF.items():
        session.conf.set(name, value)
    connection = spark_backend(session)
    for table in TABLES:
        # Told what is in them, Spark starts no job to find out.
        schema = from_arrow_schema(pq.read_schema(read.path(table)), prefer_timestamp_ntz=True)
        session.read.schema(schema).parquet(uri(table)).createOrReplaceTempView(table)
    tables = Canonical.of(
        connection, cutoff=read.data_cutoff, flat=read.flat, stood_at=read.stood_at
    )
    return connection, tables


def spark_backend(session: "SparkSession") -> "Backend":
    """Return Ibis on a Spark session that answers as DuckDB does."""
    connection = ibis.pyspark.connect(session)
    connection.compiler = _Compiler()
    session.sql(WALL_CLOCK)
    return connection
