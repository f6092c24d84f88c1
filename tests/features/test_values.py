"""Times, numbers, missing values and derived columns, as the project file says them."""

from datetime import datetime
from pathlib import Path

import pytest

from features.errors import DataError, ProjectError
from tests.features.company import LEADS, Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def created(company: Company, *values: str) -> list[str | None]:
    """Read leads with these creation times; None where one is refused."""
    rows = "\n".join(f"{number} | {value} | web" for number, value in enumerate(values))
    company.read(
        leads=f"id | created | channel\n{rows}\n last | {values[0]} | web",
        deals="lead | result | closed",
    )
    found = dict(company.rows("leads", "lead_id, created_at"))
    return [
        str(found[str(number)]) if str(number) in found else None for number in range(len(values))
    ]


def test_iso_times_with_and_without_offset(company: Company) -> None:
    assert created(
        company,
        "2026-01-02",
        "2026-01-02 10:00",
        "2026-01-02T10:00:00.5",
        "2026-01-02T10:00:00,25",
        "2026-01-02T10:00:00Z",
        "2026-01-02T10:00:00+02:00",
        "2026-01-02 10:00:00 -0530",
        "2026-01-02 10:00:00 UTC",
        "2026-1-2 9:00",
        "20260102",
        "2026/01/02",
        "2026-01-02 Europe/Berlin",
        "infinity",
    ) == [
        "2026-01-02 00:00:00",
        "2026-01-02 10:00:00",
        "2026-01-02 10:00:00.500000",
        "2026-01-02 10:00:00.250000",
        "2026-01-02 10:00:00",
        "2026-01-02 08:00:00",
        "2026-01-02 15:30:00",
        "2026-01-02 10:00:00",
        "2026-01-02 09:00:00",
        *[None] * 4,
    ]


def test_local_times_become_utc_by_the_sources_zone_or_the_projects(company: Company) -> None:
    company.settings["timezone"] = "America/New_York"
    assert created(company, "2026-01-02 10:00", "2026-01-02 10:00Z") == [
        "2026-01-02 15:00:00",
        "2026-01-02 10:00:00",
    ]
    company.sources["leads"]["timezone"] = "Europe/Berlin"
    assert created(company, "2026-01-02 10:00") == ["2026-01-02 09:00:00"]


def test_a_time_that_spring_skips_moves_on_and_one_that_autumn_doubles_is_the_later(
    company: Company,
) -> None:
    company.settings["timezone"] = "Europe/Berlin"
    assert created(
        company, "2026-03-29 02:30", "2025-10-26 02:30", "2025-10-26 01:30", "2025-10-26 03:30"
    ) == [
        "2026-03-29 01:30:00",
        "2025-10-26 01:30:00",
        "2025-10-25 23:30:00",
        "2025-10-26 02:30:00",
    ]


def test_time_formats_are_tried_in_their_order(company: Company) -> None:
    company.sources["leads"]["time_formats"] = ["%d.%m.%Y", "%Y-%m-%d %H:%M %z", "epoch_ms"]
    assert created(
        company, "24.12.2025", "2025-12-24 10:00 +0100", "1766534400000", "2025-12-24"
    ) == [
        "2025-12-24 00:00:00",
        "2025-12-24 09:00:00",
        "2025-12-24 00:00:00",
        None,
    ]
    assert company.quarantine() == [
        (
            "leads",
            "5",
            "created",
            "2025-12-24",
            "not a time by time_formats (%d.%m.%Y, %Y-%m-%d %H:%M %z, epoch_ms)",
        )
    ]


def test_a_time_that_two_formats_read_differently_is_ambiguous(company: Company) -> None:
    company.sources["leads"]["time_formats"] = ["%d/%m/%Y", "%m/%d/%Y"]
    assert created(company, "25/12/2025", "12/25/2025", "1/2/2026", "2/2/2026") == [
        "2025-12-25 00:00:00",
        "2025-12-25 00:00:00",
        None,
        "2026-02-02 00:00:00",
    ]
    assert [line[-1] for line in company.quarantine()] == [
        "ambiguous: two of the time_formats (%d/%m/%Y, %m/%d/%Y) read it as different times"
    ]


NUMBERS = {
    "point": (".", {"1": 1.0, "-1.5": -1.5, "+.5": 0.5, "1e3": 1000.0, "1,5": None, "1_000": None, "nan": None, "inf": None, "1e999": None}),
    "comma": (",", {"1": 1.0, "-1,5": -1.5, "1.234,5": 1234.5, "1.234.567": 1234567.0, "1.5": None, "12.34,5": None, ",": None}),
}  # fmt: skip


@pytest.mark.parametrize(("decimal", "cases"), NUMBERS.values(), ids=NUMBERS)
def test_numbers_are_read_by_their_decimal_sign(
    company: Company, decimal: str, cases: dict[str, float | None]
) -> None:
    company.sources["leads"] |= {"delimiter": ";", "decimal": decimal, "types": {"size": "number"}}
    rows = "\n".join(f"{number} | 2026-01-01 | {value}" for number, value in enumerate(cases))
    company.draw("leads.csv", f"id | created | size\n{rows}", delimiter=";")
    company.draw("deals.csv", "lead | result | closed")
    company.read_files()
    found = dict(company.rows("leads", "lead_id, size"))
    assert [found[str(number)] for number in range(len(cases))] == list(cases.values())


def test_missing_values_are_missing_and_no_letter_is_trimmed(company: Company) -> None:
    company.sources["leads"] |= {"missing": ["Select", "unknown"], "missing_in": {"size": 999}}
    company.read(
        leads="id | created | channel | size\n 1 | 2026-01-01 | Select | 999\n 2 | 2026-01-01 | vtv | 1\n"
        " 3 | 2026-01-01 | \u00a0fnf\u00a0 | 2\n 4 | 2026-01-01 | 999 | 3\n 1b | 2026-01-01 |  unknown  | 4\n 1c | 2026-01-01 | select | 5"
    )
    assert dict(company.rows("leads", "lead_id, channel")) == {
        "1": None, "1b": None, "1c": "select", "2": "vtv", "3": "fnf", "4": "999",
    }  # fmt: skip
    assert dict(company.rows("leads", "lead_id, size"))["1"] is None


def test_derived_columns_see_earlier_ones_and_may_be_ours(company: Company) -> None:
    company.sources["leads"] = {
        "path": "leads.csv",
        "derive": {
            "nth": "row_number() OVER (PARTITION BY channel ORDER BY created)",
            "lead_id": "channel || '-' || nth",
            "created_at": "CAST(created AS TIMESTAMP) + INTERVAL 1 DAY",
            "twice": "nth * 2 -- a comment ends no expression",
        },
        "where": "nth < 3",
        "drop": ["id", "created"],
    }
    tables = company.read(leads=LEADS + "4 | 2026-01-04 | web", deals="lead | result | closed")
    assert company.rows("leads", "lead_id, created_at, twice") == [
        ("web-1", datetime.fromisoformat("2026-01-02"), "2"),
        ("fair-1", datetime.fromisoformat("2026-01-03"), "2"),
        ("web-2", datetime.fromisoformat("2026-01-04"), "4"),
    ]
    assert tables.tables["leads"].ignored == {"filtered out by where": 1}


def test_all_that_a_source_does_not_have_is_told_at_once(company: Company) -> None:
    company.sources["leads"] |= {
        "columns": {"lead_id": "ID", "created_at": "created"},
        "drop": ["chanel"],
        "types": {"size": "number"},
        "missing_in": {"when": "x"},
        "derive": {"a": "nosuch(1)", "b": "1 +", "made_of": "a + 1"},
        "where": "nowhere = 1",
    }
    company.sources["outcomes"]["columns"]["status"] = "results"
    with pytest.raises(ProjectError) as error:
        company.read()
    assert str(error.value).splitlines() == [
        "sources.leads.columns.lead_id: leads.csv has no column 'ID'; did you mean id?",
        "sources.leads.drop: leads.csv has no column 'chanel'; did you mean channel?",
        "sources.leads.types: leads.csv has no column 'size'; there are id, created, channel, a, b, made_of",
        "sources.leads.missing_in: leads.csv has no column 'when'; there are id, created, channel",
        'sources.leads.derive.a: DuckDB says: Catalog Error: Scalar Function with name nosuch does not exist! Did you mean "cosh"?',
        'sources.leads.derive.b: DuckDB says: Parser Error: syntax error at or near ")"',
        'sources.leads.where: DuckDB says: Binder Error: Referenced column "nowhere" not found in FROM clause! '
        'Candidate bindings: "channel", "created"',
        "sources.outcomes.columns.status: deals.csv has no column 'results'; did you mean result?",
    ]


def test_an_expression_that_fails_on_a_value_is_named(company: Company) -> None:
    company.sources["leads"]["derive"] = {"fine": "1", "size": "CAST(channel AS INTEGER)"}
    with pytest.raises(DataError) as error:
        company.read()
    assert str(error.value) == (
        "sources.leads.derive.size: fails on the data: Conversion Error: Could not convert string 'web' to INT32 when casting from source column channel; "
        "TRY_CAST gives NULL where CAST fails"
    )


def test_an_expression_reads_no_file(company: Company) -> None:
    company.sources["leads"]["derive"] = {
        "size": "(SELECT count(*) FROM read_text('/etc/hostname'))"
    }
    with pytest.raises(
        ProjectError, match=r"^sources\.leads\.derive\.size: DuckDB says: Permission Error: "
    ):
        company.read()


def test_a_row_may_be_asked_for_its_number(company: Company) -> None:
    company.sources["leads"]["derive"] = {"place": "_leadgauge_row"}
    company.read()
    assert dict(company.rows("leads", "lead_id, place")) == {"1": 2.0, "2": 3.0, "3": 4.0}
