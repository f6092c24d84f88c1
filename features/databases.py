"""Rows of a database query, streamed; no message shows a password."""

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from features import sql
from features.dialect import refuse_repeated
from features.errors import DataError, ProjectError
from features.project import Source, expand_environment
from features.python_values import Stage
from features.raw import FILE, ROW, RawTable, finished

if TYPE_CHECKING:
    from sqlalchemy import URL

_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}


def load_query(
    connection: duckdb.DuckDBPyConnection, raw: RawTable, source: Source, data_root: Path
) -> RawTable:
    """Run a source's query and load its rows, numbered as they come.

    Raises:
        ProjectError: an environment variable is missing, the URL is none, or its driver is unknown.
        DataError: the database does not answer, or refuses the query.
    """
    from sqlalchemy import create_engine, text  # only databases need it
    from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
    from sqlalchemy.pool import NullPool

    url = _url(raw.key, source, data_root)
    kind = url.drivername.split("+")[0]
    shown = f"{kind}://{url.host}/{url.database or ''}" if url.host else f"{kind} {_file_name(url)}"
    try:
        engine = create_engine(url, poolclass=NullPool)
        with engine.connect().execution_options(stream_results=True) as database:
            result = database.execute(text((source.query or "").replace(":", "\\:")))
            columns = [str(name) for name in result.keys()]  # noqa: SIM118  a result's keys are its columns
            refuse_repeated(f"{raw.key}.query", columns)
            listed = ", ".join(f"{sql.identifier(column)} VARCHAR" for column in columns)
            connection.execute(
                f"CREATE OR REPLACE TABLE {raw.name} ({listed}, {FILE} INTEGER, {ROW} BIGINT)"
            )
            stage = Stage(connection, raw.name, columns)
            for number, row in enumerate(result.yield_per(10_000), 1):
                stage.add(row, 0, number)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise ProjectError(
            f"{raw.key}.url: no driver for {url.drivername}:// is installed: {error}"
        ) from None
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip()
        if url.password:
            said = said.replace(str(url.password), "***")
        raise DataError(f"{raw.key}: {shown} did not answer the query: {said}") from None
    stage.finish()
    named = RawTable(raw.key, raw.table, raw.name, columns, [f"query of {shown}"])
    return finished(connection, named, [stage.digest])


def _file_name(url: "URL") -> str:
    return Path((url.database or "").removeprefix("file:")).name


def _url(key: str, source: Source, data_root: Path) -> "URL":
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(expand_environment(source.url or ""))
    except KeyError as error:
        raise ProjectError(
            f"{key}.url: the environment variable {error.args[0]} is not set"
        ) from None
    except (ArgumentError, ValueError):
        # What SQLAlchemy says repeats the URL, and with it the password.
        raise ProjectError(
            f"{key}.url: this is no database URL; expected something like postgresql://user:${{PASSWORD}}@host/database"
        ) from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if (
        not url.drivername.startswith("sqlite")
        or not url.database
        or url.database.startswith("file:")
    ):
        return url
    file = data_root / url.database
    if not file.is_file():
        # SQLite would make an empty database of it.
        raise ProjectError(f"{key}.url: there is no file {file}")
    return url.set(database=f"file:{file}", query={"mode": "ro", "uri": "true"})
