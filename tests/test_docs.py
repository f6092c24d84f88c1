"""The pages that newcomers copy from say what the code does: examples are read, keys and reasons compared."""

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from features import agreement, project
from features.blocks import Block
from features.contract import read_tables
from features.project import Project
from features.project_checks import NEEDED, OPTIONAL
from features.project_file import load_project
from features.tables import TableSet
from tests.features.company import Company, drawn

REPO = Path(__file__).resolve().parents[1]
PAGE = REPO / "docs" / "project-file.md"
TEXT = PAGE.read_text(encoding="utf-8")
NOW = datetime.fromisoformat("2026-06-01")  # naive UTC
MINIMAL = """
project: minimal
sources:
  leads: {path: leads.csv, columns: {lead_id: id, created_at: created}}
  outcomes: {path: deals.csv, columns: {lead_id: id, status: status, closed_at: closed}}
"""
MODELS = [
    found
    for module in (project, agreement)
    for found in vars(module).values()
    if isinstance(found, type) and issubclass(found, Block) and found.__module__ == module.__name__
]


@dataclass(frozen=True)
class Example:
    """A YAML block of a page, under its heading."""

    page: str
    heading: str
    text: str

    @property
    def whole(self) -> bool:
        return self.text.startswith("project:")

    def project_text(self) -> str:
        """Return the text of a project file; a fragment is merged into a minimal one."""
        if self.whole:
            return self.text
        merged: dict[str, Any] = yaml.safe_load(MINIMAL)
        for key, value in yaml.safe_load(self.text).items():
            both = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = {**merged[key], **value} if both else value
        return yaml.safe_dump(merged, sort_keys=False, allow_unicode=True)


def examples(path: Path) -> list[Example]:
    text = path.read_text(encoding="utf-8")
    found = []
    for match in re.finditer(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        headings: list[str] = re.findall(r"^#+ (.+)$", text[: match.start()], re.MULTILINE)
        found.append(Example(path.name, headings[-1], match[1]))
    return found


EXAMPLES = [*examples(PAGE), *examples(REPO / "README.md")]
BY_HEADING = {example.heading: example for example in EXAMPLES if example.page == PAGE.name}


def rows_under(heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading of the page, its header left out."""
    section = re.split(r"^#+ .+$", TEXT.split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[cell.strip() for cell in row] for row in cells[2:]]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.page}: {e.heading}")
def test_every_yaml_example_is_a_valid_project_file(example: Example, tmp_path: Path) -> None:
    file = tmp_path / "example.yaml"
    file.write_text(example.project_text(), encoding="utf-8")
    load_project(file)


def test_the_page_has_examples() -> None:
    assert len(BY_HEADING) > 10


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_every_key_of_the_project_file_is_named_in_the_page(model: type[BaseModel]) -> None:
    missing = [name for name in model.model_fields if not re.search(rf"`(\w+\.)?{name}`", TEXT)]
    assert missing == []


SECTIONS = {
    "Top level": "Project",
    "Each source": "Source",
    "label": "Label",
    "features": "Features",
    "model": "Model",
    "agreement": "Agreement",
    "delivery": "Delivery",
}


def documented() -> list[tuple[str, str, str]]:
    """Return model, key and the cell that tells type and default, for every row of the key tables."""
    rows = [
        (model, row[0].strip("`"), row[1])
        for heading, model in SECTIONS.items()
        for row in rows_under(heading)
    ]
    for row in rows_under("limits, spark, report, schedule"):
        block, key = row[0].strip("`").split(".")
        rows.append((block.capitalize(), key, row[1]))
    return rows


@pytest.mark.parametrize(("model", "key", "cell"), documented())
def test_every_documented_key_exists_and_its_default_is_right(
    model: str, key: str, cell: str
) -> None:
    found = next(one for one in MODELS if one.__name__ == model)
    field: FieldInfo = found.model_fields[key]
    if field.is_required():
        assert "needed" in cell
        return
    default: Any = field.default
    if isinstance(default, list):
        shown = str(default[0]) if len(default) == 1 else str(default).replace("'", "")
        assert not default or shown in cell.replace("`", "")
    elif isinstance(default, bool):
        assert str(default).lower() in cell  # as YAML writes it
    elif isinstance(default, int | float | str):
        assert str(default) in cell.replace("`", "")


def test_the_tables_of_the_page_have_the_columns_of_the_code() -> None:
    told = {row[0].strip("`"): (row[1], row[2]) for row in rows_under("Tables and their columns")}
    assert set(told) == set(NEEDED)
    for table, (needed, optional) in told.items():
        named = set(re.findall(r"`(\w+)`", needed + optional))
        assert named == {*NEEDED[table], *OPTIONAL[table]}, table
        assert set(NEEDED[table]) <= set(re.findall(r"`(\w+)`", needed)), table


def told_reasons() -> list[str]:
    return [
        said for row in rows_under("What is refused") for said in re.findall(r"`(.+?)`", row[0])
    ]


def test_every_reason_of_the_page_stands_in_the_code() -> None:
    code = " ".join(path.read_text() for path in sorted((REPO / "features").glob("*.py")))
    code = code.replace("{MAX_ID}", "255")
    names = {name for columns in NEEDED.values() for name in columns}
    missing = [
        said
        for said in told_reasons()
        if said not in names and said.removeprefix("two ") not in code
    ]
    assert missing == []


def test_every_reason_of_a_broken_company_stands_in_the_page(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.sources["leads"]["columns"] |= {"source": "channel"}
    company.sources["outcomes"]["columns"] |= {"amount": "worth"}
    company.sources["events"] = {
        "path": "events.csv",
        "time_formats": ["%d/%m/%Y", "%m/%d/%Y"],
        "columns": {"lead_id": "lead", "kind": "what", "occurred_at": "at"},
    }
    company.read(
        leads="""
            id | created    | channel
            1  | 2026-01-01 | web
            2  | 2026-01-02 | web
            3  | 2026-01-02 | web
            4  | 2026-01-02 | web
            4  | 2026-01-03 | web
            5  | 01/02/2026 | web
            6  | 1800-01-01 | web
            7  | 2026-09-01 | web
            -  | 2026-01-01 | web
            8  | 2026-01-02 | web | more
            9  | 2026-01-02 | web
        """,
        deals="""
            lead | result | closed     | worth
            1    | won    | 2026-02-01 | 1,5
            2    | won    | -          | 5
            3    | lost   | 2025-02-01 | -
            9    | lost   | 2026-02-01 | -
            99   | lost   | 2026-02-01 | -
        """,
        events="lead | what | at\n 9 | call | 01/02/2026\n 9 | call | soon",
    )
    with (tmp_path / "out" / "quarantine.csv").open(encoding="utf-8", newline="") as stream:
        reasons = {row["reason"] for row in csv.DictReader(stream)}
    assert len(reasons) >= 12
    told = told_reasons()
    assert [reason for reason in reasons if not any(said in reason for said in told)] == []


def read(example: Example, folder: Path) -> TableSet:
    (folder / "project.yaml").write_text(example.project_text(), encoding="utf-8")
    project: Project = load_project(folder / "project.yaml")
    return read_tables(project, folder, folder / "out", now=NOW)


def outcomes(tables: TableSet) -> list[list[str]]:
    """Return the leads with their ends as text, an open one with blanks."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"""
            SELECT lead_id, coalesce(CAST(won AS VARCHAR), ''), coalesce(strftime(closed_at, '%Y-%m-%d'), '')
            FROM read_parquet('{tables.path("leads")}') AS l
            LEFT JOIN read_parquet('{tables.path("outcomes")}') AS o USING (lead_id) ORDER BY lead_id
            """
        ).fetchall()
    return [list(row) for row in rows]


def test_the_worked_example_is_read_as_the_page_says(tmp_path: Path) -> None:
    files = re.findall(r"`(\w+\.csv)`[^`]*```csv\n(.*?)```", TEXT, re.DOTALL)
    assert [name for name, _ in files] == ["leads.csv", "deals.csv", "visits.csv"]
    for name, content in files:
        (tmp_path / name).write_text(content, encoding="utf-8")
    tables = read(BY_HEADING["A first one"], tmp_path)
    assert outcomes(tables) == drawn("1|true|2026-02-19\n2|false|2026-02-28\n3|-|-")
    assert {name: count.kept for name, count in tables.tables.items() if count.kept} == {
        "leads": 3,
        "outcomes": 2,
        "events": 3,
    }
    assert [column.label for column in tables.columns()] == ["Channel", "Employees"]
    assert tables.warnings == [
        "outcomes: neither won nor lost, so open: 'Negotiation' (1); label.won and label.lost say what counts"
    ]


# What each recipe reads, and what becomes of its leads: id, won, closed.
RECIPES: dict[str, tuple[dict[str, str], str]] = {
    "Flat exports": (
        {"export.csv": "id|created|channel|status\n1|2026-01-01|web|won\n2|2026-01-02|fair|lost\n3|2026-01-03|web|-"},
        "1|true|-\n2|false|-\n3|-|-",
    ),
    "Data without dates": (
        {"export.csv": "id|status|size\n1|won|5\n2|lost|6\n3|-|7"},
        "1|true|-\n2|false|-\n3|-|-",
    ),
    "One table holds both leads and status": (
        {"crm.csv": "Id|Created|Status|Changed\n1|2026-01-01|Won|2026-02-01\n2|2026-01-02|Junk|2026-02-02\n3|2026-01-03|New|2026-02-03"},
        "1|true|2026-02-01\n2|false|2026-02-02\n3|-|-",
    ),
    "A history of stages": (
        {"stages.csv": "Deal|Stage|Entered|Rep\n1|New|2026-01-01|Kim\n1|Offer|2026-01-05|Kim\n1|Won|2026-01-09|Kim\n1|Lost|2026-03-01|Kim\n2|New|2026-01-02|Lee\n2|Offer|2026-01-06|Lee"},
        "1|true|2026-01-09\n2|-|-",
    ),
    "Only wins are recorded": (
        {"leads.csv": "id|created\n1|2026-01-01\n2|2026-01-02", "deals.csv": "lead|signed\n1|2026-01-20"},
        "1|true|2026-01-20\n2|-|-",
    ),
    "Several deals of one lead": (
        {
            "leads.csv": "id|created\n1|2026-01-01\n2|2026-01-01\n3|2026-01-01",
            "deals.csv": "Lead|Stage|Closed\n1|Lost|2026-01-05\n1|Won|2026-01-09\n1|Won|2026-02-09\n2|Lost|2026-01-05\n2|Lost|2026-01-07\n3|Lost|2026-01-05\n3|Offer|-",
        },
        "1|true|2026-01-09\n2|false|2026-01-07\n3|-|-",
    ),
    "A column that changes after creation": (
        {
            "leads.csv": "id|created|Industry\n1|2026-01-01|steel\n2|2026-01-01|wood",
            "deals.csv": "id|status|closed\n1|won|2026-01-09",
            "changes.csv": "Lead|Field|Old|New|At\n1|industry|wood|steel|2026-01-05",
        },
        "1|true|2026-01-09\n2|-|-",
    ),
    "Salesforce": (
        {
            "Lead.csv": "Id|CreatedDate|OwnerId|LeadSource|IsConverted|ConvertedDate|ConvertedOpportunityId|Status|LastModifiedDate\n00Q1|2026-01-01T10:00:00.000Z|005A|Web|true|2026-01-09|0061|Closed - Converted|2026-03-01T10:00:00.000+0000\n00Q2|2026-01-01T10:00:00.000Z|005A|Fair|false|-|-|Closed - Not Converted|2026-01-11T10:00:00.000Z\n00Q3|2026-01-01T10:00:00.000Z|005B|Web|false|-|-|Open|2026-01-12T10:00:00.000Z",
            "LeadHistory.csv": "LeadId|Field|OldValue|NewValue|CreatedDate\n00Q1|LeadSource|Fair|Web|2026-01-05T10:00:00.000Z",
        },
        "00Q1|true|2026-01-09\n00Q2|false|2026-01-11\n00Q3|-|-",
    ),
    "HubSpot": (
        {
            "contacts.csv": "Record ID|Create Date|Original Source|Contact owner|Lifecycle Stage|Lead Status|Last Modified Date|Became a Customer Date\n1|2026-01-01 10:00|Organic|Kim|Customer|-|2026-03-01 10:00|2026-01-09 10:00\n2|2026-01-01 10:00|Paid|Kim|Lead|Unqualified|2026-01-11 10:00|-\n3|2026-01-01 10:00|Paid|Kim|Lead|New|2026-01-11 10:00|-",
        },
        "1|true|2026-01-09\n2|false|2026-01-11\n3|-|-",
    ),
    "Dynamics 365": (
        {
            "leads.xlsx": "(Do Not Modify) Lead|(Do Not Modify) Row Checksum|(Do Not Modify) Modified On|Created On|Lead Source|Owner|Status|Status Reason\na1|x|2026-01-09 10:00|2026-01-01 10:00|Web|Kim|Qualified|Qualified\na2|x|2026-01-11 10:00|2026-01-01 10:00|Fair|Kim|Disqualified|Lost\na3|x|2026-01-12 10:00|2026-01-01 10:00|Web|Lee|Open|New",
        },
        "a1|true|2026-01-09\na2|false|2026-01-11\na3|-|-",
    ),
}  # fmt: skip


@pytest.mark.parametrize("heading", RECIPES)
def test_every_recipe_reads_such_tables(heading: str, tmp_path: Path) -> None:
    files, expected = RECIPES[heading]
    for name, drawing in files.items():
        _write(tmp_path / name, drawn(drawing))
    tables = read(BY_HEADING[heading], tmp_path)
    assert outcomes(tables) == drawn(expected)
    assert {name: count.reasons for name, count in tables.tables.items() if count.reasons} == {}
    assert "its field is no attribute" not in tables.tables["history"].ignored


def test_every_recipe_that_is_a_whole_project_is_tried() -> None:
    whole = {heading for heading, example in BY_HEADING.items() if example.whole}
    assert whole - set(RECIPES) == {"A first one", "Databases"}


def _write(path: Path, rows: list[list[str]]) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(rows)
        return
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    sheet, hidden = book.create_sheet("Leads"), book.create_sheet("hiddenSheet")
    hidden.sheet_state = "hidden"
    for row in rows:
        sheet.append(row)
    book.save(path)
