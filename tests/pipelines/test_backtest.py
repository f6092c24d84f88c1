"""The backtest: which nights it stands at, what it refuses, and that it knows nothing of what came later."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from features.errors import NotEnoughError, ProjectError, UsageError
from pipelines import flows
from pipelines.backtest_plan import Plan, asked_for, old_score_column
from pipelines.cron import days_between_runs
from pipelines.home import Home
from pipelines.settings import BacktestSettings, Request, make_request
from pipelines.summary import Summary
from tests.pipelines.company import write_tiny
from tests.pipelines.conftest import Run

NIGHTS = ("--from", "2025-11-01", "--to", "2026-01-20", "--every", "2", "--retrain-every", "60")
COMMON = ["project", "command", "as_of", "data_cutoff", "run_id", "written", "warnings", "seconds"]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(
        tmp_path_factory.mktemp("company"),
        label={"horizon_days": 30},
        agreement={"old_score": "Old Score", "capacity_per_day": 1},
        sources=with_old_score(tmp_path_factory.mktemp("first")),
    )


def with_old_score(folder: Path) -> dict[str, Any]:
    """Return the sources of the tiny company with a rule of thumb for a score: the longer the id, say."""
    sources: dict[str, Any] = yaml.safe_load(write_tiny(folder).read_text())["sources"]
    derive = {**sources["leads"].get("derive", {}), "Old Score": "_leadgauge_row % 7"}
    leads = {**sources["leads"], "derive": derive}
    leads["types"] = {**leads.get("types", {}), "Old Score": "number"}
    return {**sources, "leads": leads}


def request(company: Path, tmp_path: Path, **options: str | int) -> Request:
    return make_request(company, None, Home(tmp_path / "home"), options=dict(options))


@pytest.mark.parametrize(
    ("cron", "days"),
    [
        ("0 5 * * 0", 7),
        ("0 5 * * mon,thu", 3),
        ("30 4 * * *", 1),
        ("0 5 1 * *", 30),
        ("0 5 1,15 * *", 15),
        ("0 5 */10 * *", 8),
        ("0 5 1 1-12/3 *", 91),
        ("0 5 1 jan *", 365),
        ("0 5 * * 1-5", 1),
        ("0 5 1 * 0", 6),
        ("0 5 whenever * 0", 1),
    ],
)
def test_a_cron_line_comes_round_every_so_many_days(cron: str, days: int) -> None:
    assert days_between_runs(cron) == days


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"first": "soon"},
            "--from: 'soon' is no time; expected for example 2026-03-01, 2026-03-01T04:30 or 2026-03-01T04:30+01:00",
        ),
        (
            {"first": "2026-02-01", "last": "2026-01-01"},
            "--from 2026-02-01 is not before --to 2026-01-01: there is no night between them",
        ),
        ({"every": 0}, "--every: expected a whole number of 1 or more, got 0"),
        ({"retrain_every": -7}, "--retrain-every: expected a whole number of 1 or more, got -7"),
        ({"capacity": 0}, "--capacity: expected a whole number of 1 or more, got 0"),
    ],
)
def test_wrong_options_are_told(
    company: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as told:
        asked_for(request(company, tmp_path, **options))
    assert str(told.value) == message


def test_a_score_in_use_that_no_column_holds_is_told(company: Path, tmp_path: Path) -> None:
    nothing = SimpleNamespace(
        columns=lambda _: [SimpleNamespace(label="Country", column="country")]
    )
    asked = request(company, tmp_path)
    with pytest.raises(ProjectError) as told:
        old_score_column(asked, nothing)  # type: ignore[arg-type]  # all it asks for
    assert str(told.value) == (
        f"{asked.shown_file}: agreement.old_score: the leads have no column 'Old Score'; there are Country"
    )


def test_a_score_in_use_has_to_be_a_number(company: Path, tmp_path: Path) -> None:
    words = SimpleNamespace(
        columns=lambda _: [SimpleNamespace(label="Old Score", column="old_score", type="category")]
    )
    asked = request(company, tmp_path)
    with pytest.raises(ProjectError, match="'Old Score' holds words, expected a number"):
        old_score_column(asked, words)  # type: ignore[arg-type]


def test_a_model_stands_until_the_next_and_the_last_one_to_the_end() -> None:
    nights = [datetime.fromisoformat(f"2026-01-{day:02d}T05:00") for day in (1, 8, 15)]
    plan = Plan(Path("nights"), nights, [nights[0], nights[2]], 7.0, None, [])
    assert plan.until(0) == nights[2]
    assert plan.until(1) > nights[2]


def test_the_flow_hands_on_what_was_asked_for(
    company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Request] = []

    def body(request: Request, _steps: object) -> Summary:
        seen.append(request)
        return Summary("tiny", "backtest", "run")

    monkeypatch.setattr(flows, "backtest_body", body)
    monkeypatch.setattr(flows, "leave_artifacts", lambda _: None)
    settings = BacktestSettings(
        project=company, home=tmp_path / "home", first="2026-01-01", every=3, pinned=True
    )
    flows.backtest.fn(settings)
    assert seen[0].options == {"first": "2026-01-01", "every": 3}
    assert seen[0].as_of is None


@pytest.fixture(scope="module")
def told(
    company: Path,
    tmp_path_factory: pytest.TempPathFactory,
    leadgauge: Run,
    migrated_database: Path,
) -> dict[str, Any]:
    """Return what a backtest of some nights says, with all the data that came later at hand."""
    import shutil

    home = Home(tmp_path_factory.mktemp("home"))
    home.create()
    shutil.copy(migrated_database, home.mlflow_database)
    done = leadgauge(
        *("backtest", company, "--home", home.root, "--json"),
        *NIGHTS,
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.slow
def test_the_document_has_the_common_keys_and_those_of_a_backtest(told: dict[str, Any]) -> None:
    assert list(told)[: len(COMMON)] == COMMON
    assert set(told) - set(COMMON) == {
        *("nights", "chosen", "evaluation", "expected_by_month", "capacity", "policies"),
        *("retrains", "cannot_know"),
    }
    assert set(told["policies"]) == {"leadgauge", "old_score", "newest_first", "chance"}
    assert told["capacity"]["said_by"] == "1 lead a day, as agreed (agreement.capacity_per_day)"
    assert told["evaluation"]["rows"] > 0


@pytest.mark.slow
def test_every_policy_has_the_same_capacity_and_leadgauge_finds_more_than_chance(
    told: dict[str, Any],
) -> None:
    worked = {round(policy["leads_worked"]) for policy in told["policies"].values()}
    assert max(worked) - min(worked) <= 3  # a night with fewer open leads leaves some unused
    more = told["policies"]["chance"]["leadgauge_more_wins"]
    assert more > 0


@pytest.mark.slow
def test_nights_are_scored_by_a_model_that_was_trained_before_them(told: dict[str, Any]) -> None:
    assert told["retrains"]
    for row in told["retrains"]:
        assert (row["scored_by"] is None) or row["scored_by"] <= row["as_of"]
    scored = sum(row["nights"] for row in told["retrains"] if row["scored_by"])
    assert scored >= told["nights"]["scored"] >= 10


@pytest.mark.slow
def test_page_pictures_and_facts_lie_under_the_home(told: dict[str, Any]) -> None:
    paths = [Path(path) for path in told["written"]]
    assert [path.name for path in paths] == [
        *("backtest.html", "backtest.json", "wins_by_effort.png", "wins_over_time.png"),
        *("expected_by_month.png", "calibration.png"),
    ]
    assert {path.parent.name for path in paths} == {"2026-04-01"}
    assert all(path.stat().st_size > 1000 for path in paths)
    assert json.loads(paths[1].read_text())["policies"] == told["policies"]


@pytest.mark.slow
def test_no_row_of_a_person_is_left_behind(told: dict[str, Any]) -> None:
    home = Path(told["written"][0]).parents[2]
    assert list((home / "work").rglob("*.parquet")) == []


@pytest.mark.slow
def test_what_came_later_changes_no_night(
    told: dict[str, Any], company: Path, leadgauge: Run, home: Home
) -> None:
    """Standing a horizon after the last night, the same nights get the same figures as with all the data."""
    early = datetime.fromisoformat("2026-04-01") - timedelta(days=28)
    done = leadgauge(
        *("backtest", company, "--home", home.root, "--json"),
        *(*NIGHTS, "--as-of", early.isoformat()),
    )
    assert done.returncode == 0, done.stderr
    then = json.loads(done.stdout)
    for key in ("evaluation", "policies", "nights", "expected_by_month"):
        assert then[key] == told[key]


@pytest.mark.slow
def test_too_short_a_history_says_what_it_would_take(
    company: Path, tmp_path: Path, leadgauge: Run
) -> None:
    done = leadgauge("backtest", company, "--home", tmp_path, "--as-of", "2025-04-01")
    assert done.returncode == NotEnoughError.exit_code
    assert done.stderr.splitlines()[-1].startswith(
        "leadgauge: too short a history for a backtest: even on 2025-03-01, the last night whose outcomes are known, "
        "too little was known to train on. It takes what a training takes, one horizon of 30 days before the data end. "
        "What was missing that night: "
    )


def test_a_person_is_shown_policies_and_trainings_as_tables() -> None:
    from io import StringIO

    from rich.console import Console

    from pipelines.render import render

    caught = {"leads_worked": 40.0, "wins_caught": 12.2, "wins_caught_95": [8.0, 17.0]}
    caught |= {"share_of_wins": 0.25, "share_of_wins_95": [0.2, 0.3]}
    mine = caught | {"leads_per_win": 3.33, "leads_per_win_95": [2.5, 5.1]}
    other = caught | {"leads_per_win": None, "leads_per_win_95": [4.0, None]}
    other |= {"leadgauge_more_wins": 7.0, "leadgauge_more_wins_95": [-1.0, 14.0]}
    refused = {"as_of": datetime.fromisoformat("2026-01-04T05:00"), "promoted": False}
    refused |= {"scored_by": None, "refused": "12 won leads", "nights": 2}
    refused |= dict.fromkeys(("step", "leads", "wins", "seconds"))
    facts = {
        "chosen": ["trained weekly"],
        "policies": {"leadgauge": mine, "newest_first": other},
        "retrains": [refused],
    }
    shown = StringIO()
    summary = Summary("acme", "backtest", "run", facts=facts, headline="It would have been 12.")
    render(summary, Console(file=shown, width=120))
    lines = [" ".join(line.split()) for line in shown.getvalue().splitlines()]
    assert "chosen: trained weekly" in lines
    assert "leadgauge 40 12 (8 to 17) 25% 3.3 (2.5 to 5.1)" in lines
    assert "newest first 40 12 (8 to 17) 25% - (4.0 to -) 7 (-1 to 14)" in lines
    assert "2026-01-04 2 no score 12 won leads" in lines


@pytest.mark.slow
def test_where_the_gate_lets_no_model_pass_the_newest_is_measured_and_that_is_said(
    company: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    mlflow_imported: None,  # noqa: ARG001  it is there
) -> None:
    from models import gate
    from pipelines.backtest import backtest
    from pipelines.steps import DirectSteps

    monkeypatch.setattr(
        gate, "judge_trial", lambda *_, **__: gate.Verdict(False, ["not calibrated"], [])
    )
    nights: dict[str, str | bool | int] = {
        "first": "2025-12-01",
        "last": "2026-01-20",
        "every": 3,
        "retrain_every": 400,
    }
    summary = backtest(make_request(company, None, home, options=dict(nights)), DirectSteps())
    assert summary.headline.startswith("The gate would have let no model pass; with the newest")
    assert summary.facts["chosen"][0].startswith("the gate let no model pass")
    assert summary.facts["nights"]["scored"] == 0
    assert summary.facts["nights"]["without_score"] > 5
    assert "always_newest" not in summary.facts["evaluation"]
    assert [row["scored_by"] for row in summary.facts["retrains"]] == [None]
    assert summary.facts["retrains"][0]["gate"] == "not calibrated"
