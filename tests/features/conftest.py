"""One DuckDB connection for all drawn tables of a module: opening one per example is slow."""

from collections.abc import Iterator

import ibis
import pytest

from tests.features.drawn import Drawn


@pytest.fixture(scope="module")
def drawn() -> Iterator[Drawn]:
    connection = ibis.duckdb.connect(threads=1)
    connection.raw_sql("SET TimeZone = 'UTC'")
    yield Drawn(connection)
    connection.disconnect()
