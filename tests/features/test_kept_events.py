"""What was read of event files is kept, and nothing that a run writes tells whether it was."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from features.canonical_tables import Written, write_tables
from features.errors import DataError, ProjectError
from features.project_file import load_project
from features.tables import EventFiles
from tests.features.kept import Folder, copy_parquet

JANUARY = """
    1 | call  | 2026-01-05 10:00 | 2026-01-06 | 3
    2 | visit | 2026-01-07T12:00:00+02:00 | - | -
    1 | visit | 2026-01-05 10:00 | - | 1
"""
FEBRUARY = """
    3 | call  | 2026-02-05 | - | 2
    9 | visit | 2026-02-06 | - | -
    4 | visit | 2026-02-07 | 2026-02-08 | 4.5
"""
MARCH = """
    1 | call | 2026-03-29 02:30 | - | -
    3 | call | 2026-03-30 | - | -
"""
BAD = """
    1 | call | 2026-03-01 | - | -
    2 | call | yesterday  | - | -
    - | call | 2026-03-02 | - | many
"""
MIDDLE = datetime.fromisoformat("2026-03-15")
FORMS = pytest.mark.parametrize("form", ["csv", "parquet"])


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    found = Folder(tmp_path)
    found.leads(["1", "2", "3"])
    return found


def files(kept: int, read: int, refused: int = 0) -> EventFiles:
    return EventFiles(kept=kept, read=read, refused=refused)


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_the_second_night_reads_no_file_again(folder: Folder, form: str) -> None:
    folder.form = form
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-02", FEBRUARY)
    assert folder.night() == files(kept=0, read=2)
    assert folder.night() == files(kept=2, read=0)


@FORMS
def test_only_a_new_file_is_read(folder: Folder, form: str) -> None:
    folder.form = form
    folder.draw("2026-02", FEBRUARY)
    folder.read()
    folder.draw("2026-01", JANUARY)  # before the other by name, so that its number changes
    folder.draw("2026-03", MARCH)
    assert folder.night() == files(kept=1, read=2)
    assert folder.night() == files(kept=3, read=0)


def test_a_file_that_changed_is_read_again_and_its_old_rows_are_erased(folder: Folder) -> None:
    folder.form = "parquet"
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-02", FEBRUARY)
    folder.read()
    before = folder.names
    folder.draw("2026-02", MARCH)
    assert folder.night() == files(kept=1, read=1)
    assert len(folder.names) == 2
    assert len(folder.names & before) == 1


def test_a_file_that_is_gone_takes_its_events_and_what_was_kept_with_it(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    gone = folder.draw("2026-02", FEBRUARY)
    folder.read()
    gone.unlink()
    assert folder.night() == files(kept=1, read=0)
    assert len(folder.names) == 1


@FORMS
def test_a_file_with_a_refused_row_is_read_every_night(folder: Folder, form: str) -> None:
    folder.form = form
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-02", BAD)
    folder.draw("2026-03", MARCH)
    assert folder.night() == files(kept=0, read=3, refused=1)
    assert folder.night() == files(kept=2, read=1, refused=1)
    refused = (folder.root / "with" / "quarantine.csv").read_text()
    first = 1 if form == "parquet" else 2
    assert f"events/2026-02.{form},{first + 1},day,yesterday" in refused


def test_a_record_that_cannot_be_taken_apart_keeps_its_file_from_being_kept(
    folder: Folder,
) -> None:
    path = folder.draw("2026-01", JANUARY)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("1,call,2026-01-09,,,,one,too,many\n2,call,2026-01-10,,\n")
    folder.draw("2026-02", FEBRUARY)
    assert folder.night() == files(kept=0, read=2, refused=1)
    assert folder.night() == files(kept=1, read=1, refused=1)


def test_an_unknown_lead_that_becomes_known_gets_its_kept_events(folder: Folder) -> None:
    folder.form = "parquet"
    folder.draw("2026-02", FEBRUARY)
    folder.read()
    assert folder.read().tables["events"].kept == 1
    folder.leads(["1", "2", "3", "4"])
    assert folder.night() == files(kept=1, read=0)
    assert folder.read().tables["events"].kept == 2


def test_suppressed_leads_are_judged_anew(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.read()
    folder.suppressed = ["2"]
    assert folder.night() == files(kept=1, read=0)
    assert folder.read().tables["events"].ignored == {"its lead is suppressed": 1}


@pytest.mark.parametrize(
    ("form", "day"),
    [("csv", "2026-01-06"), ("parquet", "2026-02-06"), ("csv", "2026-03-29T00:31:00")],
)
def test_a_kept_file_stands_at_any_moment(folder: Folder, form: str, day: str) -> None:
    folder.form = form
    folder.settings = {"timezone": "Europe/Berlin"}
    for month, drawing in (("2026-01", JANUARY), ("2026-02", FEBRUARY), ("2026-03", MARCH)):
        folder.draw(month, drawing)
    folder.read()
    assert folder.night(as_of=datetime.fromisoformat(day)) == files(kept=3, read=0)


def test_a_row_refused_for_the_cut_off_is_told_as_the_source_wrote_it(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-03", MARCH)
    folder.settings = {"timezone": "Europe/Berlin"}
    folder.read()
    folder.settings |= {"data_cutoff": "2026-03-01"}
    assert folder.night() == files(kept=2, read=0)
    told = (folder.root / "with" / "quarantine.csv").read_text()
    assert "events,events/2026-03.csv,2,day,2026-03-29 02:30,at or after the data cut-off" in told


def test_a_row_later_than_now_is_kept_and_refused_until_its_time_comes(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-03", MARCH)
    assert folder.night(now=MIDDLE) == files(kept=0, read=2)
    assert folder.read(now=MIDDLE).tables["events"].reasons == {"later than now": 2}
    assert folder.night() == files(kept=2, read=0)
    assert folder.read().tables["events"].reasons == {}


@FORMS
def test_rows_that_where_leaves_out_are_counted_though_they_are_not_kept(
    folder: Folder, form: str
) -> None:
    folder.form = form
    folder.events = {
        "derive": {"kind2": "upper(what) || _leadgauge_row", "what": "kind2"},
        "where": "who <> '1' AND TRY_CAST(day AS TIMESTAMP) < TIMESTAMP '2026-03-30'",
    }
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-02", FEBRUARY)
    folder.draw("2026-03", MARCH)
    assert folder.night() == files(kept=0, read=3)
    assert folder.night() == files(kept=3, read=0)
    told = json.loads((folder.root / "with" / "tables.json").read_text())
    assert told["tables"]["events"]["ignored"]["filtered out by where"] == 4


def test_another_way_of_reading_reads_every_file_again(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.read()
    folder.settings = {"timezone": "Europe/Berlin"}
    assert folder.night() == files(kept=0, read=1)
    folder.events = {"missing": ["visit"]}
    assert folder.read().event_files == files(kept=0, read=1, refused=1)
    folder.events = {"missing": ["nothing"]}
    assert folder.read().event_files == files(kept=0, read=1)
    assert folder.night() == files(kept=1, read=0)


def test_files_of_the_same_content_are_kept_once_and_told_apart(folder: Folder) -> None:
    for month in ("2026-01", "2026-02", "2026-03"):
        folder.write(month, [])
    for month in ("2026-04", "2026-05"):
        folder.draw(month, FEBRUARY)
    assert folder.night() == files(kept=0, read=5)
    assert len(folder.names) == 2
    assert folder.night() == files(kept=5, read=0)
    told = (folder.root / "with" / "quarantine.csv").read_text()
    assert "events/2026-04.csv,3,who,9" in told
    assert "events/2026-05.csv,3,who,9" in told


def test_a_new_file_that_changes_the_types_of_all_reads_all_again(folder: Folder) -> None:
    folder.form = "parquet"
    rows = "SELECT {} AS who, 'call' AS what, TIMESTAMP '2026-01-05 10:00' AS day, NULL::DATE AS noted, {} AS n"
    copy_parquet(rows.format(1, "2::BIGINT"), folder.root / "events" / "2026-01.parquet")
    folder.settings = {"timezone": "America/New_York"}
    assert folder.night() == files(kept=0, read=1)
    assert folder.night() == files(kept=1, read=0)
    copy_parquet(rows.format("'2'", "2.5::DOUBLE"), folder.root / "events" / "2026-02.parquet")
    assert folder.night() == files(kept=0, read=2)
    copy_parquet(rows.format("'3'", "9::BIGINT"), folder.root / "events" / "2026-03.parquet")
    assert folder.night() == files(kept=2, read=1)


def test_two_sources_share_the_folder(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.read()
    project = folder.project(keep_read=True)
    first = project.sources.events[0]
    second = first.model_copy(update={"path": ["other.csv"], "keep_read": False})
    (folder.root / "other.csv").write_text("who,what,day,noted,n\n2,call,2026-01-09,,\n5,x,no,,\n")
    folder.settings = {
        "sources": project.sources.model_copy(update={"events": [first, second]}).model_dump()
    }
    both = folder.read()
    assert both.event_files == files(kept=1, read=0)
    assert both.tables["events"].read == 5
    assert both.tables["events"].kept == 4
    folder.settings = {
        "sources": project.sources.model_copy(
            update={"events": [first.model_copy(update={"keep_read": False}), second]}
        ).model_dump()
    }
    assert folder.read(keep_read=False).tables == both.tables


def test_spreadsheets_and_json_lines_are_kept_too(folder: Folder) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [
        ("who", "what", "day", "noted", "n"),
        (1, "call", datetime.fromisoformat("2026-01-05"), None, 2.5),
    ]:
        book.active.append(row)
    (folder.root / "events").mkdir()
    book.save(folder.root / "events" / "2026-01.xlsx")
    folder.form = "xlsx"
    assert folder.night() == files(kept=0, read=1)
    assert folder.night() == files(kept=1, read=0)
    line = '{"who": %s, "what": "call", "day": "2026-01-05", "noted": null, "n": 2}\n'
    (folder.root / "events" / "a.jsonl").write_text(line % 1 + line % 2)
    folder.form = "jsonl"
    assert folder.night() == files(kept=0, read=1)
    (folder.root / "events" / "b.jsonl").write_text(line % '"3"')
    assert folder.night() == files(kept=0, read=2)  # an id that is text makes all of them text
    assert folder.night() == files(kept=2, read=0)


@pytest.mark.parametrize("rubbish", [b"", b"PAR1 and no more"])
def test_a_kept_file_that_cannot_be_read_is_written_anew(folder: Folder, rubbish: bytes) -> None:
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-02", FEBRUARY)
    folder.draw("2026-03", MARCH)
    folder.read()
    sorted(folder.kept.iterdir())[1].write_bytes(rubbish)
    assert folder.night() == files(kept=2, read=1)
    assert folder.night() == files(kept=3, read=0)


def test_a_run_that_was_killed_leaves_nothing_that_a_later_one_reads(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    folder.draw("2026-01", JANUARY)
    folder.draw("2026-02", FEBRUARY)
    with monkeypatch.context() as patch:
        patch.setattr("features.contract.refuse_changed", killed)
        patch.setattr("features.kept_files.Keeping.discard", lambda _: None)
        with pytest.raises(Killed):
            folder.read()
    assert {Path(name).suffix for name in folder.names} == {".part"}
    assert folder.night() == files(kept=0, read=2)
    assert {Path(name).suffix for name in folder.names} == {".parquet"}


def test_a_run_that_breaks_off_keeps_nothing_new_and_loses_nothing_old(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.read()
    before = folder.names
    folder.draw("2026-02", FEBRUARY)
    folder.settings = {"limits": {"quarantine_share": 0.0}}
    with pytest.raises(DataError, match="no lead has this id"):
        folder.read()
    assert folder.names == before


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_that_is_replaced_while_it_is_read_is_not_kept(
    folder: Folder, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.form = form
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-02", FEBRUARY)

    def replaced(*given: Any) -> Written:
        found = write_tables(*given)
        folder.draw("2026-02", MARCH)
        return found

    with monkeypatch.context() as patch:
        patch.setattr("features.contract.write_tables", replaced)
        if form == "parquet":  # such files are read more than once: the run stops, as ever
            with pytest.raises(DataError, match="changed while it was being read"):
                folder.read()
        else:
            folder.read()
    assert len(folder.names) == (0 if form == "parquet" else 1)
    kept = 0 if form == "parquet" else 1
    assert folder.night() == files(kept=kept, read=2 - kept)


def test_erasing_the_folder_costs_a_reading_and_nothing_else(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.draw("2026-02", FEBRUARY)
    folder.read()
    next(folder.kept.iterdir()).unlink()
    assert folder.night() == files(kept=1, read=1)
    for path in folder.kept.iterdir():
        path.unlink()
    folder.kept.rmdir()
    assert folder.night() == files(kept=0, read=2)


def test_the_folder_is_the_users_alone_and_empty_once_nothing_is_kept(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.read()
    assert folder.kept.stat().st_mode & 0o777 == 0o700
    folder.events = {"keep_read": False}
    assert folder.read().event_files is None
    assert folder.names == set()


def test_a_project_that_keeps_nothing_makes_no_folder(folder: Folder) -> None:
    folder.draw("2026-01", JANUARY)
    folder.events = {"keep_read": False}
    folder.read()
    assert not folder.kept.exists()


def test_without_a_folder_everything_is_read(folder: Folder) -> None:
    from features.contract import read_tables
    from tests.features.company import NOW

    folder.draw("2026-01", JANUARY)
    project = folder.project(keep_read=True)
    found = read_tables(project, folder.root, folder.root / "out", now=NOW)
    assert found.event_files is None
    assert found.tables["events"].kept == 3


@pytest.mark.parametrize(
    ("key", "expression", "why"),
    [
        ("where", "row_number() OVER (PARTITION BY who ORDER BY day) = 1", "a window function looks at other rows"),
        ("where", "who IN (SELECT who FROM raw_events)", "a query within it looks at other rows"),
        ("where", "TRY_CAST(day AS DATE) < current_date", "current_date looks at the clock"),
        ("derive.kind", "what || _leadgauge_file", "_leadgauge_file changes as files come and go"),
        ("derive.kind", "what || age(TRY_CAST(day AS TIMESTAMP))", "age() looks at the clock"),
        ("derive.kind", "what || random()", "random() does not give the same every night"),
        ("derive.kind", "concat(COLUMNS(*))", "columns that are not named may come in another order"),
    ],
)  # fmt: skip
def test_an_expression_that_looks_beyond_its_row_cannot_be_kept(
    folder: Folder, key: str, expression: str, why: str
) -> None:
    folder.draw("2026-01", JANUARY)
    columns = {"lead_id": "who", "occurred_at": "day"}
    block, _, name = key.partition(".")
    said = {block: {name: expression}} if name else {block: expression, "kind": "any"}
    folder.events = {"columns": columns, **said}
    with pytest.raises(ProjectError) as error:
        folder.read()
    assert str(error.value) == (
        f"sources.events.{key}: {why}, and keep_read reads each file once and by itself; "
        "write it without, or take keep_read out"
    )


def test_only_files_of_events_can_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "company.yaml"
    path.write_text(
        """
        project: company
        sources:
          leads: {path: a.csv, keep_read: true, columns: {lead_id: id, created_at: at}}
          outcomes: {path: b.csv, columns: {lead_id: id, status: s}}
          events: {url: "sqlite:///c.db", query: SELECT 1, kind: x, keep_read: true, columns: {lead_id: id, occurred_at: at}}
        """
    )
    with pytest.raises(ProjectError) as error:
        load_project(path)
    assert str(error.value) == (
        f"{path}: 2 problem(s)\n"
        "  sources.leads.keep_read: only what is read of events can be kept; leads are read anew every night\n"
        "  sources.events.keep_read: a query has no files to keep; it is run anew every night"
    )
