"""A project file is read, or everything that is wrong with it is said at once."""

import textwrap
from pathlib import Path

import pytest

from features.errors import ProjectError
from features.project import Project
from features.project_file import load_project

REPO = Path(__file__).resolve().parents[2]
GOOD = """
project: company
sources:
  leads: {path: leads.csv, columns: {lead_id: id, created_at: created}}
  outcomes: {path: deals.csv, columns: {lead_id: lead, status: result}}
"""


def load(tmp_path: Path, text: str) -> Project:
    (tmp_path / "company.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
    return load_project(tmp_path / "company.yaml")


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ProjectError) as error:
        load(tmp_path, text)
    return str(error.value).replace(f"{tmp_path}/", "").splitlines()


@pytest.mark.parametrize(
    "file", sorted((REPO / "configs").glob("*.yaml")), ids=lambda file: file.stem
)
def test_every_shipped_project_file_loads(file: Path) -> None:
    assert load_project(file).project == file.stem


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    project = load(tmp_path, GOOD)
    assert project.sources.leads.path == ["leads.csv"]
    assert project.label.horizon_days == 90


def test_yaml_anchors_may_share_a_source(tmp_path: Path) -> None:
    project = load(
        tmp_path,
        """
        project: company
        sources:
          leads: &crm {path: crm.csv, columns: {lead_id: id, created_at: created}}
          outcomes: {<<: *crm, columns: {lead_id: id, status: stage}}
        """,
    )
    assert project.sources.outcomes.path == ["crm.csv"]


def test_all_wrong_values_are_told_with_key_value_and_hint(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        """
        project: Company
        timezone: Europe/Berln
        data_cutof: 2026-01-01
        data_cutoff: yesterday
        sources:
          leads: {pth: leads.csv}
          outcomes: {url: "postgresql://me:secret@host/crm", querry: x, query: 3}
          events: {path: a.csv, delimiter: ab}
        label: {horizon_days: -7, won: [won]}
        delivery: {salesforce: {objekt: Lead}}
        """,
    ) == [
        "company.yaml: 10 problem(s)",
        "  project: String should match pattern '^[a-z][a-z0-9_]*$' (got 'Company')",
        "  timezone: there is no time zone 'Europe/Berln'; expected an IANA name such as Europe/Berlin or UTC; "
        "did you mean Europe/Berlin or Europe/Dublin or Europe/Belfast?",
        "  data_cutoff: should be a valid datetime or date, input is too short (got 'yesterday')",
        "  sources.leads.pth: unknown key (got 'leads.csv'); did you mean path?",
        "  sources.outcomes.query: should be a valid string (got 3)",
        "  sources.outcomes.querry: unknown key (got 'x'); did you mean query?",
        "  sources.events.delimiter: String should have at most 1 character (got 'ab')",
        "  label.horizon_days: should be greater than 0 (got -7)",
        "  delivery.salesforce.objekt: unknown key (got 'Lead'); did you mean object?",
        "  data_cutof: unknown key (got datetime.date(2026, 1, 1)); did you mean data_cutoff?",
    ]


def test_a_password_is_never_repeated(tmp_path: Path) -> None:
    said = problems(
        tmp_path,
        """
        project: company
        sources:
          leads: {url: ["postgresql://me:secret@host/crm"], query: x}
          outcomes: {urll: "postgresql://me:secret@host/crm"}
        """,
    )
    assert said == [
        "company.yaml: 2 problem(s)",
        "  sources.leads.url: should be a valid string (got ['postgresql://***@host/crm'])",
        "  sources.outcomes.urll: unknown key (got 'postgresql://***@host/crm'); did you mean url?",
    ]


def test_what_contradicts_itself_is_told_at_once(tmp_path: Path) -> None:
    assert problems(
        tmp_path,
        """
        project: company
        sources:
          leads:
            path: leads.csv
            columns: {lead_id: id, creatd_at: created, id: lead_id}
            derive: {lead_id: upper(id)}
            encoding: cp125
            time_formats: ["d/m", "%Q"]
          outcomes: {path: deals.csv, columns: {lead_id: lead}, kind: deal, delimiter: "|", quote: "|"}
          events:
            - {path: a.csv, columns: {lead_id: a, occurred_at: b}, kind: visit}
            - {path: b.csv, columns: {lead_id: a, occurred_at: b}, kind: visit}
            - {path: c.csv, columns: {lead_id: a, occurred_at: b}}
            - {path: d.csv, columns: {lead_id: a, occurred_at: b, kind: c}, kind: call}
          spend: {path: spend.csv, columns: {spent_on: day, amount: eur}}
        label: {won: sold, lost: [sold, gone]}
        features:
          keep: {Score: known at creation}
          leave_out: {Score: computed later}
          changing: [Owner]
          event_kinds: [visit]
          leave_out_kinds: {visit: made up}
        model: {ages_days: [7, 0]}
        report: {dimensions: {source: Channel, message: Message}}
        schedule: {nightly: daily}
        """,
    ) == [
        "company.yaml: 21 problem(s)",
        "  sources.leads.derive.lead_id: lead_id is derived here and also mapped to 'id' under columns; keep one",
        "  sources.leads.columns.creatd_at: leads has no such column; did you mean created_at?",
        "  sources.leads.columns.id: leads has no such column (canonical name first, then the column of the source); "
        "known are lead_id, created_at, account_id, owner, source, campaign",
        "  sources.leads.columns.created_at: is missing: say which column of the source it is, or derive it",
        "  sources.leads.encoding: there is no encoding 'cp125'; did you mean cp1252 or cp1251 or cp1250?",
        "  sources.leads.time_formats.0: no strptime directive in it; a format looks like %d/%m/%Y %H:%M (got 'd/m')",
        "  sources.leads.time_formats.1: %Q is no strptime directive; a format looks like %d/%m/%Y %H:%M (got '%Q')",
        "  sources.outcomes.columns.status: is missing: say which column of the source it is, or derive it",
        "  sources.outcomes.quote: delimiter and quote are the same character ('|')",
        "  sources.spend.columns: spend needs source or campaign, to know what the money was for",
        "  sources.outcomes.kind: only events have a kind (got 'deal')",
        "  sources.events.1.kind: 'visit' is the kind of sources.events.0 already; join their files under one path",
        "  sources.events.2.kind: is missing: say kind for all rows, or columns.kind for a column that holds it",
        "  sources.events.3.kind: every row is 'call' and columns.kind is 'c'; keep one",
        "  features.keep.Score: this column is under leave_out as well; keep one",
        "  features.leave_out_kinds.visit: this kind is under event_kinds as well; keep one",
        "  features.changing: columns that change need sources.history, to know what they were",
        "  report.dimensions.source: is compared by itself; give this column another name here, or map it under "
        "sources.leads.columns",
        "  label.lost: 'sold' cannot mean both won and lost",
        "  model.ages_days: ages are given once each, in rising order (got [7, 0])",
        "  schedule.nightly: a cron line has five fields, such as 30 4 * * * (got 'daily')",
    ]


def test_a_key_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path, "project: a\nproject: b\n") == [
        "company.yaml:2:1: this is not valid YAML: the key 'project' stands twice"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "company.yaml: a project file is a mapping of keys to values; this one is empty"),
        (
            "- a\n",
            "company.yaml: a project file is a mapping of keys to values; this one holds a list",
        ),
        (
            "a: [1\nb: 2\n",
            "company.yaml:2:2: this is not valid YAML: expected ',' or ']', but got ':'",
        ),
        ("a: !!python/object:os.system {}\n", None),
    ],
    ids=["empty", "a list", "an open bracket", "an object"],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, said: str | None) -> None:
    found = problems(tmp_path, text)
    assert found[0].startswith(
        said or "company.yaml:1:4: this is not valid YAML: could not determine a constructor"
    )


def test_a_missing_file_is_told_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "company.yaml").write_text(GOOD)
    with pytest.raises(ProjectError) as error:
        load_project(tmp_path / "compny.yaml")
    assert str(error.value) == (
        f"{tmp_path / 'compny.yaml'}: there is no such project file; did you mean company.yaml?"
    )


def test_bytes_that_are_not_utf8_are_told(tmp_path: Path) -> None:
    (tmp_path / "company.yaml").write_bytes(b"project: caf\xe9\n")
    with pytest.raises(ProjectError) as error:
        load_project(tmp_path / "company.yaml")
    assert str(error.value).endswith("company.yaml: a project file is UTF-8; byte 12 is not")
