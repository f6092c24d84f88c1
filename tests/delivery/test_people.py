"""The list for people: the best first, in words, and nothing that runs."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from delivery import people
from delivery.people import TopLeads, defuse, of_a_hundred
from tests.delivery.drawn import changed, night


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write_people(rows: pa.Table, folder: Path) -> list[Path]:
    top = TopLeads(folder)
    for batch in rows.to_batches(2):
        top.add(batch)
    return top.finish()


def test_the_likeliest_lead_stands_first_in_words(tmp_path: Path) -> None:
    [path] = write_people(night(["x", "b", "c"]), tmp_path)
    assert path.name == "top_leads.csv"
    assert [row["Lead"] for row in read(path)] == ["x", "b", "c"]
    assert read(path)[0] == {
        "Rank": "1",
        "Lead": "x",
        "Chance to close": "91.2%",
        "Leads like it closed": "85 to 96 of 100",
        "Score (1-99)": "97",
        "Grade": "A",
        "Next step": "Sales",
        "Why": "grade A or B",
        "Trend": "improving",
        "What speaks for it": 'source is Web, form "Demo"; visited 3 pages, 2 today; Köln is near the office',
        "What speaks against it": "none known",
        "Confidence": "high",
        "Why not surer": "",
        "Expected value": "12000.50",
        "Score good until (UTC)": "2026-01-22 04:41",
    }
    last = read(path)[2]
    assert last["Chance to close"] == "under 0.1%"
    assert last["Leads like it closed"] == ""
    assert last["Why not surer"] == "Campaign: Spring fair, never seen in training"


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        ("0.1200", "0.2149", "12 to 21 of 100"),
        ("0.0000", "0.0081", "0 to 0.8 of 100"),
        ("0.1239", "0.1241", "12 of 100"),
        ("0.9810", "0.9960", "98 to 99.6 of 100"),
        ("0.0050", "1.0000", "0.5 to 100 of 100"),
        ("", "", ""),
    ],
)
def test_an_interval_is_told_as_a_count_of_a_hundred_leads(low: str, high: str, told: str) -> None:
    assert of_a_hundred(low, high) == told


def test_nobody_is_told_to_call_a_lead_that_is_suppressed(tmp_path: Path) -> None:
    routes = ["disqualified", "recycle", "suppressed"]  # of b, c and x
    [path] = write_people(changed(night(["x", "b", "c"]), route=routes), tmp_path)
    assert [(row["Lead"], row["Next step"]) for row in read(path)] == [
        ("b", "None"),
        ("c", "Recycle"),
    ]


def test_a_spreadsheet_is_told_that_the_file_is_utf_8(tmp_path: Path) -> None:
    [path] = write_people(night(["a", "b", "c"]), tmp_path)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@A1", "\t=1", "\uff1d1", " =1"])
def test_formulas_get_an_apostrophe(text: str, tmp_path: Path) -> None:
    rows = changed(night(["a", "b", "c"]), reason_1=[text, "replied", None])
    [path] = write_people(rows, tmp_path)
    assert read(path)[0]["What speaks for it"].startswith("'")


def test_ordinary_text_stays_and_line_breaks_become_spaces() -> None:
    assert defuse("source is Web") == "source is Web"
    assert defuse("a\nb") == "a b"


def test_the_list_ends_where_nobody_reads_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "TOP", 2)
    [path] = write_people(night(["a", "b", "c"]), tmp_path)
    assert len(read(path)) == 2
