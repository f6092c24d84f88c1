"""The peers of the speed benchmark make the same features as leadgauge does, or there is nothing to compare."""

from datetime import datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.speed.data import make
from benchmarks.speed.peers import features_pandas, features_polars
from benchmarks.speed.peers.company import AS_OF, CATEGORIES
from features.contract import read_tables
from features.declare import build_catalogue
from features.frames import canonical, open_frame
from features.project_file import load_project
from features.tables import open_tables

NOW = datetime.fromisoformat("2026-03-03T05:00:00")  # naive UTC, after the data's end
EDGES = [timedelta(days=days) for days in (7, 14, 30, 90)]

pytestmark = pytest.mark.slow


def odd(folder: Path) -> None:
    """Add to a made company what it has none of.

    Empty owners and campaigns, leads that nobody heard of, events of one second, and events and creations at
    the very edge of a window.
    """
    leads = pd.read_parquet(folder / "leads.parquet")
    leads.loc[leads.index % 11 == 0, "Owner"] = None
    leads.loc[leads.index % 13 == 0, "Campaign"] = None
    ended = pd.read_parquet(folder / "outcomes.parquet")["Lead ID"]
    open_ = leads.index[~leads["Lead ID"].isin(ended)]
    leads.loc[open_[:2], "Created Date"] = AS_OF - timedelta(
        days=30
    )  # its horizon ends this moment
    leads.to_parquet(folder / "leads.parquet", index=False)
    silent, loud = leads.loc[open_[2:12], "Lead ID"], leads.loc[open_[12:16], "Lead ID"]
    for path in sorted((folder / "events").glob("*.parquet")):
        events = pd.read_parquet(path)
        events[~events["Lead ID"].isin(silent)].to_parquet(path, index=False)
    late = [edge + more for edge in EDGES for more in (timedelta(0), timedelta(seconds=1))]
    times = [*(AS_OF - one for one in late), AS_OF - timedelta(seconds=1)]
    extra = pd.DataFrame(
        product(loud, ("webinar_attended", "call", "docs"), times),
        columns=["Lead ID", "Activity", "Activity Date"],
    )
    extra["Activity Date"] = extra["Activity Date"].astype("datetime64[us]")
    extra.assign(Minutes=5.0).to_parquet(folder / "events" / "more.parquet", index=False)


@pytest.fixture(scope="module", params=["as made", "odd"])
def frames(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("company")
    made = make(folder / "company", 500, 12, past=700)
    if request.param == "odd":
        odd(folder / "company")
    return {
        "leadgauge": leadgauge(made.project_file, folder),
        "pandas": features_pandas.features(features_pandas.read(folder / "company"), AS_OF),
        "polars": features_polars.features(features_polars.read(folder / "company"), AS_OF),
    }


def leadgauge(project_file: Path, folder: Path) -> pd.DataFrame:
    """Return the open leads' features, by lead."""
    project = load_project(project_file)
    (folder / "tables").mkdir()
    tables = read_tables(project, project_file.parent, folder / "tables", now=NOW)
    assert all(count.kept == count.read for count in tables.tables.values())
    connection = open_tables(tables, project.limits.memory_gb)
    try:
        catalogue = build_catalogue(canonical(connection, tables), tables, project)
    finally:
        connection.disconnect()
    frame = open_frame(tables, project, catalogue, AS_OF, folder / "work")
    return pd.read_parquet(frame).set_index("lead_id")[catalogue.names]


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_a_peer_makes_the_columns_of_leadgauges_catalogue_and_no_other(
    frames: dict[str, pd.DataFrame], engine: str
) -> None:
    assert sorted(frames[engine].columns) == sorted(frames["leadgauge"].columns)


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_a_peers_leads_are_those_that_leadgauge_scores(
    frames: dict[str, pd.DataFrame], engine: str
) -> None:
    assert sorted(frames[engine].index) == sorted(frames["leadgauge"].index)
    assert len(frames["leadgauge"]) > 450


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_a_peers_numbers_are_leadgauges(frames: dict[str, pd.DataFrame], engine: str) -> None:
    ours = frames["leadgauge"].drop(columns=CATEGORIES).astype("float64")
    theirs = frames[engine].loc[ours.index, list(ours.columns)].astype("float64")
    apart = {
        name: float(np.nanmax(np.abs(ours[name] - theirs[name]), initial=0))
        for name in ours.columns
        if not np.allclose(ours[name], theirs[name], rtol=0, atol=1e-9, equal_nan=True)
    }
    assert apart == {}


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_a_peers_categories_are_leadgauges(frames: dict[str, pd.DataFrame], engine: str) -> None:
    ours = frames["leadgauge"][CATEGORIES]
    theirs = frames[engine].loc[ours.index, CATEGORIES]
    assert {str(kind) for kind in theirs.dtypes} == {"category"}
    told, heard = (frame.astype(object).where(frame.notna(), "missing") for frame in (ours, theirs))
    assert {name: int((told[name] != heard[name]).sum()) for name in CATEGORIES} == dict.fromkeys(
        CATEGORIES, 0
    )


def test_no_feature_of_the_made_company_is_the_same_for_every_lead(
    frames: dict[str, pd.DataFrame],
) -> None:
    told = frames["leadgauge"]
    assert [name for name in told.columns if told[name].nunique(dropna=False) < 2] == []
