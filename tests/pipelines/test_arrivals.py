"""What the champion says of leads at their arrival."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.catalogue import Catalogue
from features.tables import TableSet
from models.bundle import Bundle
from models.following import at_their_time
from pipelines import arrivals as module
from pipelines.arrivals import arrivals, arrivals_schema, share_of
from pipelines.home import Home
from pipelines.reading import feature_frame, moment_of, read
from pipelines.registry import Registry
from pipelines.scoring import catalogue_of
from pipelines.settings import Request, make_request
from tests.pipelines.conftest import Trained

pytestmark = pytest.mark.slow


@pytest.fixture
def request_(trained_once: Trained, tmp_path: Path) -> Request:
    return make_request(trained_once.project, None, Home(tmp_path / "home"))


@pytest.fixture
def champion(trained_once: Trained, tmp_path: Path) -> Path:
    registry = Registry(trained_once.home, "tiny")
    return registry.fetch(registry.champion(trained_once.project), tmp_path / "champion")


def prepared(request: Request, champion: Path) -> tuple[TableSet, Catalogue, datetime]:
    catalogue = catalogue_of(champion, "tiny")
    tables = read(request, catalogue)
    return tables, catalogue, moment_of(request, tables)


def test_each_lead_gets_what_a_night_at_its_creation_would_have_said(
    request_: Request, champion: Path
) -> None:
    tables, catalogue, as_of = prepared(request_, champion)
    path = arrivals(request_, tables, catalogue, champion, as_of)
    found = pd.read_parquet(path)
    leads = pd.read_parquet(tables.path("leads"))
    assert pq.read_schema(path).remove_metadata() == arrivals_schema()
    assert sorted(found["lead_id"]) == sorted(leads["lead_id"])
    frame = feature_frame(request_.work / "arrivals" / "aged-0.parquet", catalogue)
    assert (frame["age_days"] == 0).all()
    bundle = Bundle.load(champion)
    told = at_their_time(bundle, frame, bundle.raw_margin(frame), 90)
    assert list(frame["lead_id"]) == list(found["lead_id"])
    np.testing.assert_allclose(told, found["close_probability"], rtol=1e-12)
    assert list(bundle.grade(told)) == list(found["grade"])
    assert share_of(path) == 1.0


def test_only_the_days_of_history_are_scored(request_: Request, champion: Path) -> None:
    report = request_.project.report.model_copy(update={"history_days": 60})
    object.__setattr__(request_, "project", request_.project.model_copy(update={"report": report}))
    tables, catalogue, as_of = prepared(request_, champion)
    found = pd.read_parquet(arrivals(request_, tables, catalogue, champion, as_of))
    leads = pd.read_parquet(tables.path("leads"))
    recent = leads[leads["created_at"] >= as_of - pd.Timedelta(days=60)]
    assert 0 < len(found) < len(leads)
    assert set(found["lead_id"]) == set(recent["lead_id"])


def test_of_very_many_leads_a_share_is_scored_and_told(
    request_: Request, champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_LEADS", 100)
    tables, catalogue, as_of = prepared(request_, champion)
    path = arrivals(request_, tables, catalogue, champion, as_of)
    assert 50 < len(pd.read_parquet(path)) < 150
    assert share_of(path) == pytest.approx(0.2, abs=0.1)


def test_without_leads_the_file_is_empty_and_has_its_columns(
    request_: Request, champion: Path
) -> None:
    tables, catalogue, _ = prepared(request_, champion)
    path = arrivals(request_, tables, catalogue, champion, datetime.fromisoformat("2024-01-01"))
    found = pd.read_parquet(path)
    assert list(found.columns) == ["lead_id", "created_at", "close_probability", "grade"]
    assert not len(found)
    assert share_of(path) == 1.0
