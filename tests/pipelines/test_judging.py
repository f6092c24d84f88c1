"""The verdict on its way: from the trials into MLflow, the summary and the flow's page, before any alias moves."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from models.difference import Difference
from models.gate import LEARN_MORE, WAIT, Verdict
from pipelines.artifacts import markdown
from pipelines.home import Home
from pipelines.judging import record_verdict
from pipelines.provenance import procedure_digest
from pipelines.registry import ModelVersion, Registry, connect
from pipelines.retrain import Fitted, retrain, summarise
from pipelines.settings import Request, make_request
from pipelines.steps import DirectSteps
from tests.pipelines.conftest import Trained
from tests.pipelines.tiny import registered

DIFFERENCE = Difference("champion", -0.0123456, -0.02, -0.001, rows=900, won=80, accounts=300)
PASSED = Verdict(
    True,
    ["better than the champion by more than luck"],
    [DIFFERENCE],
    {"ece": 0.02, "calibration_slope": None},
    champion="1",
)
KEPT = Verdict(
    False, ["not surely better than the champion"], [DIFFERENCE], advice=WAIT, champion="1"
)
NO_SIGNAL = Verdict(False, ["worse than base_rate"], [], advice=LEARN_MORE)
VERSION = ModelVersion("leadgauge-acme", "2", "run", "acme", "", "", "logistic", None)
FITTED = Fitted(Path(), Path(), Path(), "logistic", "because", {}, [], wins=40, leads=300)


def summary(request: Request, verdict: Verdict, *, promoted: bool) -> Any:
    tables: Any = SimpleNamespace(data_cutoff=request.now, warnings=[])
    return summarise(request, tables, FITTED, VERSION, verdict, promoted=promoted)


@pytest.fixture
def request_of_acme(tmp_path: Path) -> Request:
    file = tmp_path / "acme.yaml"
    columns = {"lead_id": "Id", "created_at": "Created"}
    file.write_text(
        yaml.safe_dump(
            {
                "project": "acme",
                "sources": {
                    "leads": {"path": "leads.csv", "columns": columns},
                    "outcomes": {
                        "path": "outcomes.csv",
                        "columns": {"lead_id": "Id", "status": "Status", "closed_at": "Closed"},
                    },
                },
            }
        )
    )
    return make_request(file, None, Home(tmp_path / "home"))


@pytest.mark.parametrize(
    ("verdict", "promoted", "words"),
    [
        (PASSED, True, "it is the champion now."),
        (PASSED, False, "it waits as challenger."),
        (KEPT, False, f"the gate kept the champion, version 1: {WAIT}."),
        (NO_SIGNAL, False, f"the gate held it back, and there is no champion: {LEARN_MORE}."),
    ],
    ids=["promoted", "not asked to", "champion kept", "no champion"],
)
def test_the_summary_says_where_the_challenger_stands_and_what_to_do(
    request_of_acme: Request, verdict: Verdict, promoted: bool, words: str
) -> None:
    told = summary(request_of_acme, verdict, promoted=promoted)
    assert told.headline == f"Version 2 (logistic) learned from 300 leads, 40 of them won; {words}"
    assert told.document()["gate"] == json.loads(json.dumps(verdict.to_json()))


def test_without_a_champion_the_next_steps_are_a_look_at_the_data_and_to_overrule(
    request_of_acme: Request,
) -> None:
    file = request_of_acme.shown_file
    assert summary(request_of_acme, NO_SIGNAL, promoted=False).next_steps == [
        f"leadgauge check {file}",
        f"leadgauge promote {file} 2   (to overrule the gate)",
    ]


def test_the_flows_page_shows_the_verdict_with_its_intervals(request_of_acme: Request) -> None:
    page = markdown(summary(request_of_acme, PASSED, promoted=True))
    assert page.endswith(
        "\n## The gate: passed\n\n"
        "- better than the champion by more than luck\n\n"
        "| log loss less that of | | 90 % interval | rows | won |\n|---|---|---|---|---|\n"
        "| champion | -0.01235 | -0.02000 to -0.00100 | 900 | 80 |\n"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("mlflow_imported")
@pytest.mark.parametrize(("verdict", "word"), [(PASSED, "passed"), (KEPT, "refused")])
def test_verdict_and_figures_stand_in_the_trainings_run(
    request_of_acme: Request, home: Home, tmp_path: Path, verdict: Verdict, word: str
) -> None:
    import mlflow

    version = registered(home, tmp_path / "made")
    record_verdict(request_of_acme, version, verdict)
    run = connect(home).get_run(version.run_id)
    stored = mlflow.artifacts.load_dict(f"runs:/{version.run_id}/gate.json")
    assert stored == verdict.to_json()
    assert run.data.metrics["gate.promoted"] == float(verdict.promoted)
    assert run.data.metrics["gate.against_champion.high"] == -0.001
    assert "gate.calibration_slope" not in run.data.metrics
    assert run.data.tags["gate"] == word
    assert run.info.status == "FINISHED"


@pytest.mark.slow
@pytest.mark.usefixtures("mlflow_imported")
def test_the_alias_moves_last_after_the_verdict_is_on_record(
    trained_once: Trained, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood: list[tuple[str | None, str | None]] = []

    def broken(self: Registry, version: ModelVersion) -> None:
        champion = self.find_champion()
        tags = connect(home).get_run(version.run_id).data.tags
        stood.append((champion.version if champion else None, tags.get("gate")))
        raise ConnectionError("the registry went away")

    monkeypatch.setattr(Registry, "promote", broken)
    monkeypatch.setattr("pipelines.retrain.judge", lambda *_: PASSED)
    with pytest.raises(ConnectionError):
        retrain(make_request(trained_once.project, None, home), DirectSteps())
    assert stood == [(None, "passed")]
    registry = Registry(home, "tiny")
    assert registry.find_champion() is None
    waiting = registry.find_challenger()
    assert waiting is not None
    assert waiting.version == "1"


# --- what is a refresh --------------------------------------------------------------------------


def version(*, procedure: str, as_of: str) -> ModelVersion:
    return replace(VERSION, procedure=procedure, as_of=as_of)


def test_a_refresh_is_the_same_procedure_on_newer_data() -> None:
    old = version(procedure="a", as_of="2026-01-01T00:00:00")
    assert version(procedure="a", as_of="2026-02-01T00:00:00").refreshes(old)
    assert not version(procedure="a", as_of="2026-01-01T00:00:00").refreshes(old)
    assert not version(procedure="b", as_of="2026-02-01T00:00:00").refreshes(old)


def test_a_version_from_before_procedures_were_noted_is_refreshed_by_none() -> None:
    old = version(procedure="", as_of="2026-01-01T00:00:00")
    assert not version(procedure="", as_of="2026-02-01T00:00:00").refreshes(old)


def test_the_procedure_is_all_of_the_project_file_that_decides_about_the_model(
    request_of_acme: Request,
) -> None:
    project = request_of_acme.project
    leads = project.sources.leads
    moved = leads.model_copy(update={"path": ["exports/2026-12.csv"]})
    renamed = leads.model_copy(update={"columns": {**leads.columns, "source": "Source"}})
    sources = project.sources
    same = [
        project.model_copy(update={"sources": sources.model_copy(update={"leads": moved})}),
        project.model_copy(
            update={"agreement": project.agreement.model_copy(update={"capacity_per_day": 9})}
        ),
    ]
    other = [
        project.model_copy(update={"sources": sources.model_copy(update={"leads": renamed})}),
        project.model_copy(update={"model": project.model.model_copy(update={"seed": 8})}),
        project.model_copy(update={"label": project.label.model_copy(update={"horizon_days": 30})}),
    ]
    mine = procedure_digest(project)
    assert [procedure_digest(one) for one in same] == [mine, mine]
    assert len({mine, *(procedure_digest(one) for one in other)}) == 4
