"""The project files of five public data sets: they load, and where the data are, they read as expected.

The data are not part of this repository: put them beside the checkout, in ``shared/data``.
"""

from datetime import datetime
from pathlib import Path

import pytest

from features.contract import read_tables
from features.frames import open_frame, training_frames
from features.project_file import load_project

REPO = Path(__file__).resolve().parents[1]
DATA = REPO.parent / "shared" / "data"
NOW = datetime.fromisoformat("2026-11-21")

# leads kept, outcomes kept, outcomes refused, events kept, flat
EXPECTED = {
    "olist_funnel": (7999, 841, 1, 0, False),
    "aws_quicksight_pipeline": (9141, 8172, 0, 3096, False),
    "bpi2012": (13087, 12688, 0, None, False),
    "uci_bank": (41188, 41188, 0, 0, True),
    "x_education": (9240, 9240, 0, 0, True),
}


def test_every_project_file_is_here() -> None:
    assert {path.stem for path in (REPO / "configs").glob("*.yaml")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_project_file_is_named_after_its_folder_and_loads(name: str) -> None:
    project = load_project(REPO / "configs" / f"{name}.yaml")
    assert project.project == name
    sources = [project.sources.leads, project.sources.outcomes, *project.sources.events]
    assert all(path.startswith(f"{name}/") for source in sources for path in source.path)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPECTED)
def test_the_data_read_as_they_are_known_to_be(name: str, tmp_path: Path) -> None:
    if not (DATA / name).is_dir():
        pytest.skip(f"the public data set {name} does not lie beside the checkout, in shared/data")
    project = load_project(REPO / "configs" / f"{name}.yaml")
    read = read_tables(project, DATA, tmp_path, now=NOW)
    leads, outcomes, refused, events, flat = EXPECTED[name]
    assert read.tables["leads"].kept == leads
    assert (read.tables["outcomes"].kept, read.tables["outcomes"].quarantined) == (
        outcomes,
        refused,
    )
    assert events is None or read.tables["events"].kept == events
    assert read.flat is flat


@pytest.mark.slow
def test_a_night_inside_the_data_scores_the_leads_that_were_open_then(tmp_path: Path) -> None:
    name = "aws_quicksight_pipeline"
    if not (DATA / name).is_dir():
        pytest.skip(f"the public data set {name} does not lie beside the checkout, in shared/data")
    import pandas as pd

    project = load_project(REPO / "configs" / f"{name}.yaml")
    night = datetime.fromisoformat("2016-06-30")
    read = read_tables(project, DATA, tmp_path, now=NOW, as_of=night)
    frames = training_frames(read, project, tmp_path)
    rows = pd.read_parquet(open_frame(read, project, frames.catalogue, night, tmp_path))
    ladder = pd.read_parquet(frames.ladder)
    assert rows["created_at"].max() < pd.Timestamp(night)
    assert ladder["as_of"].max() + pd.Timedelta(days=180) <= pd.Timestamp(night)
    assert len(rows) == rows["lead_id"].nunique() > 500
    assert "weighted_revenue" not in frames.catalogue.names  # rewritten later: not even read
