"""The list of tables survives its file, and the tables open as views."""

from datetime import datetime
from pathlib import Path

import pytest

from features.errors import DataError
from features.tables import CANONICAL, TableSet, open_tables
from tests.features.company import Company


def test_a_table_set_comes_back_from_its_file_and_may_be_moved(tmp_path: Path) -> None:
    tables = Company(tmp_path).read()
    assert TableSet.load(tables.folder) == tables
    moved = tables.folder.rename(tmp_path / "elsewhere")
    assert TableSet.load(moved) == tables.model_copy(update={"folder": moved})


def test_nothing_but_the_tables_stays_in_the_folder(tmp_path: Path) -> None:
    tables = Company(tmp_path).read()
    found = sorted(path.name for path in tables.folder.iterdir())
    assert found == sorted(
        [*(f"{table}.parquet" for table in CANONICAL), "quarantine.csv", "tables.json"]
    )


def test_reading_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    company = Company(tmp_path)
    first = company.read()
    contents = {path.name: path.read_bytes() for path in first.folder.iterdir()}
    assert company.read() == first
    assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == contents


def test_the_digest_follows_the_content(tmp_path: Path) -> None:
    company = Company(tmp_path)
    first = company.read().digest
    assert company.read(deals="lead | result | closed\n 1 | won | 2026-02-02").digest != first


def test_every_table_opens_as_a_view_in_utc(tmp_path: Path) -> None:
    connection = open_tables(Company(tmp_path).read(), 1.0)
    views = connection.raw_sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert sorted(name for (name,) in views) == sorted(CANONICAL)
    assert connection.table("leads").created_at.min().execute() == datetime.fromisoformat(
        "2026-01-01"
    )
    assert connection.raw_sql("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
    assert [list(connection.table(table).columns) for table in ("outcomes", "events")] == [
        list(CANONICAL["outcomes"]),
        list(CANONICAL["events"]),
    ]
    connection.disconnect()


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    tables = Company(tmp_path).read()
    tables.path("events").unlink()
    with pytest.raises(DataError) as error:
        open_tables(tables)
    assert str(error.value) == f"{tables.folder}: missing events.parquet; read again"


def test_a_folder_without_tables_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        TableSet.load(tmp_path)
    assert (
        str(error.value) == f"{tmp_path / 'tables.json'}: there are no tables here; read them first"
    )


def test_progress_is_told(tmp_path: Path) -> None:
    from features.contract import read_tables
    from tests.features.company import NOW

    company = Company(tmp_path)
    company.read()
    told: list[str] = []
    read_tables(company.project(), tmp_path, tmp_path / "out", now=NOW, progress=told.append)
    assert told == [
        "reading leads", "reading outcomes", "cleaning leads", "cleaning outcomes", "checking rows", "writing tables",
    ]  # fmt: skip
