"""Each thing that a row may be refused or passed over for."""

from datetime import datetime
from pathlib import Path

import pytest

from features.errors import DataError
from tests.features.company import DEALS, LEADS, Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_good_tables_become_canonical_ones(company: Company) -> None:
    tables = company.read()
    assert company.rows("leads") == [
        ("1", moment("2026-01-01"), "web"),
        ("2", moment("2026-01-02"), "fair"),
        ("3", moment("2026-01-03"), "web"),
    ]
    assert company.rows("outcomes") == [
        ("1", True, moment("2026-02-01"), None, None, None, None, None),
        ("2", False, moment("2026-02-02"), None, None, None, None, None),
    ]
    assert company.quarantine() == []
    assert tables.warnings == []
    assert not tables.flat
    assert tables.latest == moment("2026-02-02")
    assert tables.data_cutoff == moment("2026-02-02 00:00:01")


def test_missing_tables_are_written_empty(company: Company) -> None:
    company.read()
    for table in ("events", "accounts", "history", "spend", "suppression"):
        assert company.rows(table) == []


LEAD_CASES = {
    "id missing": ("- | 2026-01-04 | web", "", "id", "lead_id is missing"),
    "time missing": ("4 | - | web", "", "created", "created_at is missing"),
    "no time": (
        "4 | soon | web",
        "soon",
        "created",
        "not an ISO 8601 time, nor are time_formats given",
    ),
    "no such day": (
        "4 | 2026-02-30 | web",
        "2026-02-30",
        "created",
        "not an ISO 8601 time, nor are time_formats given",
    ),
    "slashes": (
        "4 | 1/2/2026 | web",
        "1/2/2026",
        "created",
        "not an ISO 8601 time: say time_formats in the project file, %d/%m/%Y if days come first or %m/%d/%Y if months do",
    ),
    "seconds since 1970": (
        "4 | 1767225600 | web",
        "1767225600",
        "created",
        "not an ISO 8601 time: say time_formats in the project file, epoch_s or epoch_ms if it counts from 1970",
    ),
    "too early": ("4 | 1899-12-31 | web", "1899-12-31", "created", "earlier than 1900"),
    "the future": (
        "4 | 2026-06-02 | web",
        "2026-06-02",
        "created",
        "later than now",
    ),
    "a control character": (
        "4\x07 | 2026-01-04 | web",
        "4\x07",
        "id",
        "lead_id holds a control character",
    ),
    "a long id": (
        "x" * 256 + " | 2026-01-04 | web",
        "x" * 200,
        "id",
        "lead_id is longer than 255 characters",
    ),
}


@pytest.mark.parametrize(("row", "value", "column", "reason"), LEAD_CASES.values(), ids=LEAD_CASES)
def test_a_lead_is_refused_with_its_row_and_reason(
    company: Company, row: str, value: str, column: str, reason: str
) -> None:
    tables = company.read(leads=LEADS + row)
    assert company.quarantine() == [("leads", "5", column, value, reason)]
    assert tables.tables["leads"].kept == 3
    assert tables.tables["leads"].reasons == {reason: 1}
    assert tables.warnings == [f"leads: 1 of 4 rows are refused: 1 x {reason}"]


def test_an_exact_repeat_of_a_lead_is_one_lead(company: Company) -> None:
    tables = company.read(leads=LEADS + "1 | 2026-01-01 | web")
    assert len(company.rows("leads")) == 3
    assert tables.tables["leads"].ignored == {"exact repeat of an earlier row": 1}


def test_two_leads_with_one_id_are_both_refused_and_name_each_other(company: Company) -> None:
    tables = company.read(leads=LEADS + "1 | 2026-01-01 | fair")
    assert company.quarantine() == [
        ("leads", "2", "id", "1", "two leads with one id [see row 5]"),
        ("leads", "5", "id", "1", "two leads with one id [see row 2]"),
    ]
    assert tables.tables["leads"].reasons == {"two leads with one id": 2}
    assert tables.tables["outcomes"].ignored == {"its lead is refused": 1}


OUTCOME_CASES = {
    "no lead": ("9 | won | 2026-02-01", "lead", "9", "no lead has this id"),
    "close missing": ("3 | won | -", "closed", "won", "closed_at is missing, though the lead is won or lost"),
    "before its lead": (
        "3 | won | 2026-01-02", "closed", "2026-01-02", "closed before the lead was created [2026-01-03 00:00:00Z]",
    ),
    "no time": ("3 | won | soon", "closed", "soon", "not an ISO 8601 time, nor are time_formats given"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"), OUTCOME_CASES.values(), ids=OUTCOME_CASES
)
def test_an_outcome_is_refused_with_its_row_and_reason(
    company: Company, row: str, column: str, value: str, reason: str
) -> None:
    company.read(deals=DEALS + row)
    assert company.quarantine() == [("outcomes", "4", column, value, reason)]
    assert len(company.rows("outcomes")) == 2


def test_a_lead_whose_outcome_is_refused_is_neither_open_nor_lost(company: Company) -> None:
    tables = company.read(deals=DEALS + "3 | won | 2026-01-02")
    assert [row[0] for row in company.rows("leads")] == ["1", "2"]
    assert tables.tables["leads"].ignored == {"its outcome is refused": 1}


def test_a_close_told_as_a_date_may_be_the_leads_own_first_day(company: Company) -> None:
    leads = "id | created\n 1 | 2026-01-01T14:30:00Z"
    company.read(leads=leads, deals="lead | result | closed\n 1 | won | 2026-01-01")
    assert company.rows("outcomes", "closed_at") == [(moment("2026-01-01 14:30"),)]


def test_two_outcomes_that_agree_are_one(company: Company) -> None:
    tables = company.read(deals=DEALS + "1 | won | 2026-02-01")
    assert tables.tables["outcomes"].ignored == {"exact repeat of an earlier row": 1}
    assert len(company.rows("outcomes")) == 2


def test_two_outcomes_that_disagree_are_both_refused(company: Company) -> None:
    company.read(deals=DEALS + "1 | lost | 2026-02-01")
    assert company.quarantine() == [
        ("outcomes", "2", "lead", "1", "two outcomes of one lead that disagree [see row 4]"),
        ("outcomes", "4", "lead", "1", "two outcomes of one lead that disagree [see row 2]"),
    ]
    assert [row[0] for row in company.rows("leads")] == ["2", "3"]


def test_an_open_status_is_no_outcome_even_with_a_date_in_the_future(company: Company) -> None:
    tables = company.read(deals=DEALS + "3 | negotiating | 2027-01-01")
    assert tables.tables["outcomes"].ignored == {"open": 1}
    assert company.quarantine() == []
    assert tables.warnings == [
        "outcomes: neither won nor lost, so open: 'negotiating' (1); label.won and label.lost say what counts"
    ]


def test_a_status_that_nobody_won_by_stops_and_lists_what_there_is(company: Company) -> None:
    with pytest.raises(DataError) as error:
        company.read(deals="lead | result | closed\n 1 | Won | 2026-02-01\n 2 | lost | 2026-02-01")
    assert str(error.value) == (
        "outcomes: no row of result is one of label.won ('won'); found are 'Won' (1), 'lost' (1); did you mean 'Won'?"
    )


def with_events(company: Company, **more: object) -> None:
    company.sources["events"] = {
        "path": "events.csv",
        "columns": {"lead_id": "who", "occurred_at": "when", "kind": "what", **more},
    }


def test_events_are_read_and_may_come_before_their_lead(company: Company) -> None:
    with_events(company)
    company.read(events="who | when | what\n 1 | 2025-12-31T10:00:00+01:00 | visit")
    at = moment("2025-12-31 09:00")
    assert company.rows("events") == [("1", "visit", at, at, None, None, None)]


def test_an_event_may_be_recorded_before_it_happens(company: Company) -> None:
    with_events(company, recorded_at="noted", value="worth")
    company.read(
        events="who | when | what | noted | worth\n 1 | 2026-01-05 | call | 2026-01-04 | 2.5"
    )
    assert company.rows("events") == [
        ("1", "call", moment("2026-01-05"), moment("2026-01-04"), 2.5, None, None)
    ]
    assert company.quarantine() == []


EVENT_CASES = {
    "no lead": ("9 | 2026-01-05 | visit | 1", "who", "9", "no lead has this id"),
    "kind missing": ("1 | 2026-01-05 | - | 1", "what", "", "kind is missing"),
    "no number": ("1 | 2026-01-05 | visit | much", "worth", "much", "not a number"),
    "decimal comma": (
        "1 | 2026-01-05 | visit | 1,5", "worth", "1,5",
        'not a number (a decimal comma needs decimal: "," in the project file)',
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"), EVENT_CASES.values(), ids=EVENT_CASES
)
def test_an_event_is_refused_with_its_row_and_reason(
    company: Company, row: str, column: str, value: str, reason: str
) -> None:
    with_events(company, value="worth")
    company.read(events=f"who | when | what | worth\n {row}")
    assert company.quarantine() == [("events", "2", column, value, reason)]


def test_suppressed_people_are_in_no_table(company: Company) -> None:
    with_events(company)
    company.sources["suppression"] = {"path": "out_of_reach.csv", "columns": {"lead_id": "person"}}
    company.draw("out_of_reach.csv", "person\n1\n99")
    tables = company.read(
        events="who | when | what\n 1 | 2026-01-05 | visit\n 3 | 2026-01-05 | visit"
    )
    assert [row[0] for row in company.rows("leads")] == ["2", "3"]
    assert [row[0] for row in company.rows("outcomes")] == ["2"]
    assert [row[0] for row in company.rows("events")] == ["3"]
    assert company.rows("suppression") == [("1",), ("99",)]
    assert tables.tables["leads"].ignored == {"suppressed": 1}
    assert tables.tables["outcomes"].ignored == {"its lead is suppressed": 1}
    assert tables.tables["events"].ignored == {"its lead is suppressed": 1}


def test_what_hangs_on_a_lead_that_where_leaves_out_is_not_blamed(company: Company) -> None:
    company.sources["leads"]["where"] = "channel = 'web'"
    tables = company.read()
    assert tables.tables["leads"].ignored == {"filtered out by where": 1}
    assert tables.tables["outcomes"].ignored == {"its lead is filtered out": 1}
    assert company.quarantine() == []


def test_past_numbers_with_a_decimal_comma_are_read_as_numbers(company: Company) -> None:
    company.sources["leads"]["decimal"] = ","
    company.sources["history"] = {
        "path": "history.csv",
        "decimal": ",",
        "columns": {
            "lead_id": "who",
            "field": "what",
            "old_value": "old",
            "new_value": "new",
            "changed_at": "when",
        },
    }
    company.read(
        leads="id | created | Größe\n 1 | 2026-01-01 | 0,75\n 2 | 2026-01-02 | 2\n 3 | 2026-01-03 | 3",
        history="who | what | old | new | when\n 1 | größe | 1.234,5 | 0,75 | 2026-01-05",
    )
    (change,) = company.rows("history", "field, old_value, new_value")
    assert change == ("grosse", "1234.5", "0.75")


def test_history_is_told_in_the_columns_of_leads(company: Company) -> None:
    company.sources["history"] = {
        "path": "history.csv",
        "columns": {
            "lead_id": "who",
            "field": "what",
            "old_value": "old",
            "new_value": "new",
            "changed_at": "when",
        },
    }
    tables = company.read(
        history="who | what | old | new | when\n 1 | CHANNEL | mail | web | 2026-01-05\n 1 | Fax | - | 1 | 2026-01-05"
    )
    assert company.rows("history") == [("1", "channel", "mail", "web", moment("2026-01-05"))]
    assert tables.tables["history"].ignored == {"its field is no attribute": 1}
    assert tables.tables["history"].kept == 1


def test_spend_and_accounts_are_read(company: Company) -> None:
    company.sources["spend"] = {
        "path": "spend.csv", "decimal": ",", "columns": {"spent_on": "day", "source": "channel", "amount": "eur"},
    }  # fmt: skip
    company.sources["accounts"] = {"path": "firms.csv", "columns": {"account_id": "firm"}}
    company.draw(
        "firms.csv", "firm | branch | staff\n a | steel | 10\n b | wood | 20\n c | steel | 30"
    )
    tables = company.read(spend="day | channel | eur\n 2026-01-01 | web | 1.234,50")
    assert company.rows("spend") == [(moment("2026-01-01"), "web", None, 1234.5)]
    assert company.rows("accounts") == [
        ("a", "steel", 10.0),
        ("b", "wood", 20.0),
        ("c", "steel", 30.0),
    ]
    assert [(a.column, a.type) for a in tables.columns("accounts")] == [
        ("branch", "category"),
        ("staff", "number"),
    ]


def test_as_of_passes_over_what_came_later_and_counts_it(company: Company) -> None:
    company.read()
    tables = company.read_files(as_of=moment("2026-01-03"))
    assert [row[0] for row in company.rows("leads")] == ["1", "2"]
    assert company.rows("outcomes") == []
    assert tables.data_cutoff == moment("2026-01-03")
    assert tables.tables["leads"].ignored == {"later than the as-of (2026-01-03 00:00:00Z)": 1}
    assert company.quarantine() == []


def test_a_declared_cutoff_refuses_what_reaches_it(company: Company) -> None:
    company.settings["data_cutoff"] = "2026-01-03"
    company.settings["timezone"] = "Europe/Berlin"
    tables = company.read(deals="lead | result | closed\n 1 | won | 2026-01-02")
    assert tables.data_cutoff == moment("2026-01-02 23:00")
    assert company.quarantine() == [
        (
            "leads",
            "4",
            "created",
            "2026-01-03",
            "at or after the data cut-off (2026-01-02 23:00:00Z)",
        )
    ]


def test_too_many_refused_rows_stop_with_counts_examples_and_path(company: Company) -> None:
    company.settings["limits"] = {"quarantine_share": 0.25}
    with pytest.raises(DataError) as error:
        company.read(leads=LEADS + "4 | soon | web\n - | 2026-01-01 | web")
    assert str(error.value) == (
        "leads: 2 of 5 rows (40.0%) are refused; limits.quarantine_share allows 25.0%\n"
        "  1 x lead_id is missing\n"
        "  1 x not an ISO 8601 time, nor are time_formats given\n"
        "  for example leads.csv row 5, created = 'soon': not an ISO 8601 time, nor are time_formats given\n"
        "  for example leads.csv row 6, id = None: lead_id is missing\n"
        f"all of them, each with its reason: {company.root / 'out' / 'quarantine.csv'}"
    )


def test_no_lead_left_stops(company: Company) -> None:
    company.sources["leads"]["where"] = "false"
    with pytest.raises(DataError) as error:
        company.read()
    assert str(error.value) == "leads: no lead is left of 3 rows (3 filtered out by where)"


def test_every_row_is_accounted_for(company: Company) -> None:
    with_events(company)
    tables = company.read(
        leads=LEADS
        + "3 | 2026-01-03 | web\n 4 | never | web\n 5 | 2026-01-05 | web\n 5 | 2026-01-06 | web",
        deals=DEALS + "9 | won | 2026-02-01\n 3 | open | -\n 4 | won | 2026-02-01",
        events="who | when | what\n 1 | 2026-01-05 | visit\n 4 | 2026-01-05 | visit\n 8 | 2026-01-05 | visit",
    )
    for count in tables.tables.values():
        assert count.read == count.kept + count.quarantined + sum(count.ignored.values())
        assert count.quarantined == sum(count.reasons.values())
    assert tables.tables["leads"].read == 7
    assert tables.tables["leads"].kept == 3
