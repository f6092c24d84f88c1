"""``leadgauge feedback``: what sales filled in is checked row by row, and taken in once."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from delivery.ledger import known
from delivery.publication import Publication
from features.errors import BusyError, DataError, NotEnoughError, UsageError
from pipelines.feedback import feedback, known_feedback
from pipelines.lock import one_at_a_time
from pipelines.settings import Request
from pipelines.steps import DirectSteps
from pipelines.summary import Summary
from tests.features.company import Company
from tests.pipelines import drawn_runs
from tests.pipelines.drawn_runs import NOW, request, written

FAR = datetime.fromisoformat("2030-01-01")
GOOD = """
    lead | step     | when             | who | reason    | note
    1    | accepted | 2026-01-03 10:00 | Kim | -         | -
    2    | rejected | 2026-01-04 09:30 | Lee | too small | ask again
"""


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return drawn_runs.company(tmp_path)


def taken(run: Request) -> Summary:
    return feedback(run, DirectSteps())


def ledger(company: Company, *names: str) -> list[tuple[Any, ...]]:
    rows = known(company.root.parent / "home", "company", FAR).to_pylist()
    return [tuple(row[name] for name in names) for row in rows]


def refused(run: Request) -> list[tuple[str, ...]]:
    """The rows in the quarantine: row, column, value, reason."""
    with (run.work / "feedback-quarantine.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    assert lines[0] == ["file", "row", "column", "value", "reason"]
    return [tuple(line[1:]) for line in lines[1:]]


def judged(company: Company, drawing: str) -> list[tuple[str, ...]]:
    """Take in rows of which any number may be wrong; return the refused ones."""
    company.settings["limits"] = {"quarantine_share": 1.0}
    file = written(company.root / "told.csv", drawing)
    run = request(company, file=str(file))
    taken(run)
    return refused(run)


def test_what_sales_filled_in_is_in_the_ledger(company: Company) -> None:
    file = written(company.root / "told.csv", GOOD)
    summary = taken(request(company, file=str(file)))
    assert ledger(company, "lead_id", "step", "occurred_at", "actor", "reason", "note") == [
        ("1", "accepted", datetime.fromisoformat("2026-01-03T10:00"), "Kim", None, None),
        ("2", "rejected", datetime.fromisoformat("2026-01-04T09:30"), "Lee", "too small", "ask again"),
    ]  # fmt: skip
    assert ledger(company, "recorded_at", "file") == [(NOW, "told.csv")] * 2
    assert summary.headline == "2 of 2 rows of told.csv are new to the ledger."
    assert summary.facts["steps"] == {"accepted": 1, "rejected": 1}


def test_a_file_given_twice_counts_once(company: Company) -> None:
    file = written(company.root / "told.csv", GOOD)
    taken(request(company, file=str(file)))
    summary = taken(request(company, file=str(file)))
    assert summary.headline == "0 of 2 rows of told.csv are new to the ledger; 2 it knew already."
    assert len(ledger(company, "lead_id")) == 2


def test_times_are_on_the_projects_clock(company: Company) -> None:
    company.settings["timezone"] = "Europe/Berlin"
    file = written(company.root / "told.csv", GOOD)
    taken(request(company, file=str(file)))
    assert ledger(company, "occurred_at")[0] == (datetime.fromisoformat("2026-01-03T09:00"),)


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [(";", "utf-8-sig"), ("\t", "utf-8"), (",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-16")],
)
def test_what_a_german_excel_writes_is_read(
    company: Company, delimiter: str, encoding: str
) -> None:
    file = written(
        company.root / "told.csv",
        """
        Lead ID | Step        | Date             | Owner  | Reason
        1       | Handed over | 03.01.2026 10:00 | Müller | -
        2       | REJECTED    | 4.1.2026         | Müller | zu groß
        """,
        delimiter,
        encoding,
    )
    taken(request(company, file=str(file)))
    assert ledger(company, "lead_id", "step", "occurred_at", "actor", "reason") == [
        ("1", "handed_over", datetime.fromisoformat("2026-01-03T10:00"), "Müller", None),
        ("2", "rejected", datetime.fromisoformat("2026-01-04"), "Müller", "zu groß"),
    ]


def test_it_is_said_that_a_file_was_read_as_windows_writes(company: Company) -> None:
    file = written(company.root / "told.csv", GOOD.replace("Kim", "Zoë"), encoding="cp1252")
    summary = taken(request(company, file=str(file)))
    assert summary.warnings == ["told.csv is not UTF-8; it was read as cp1252"]


def test_a_sheet_is_read_with_its_own_dates(company: Company) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="writes the sheet that is read")
    book = openpyxl.Workbook()
    for row in (
        ["Lead", "What", "When", "Who"],
        [1, "accepted", datetime.fromisoformat("2026-01-03T10:00"), "Kim"],
        [2, "contacted", datetime.fromisoformat("2026-01-04T00:00"), "Kim"],
    ):
        book.active.append(row)
    book.save(company.root / "told.xlsx")
    taken(request(company, file=str(company.root / "told.xlsx")))
    assert ledger(company, "lead_id", "step", "occurred_at") == [
        ("1", "accepted", datetime.fromisoformat("2026-01-03T10:00")),
        ("2", "contacted", datetime.fromisoformat("2026-01-04")),
    ]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-02-04", "2026-02-04T00:00"),
        ("2026-02-04T10:00Z", "2026-02-04T10:00"),
        ("2026-02-04 10:00+01:00", "2026-02-04T09:00"),
        ("4.2.26", "2026-02-04T00:00"),
        ("04.02.2026 9:05", "2026-02-04T09:05"),
        ("02/14/2026 2:05 PM", "2026-02-14T14:05"),
        ("14/02/2026", "2026-02-14T00:00"),
    ],
)
def test_times_are_read_as_people_write_them(company: Company, said: str, meant: str) -> None:
    drawing = f"lead | step | when | who\n1 | accepted | {said} | Kim"
    taken(request(company, file=str(written(company.root / "told.csv", drawing))))
    assert ledger(company, "occurred_at") == [(datetime.fromisoformat(meant),)]


def test_the_day_of_a_leads_creation_is_not_before_its_creation(company: Company) -> None:
    drawing = "lead | step | when | who\n3 | contacted | 2026-02-03 | Kim"
    taken(request(company, file=str(written(company.root / "told.csv", drawing))))
    assert ledger(company, "occurred_at") == [(datetime.fromisoformat("2026-02-03T10:00"),)]


def test_every_bad_row_is_told_with_its_number_and_all_that_is_wrong(company: Company) -> None:
    company.settings["agreement"] = {"may_overrule": ["Kim"]}
    assert judged(
        company,
        """
        lead | step      | when             | who  | reason | route
        1    | accepted  | 2026-01-03 10:00 | Kim  | -      | -
        9    | accepted  | 2026-01-03 10:00 | Kim  | -      | -
        -    | accepted  | 2026-01-03 10:00 | Kim  | -      | -
        1    | acceptd   | 2026-01-03 10:00 | Kim  | -      | -
        1    | -         | 2026-01-03 10:00 | Kim  | -      | -
        1    | accepted  | -                | Kim  | -      | -
        1    | accepted  | yesterday        | Kim  | -      | -
        1    | accepted  | 02/03/2026       | Kim  | -      | -
        1    | accepted  | 2026-03-01 12:01 | Kim  | -      | -
        1    | accepted  | 2026-01-01 09:59 | Kim  | -      | -
        1    | accepted  | 2026-01-03 10:00 | -    | -      | -
        1    | rejected  | 2026-01-03 10:00 | Kim  | -      | -
        1    | overruled | 2026-01-03 10:00 | Kim  | -      | -
        1    | overruled | 2026-01-03 10:00 | Kim  | -      | sales
        1    | overruled | 2026-01-03 10:00 | Lee  | -      | nurture
        8    | rejected  | soon             | Kim  | -      | -
        """,
    ) == [
        ("3", "lead", "9", "no lead has this id"),
        ("4", "lead", "", "no lead is named"),
        ("5", "step", "acceptd", "there is no such step; did you mean accepted?"),
        ("6", "step", "", "no step is named; expected handed_over, accepted, rejected, contacted, recycled, overruled"),
        ("7", "when", "", "no time is told"),
        ("8", "when", "yesterday", "not a time; expected for example 2026-11-21 14:05 or 21.11.2026 14:05"),
        ("9", "when", "02/03/2026", "day or month first? expected for example 2026-11-21 14:05"),
        ("10", "when", "2026-03-01 12:01", "later than now [2026-03-01 12:00 UTC]"),
        ("11", "when", "2026-01-01 09:59", "before the lead was created [2026-01-01 10:00 UTC]"),
        ("12", "who", "", "nobody is named"),
        ("13", "reason", "", "a rejection needs a reason"),
        ("14", "route", "", "an overruling needs a route; expected sales_ready, nurture, recycle, disqualified"),
        ("15", "route", "sales", "there is no such route; did you mean sales_ready?"),
        ("16", "who", "Lee", "may not overrule; agreement.may_overrule says who may"),
        ("17", "lead", "8", "no lead has this id"),
        ("17", "reason", "", "a rejection needs a reason"),
        ("17", "when", "soon", "not a time; expected for example 2026-11-21 14:05 or 21.11.2026 14:05"),
    ]  # fmt: skip
    assert ledger(company, "lead_id", "step") == [("1", "accepted")]


def test_a_row_that_is_broken_is_refused_like_any_other(company: Company) -> None:
    assert judged(
        company,
        """
        lead | step     | when             | who
        1    | accepted | 2026-01-03 10:00 | Kim
        2    | accepted | 2026-01-03 10:00 | Kim | 5 | 6
        """,
    ) == [("3", "", "2,accepted,2026-01-03 10:00,Kim,5,6", "more columns than the header")]


def test_who_may_overrule_is_asked_without_regard_to_case(company: Company) -> None:
    company.settings["agreement"] = {"may_overrule": ["Kim Berger"]}
    drawing = """
        lead | step      | when       | who        | route
        1    | overruled | 2026-01-03 | kim berger | Sales ready
    """
    taken(request(company, file=str(written(company.root / "told.csv", drawing))))
    assert ledger(company, "step", "route") == [("overruled", "sales_ready")]


def test_a_route_counts_for_overrules_alone(company: Company) -> None:
    drawing = "lead | step | when | who | route\n1 | accepted | 2026-01-03 | Kim | nurture"
    taken(request(company, file=str(written(company.root / "told.csv", drawing))))
    assert ledger(company, "step", "route") == [("accepted", None)]


def test_too_many_refused_rows_let_nothing_in(company: Company) -> None:
    company.settings["limits"] = {"quarantine_share": 0.4}
    file = written(
        company.root / "told.csv",
        """
        lead | step     | when             | who
        1    | accepted | 2026-01-03 10:00 | Kim
        9    | accepted | 2026-01-03 10:00 | Kim
        8    | accepted | 2026-01-03 10:00 | -
        -    | -        | -                | -
        """,
    )
    run = request(company, file=str(file))
    with pytest.raises(DataError) as error:
        taken(run)
    assert str(error.value) == "\n".join(
        [
            f"{file}: 2 of 3 rows (66.7%) are refused; limits.quarantine_share allows 40.0%. Nothing was taken in",
            "  2 x no lead has this id",
            "  1 x nobody is named",
            "  for example row 3, lead = '9': no lead has this id",
            "  for example row 4, lead = '8': no lead has this id",
            "  for example row 4, who = '': nobody is named",
            f"mend them and give the file again; all of them: {run.work / 'feedback-quarantine.csv'}",
        ]
    )
    assert error.value.exit_code == 4
    assert ledger(company, "lead_id") == []


def test_rows_that_nobody_has_filled_in_are_no_mistakes(company: Company) -> None:
    file = written(
        company.root / "told.csv",
        """
        lead | step     | when             | who | reason | route | note | score
        1    | accepted | 2026-01-03 10:00 | Kim | -      | -     | -    | 90
        2    | -        | -                | -   | -      | -     | -    | 80
        """,
    )
    summary = taken(request(company, file=str(file)))
    assert summary.headline == (
        "1 of 2 rows of told.csv are new to the ledger; 1 nobody had filled in."
    )


def test_missing_and_twofold_columns_are_all_told(company: Company) -> None:
    file = written(company.root / "told.csv", "Lead | Lead ID | Stage | When | Who\n1|1|x|x|x")
    with pytest.raises(DataError) as error:
        taken(request(company, file=str(file)))
    assert str(error.value) == "\n".join(
        [
            f"{file}: expected the columns lead, step, when, who, reason, route, note",
            "'Lead' and 'Lead ID' both mean lead; keep one",
            "there is no column step (it may be called what); did you mean Stage?",
        ]
    )


def test_a_file_that_is_not_there_is_a_wrong_call(company: Company) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.csv: there is no such file; expected a CSV"):
        taken(request(company, file=str(company.root / "nowhere.csv")))
    with pytest.raises(UsageError, match="say which FILE of feedback to take in, or --template"):
        taken(request(company))


def test_a_file_without_rows_is_refused(company: Company) -> None:
    file = written(company.root / "told.csv", "lead | step | when | who")
    with pytest.raises(DataError, match="there is no row under the header; nothing was taken in"):
        taken(request(company, file=str(file)))


def test_a_name_with_brackets_is_a_name(company: Company) -> None:
    file = written(company.root / "told [2].csv", GOOD)
    assert taken(request(company, file=str(file))).facts["taken_in"] == 2


def test_one_run_at_a_time_writes(company: Company) -> None:
    run = request(company, file=str(written(company.root / "told.csv", GOOD)))
    with (
        one_at_a_time(run.project_home, command="score", since=NOW),
        pytest.raises(BusyError, match="is busy: `leadgauge score`"),
    ):
        taken(run)


def test_no_row_of_the_company_is_left_behind(company: Company) -> None:
    run = request(company, file=str(written(company.root / "told.csv", GOOD)))
    taken(run)
    assert not list(run.work.rglob("*.parquet"))


def test_feedback_is_known_from_when_it_was_taken_in(company: Company) -> None:
    file = written(company.root / "told.csv", GOOD)
    early = datetime.fromisoformat("2026-02-20")
    taken(request(company, file=str(file), as_of=early))
    run = request(company)
    assert known_feedback(run, early) is None
    path = known_feedback(run, NOW)
    assert path is not None
    assert pq.read_table(path)["lead_id"].to_pylist() == ["1", "2"]


def test_a_template_needs_a_published_night(company: Company) -> None:
    with pytest.raises(NotEnoughError, match="nothing was published yet, so no lead is sales-"):
        taken(request(company, template=True))


@pytest.mark.parametrize(("language", "separator"), [("en", ","), ("de", ";")])
def test_a_template_lists_the_sales_ready_leads_and_comes_back_blank(
    company: Company, monkeypatch: pytest.MonkeyPatch, language: str, separator: str
) -> None:
    company.settings["report"] = {"language": language}
    monkeypatch.setattr("pipelines.feedback.latest", lambda *_: publication(company.root))
    summary = taken(request(company, template=True))
    (path,) = summary.written
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(separator) for line in lines] == [
        ["lead", "step", "when", "who", "reason", "route", "note", "score", "grade"],
        ["2", "", "", "", "", "", "", "92", "A"],
        ["1", "", "", "", "", "", "", "80", "B"],
    ]
    assert summary.headline == (
        "2 leads that are sales-ready stand in feedback-2026-02-28.csv, for sales to fill in."
    )
    back = taken(request(company, file=str(path)))
    assert (back.facts["not_filled_in"], back.facts["taken_in"]) == (2, 0)


def publication(folder: Path) -> Publication:
    """A publication of three leads, as far as a template looks at it."""
    import pyarrow as pa

    from delivery.publication import Manifest
    from delivery.receipt import Receipt

    pq.write_table(
        pa.table(
            {
                "lead_id": ["1", "2", "3"],
                "route": ["sales_ready", "sales_ready", "nurture"],
                "close_probability": [0.3, 0.5, 0.6],
                "score": [80, 92, 95],
                "grade": ["B", "A", "A"],
            }
        ),
        folder / "scores.parquet",
    )
    night = datetime.fromisoformat("2026-02-28T04:30")
    receipt = Receipt("company", "1", "run", night, night, FAR)
    return Publication(folder, Manifest(night, receipt, ()))
