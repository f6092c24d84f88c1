"""The bodies under Prefect: parameters, moments, artifacts, deployments, and schedules that really start a run."""

import json
import os
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from features.errors import ProjectError, UsageError
from pipelines import flows
from pipelines.artifacts import artifact_key, markdown
from pipelines.flows import request_of, scheduled_start
from pipelines.home import Home
from pipelines.serve import deployments
from pipelines.settings import (
    FlowSettings,
    NightlySettings,
    RetrainSettings,
    ReviewSettings,
    make_request,
    parse_moment,
    utc_now,
)
from pipelines.summary import Summary
from tests.pipelines.company import write_tiny
from tests.pipelines.conftest import LEADGAUGE, Run, Trained

MONTHLY, QUARTERLY = "0 6 1 * *", "30 6 1 1,4,7,10 *"
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("company"), schedule={"nightly": "* * * * *"})


def test_parameters_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError):
        NightlySettings.model_validate({"project": "a.yaml", "capacity": 3})
    with pytest.raises(ValidationError):
        NightlySettings(project=Path("a.yaml")).home = Path("elsewhere")  # type: ignore[misc]  # that is the point


def test_a_scheduled_run_stands_at_its_scheduled_moment_and_not_at_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned = datetime.fromisoformat("2026-03-29T04:30:00+02:00")
    monkeypatch.setattr(flows, "flow_run", SimpleNamespace(scheduled_start_time=planned))
    assert scheduled_start() == datetime.fromisoformat("2026-03-29T02:30:00")


def test_the_flows_parameters_say_which_home_data_and_moment(company: Path, tmp_path: Path) -> None:
    request = request_of(
        RetrainSettings(project=company, home=tmp_path / "home", wait_hours=2), promote=False
    )
    assert request.home.root == tmp_path / "home"
    assert request.data_root == company.parent
    assert request.wait_seconds == 7200
    assert request.options == {"promote": False}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", "2026-02-28T23:00:00"),
        ("2026-07-01T04:30", "2026-07-01T02:30:00"),
        ("2026-07-01T04:30:00Z", "2026-07-01T04:30:00"),
        ("2026-07-01 04:30+05:30", "2026-06-30T23:00:00"),
    ],
)
def test_a_moment_without_an_offset_is_in_the_projects_time_zone(
    company: Path, text: str, moment: str
) -> None:
    project = make_request(company, None, Home(Path("home"))).project
    assert parse_moment(text, project) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", ["yesterday", "", "2026-02-30", "0001-01-01"])
def test_what_is_no_moment_is_refused_with_examples(company: Path, text: str) -> None:
    project = make_request(company, None, Home(Path("home"))).project
    with pytest.raises(UsageError) as caught:
        parse_moment(text, project)
    assert str(caught.value) == (
        f"--as-of: {text!r} is no time; expected for example 2026-03-01, 2026-03-01T04:30 or 2026-03-01T04:30+01:00"
    )


def test_artifacts_tell_sums_and_no_lead() -> None:
    summary = Summary(
        project="two_words",
        command="score",
        run_id="r",
        as_of=datetime.fromisoformat("2026-03-01T04:30:00"),
        warnings=["lead 4711: strange"],
        facts={
            "leads": 3,
            "model_version": "1",
            "rows": [{"lead_id": "4711"}],
            "realised": {"auc": 0.7},
        },
        headline="3 open leads scored.",
    )
    assert artifact_key(summary) == "two-words-score"
    assert "4711" not in markdown(summary)
    assert "| leads | 3 |" in markdown(summary)
    assert "1 warning(s)" in markdown(summary)


def test_night_training_and_reviews_are_deployed_by_module_path_one_run_at_a_time_in_the_projects_zone(
    company: Path, tmp_path: Path
) -> None:
    made = deployments(make_request(company, None, Home(tmp_path)))
    assert {
        (
            deployment.concurrency_limit,
            deployment.concurrency_options.collision_strategy.value
            if deployment.concurrency_options
            else None,
        )
        for deployment in made
    } == {(1, "ENQUEUE")}
    assert [
        (
            deployment.name,
            deployment.entrypoint,
            [(str(s.schedule.cron), str(s.schedule.timezone)) for s in deployment.schedules or []],  # type: ignore[union-attr]  # cron schedules
        )
        for deployment in made
    ] == [
        ("tiny", "pipelines.flows.nightly", [("* * * * *", "Europe/Berlin")]),
        ("tiny", "pipelines.flows.retrain", [("0 5 * * 0", "Europe/Berlin")]),
        ("tiny-monthly", "pipelines.flows.review", [(MONTHLY, "Europe/Berlin")]),
        ("tiny-quarterly", "pipelines.flows.review", [(QUARTERLY, "Europe/Berlin")]),
    ]
    settings = [deployment.parameters["settings"] for deployment in made]
    assert settings[0]["project"] == str(company)
    assert NightlySettings.model_validate(settings[0]).as_of is None
    assert [ReviewSettings.model_validate(one).kind for one in settings[2:]] == [
        "monthly",
        "quarterly",
    ]


def test_a_project_that_wants_its_reviews_on_other_days_says_so(tmp_path: Path) -> None:
    schedule = {"review_monthly": "30 7 3 * *", "review_quarterly": "30 8 5 1,4,7,10 *"}
    file = write_tiny(tmp_path, schedule=schedule)
    made = deployments(make_request(file, None, Home(tmp_path)))
    crons = [str(s.schedule.cron) for one in made[2:] for s in one.schedules or []]  # type: ignore[union-attr]  # cron schedules
    assert crons == ["30 7 3 * *", "30 8 5 1,4,7,10 *"]


def test_a_schedule_that_is_none_is_a_mistake_of_the_project_file(tmp_path: Path) -> None:
    file = write_tiny(tmp_path, schedule={"nightly": "61 4 * * *"})
    with pytest.raises(ProjectError, match=r"schedule.nightly: '61 4 \* \* \*'"):
        deployments(make_request(file, None, Home(tmp_path)))


def reference() -> list[dict[str, Any]]:
    document = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())
    assert document["pull"] == []
    return list(document["deployments"])


def test_the_reference_deployments_name_flows_that_import() -> None:
    from prefect.flows import load_flow_from_entrypoint

    found: list[object] = [
        load_flow_from_entrypoint(entry["entrypoint"], use_placeholder_flow=False)
        for entry in reference()
    ]
    assert found == [flows.nightly, flows.retrain, flows.review, flows.review]


def test_the_reference_deployments_hold_to_the_rules_of_a_schedule() -> None:
    models: dict[str, type[FlowSettings]] = {
        "nightly": NightlySettings,
        "retrain": RetrainSettings,
        "review": ReviewSettings,
    }
    for entry in reference():
        kind = entry["entrypoint"].rpartition(".")[2]
        models[kind].model_validate(entry["parameters"]["settings"])
        assert entry["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}
        for schedule in entry["schedules"]:
            assert int(schedule["cron"].split()[1]) >= 4, "a clock change would skip or double it"
            assert schedule["timezone"]


def test_a_flows_body_is_a_table_of_contents() -> None:
    source = (REPOSITORY / "pipelines" / "flows.py").read_text()
    assert re.findall(r"import (pandas|duckdb|ibis|numpy)", source) == []


@pytest.mark.slow
@pytest.mark.usefixtures("mlflow_imported", "prefect_server")
def test_a_review_leaves_its_summary_page_and_link_as_artifacts_and_no_lead(
    trained_once: Trained,
) -> None:
    from prefect.client.orchestration import get_client

    summary = flows.review(
        ReviewSettings(
            project=trained_once.project,
            home=trained_once.home.root,
            kind="quarterly",
            as_of=datetime.fromisoformat("2026-01-02T06:30"),
        )
    )
    with get_client(sync_client=True) as client:
        found = {str(one.key): str(one.data) for one in client.read_artifacts()}
    page, _, mail = summary.written
    assert page.name == "review-2025-Q4.html"
    assert found["tiny-review-page"] == mail.read_text(encoding="utf-8")
    assert page.as_uri() in found["tiny-review-written"]
    assert "# tiny: review" in found["tiny-review"]
    leads = (trained_once.project.parent / "leads.csv").read_text().splitlines()[1:]
    words = set(re.findall(r"[\w-]+", " ".join(found.values())))
    assert {lead.split(",")[0] for lead in leads} & words == set()


@pytest.mark.slow
def test_one_night_under_prefect_without_a_server_gives_the_same_bytes(
    leadgauge: Run, in_process: Run, trained_once: Trained, tmp_path: Path
) -> None:
    call = (
        "score",
        trained_once.project,
        "--home",
        trained_once.home.root,
        "--as-of",
        "2025-11-15",
        "--json",
    )
    direct = json.loads(in_process(*call).stdout)
    folder = Path(direct["written"][0])
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    done = leadgauge(*call, "--prefect", PREFECT_HOME=str(tmp_path / "prefect"))
    assert done.returncode == 0, done.stderr
    assert {**json.loads(done.stdout), "seconds": 0} == {**direct, "seconds": 0}
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.slow
def test_a_scheduled_night_starts_by_itself_and_publishes(
    trained_once: Trained, company: Path, tmp_path: Path
) -> None:
    """Minutes of patience: a server with a new database, the next full minute, and a process for the run."""
    log = tmp_path / "serve.log"
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path / "prefect")}
    began = utc_now()
    with log.open("wb") as output:
        served = subprocess.Popen(
            [LEADGAUGE, "serve", company, "--home", trained_once.home.root],
            stdout=output,
            stderr=output,
            env=environment,
            cwd=tmp_path,
        )
        try:
            states = wait_for_a_night(log, served)
        finally:
            served.terminate()  # as a supervisor does
            served.wait(timeout=120)
    assert served.returncode == 0, log.read_text()
    assert not answers(server_of(log))
    assert states["COMPLETED"], log.read_text()
    night = trained_once.home.root / "publications" / "tiny" / "nights" / "20260401T000000Z"
    assert night.lstat().st_mtime > began.replace(tzinfo=UTC).timestamp()
    assert began - timedelta(minutes=1) < states["COMPLETED"][0]


def server_of(log: Path) -> str:
    """Return where the server is that `serve` has started, or nothing before it is up."""
    found = re.search(r"Prefect server: (\S+)", log.read_text())
    return found[1] if found else ""


def answers(server: str) -> bool:
    import httpx

    try:
        httpx.get(f"{server}/api/health", timeout=10)
    except httpx.TransportError:
        return False
    return True


def wait_for_a_night(log: Path, served: "subprocess.Popen[bytes]") -> dict[str, list[datetime]]:
    """Return the scheduled starts of nightly runs by state, once one of them has completed."""
    import httpx

    for _ in range(600):
        time.sleep(1)
        assert served.poll() is None, log.read_text()
        server = server_of(log)
        if not server:
            continue
        found = httpx.post(f"{server}/api/flow_runs/filter", json={}, timeout=30).json()
        states: dict[str, list[datetime]] = {"COMPLETED": []}
        for run in found:
            start = (
                datetime.fromisoformat(run["expected_start_time"])
                .astimezone(UTC)
                .replace(tzinfo=None)
            )
            if run["auto_scheduled"]:
                states.setdefault(run["state_type"], []).append(start)
        if states["COMPLETED"] or states.get("FAILED") or states.get("CRASHED"):
            return states
    pytest.fail(f"no scheduled run ended in ten minutes:\n{log.read_text()}")
