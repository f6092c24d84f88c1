"""The list of leaks for people, and what earlier nights gave to sales."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from delivery import leaks_file
from delivery.earlier_nights import sales_ready_nights
from delivery.exports import validate_exports
from delivery.leaks_file import check_leaks, write_leaks
from delivery.night import write_night
from delivery.publish import publish
from features.agreement import Agreement
from features.leaks import LEAKS
from features.project import Delivery
from tests.delivery.drawn import RECEIPT, many, receipt

ROW = {
    "lead_id": "L1",
    "leak": "not_touched",
    "since": datetime(2026, 9, 12, 8, 30),  # noqa: DTZ001  canonical times are naive UTC
    "owner": "Kim",
    "team": None,
    "close_probability": 0.2345,
    "expected_value": float("nan"),
    "what_to_do": "call",
}


def leaks(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame([{**ROW, **row} for row in rows], columns=[*ROW])
    return frame.astype(
        {"since": "datetime64[us]", "close_probability": float, "expected_value": float}
    )


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_leak_is_told_in_words_that_a_person_acts_on(tmp_path: Path) -> None:
    path = write_leaks(leaks({}, {"expected_value": 1200.5, "close_probability": None}), tmp_path)
    assert read(path)[0] == {
        "Leak": "Handed over, not touched in time",
        "Lead": "L1",
        "Since (UTC)": "2026-09-12 08:30",
        "Owner": "Kim",
        "Team": "",
        "Chance to close": "23.4%",
        "Expected value": "",
        "What to do": "call",
    }
    assert (read(path)[1]["Chance to close"], read(path)[1]["Expected value"]) == ("", "1200.50")
    assert check_leaks(path) == []


def test_a_night_without_leaks_has_a_list_with_nothing_but_headers(tmp_path: Path) -> None:
    path = write_leaks(leaks(), tmp_path)
    assert read(path) == []
    assert path.read_bytes().startswith(b"\xef\xbb\xbfLeak,Lead,")
    assert check_leaks(path) == []


@pytest.mark.parametrize("text", ["=1+1", "@Kim", "-", "+x", "=a\nb"])
def test_text_that_a_spreadsheet_would_run_is_defused(text: str, tmp_path: Path) -> None:
    path = write_leaks(leaks({"owner": text, "team": text, "lead_id": text}), tmp_path)
    [row] = read(path)
    assert row["Owner"] == row["Team"] == row["Lead"] == "'" + text.replace("\n", " ")
    assert check_leaks(path) == []


def test_every_leak_has_words() -> None:
    assert set(leaks_file.LEAKS) == set(LEAKS)


@pytest.mark.parametrize(
    ("change", "into", "told"),
    [
        ("\ufeff", "", "leaks.csv: expected a byte order mark, lines that end with LF, and no control characters"),
        ("Owner,Team", "Team,Owner", "leaks.csv, line 1: 'Leak,Lead,Since (UTC),Team,Owner,Chance to close,Expected value,What to do'; "),
        (",Kim,", ",Kim,,", "leaks.csv, line 2: '9 cells'; expected 8 cells"),
        ("Accepted, gone silent", "Silent, gone", "leaks.csv, line 3, column Leak: 'Silent, gone'; expected one of "),
        (",L1,", ",,", "leaks.csv, line 2, column Lead: ''; expected a lead"),
        (",Kim,", ",=Kim,", "leaks.csv, line 2, column Owner: '=Kim'; expected an apostrophe in front"),
    ],
)  # fmt: skip
def test_a_broken_list_is_told_with_line_and_column(
    change: str, into: str, told: str, tmp_path: Path
) -> None:
    path = write_leaks(leaks({}, {"leak": "gone_silent"}), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert change in text
    path.write_text(text.replace(change, into, 1), encoding="utf-8", newline="")
    assert str(check_leaks(path)[0]).startswith(told)


def test_a_list_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "leaks.csv"
    path.write_bytes(b"\xff\xfe")
    assert [str(problem) for problem in check_leaks(path)] == ["leaks.csv: expected UTF-8"]


def night(home: Path, day: int, ready: list[int], **options: Any) -> None:
    """Publish a night on which these of ten leads are sales-ready."""
    scored = home / f"{day}.parquet"
    leads = many(10)
    grades = ["A" if place in ready else "D" for place in range(10)]
    leads.assign(grade=grades).to_parquet(scored)
    at = datetime(2026, 9, day, 4, tzinfo=UTC)
    signed = receipt(scored_at=at, data_as_of=at, expires_at=at.replace(day=day + 1))
    publish(
        home,
        "acme",
        at,
        lambda folder: write_night(
            scored,
            agreement=Agreement.model_validate(options),
            delivery=Delivery(),
            receipt=signed,
            previous=None,
            folder=folder,
            leaks=leaks({}),
        ),
        receipt=signed,
        validate=lambda folder: validate_exports(folder, Delivery()),
    )


def test_a_publication_holds_the_list_and_its_manifest_names_it(tmp_path: Path) -> None:
    night(tmp_path, 3, [1])
    [version] = (tmp_path / "publications" / "acme" / "versions").iterdir()
    assert read(version / "leaks.csv")[0]["Lead"] == "L1"
    assert '"path": "leaks.csv",\n      "rows": 1' in (version / "manifest.json").read_text()
    (version / "leaks.csv").write_text("=1\n")
    problems = validate_exports(version, Delivery())
    assert [problem.where for problem in problems] == ["leaks.csv"]


def test_earlier_nights_tell_since_when_and_how_often_a_lead_was_sales_ready(
    tmp_path: Path,
) -> None:
    night(tmp_path, 3, [1, 2])
    night(tmp_path, 4, [2, 3])
    night(tmp_path, 5, [2], capacity_per_day=1, exploration_share=1.0)
    before = datetime(2026, 9, 5, 4)  # noqa: DTZ001  canonical times are naive UTC
    path = sales_ready_nights(tmp_path, "acme", before, tmp_path / "found.parquet")
    assert path is not None
    ids = list(many(10)["lead_id"])
    found = pq.read_table(path).to_pylist()
    assert [
        (ids.index(row["lead_id"]), row["first_night"].day, row["nights"]) for row in found
    ] == [
        (1, 3, 1),
        (2, 3, 2),
        (3, 4, 1),
    ]
    later = datetime(2026, 9, 6)  # noqa: DTZ001  canonical times are naive UTC
    sales_ready_nights(tmp_path, "acme", later, path)
    by_merit = {row["lead_id"]: row["nights"] for row in pq.read_table(path).to_pylist()}
    assert by_merit[ids[2]] == 2  # the only place of the fifth was drawn by lot
    assert pq.read_schema(path).field("first_night").type in {
        pa.timestamp("us"),
        pa.timestamp("ms"),
    }


def test_without_an_earlier_night_nothing_is_known(tmp_path: Path) -> None:
    night(tmp_path, 3, [1])
    first = RECEIPT.scored_at.replace(month=9, day=3, hour=4, minute=0, second=0, microsecond=0)
    assert sales_ready_nights(tmp_path, "acme", first, tmp_path / "found.parquet") is None
    long_after = datetime(2027, 9, 3)  # noqa: DTZ001  canonical times are naive UTC
    assert sales_ready_nights(tmp_path, "acme", long_after, tmp_path / "found.parquet") is None
