"""One neutral row per lead and night."""

import csv
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery import rules
from delivery.neutral import COLUMNS, SCHEMA
from delivery.neutral_files import validate_neutral
from delivery.receipt import Receipt, iso
from features.errors import StoppedError
from features.project import Delivery
from tests.delivery.drawn import RECEIPT, neutral_rows, night, receipt, scored, write_exports

LEADS = """
    L2 0.40 40 B 100.5
    L1 0.90 90 A -
    L3 0.10 10 D 3
"""
IDS = ["L1", "L2", "L3"]


def rows(
    table: str = LEADS, previous: dict[str, int] | None = None, **columns: list[Any]
) -> pa.Table:
    known = None
    if previous is not None:
        known = pd.DataFrame({"lead_id": list(previous), "score": list(previous.values())})
    return neutral_rows(scored(table, **columns), previous=known)


def write_neutral(written: pa.Table, folder: Path) -> list[Path]:
    write_exports(written, Delivery(), folder)
    return [folder / "scores.csv", folder / "scores.parquet"]


def refusal(**columns: Any) -> str:
    with pytest.raises(StoppedError) as caught:
        rows(**columns)
    return str(caught.value)


def problems(folder: Path, change: str, into: str) -> list[str]:
    """Write the golden night, change one text in the CSV, and return what the validator says."""
    [path, _] = write_neutral(night(IDS), folder)
    text = path.read_text(encoding="utf-8")
    assert change in text
    path.write_text(text.replace(change, into, 1), encoding="utf-8", newline="")
    return [str(problem) for problem in validate_neutral(path)]


def test_the_columns_are_those_of_the_design_with_interval_and_note() -> None:
    assert ",".join(COLUMNS) == (
        "lead_id,close_probability,probability_low,probability_high,score,grade,route,route_reason,explored,"
        "previous_score,trend,reason_1,reason_2,reason_3,against_1,against_2,confidence,confidence_note,expected_value,"
        "model_version,run_id,data_as_of,scored_at,expires_at"
    )
    assert tuple(rows().column_names) == COLUMNS


def test_rows_are_sorted_by_lead_id() -> None:
    assert rows()["lead_id"].to_pylist() == ["L1", "L2", "L3"]


@pytest.mark.parametrize(
    ("before", "now", "trend"),
    [
        (None, 40, "new"),
        (40, 40, "steady"),
        (36, 40, "steady"),
        (35, 40, "improving"),
        (45, 40, "declining"),
    ],
)
def test_the_trend_is_the_step_from_the_previous_score(
    before: int | None, now: int, trend: str
) -> None:
    previous = {"other": 1} | ({} if before is None else {"L1": before})
    [row] = rows(f"L1 0.4 {now} B -", previous).to_pylist()
    assert row["trend"] == trend
    assert row["previous_score"] is None if before is None else row["previous_score"] == before


def test_without_a_previous_publication_every_lead_is_new() -> None:
    assert set(rows()["trend"].to_pylist()) == {"new"}
    assert rows()["previous_score"].null_count == 3


def test_reasons_take_their_columns_in_order_and_leave_the_rest_empty() -> None:
    [row] = rows("L1 0.4 40 B -", reasons_for=[["a", "b"]], reasons_against=[["c"]]).to_pylist()
    names = ("reason_1", "reason_2", "reason_3", "against_1", "against_2")
    assert [row[name] for name in names] == ["a", "b", None, "c", None]


def test_a_reason_that_a_spreadsheet_would_run_stops_the_night_with_lead_and_column() -> None:
    reasons = [["fine"], ["fine", "=HYPERLINK(1)"], ["fine"]]
    assert refusal(reasons_for=reasons) == (
        "The scores cannot be written to machine files: 1 problem\n"
        "  scored leads, lead 'L1', column reason_2: '=HYPERLINK(1)'; expected one line of at most 255 printable "
        "characters, no space around it, not beginning with = + - or @, or nothing\n"
        "Nothing was published. Machine files carry such text neither as it is nor altered: clean it in the source "
        "(missing, derive or where of the project file), or take another column as lead_id."
    )


def test_an_id_that_a_spreadsheet_would_run_stops_the_night() -> None:
    assert "lead '@L2', column lead_id: '@L2'; expected one line" in refusal(
        lead_id=["@L2", "L1", "L3"]
    )


def test_many_problems_are_shown_as_five_and_a_count() -> None:
    text = refusal(reasons_for=[["=1", "=2", "=3"], ["=4", "=5", "=6"], ["=7"]])
    assert text.splitlines()[0].endswith(": 7 problems")
    assert text.splitlines()[6] == "  and 2 more"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"lead_id": ["L1", "L1", "L3"]}, "lead 'L1', column lead_id: expected each lead once"),
        ({"score": [0, 50, 100]}, "column score: '0'; expected a whole number from 1 to 99"),
        (
            {"close_probability": [0.5, float("nan"), 0.5]},
            "column close_probability: ''; expected a number from 0 to 1",
        ),
        ({"close_probability": [0.5, 1.2, 0.5]}, "column close_probability: '1.2000'; expected"),
        (
            {"probability_high": [0.5, 1.5, float("nan")]},
            "column probability_high: '1.5000'; expected a number from 0 to 1 with 4 decimals, or nothing",
        ),
        (
            {"confidence_note": ["", "=SUM(A1)", ""]},
            "column confidence_note: '=SUM(A1)'; expected one line of at most 255",
        ),
        ({"grade": ["A", "E", "B"]}, "column grade: 'E'; expected one of A, B, C, D"),
        (
            {"confidence": ["high", "sure", "low"]},
            "column confidence: 'sure'; expected one of high, medium, low",
        ),
        (
            {"expected_value": [1.0, -2.0, 3.0]},
            "column expected_value: '-2.00'; expected an amount from 0",
        ),
        (
            {"expected_value": [1.0, float("inf"), 3.0]},
            "column expected_value: 'inf'; expected an amount from 0",
        ),
        (
            {"reasons_for": [["a"] * 4, [], []]},
            "column reasons_for: '4 reasons'; expected at most 3 reasons",
        ),
        (
            {"reasons_against": [["a"] * 3, [], []]},
            "column reasons_against: '3 reasons'; expected at most 2 reasons",
        ),
        ({"reasons_for": [["x" * 256], [], []]}, "expected one line of at most 255"),
        ({"reasons_for": [["a\nb"], [], []]}, "column reason_1: 'a\\nb'; expected one line"),
    ],
)
def test_values_that_no_file_may_carry_stop_the_night(
    columns: dict[str, Any], expected: str
) -> None:
    assert expected in refusal(**columns)


def test_scored_rows_without_a_needed_column_are_a_bug() -> None:
    with pytest.raises(ValueError, match="scored rows lack grade"):
        neutral_rows(scored(LEADS).drop(columns="grade"))


def test_files_of_a_night_are_valid_and_hold_types(tmp_path: Path) -> None:
    paths = write_neutral(night(IDS), tmp_path)
    assert [path.name for path in paths] == ["scores.csv", "scores.parquet"]
    assert [validate_neutral(path) for path in paths] == [[], []]
    table = pq.read_table(paths[1])
    assert table.schema.equals(SCHEMA)
    assert str(table.schema.field("scored_at").type) == "timestamp[ms, tz=UTC]"
    assert table["previous_score"].to_pylist() == [80, 62, None]
    assert table["probability_low"].to_pylist() == [0.85, 0.31, None]
    assert table["confidence_note"].to_pylist() == [
        None,
        None,
        "Campaign: Spring fair, never seen in training",
    ]
    assert table["scored_at"].to_pylist()[0] == datetime(2026, 1, 15, 4, 41, 7, 250_000, UTC)


def test_no_leads_give_a_header_and_no_rows(tmp_path: Path) -> None:
    empty = neutral_rows(scored(LEADS).head(0))
    [path, parquet] = write_neutral(empty, tmp_path)
    assert path.read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n"
    assert pq.read_metadata(parquet).num_rows == 0
    assert validate_neutral(path) == validate_neutral(parquet) == []


@pytest.mark.parametrize(
    ("change", "into", "problem"),
    [
        ("lead_id,", "id,", "column"),
        (
            "0.9124",
            "0.91236",
            "line 2, column close_probability: '0.91236'; expected a number from 0 to 1",
        ),
        (
            "0.9600,97",
            "0.9600,970",
            "line 2, column score: '970'; expected a whole number from 1 to 99",
        ),
        (
            ",80,improving",
            ",,improving",
            "line 2, column trend: 'improving'; expected new if and only if",
        ),
        (
            "0.8500,0.9600",
            "0.9200,0.9600",
            "line 2, column probability_low: '0.9200'; expected an interval around close_probability, both ends or none",
        ),
        (
            "0.3100,0.5200",
            "0.3100,",
            "line 3, column probability_low: '0.3100'; expected an interval around close_probability, both ends or none",
        ),
        (
            "0.5200",
            "0.52",
            "line 3, column probability_high: '0.52'; expected a number from 0 to 1 with 4 decimals, or nothing",
        ),
        ("L2,", "L0,", "line 3, column lead_id: 'L0'; expected each lead once, sorted by lead_id"),
        ("L2,", "L1,", "line 3, column lead_id: 'L1'; expected each lead once, sorted by lead_id"),
        (
            "replied to",
            "=replied to",
            "line 3, column reason_1: '=replied to an e-mail yesterday'; expected one line",
        ),
        (
            "no call for 30 days,",
            ",",
            "line 3, column against_2: 'small company'; expected against_1 to be filled",
        ),
        (
            ",night-20260115",
            ",night-2",
            "column run_id: 'night-2 and night-20260115'; expected one value",
        ),
        (
            "04:41:07.250Z",
            "04:41:07Z",
            "line 2, column scored_at: '2026-01-15T04:41:07Z'; expected a UTC time",
        ),
        ("\n", "\r\n", "expected lines that end with LF alone"),
    ],
)
def test_the_validator_finds_what_was_changed(
    tmp_path: Path, change: str, into: str, problem: str
) -> None:
    [found] = problems(tmp_path, change, into)
    assert problem in found


def test_the_validator_reads_parquet_by_the_same_rules(tmp_path: Path) -> None:
    [_, path] = write_neutral(night(IDS), tmp_path)
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, "lead_id", [["L1", "=L2", "L3"]]), path)
    assert "scores.parquet, lead '=L2', column lead_id: '=L2'; expected one line" in str(
        validate_neutral(path)[0]
    )
    pq.write_table(table.drop_columns(["grade"]), path)
    assert str(validate_neutral(path)[0]).startswith(
        "scores.parquet: 'lead_id string, close_probability double"
    )
    path.write_bytes(b"PAR1 not at all")
    assert "expected a Parquet file" in str(validate_neutral(path)[0])


@settings(deadline=None, max_examples=20)
@given(
    leads=st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(
            rules.line_of_text().accepts
        ),
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(
            rules.line_of_text().accepts
        ),
        min_size=1,
        max_size=8,
    )
)
def test_ids_and_reasons_come_back_from_any_csv_reader_as_they_were(leads: dict[str, str]) -> None:
    table = "\n".join("x 0.5 50 B 7" for _ in leads)
    columns: dict[str, Any] = {
        "lead_id": list(leads),
        "reasons_for": [[reason] for reason in leads.values()],
    }
    with TemporaryDirectory() as folder:
        [path, parquet] = write_neutral(rows(table, **columns), Path(folder))
        assert validate_neutral(path) == validate_neutral(parquet) == []
        with path.open(encoding="utf-8", newline="") as file:
            read = {row["lead_id"]: row["reason_1"] for row in csv.DictReader(file)}
        assert read == leads
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        assert dict(zip(frame["lead_id"], frame["reason_1"], strict=True)) == leads


def test_times_are_utc_whatever_their_zone() -> None:
    berlin = timezone(timedelta(hours=1))
    moment = datetime(2026, 1, 15, 5, 30, 0, 123_999, tzinfo=berlin)
    assert iso(moment) == "2026-01-15T04:30:00.123Z"
    assert iso(receipt(data_as_of=moment).data_as_of) == "2026-01-15T04:30:00.123Z"


def test_a_receipt_comes_back_from_its_text() -> None:
    assert Receipt.from_text(RECEIPT.as_text()) == RECEIPT


def test_a_receipt_refuses_what_machine_files_cannot_carry() -> None:
    with pytest.raises(
        ValueError, match=r"receipt: model_version is '=7'; expected letters, digits and \. _ : / -"
    ):
        receipt(model_version="=7")
    with pytest.raises(ValueError, match="is not after scored_at"):
        receipt(expires_at=RECEIPT.scored_at)
