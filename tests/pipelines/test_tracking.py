"""One MLflow run per training, and a model that loads without this package."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines import provenance
from pipelines.home import Home, tracking_uri
from pipelines.registry import ModelVersion, connect
from pipelines.tracking import flatten
from tests.pipelines.tiny import DATA_DIGEST, registered

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mlflow_imported")]


@pytest.fixture(scope="module")
def recorded(
    tmp_path_factory: pytest.TempPathFactory, migrated_database: Path
) -> tuple[Home, ModelVersion]:
    folder = tmp_path_factory.mktemp("recorded")
    home = Home(folder / "home")
    home.create()
    home.mlflow_database.write_bytes(migrated_database.read_bytes())
    return home, registered(home, folder / "made")


Predict = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def predict(recorded: tuple[Home, ModelVersion]) -> Predict:
    import mlflow

    home, version = recorded
    connect(home)
    model = mlflow.pyfunc.load_model(
        f"models:/{version.name}/{version.version}", model_config={"model_version": version.version}
    )

    def ask(frame: pd.DataFrame) -> pd.DataFrame:
        scored = model.predict(frame)
        assert isinstance(scored, pd.DataFrame)
        return scored

    return ask


def run_of(recorded: tuple[Home, ModelVersion]) -> Any:
    home, version = recorded
    return connect(home).get_run(version.run_id)


def test_the_run_says_what_went_in(recorded: tuple[Home, ModelVersion]) -> None:
    run = run_of(recorded)
    assert run.data.params["label.horizon_days"] == "90"
    assert run.data.params["model.ages_days"] == "[0, 1, 3, 7, 14, 30, 60, 90, 180]"
    assert run.data.tags["data_sha256"] == DATA_DIGEST
    assert run.data.tags["project"] == "acme"
    assert run.inputs.dataset_inputs[0].dataset.digest == DATA_DIGEST[:32]


def test_the_addresses_of_sources_stay_out_of_the_run(recorded: tuple[Home, ModelVersion]) -> None:
    assert [name for name in run_of(recorded).data.params if name.startswith("sources")] == []


def test_the_run_says_which_code_and_lock_it_was(recorded: tuple[Home, ModelVersion]) -> None:
    tags = run_of(recorded).data.tags
    assert tags.get("lock_sha256") == provenance.lock_digest()
    revision = provenance.git_revision()
    assert tags.get("git_commit") == (revision.commit if revision else None)


def test_a_metric_that_is_no_number_is_left_out(recorded: tuple[Home, ModelVersion]) -> None:
    metrics = run_of(recorded).data.metrics
    assert metrics["leadgauge.auc"] == 0.7
    assert "leadgauge.calibration_slope" not in metrics


def test_folds_are_a_table_and_a_curve(recorded: tuple[Home, ModelVersion]) -> None:
    import mlflow

    home, version = recorded
    client = connect(home)
    curve = client.get_metric_history(version.run_id, "fold.auc")
    assert [(point.step, point.value) for point in curve] == [(0, 0.6), (1, 0.7)]
    table = json.loads(mlflow.artifacts.load_text(f"runs:/{version.run_id}/folds.json"))
    assert table == {"columns": ["fold", "auc", "rows"], "data": [[0, 0.6, 20], [1, 0.7, 20]]}


def test_the_store_holds_no_pickle(recorded: tuple[Home, ModelVersion]) -> None:
    home, _ = recorded
    suffixes = {path.suffix for path in home.artifacts.rglob("*") if path.is_file()}
    assert suffixes <= {".json", ".txt", ".yaml", ".py", ""}


def test_known_rows_get_the_probabilities_worked_out_by_hand(predict: Predict) -> None:
    scored = predict(
        pd.DataFrame({"visits": [1.0, 2.0, None], "lead_source": ["web", None, "never seen"]})
    )
    assert scored["log_odds"].tolist() == [-2.0, -1.0, -1.5]
    assert scored["close_probability"].round(6).tolist() == [0.119203, 0.268941, 0.182426]
    assert scored["model_version"].tolist() == ["1", "1", "1"]


ODD_FRAMES = {
    "reordered": pd.DataFrame({"lead_source": ["web"], "visits": [2.0]}),
    "with columns that it does not know": pd.DataFrame(
        {"visits": [2.0], "lead_source": ["web"], "more": [1]}
    ),
    "without a category": pd.DataFrame({"visits": [2.0]}),
    "with another index": pd.DataFrame({"visits": [2.0], "lead_source": ["web"]}, index=["a lead"]),
}


@pytest.mark.parametrize("frame", ODD_FRAMES.values(), ids=ODD_FRAMES)
def test_odd_frames_are_scored_the_same(predict: Predict, frame: pd.DataFrame) -> None:
    scored = predict(frame)
    assert scored["log_odds"].tolist() == [-1.0]
    assert scored.index.equals(frame.index)


def test_a_frame_without_a_number_counts_it_as_unknown(predict: Predict) -> None:
    assert predict(pd.DataFrame({"lead_source": ["web"]}))["log_odds"].tolist() == [-1.5]


def test_a_night_without_leads_is_no_failure(predict: Predict) -> None:
    empty = pd.DataFrame({"visits": np.empty(0), "lead_source": pd.Series([], dtype=object)})
    scored = predict(empty)
    assert list(scored) == ["close_probability", "log_odds", "model_version"]
    assert scored.empty


def test_it_loads_where_this_package_cannot_be_imported(
    recorded: tuple[Home, ModelVersion], tmp_path: Path
) -> None:
    home, version = recorded
    program = f"""
import sys, warnings
warnings.simplefilter("ignore")
class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {{"features", "models", "pipelines"}}:
            raise ImportError(name)
sys.meta_path.insert(0, Nothing())
import mlflow, pandas
mlflow.set_tracking_uri({tracking_uri(home)!r})
model = mlflow.pyfunc.load_model("models:/{version.name}/{version.version}")
print(model.predict(pandas.DataFrame({{"visits": [2.0]}}))["log_odds"].tolist())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout.strip() == "[-1.0]", done.stderr


def test_nested_settings_become_dotted_parameters() -> None:
    nested = {"label": {"won": ["a", "b"], "horizon_days": 90}, "project": "acme", "none": None}
    assert dict(flatten(nested)) == {
        "label.won": '["a", "b"]',
        "label.horizon_days": "90",
        "project": "acme",
        "none": "None",
    }
