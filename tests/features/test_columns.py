"""Which columns become attributes, of which type, and why the others do not."""

from pathlib import Path

import pytest

from tests.features.company import Company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return Company(tmp_path)


def columns(company: Company, **values: list[str]) -> dict[str, str]:
    """Read leads with these columns; return each one's type, or why it is left out."""
    count = max(len(cells) for cells in values.values())
    rows = [
        " | ".join([str(n), "2026-01-01", *(cells[n % len(cells)] for cells in values.values())])
        for n in range(count)
    ]
    header = " | ".join(["id", "created", *values])
    tables = company.read(leads="\n".join([header, *rows]), deals="lead | result | closed")
    kept = {attribute.label: attribute.type for attribute in tables.attributes}
    return kept | {left.label: left.reason for left in tables.left_out}


def test_types_follow_from_the_values(company: Company) -> None:
    assert columns(
        company,
        size=["1", "2.5", "-", "3"],
        flag=["0", "1", "1", "0"],
        zip=["01067", "80331", "20095", "50667"],
        mixed=["1", "2", "many", "3"],
        channel=["web", "fair", "web", "-"],
        seen=["2026-01-01", "2025-12-31T10:00Z", "-", "2026-01-01"],
        note=["word " * 20, "other " * 15, "-", "word " * 30],
        same=["x", "x", "x", "x"],
        ticked=["yes", "-", "-", "yes"],
        nothing=["-", "-", "-", "-"],
    ) == {
        "size": "number",
        "flag": "category",
        "zip": "category",
        "mixed": "category",
        "channel": "category",
        "seen": "times: derive a number from them, or leave them",
        "note": "free text: 112 characters on average",
        "same": "one value only",
        "ticked": "category",
        "nothing": "empty",
    }


def test_ids_and_texts_of_their_own_are_left_out_once_there_are_many_leads(
    company: Company,
) -> None:
    many = 1001
    assert columns(
        company,
        mail=[f"{n}@example.org" for n in range(many)],
        ticket_number=[str(n + 5000) for n in range(many)],
        revenue=[str(n * 7) for n in range(many)],
        few=[f"level {n % 900}" for n in range(many)],
    ) == {
        "mail": "an id or free text: nearly every row has its own value",
        "ticket_number": "an id: nearly every row has its own",
        "revenue": "number",
        "few": "category",
    }


def test_a_declared_type_is_taken(company: Company) -> None:
    company.sources["leads"]["types"] = {
        "flag": "number", "size": "category", "code": "text", "day": "time", "share": "number",
    }  # fmt: skip
    assert columns(
        company,
        flag=["0", "1", "0"],
        size=["1", "2", "3"],
        code=["a", "b", "a"],
        day=["1", "2", "3"],
        share=["0.5", "half", "0.7"],
    ) == {
        "flag": "number",
        "size": "category",
        "code": "free text, as declared under types",
        "day": "a time, as declared under types",
        "share": "number",
    }
    assert company.rows("leads", "flag, size, share") == [
        (0, "1", 0.5),
        (1, "2", None),
        (0, "3", 0.7),
    ]


def test_a_column_is_left_out_by_its_name_or_its_slug(company: Company) -> None:
    company.settings["features"] = {
        "leave_out": {
            "Lead Score": "computed later",
            "web_visits": "as of the export",
            "source": "bought",
        }
    }
    company.sources["leads"]["columns"]["source"] = "Origin"
    assert columns(
        company,
        **{
            "Lead Score": ["1", "2", "3"],
            "Web-Visits!": ["1", "2", "3"],
            "Origin": ["a", "b", "a"],
            "ok": ["a", "b"],
        },
    ) == {
        "Lead Score": "computed later",
        "Web-Visits!": "as of the export",
        "Origin": "bought",
        "ok": "category",
    }
    assert [row[0] for row in company.rows("leads", "source")] == ["a", "b", "a"]


def test_names_become_identifiers_of_their_own(company: Company) -> None:
    tables = company.read(
        leads="id | created | Größe | größe? | 2nd | source | label | Days to win | % \n"
        " 1 | 2026-01-01 | a | a | a | a | a | a | a \n 2 | 2026-01-01 | b | b | b | b | b | b | b",
        deals="lead | result | closed",
    )
    assert {attribute.label: attribute.column for attribute in tables.attributes} == {
        "Größe": "grosse",
        "größe?": "grosse_2",
        "2nd": "c_2nd",
        "source": "source_2",
        "label": "label_2",
        "Days to win": "days_to_win_2",
        "%": "column",
    }


def test_a_flat_export_keeps_the_answer_out_of_the_attributes(company: Company) -> None:
    company.sources["leads"] = {
        "path": "crm.csv", "columns": {"lead_id": "id", "created_at": "created"},
    }  # fmt: skip
    company.sources["outcomes"] = {
        "path": "crm.csv",
        "derive": {
            "ended": "upper(Stage)",
            "status": "CASE ended WHEN 'SOLD' THEN 'won' ELSE 'lost' END",
        },
        "columns": {"lead_id": "id", "amount": "Revenue"},
    }
    company.draw(
        "crm.csv",
        "id | created | Stage | Revenue | channel\n 1 | 2026-01-01 | sold | 5 | web\n 2 | 2026-01-02 | gone | - | fair",
    )
    tables = company.read_files()
    assert tables.flat
    assert [attribute.label for attribute in tables.attributes] == ["channel"]
    assert {left.label: left.reason for left in tables.left_out} == {
        "Stage": "the outcome is read from it",
        "Revenue": "the outcome is read from it",
    }
    assert company.rows("outcomes", "lead_id, won, closed_at, amount") == [
        ("1", True, None, 5.0),
        ("2", False, None, None),
    ]


def test_control_characters_and_long_values_do_not_reach_categories(company: Company) -> None:
    columns(company, channel=["a\x07b", "x" * 250, "a\u202eb", "c", "d"])
    found = [row[0] for row in company.rows("leads", "channel")]
    assert found == ["ab", "x" * 200, "ab", "c", "d"]


def test_shares_and_counts_are_told(company: Company) -> None:
    tables = company.read(
        leads="id | created | channel\n 1 | 2026-01-01 | web\n 2 | 2026-01-01 | -\n 3 | 2026-01-01 | fair\n 4 | 2026-01-01 | -",
        deals="lead | result | closed",
    )
    assert [(a.distinct, a.filled) for a in tables.attributes] == [(2, 0.5)]
    assert tables.warnings == ["outcomes: no row has a result; every lead is open"]
