"""Whole companies: the simulated one, and five public data sets where they lie beside the checkout.

Nothing about hindsight stands in their project files: what is left out, the audit found.
"""

from datetime import datetime
from pathlib import Path

import pytest

from features.contract import read_tables
from features.frames import canonical
from features.hindsight import Suspect, audit
from features.project import Project
from features.project_file import load_project
from features.tables import open_tables
from simulation.company import simulate
from simulation.export import write_company

REPO = Path(__file__).resolve().parents[2]
DATA = REPO.parent / "shared" / "data"
NOW = datetime.fromisoformat("2026-11-22")
X_EDUCATION = {
    *("Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity"),
    *("Asymmetrique Activity Index", "Asymmetrique Activity Score"),
    *("Asymmetrique Profile Index", "Asymmetrique Profile Score"),
}
# What each audit leaves out, at the data's end and at a moment inside.
FOUND = [
    ("x_education", None, X_EDUCATION),
    ("x_education", "2024-02-20", X_EDUCATION),
    ("uci_bank", None, {"duration"}),
    ("uci_bank", "2010-06-01", {"duration"}),
    ("bpi2012", None, {"n_events"}),
    ("bpi2012", "2012-02-10", {"n_events"}),
    ("aws_quicksight_pipeline", None, {"Active Opportunity", "Latest Status Entry"}),
    ("aws_quicksight_pipeline", "2016-06-30", {"Active Opportunity", "Latest Status Entry"}),
    ("olist_funnel", None, set()),
]
# The same pipeline as an export of today shows it: each lead's last row, whatever stage it is in.
LAST_ROWS = {
    "where": "from_end = 1 AND began > 0",
    "columns": {"lead_id": "Lead Name", "owner": "Salesperson"},
    "derive": {
        "began": 'count(*) FILTER ("Opportunity Stage" = \'Lead\') OVER (PARTITION BY "Lead Name")',
        "from_end": 'row_number() OVER (PARTITION BY "Lead Name" ORDER BY strptime("Date", \'%m/%d/%Y\') DESC, _leadgauge_row DESC)',
        "created_at": 'min(strptime("Date", \'%m/%d/%Y\')) OVER (PARTITION BY "Lead Name")',
        "days_to_close": "date_diff('day', created_at, strptime(\"Target Close\", '%m/%d/%Y'))",
    },
    "drop": ["began", "from_end", "Date"],
    "types": {"days_to_close": "number"},
}


def audited(
    project: Project, data: Path, folder: Path, as_of: datetime | None = None
) -> list[Suspect]:
    read = read_tables(project, data, folder, now=NOW, as_of=as_of)
    connection = open_tables(read)
    try:
        return audit(canonical(connection, read), read, project)
    finally:
        connection.disconnect()


def left_out(suspects: list[Suspect]) -> set[str]:
    return {suspect.label for suspect in suspects if suspect.verdict == "left out"}


def public(name: str) -> Project:
    if not (DATA / name).is_dir():
        pytest.skip(f"the public data set {name} does not lie beside the checkout, in shared/data")
    return load_project(REPO / "configs" / f"{name}.yaml")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "night", "expected"), FOUND)
def test_the_columns_that_know_the_end_are_found_and_no_others(
    name: str, night: str | None, expected: set[str], tmp_path: Path
) -> None:
    as_of = datetime.fromisoformat(night) if night else None
    assert left_out(audited(public(name), DATA, tmp_path, as_of)) == expected


@pytest.mark.slow
def test_a_pipeline_exported_as_it_stands_today_is_seen_through(tmp_path: Path) -> None:
    project = public("aws_quicksight_pipeline")
    today = project.sources.leads.model_copy(update=LAST_ROWS)
    sources = project.sources.model_copy(update={"leads": today})
    suspects = audited(project.model_copy(update={"sources": sources}), DATA, tmp_path)
    assert {suspect.label: suspect.evidence for suspect in suspects} == {
        "Forecasted Monthly Revenue": "“0” stands in 7,596 lost leads and in no won one; with its like in 100% of the lost",
        "Weighted Revenue": "“0” stands in 7,596 lost leads and in no won one; with its like in 100% of the lost",
        "Closed Opportunity": "it tells open leads from closed ones of the same time with an AUC of 1.00 (“TRUE” where closed)",
        "Active Opportunity": "it tells open leads from closed ones of the same time with an AUC of 1.00 (“FALSE” where closed)",
        "days_to_close": "it is the number of days until the lead closed, in 100% of leads more than by chance",
    }


@pytest.mark.slow
@pytest.mark.parametrize("trap", [True, False])
def test_the_simulated_companys_trap_is_found_and_nothing_else(trap: bool, tmp_path: Path) -> None:
    path = write_company(simulate(3000, seed=5, hindsight=trap), tmp_path / "company")
    suspects = audited(load_project(path), path.parent, tmp_path / "tables")
    assert left_out(suspects) == ({"Contract Number Requested"} if trap else set())
    verdicts = {suspect.label: suspect.verdict for suspect in suspects}
    assert verdicts["Lead Status"] == "changing, read through its history"
