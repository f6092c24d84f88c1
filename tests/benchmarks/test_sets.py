"""The rows of a company: read once, by project file; outcomes can be dealt anew."""

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.quality.sets import (
    REPO,
    chosen_sets,
    lies_in,
    project_files,
    read_set,
    shuffle_outcomes,
    source_column,
)
from features.catalogue import Attribute, Catalogue, EdgeKind
from features.errors import UsageError
from features.project_file import load_project
from features.tables import TableSet
from tests.features.company import NOW, Company

LEADS = """
    id | created    | channel
    1  | 2026-01-01 | web
    2  | 2026-01-02 | fair
    3  | 2026-01-03 | web
    4  | 2026-04-30 | web
"""
DEALS = """
    lead | result | closed
    1    | won    | 2026-02-01
    2    | lost   | 2026-02-02
"""


@pytest.fixture
def read(tmp_path: Path) -> TableSet:
    company = Company(tmp_path, settings={"data_cutoff": "2026-05-01"})
    company.draw("leads.csv", LEADS)
    company.draw("deals.csv", DEALS)
    return company.read()


def outcomes(read: TableSet) -> pd.DataFrame:
    return pd.read_parquet(read.path("outcomes"))


def test_every_project_file_is_a_set() -> None:
    assert set(project_files()) == {path.stem for path in (REPO / "configs").glob("*.yaml")}


def test_a_set_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(UsageError) as told:
        chosen_sets(["uci_bank", "bank"], ["olist_funnel", "uci_bank"])
    assert (
        str(told.value) == "--sets: there is no set 'bank'; expected some of olist_funnel, uci_bank"
    )


def test_sets_are_run_in_the_order_asked_for_and_all_by_default() -> None:
    assert chosen_sets(["b", "a"], ["a", "b", "c"]) == ["b", "a"]
    assert chosen_sets(None, ["a", "b", "c"]) == ["a", "b", "c"]


def test_dealing_anew_keeps_what_outcomes_there_are_and_how_long_they_took(read: TableSet) -> None:
    before, columns = outcomes(read), list(outcomes(read).columns)
    shuffle_outcomes(read, seed=1)
    after = outcomes(read)
    created = pd.read_parquet(read.path("leads")).set_index("lead_id")["created_at"]
    lasted = (after["closed_at"] - after["lead_id"].map(created)).dt.days.tolist()
    assert list(after.columns) == columns
    assert {*zip(after["won"], lasted, strict=True)} <= {(True, 31), (False, 31)}
    assert len(after) <= len(before)


def test_an_outcome_that_would_come_after_the_data_is_not_known(read: TableSet) -> None:
    seen = set()
    for seed in range(12):
        shuffle_outcomes(read, seed=seed)
        seen |= set(outcomes(read)["lead_id"])
        assert (outcomes(read)["closed_at"] < pd.Timestamp("2026-05-01")).all()
    assert "4" not in seen  # created the day before the cut-off


def test_the_same_seed_deals_the_same(read: TableSet, tmp_path: Path) -> None:
    copy = read.model_copy(update={"folder": tmp_path / "copy"})
    copy.folder.mkdir()
    for table in ("leads", "outcomes"):
        copy.path(table).write_bytes(read.path(table).read_bytes())
    shuffle_outcomes(read, seed=3)
    shuffle_outcomes(copy, seed=3)
    pd.testing.assert_frame_equal(outcomes(read), outcomes(copy))


def category(name: str, group: str) -> Attribute:
    return Attribute.model_validate(
        {
            "name": name,
            "group": group,
            "concept": name,
            "label": name,
            "type": "category",
            "column": name,
        }
    )


def test_the_source_is_the_leads_own_or_what_comes_nearest() -> None:
    last = EdgeKind(
        name="last_kind",
        group="what they did",
        concept="last",
        label="last",
        type="category",
        which="last",
    )
    region = category("region", "who they are")
    origin = category("origin", "where they came from")
    source = category("source", "where they came from")
    ranked = [last, region, origin, source]
    rows = pd.DataFrame({feature.name: ["a", "b"] for feature in ranked})
    found = []
    while ranked:
        catalogue = Catalogue(project="p", timezone="UTC", horizon_days=1, features=[*ranked])
        found.append(source_column(catalogue, rows))
        ranked.pop()
    assert found == ["source", "origin", "region", "last_kind"]


def test_a_column_of_one_value_is_no_source() -> None:
    catalogue = Catalogue(
        project="p", timezone="UTC", horizon_days=1, features=[category("region", "who they are")]
    )
    assert source_column(catalogue, pd.DataFrame({"region": ["a", "a"]})) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(project_files()))
def test_a_public_set_gives_rows_of_both_classes(name: str, tmp_path: Path) -> None:
    data = REPO.parent / "shared" / "data"
    if not lies_in(load_project(project_files()[name]), data):
        pytest.skip(f"the public data set {name} does not lie beside the checkout, in shared/data")
    rows = read_set(project_files()[name], data, tmp_path, now=NOW)
    assert set(rows.ladder["label"]) == set(rows.mornings["label"]) == {0.0, 1.0}
    assert rows.source in rows.catalogue.categories
