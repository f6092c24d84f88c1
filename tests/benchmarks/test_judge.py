"""A whole run: leadgauge and its peers on the same rows, a learning curve, and the command."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.quality import curve
from benchmarks.quality.__main__ import main
from benchmarks.quality.apart import Apart
from benchmarks.quality.curve import learning_curve, no_signal
from benchmarks.quality.judge import OURS, How, fit_leadgauge, judge
from benchmarks.quality.sets import DatedRows
from features.errors import NotEnoughError
from tests.benchmarks.rows import made_up, origins

pytestmark = pytest.mark.slow
PEERS = ("base_rate", "odoo", "logistic", "lightgbm", "catboost")


@pytest.fixture(scope="module")
def how(tmp_path_factory: pytest.TempPathFactory) -> How:
    nowhere = Apart(tmp_path_factory.mktemp("nowhere") / ".venv-peers")
    return How(peers=PEERS, origins=2, threads=1, apart=nowhere)


@pytest.fixture(scope="module")
def found(rows: DatedRows, how: How) -> dict[str, Any]:
    return judge(rows, how)


def test_every_model_is_measured_on_the_same_rows(found: dict[str, Any]) -> None:
    assert set(found["models"]) == {OURS, "base_rate", "odoo", "logistic", "lightgbm"}
    assert {model["rows"] for model in found["models"].values()} == {found["rows"]}
    assert found["rows"] == sum(origin["rows"] for origin in found["origins"])


def test_a_peer_whose_environment_is_absent_is_said_and_the_run_goes_on(
    found: dict[str, Any],
) -> None:
    assert found["absent"] == {
        "catboost": "not run: .venv-peers is not set up (`make peers` does it)"
    }


def test_the_pooled_log_loss_is_that_of_the_origins_together(found: dict[str, Any]) -> None:
    weights = [origin["rows"] for origin in found["origins"]]
    for name, model in found["models"].items():
        losses = [origin["log_loss"][name] for origin in found["origins"]]
        assert model["log_loss"] == pytest.approx(np.average(losses, weights=weights))


def test_the_result_is_json(found: dict[str, Any]) -> None:
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_calibration_is_told_by_age_source_and_grade(found: dict[str, Any]) -> None:
    assert set(found["calibration"]) == {"age", "source", "grade"}
    assert found["source_column"] == "source"
    assert all(part["won_leads"] >= 20 for parts in found["calibration"].values() for part in parts)


def test_what_is_published_knows_no_outcome_of_its_own_block_before_it_matured(
    rows: DatedRows, how: How
) -> None:
    origin = origins(rows)[-1]
    said = fit_leadgauge(rows, origin, how).probability[OURS]
    horizon = origin.end - pd.Timedelta(days=rows.gap_days)
    late = origin.later["as_of"] > horizon
    turned = origin.later.assign(
        label=origin.later["label"].where(~late, 1 - origin.later["label"])
    )
    again = fit_leadgauge(rows, replace(origin, later=turned), how).probability[OURS]
    assert np.array_equal(said, again)


def test_every_origin_that_training_refuses_is_told(rows: DatedRows, how: How) -> None:
    strict = rows.project.model.model_copy(update={"min_wins": 5000})
    refusing = replace(rows, project=rows.project.model_copy(update={"model": strict}))
    with pytest.raises(NotEnoughError, match="leadgauge refused to train at every origin"):
        judge(refusing, how)


def test_the_curve_says_why_small_samples_were_refused(
    rows: DatedRows, how: How, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curve, "SAMPLES", {20: 2, 400: 1, 100_000: 1})
    small, large, absent = learning_curve(rows, how)
    assert (small["trained"], small["samples"]) == (0, 2)
    assert small["why"].startswith("not enough data to train on: ")
    assert large["trained"] == 1
    assert large["difference"]["low"] <= large["difference"]["mean"] <= large["difference"]["high"]
    assert absent["why"].startswith("only ")


def test_rows_without_signal_end_at_the_base_rate(tmp_path: Path, how: How) -> None:
    found = no_signal(made_up(tmp_path, kind="none"), how)
    assert found["step"] == "base_rate"


def test_the_command_says_which_sets_are_absent_and_exits_with_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = main(["--sets", "uci_bank", "--data", str(tmp_path), "--out", str(tmp_path / "out")])
    assert told == 4
    why = f"its files do not lie in {tmp_path} (--data or LEADGAUGE_DATA)"
    assert f"Not measured: {why}" in capsys.readouterr().out
    saved = json.loads((tmp_path / "out" / "quality.json").read_text(encoding="utf-8"))
    assert saved["sets"] == {"uci_bank": {"why": why}}
    assert why in (tmp_path / "out" / "quality.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--sets", "--peers"])
def test_an_unknown_set_or_peer_is_a_usage_error(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([option, "nobody"]) == 2
    assert f"{option}: there is no {option[2:-1]} 'nobody'" in capsys.readouterr().err
