"""Machine files carry no text that a spreadsheet would run."""

import json
import re
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery import rules
from delivery.columns import csv_cells
from delivery.receipt import iso


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\x00=1",
        " =1",
        "\u00a0=1",
        "\ufeff=1",
        "\u3000=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20SUM",
        "\ufe661",
        "\u207a1",
    ],
)
def test_text_that_a_spreadsheet_would_run_is_known(text: str) -> None:
    assert rules.begins_a_formula(text)
    assert not rules.line_of_text().accepts(text)


@pytest.mark.parametrize(
    "text", ["source is Web", "3 visits", "a=b", "e-mail", "(x)", "Köln", "顧客", "'x"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert not rules.begins_a_formula(text)
    assert rules.line_of_text().accepts(text)


@pytest.mark.parametrize(
    "text",
    ["", " x", "x ", "a\nb", "a\tb", "a\u2028b", "a\u202eb", "a\x7fb", "a\ud800b", "x" * 256],
)
def test_a_line_of_text_is_one_printable_line_of_at_most_255(text: str) -> None:
    assert not rules.line_of_text().accepts(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_is_accepted_is_written_in_one_line_and_runs_nowhere(text: str) -> None:
    if rules.line_of_text().accepts(text):
        assert len(text.splitlines()) == 1
        assert text[0] not in "=+-@\t\r\n"


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        (rules.SCORE, ["1", "9", "10", "99"], ["0", "100", "01", "1.0", "-1", "", "\uff11"]),
        (
            rules.PROBABILITY,
            ["0.0000", "0.1234", "1.0000"],
            ["1.0001", ".5", "0.5", "0.12345", "1", "nan"],
        ),
        (
            rules.AMOUNT,
            ["0.00", "12.50", "1000000.00"],
            ["-1.00", "1", "1.5", "01.00", "1e3", "inf"],
        ),
        (rules.GRADE, ["A", "D"], ["E", "a", "", "AB"]),
        (rules.ROUTE, ["sales_ready", "nurture"], ["Sales", ""]),
        (rules.TREND, ["improving", "steady", "declining", "new"], ["up", "Improving"]),
        (rules.CONFIDENCE, ["high", "medium", "low"], ["", "High"]),
        (
            rules.MOMENT,
            ["2026-01-15T04:30:00.000Z"],
            [
                "2026-01-15T04:30:00Z",
                "2026-13-15T04:30:00.000Z",
                "2026-01-15 04:30:00.000",
                "2026-02-30T00:00:00.000Z",
            ],
        ),
        (rules.LABEL, ["7", "acme/3", "2026-01-15T04:30"], ["", "=7", "a b", "-7"]),
        (
            rules.matching(rules.EMAIL, ""),
            ["a@b.co", "a.b+c@d-e.org"],
            ["@b.co", "a@b", "=a@b.co", "a b@c.de"],
        ),
        (
            rules.matching(rules.GUID, ""),
            ["00aa00aa-bb11-cc22-dd33-44ee44ee44ee"],
            ["00aa00aabb11cc22dd3344ee44ee44ee", "{00aa00aa-bb11-cc22-dd33-44ee44ee44ee}", "L1"],
        ),
        (
            rules.matching(rules.SAFE_ID, ""),
            ["L-1", "0_a"],
            ["-1", "_a", "a b", "a,b", "é", "", "x" * 256],
        ),
    ],
)
def test_each_rule_takes_its_own_and_nothing_else(
    rule: rules.Rule, right: list[str], wrong: list[str]
) -> None:
    assert rule.refused([*right, *wrong]) == set(wrong)


def test_an_optional_rule_also_takes_the_word_for_nothing() -> None:
    rule = rules.optional(rules.SCORE, "#N/A")
    assert rule.refused(["5", "#N/A", "", "100"]) == {"", "100"}
    assert rule.expected == "a whole number from 1 to 99, or #N/A"


def test_what_is_plainly_right_is_right_for_every_sign_of_a_language() -> None:
    rule = rules.line_of_text()
    signs = [chr(point) for point in range(0x30000) if not 0xD800 <= point <= 0xDFFF]
    for form in ("{}", "a{}"):
        cells = [form.format(sign) for sign in signs]
        known = pc.match_substring_regex(pa.array(cells), f"^(?:{rule.plain})$").to_pylist()
        assert [
            c for c, plain in zip(cells, known, strict=True) if plain and not rule.accepts(c)
        ] == []
        in_json = [json.dumps(cell, ensure_ascii=False) for cell in cells]
        in_csv = csv_cells(pa.array(cells)).to_pylist()
        for pattern, written in ((rules.PLAIN_JSON, in_json), (rules.PLAIN_CSV, in_csv)):
            known = pc.match_substring_regex(pa.array(written), f"^(?:{pattern})$").to_pylist()
            pairs = zip(cells, known, strict=True)
            assert [cell for cell, plain in pairs if plain and not rule.accepts(cell)] == []


@settings(deadline=None)
@given(
    st.lists(
        st.none() | st.text(st.characters(codec="utf-8"), max_size=5) | st.text("=-a ", max_size=3)
    ),
    st.sampled_from(
        [rules.line_of_text(), rules.line_of_text(2), rules.optional(rules.line_of_text(3))]
    ),
)
def test_a_column_is_refused_where_its_cells_are(cells: list[str | None], rule: rules.Rule) -> None:
    wrong = [place for place, cell in enumerate(cells) if not rule.accepts(cell or "")]
    column = pa.array(cells, pa.string())
    assert rule.wrong(column).tolist() == wrong
    assert rule.wrong(column.dictionary_encode()).tolist() == wrong


@given(st.datetimes(datetime(1999, 1, 1), datetime(2101, 1, 1)))  # noqa: DTZ001  naive UTC is the house rule
def test_every_moment_is_plainly_one_from_2000_to_2099(moment: datetime) -> None:
    known = re.fullmatch(rules.MOMENT.plain or "", iso(moment)) is not None
    assert known == (2000 <= moment.year <= 2099)


@pytest.mark.parametrize(
    "day", ["2026-02-29", "2026-02-30", "2026-04-31", "2100-02-29", "2026-00-10"]
)
def test_a_day_that_never_was_is_no_moment(day: str) -> None:
    assert not re.fullmatch(rules.MOMENT.plain or "", f"{day}T00:00:00.000Z")
    assert rules.MOMENT.wrong(pa.array([f"{day}T00:00:00.000Z"])).tolist() == [0]
