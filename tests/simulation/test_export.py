"""The files are those of a CRM, dirt included."""

import csv
import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from features.project import Project
from features.project_checks import cross_checks
from simulation.company import Company, simulate
from simulation.export import FILES, write_company

Rows = list[list[str]]


@pytest.fixture(scope="module")
def clean(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_company(company, tmp_path_factory.mktemp("clean"), dirty=False).parent


@pytest.fixture(scope="module")
def dirty(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_company(company, tmp_path_factory.mktemp("dirty")).parent


def _rows(folder: Path, name: str) -> Rows:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _picked(rows: Rows) -> Counter[tuple[str, ...]]:
    return Counter(tuple("" if value == "-- None --" else value for value in row) for row in rows)


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("first", "again"):
        write_company(simulate(900, seed=3), tmp_path / name)

    digests = _digests(tmp_path / "first")
    assert digests == _digests(tmp_path / "again")
    assert set(digests) == {*(f"{name}.csv" for name in FILES), "demo.yaml", "truth/truth.csv"}


def test_lead_ids_look_like_salesforce_s_and_differ_for_those_who_ignore_case(dirty: Path) -> None:
    ids = {row[0] for row in _rows(dirty, "leads")[1:]}

    assert all(re.fullmatch(r"00Q[A-Z0-9]{15}", lead) for lead in ids)
    assert len({lead.lower() for lead in ids}) == len(ids)
    assert len({lead[:15] for lead in ids}) == len(ids)


@pytest.mark.parametrize("name", FILES)
def test_dirt_is_below_one_percent_and_takes_nothing_away(
    clean: Path, dirty: Path, name: str
) -> None:
    before, after = _picked(_rows(clean, name)), _picked(_rows(dirty, name))

    assert (after - before).total() < 0.01 * before.total()
    stripped = Counter({tuple(v.strip() for v in row): n for row, n in (after - before).items()})
    assert not before - after - stripped


def test_every_kind_of_dirt_is_there(dirty: Path) -> None:
    leads, closed = _rows(dirty, "leads")[1:], _rows(dirty, "opportunities")[1:]
    web = _rows(dirty, "web_events")
    created = {row[0]: row[1] for row in leads}
    twice = [lead for lead, count in Counter(row[0] for row in leads).items() if count > 1]
    versions = [len({tuple(row) for row in leads if row[0] == lead}) for lead in twice]

    assert set(versions) == {1, 2}, "leads twice, alike and differing"
    assert any(row[1] not in created for row in closed), "an outcome of no lead"
    assert any(
        row[3].endswith("2015 09:30:00") and row[2] == "Closed Won" and row[1] in created
        for row in closed
    ), "won before it was created"
    assert any(row[3] == "n/a" for row in closed), "a time that cannot be read"
    assert any(row[1].startswith("2099") for row in leads), "created in the future"
    assert any(len(row) == 3 and row[0] not in created for row in web[1:]), "events of nobody"
    assert {len(row) for row in web} == {2, 3, 4}, "ragged rows"
    assert any("\n" in value for row in leads for value in row), "a line break within quotes"
    assert any(row[4] != row[4].strip() for row in leads), "stray spaces"
    assert any("-- None --" in row for row in leads), "what nobody picked"


def test_clean_files_are_rectangular_and_know_all_their_leads(clean: Path) -> None:
    ids = {row[0] for row in _rows(clean, "leads")[1:]}

    for name in FILES:
        rows = _rows(clean, name)
        assert {len(row) for row in rows} == {len(rows[0])}
        if "Lead ID" in rows[0]:
            at = rows[0].index("Lead ID")
            assert {row[at] for row in rows[1:]} <= ids


def test_small_companies_stay_clean(tmp_path: Path) -> None:
    company = simulate(60)
    clean = write_company(company, tmp_path / "clean", dirty=False).parent
    dirty = write_company(company, tmp_path / "dirty").parent

    assert _picked(_rows(clean, "leads")) == _picked(_rows(dirty, "leads"))


def test_no_source_of_the_project_file_reads_the_truth(dirty: Path) -> None:
    project = yaml.safe_load((dirty / "demo.yaml").read_text(encoding="utf-8"))
    tables = [project["sources"].pop("events"), *project["sources"].values()]
    paths = [source["path"] for source in [*tables[0], *tables[1:]]]

    assert sorted(paths) == sorted(f"{name}.csv" for name in FILES)


@pytest.mark.parametrize("accounts", [True, False])
@pytest.mark.parametrize("hindsight", [True, False])
def test_the_project_file_is_valid_and_names_columns_that_are_there(
    tmp_path: Path, accounts: bool, hindsight: bool
) -> None:
    path = write_company(simulate(40, accounts=accounts, hindsight=hindsight), tmp_path)

    project = Project.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))

    assert cross_checks(project) == []
    assert (project.sources.accounts is not None) == accounts
    tables = [project.sources.leads, project.sources.outcomes, *project.sources.events]
    others = project.sources.accounts, project.sources.history, project.sources.spend
    for source in [*tables, *(other for other in others if other is not None)]:
        header = _rows(tmp_path, source.path[0].removesuffix(".csv"))[0]
        assert {*source.columns.values(), *source.drop, *source.types} <= set(header)
    assert set(project.features.changing) <= set(_rows(tmp_path, "leads")[0])
    assert set(project.features.words) <= {
        row[1] for name in ("web_events", "mail_events") for row in _rows(tmp_path, name)[1:]
    } | {"unsubscribed", "demo_request", "webinar_attended", "form_submitted", "mail_clicked"}


def test_all_three_crms_are_delivered_to(dirty: Path) -> None:
    project = Project.model_validate(
        yaml.safe_load((dirty / "demo.yaml").read_text(encoding="utf-8"))
    )

    assert project.delivery.salesforce is not None
    assert project.delivery.salesforce.key_field == "Id"
    assert project.delivery.hubspot is not None
    assert project.delivery.dynamics is not None
    assert str(project.data_cutoff) == "2026-10-01 00:00:00+00:00"


def test_every_key_of_the_project_file_says_why(dirty: Path) -> None:
    lines = (dirty / "demo.yaml").read_text(encoding="utf-8").splitlines()
    pairs = [line for line in lines if re.match(r"( {0,4}|    - )[a-z_]+: *[^ #{]", line)]
    words = range(lines.index(next(line for line in lines if "words:" in line)), len(lines))
    named = {lines[number].strip() for number in words[1:12]}

    assert [line for line in pairs if "#" not in line and line.strip() not in named] == []
