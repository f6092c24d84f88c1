"""The command line as a person or a scheduler meets it: the real script, its exit codes and its JSON."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from features.errors import (
    BusyError,
    DataError,
    NotEnoughError,
    ProjectError,
    StoppedError,
    UsageError,
)
from pipelines import cli, commands
from pipelines.home import Home
from pipelines.lock import one_at_a_time
from tests.pipelines.company import write_tiny
from tests.pipelines.conftest import Run, Trained

COMMON = ["project", "command", "as_of", "data_cutoff", "run_id", "written", "warnings", "seconds"]
METRICS = {
    "log_loss",
    "brier",
    "auc",
    "average_precision",
    "ece",
    "ece_noise_95",
    "calibration_slope",
    "calibration_intercept",
    "lift_top_10",
    "wins_in_top_20",
}
HEAVY = {
    "duckdb",
    "ibis",
    "lightgbm",
    "matplotlib",
    "mlflow",
    "numpy",
    "pandas",
    "prefect",
    "shap",
    "sklearn",
}


def only_document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_help_waits_for_no_library(tmp_path: Path) -> None:
    program = "import sys; from pipelines.cli import run_arguments; run_arguments(['--help']); sys.stderr.write(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "check" in done.stdout
    assert HEAVY & {name.split(".")[0] for name in done.stderr.split()} == set()


def test_help_names_every_command(leadgauge: Run) -> None:
    shown = leadgauge("--help").stdout
    expected = [
        "demo",
        "check",
        "train",
        "score",
        "explain",
        "report",
        "promote",
        "rollback",
        "serve",
        "backtest",
        "status",
        "agreement",
        "feedback",
        "history",
        "account",
        "review",
        "texts",
    ]
    assert [name for name in expected if name not in shown] == []


def test_every_command_on_a_project_but_serve_has_a_body() -> None:
    named = {
        command.name or getattr(command.callback, "__name__", "")
        for command in cli.app.registered_commands
    }
    assert named - {"demo", "serve", "texts"} == set(commands.BODIES)
    assert all(callable(commands.body_of(name)) for name in commands.BODIES)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nonsense"], 2),
        (["check"], 2),
        (["check", "missing.yaml", "--nonsense"], 2),
        (["check", "missing.yaml"], 3),
        (["score", "missing.yaml", "--json"], 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_told_from_a_wrong_project(
    leadgauge: Run, arguments: list[str], code: int
) -> None:
    done = leadgauge(*arguments)
    assert done.returncode == code
    assert done.stderr.startswith("leadgauge: ")
    assert "Traceback" not in done.stderr


def test_errors_are_documents_too_and_standard_output_holds_nothing_else(
    leadgauge: Run, tmp_path: Path
) -> None:
    done = leadgauge("check", tmp_path / "missing.yaml", "--json")
    assert only_document(done) == {
        "error": {
            "class": "ProjectError",
            "message": f"{tmp_path}/missing.yaml: there is no such project file. "
            "Say the path of a YAML file, or try `leadgauge demo`, which needs none",
            "exit_code": 3,
        }
    }


def test_wrong_options_are_documents_too(leadgauge: Run) -> None:
    document = only_document(leadgauge("check", "a.yaml", "--nonsense", "--json"))
    assert (document["error"]["class"], document["error"]["exit_code"]) == ("UsageError", 2)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("wrong"), 2),
        (ProjectError("wrong"), 3),
        (DataError("wrong"), 4),
        (NotEnoughError("wrong"), 5),
        (StoppedError("wrong"), 6),
        (BusyError("wrong"), 7),
        (RuntimeError("wrong"), 70),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_class_of_failure_has_its_exit_code(
    error: BaseException,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(commands, "make_request", fail)
    monkeypatch.setattr("pipelines.console.quiet", lambda **_: None)
    assert cli.run_arguments(["check", "a.yaml", "--home", str(tmp_path), "--json"]) == code
    told = capsys.readouterr()
    assert json.loads(told.out)["error"]["exit_code"] == code
    assert ("Traceback" in told.err) == (code == 70)


def test_a_bug_is_called_a_bug(leadgauge: Run, tmp_path: Path) -> None:
    project = write_tiny(tmp_path / "company")
    done = leadgauge(
        "status", project, "--home", tmp_path / "home", MLFLOW_TRACKING_URI="nonsense://x"
    )
    assert done.returncode == 70
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "leadgauge: this is a bug in leadgauge, not in your data ("
    )


@pytest.mark.slow
def test_too_little_data_says_what_is_missing(
    leadgauge: Run, in_process: Run, tmp_path: Path
) -> None:
    project = write_tiny(tmp_path / "company", model={"min_leads": 5000})
    home = tmp_path / "home"
    done = leadgauge("train", project, "--home", home)
    assert done.returncode == 5
    assert "5000 are needed (model.min_leads)" in done.stderr
    checked = in_process("check", project, "--home", home, "--json")
    assert checked.returncode == 0
    document = only_document(checked)
    assert list(document)[:8] == COMMON
    told = {"tables", "snapshots", "features", "hindsight", "hindsight_not_judged", "enough"}
    assert set(document) - set(COMMON) == told
    assert set(document["snapshots"]) == {"total", "mature", "leads", "wins", "base_rate"}
    assert document["enough"]["enough"] is False
    assert document["as_of"] == document["data_cutoff"] == "2026-04-01T00:00:00Z"


@pytest.mark.slow
def test_data_that_break_the_contract_exit_with_four(leadgauge: Run, tmp_path: Path) -> None:
    project = write_tiny(tmp_path / "company")
    leads = project.parent / "leads.csv"
    lines = leads.read_text().splitlines()
    leads.write_text(
        "\n".join([lines[0], *(line.replace("2025-", "last year ") for line in lines[1:])]) + "\n"
    )
    done = leadgauge("check", project, "--home", tmp_path / "home")
    assert done.returncode == 4
    assert "leads" in done.stderr


@pytest.mark.slow
def test_without_a_champion_the_night_says_to_train(
    leadgauge: Run, tmp_path: Path, home: Home
) -> None:
    project = write_tiny(tmp_path / "company")
    done = leadgauge("score", project, "--home", home.root)
    assert done.returncode == 5
    assert done.stderr.splitlines()[-1] == (
        f"leadgauge: project 'tiny' has no champion: run `leadgauge train {project}` first"
    )


@pytest.mark.slow
def test_training_tells_what_was_promised(trained_once: Trained) -> None:
    document = json.loads((trained_once.home.root.parent / "done.json").read_text())
    assert list(document)[:8] == COMMON
    assert set(document) - set(COMMON) == {
        "model_version",
        "share_of_accounts",
        "step",
        "why",
        "promoted",
        "gate",
        "evaluation",
        "segments",
    }
    assert document["model_version"] == "1"
    assert document["share_of_accounts"] == 1
    assert document["step"] in {"base_rate", "logistic"}
    assert document["promoted"] is document["gate"]["promoted"]
    evaluation = document["evaluation"]
    assert evaluation["rows"] > evaluation["wins"] > 0
    assert [METRICS - set(evaluation[name]) for name in ("leadgauge", "base_rate", "logistic")] == [
        set()
    ] * 3


@pytest.mark.slow
def test_a_company_too_large_for_the_machine_is_learned_from_by_a_sample_of_accounts(
    in_process: Run, tmp_path: Path
) -> None:
    project = write_tiny(tmp_path / "company", limits={"training_rows": 400})
    document = only_document(
        in_process("train", project, "--home", tmp_path / "home", "--json", "--no-promote")
    )
    share = document["share_of_accounts"]
    assert 0.3 < share < 0.95
    (told,) = [words for words in document["warnings"] if words.startswith("learned from")]
    assert told == (
        f"learned from {100 * share:.3g} % of the accounts: limits.training_rows is 400; "
        "docs/scale.md tells what a sample costs"
    )


@pytest.mark.slow
def test_a_night_tells_what_was_promised_and_a_rerun_writes_the_same_bytes(
    in_process: Run, trained_once: Trained
) -> None:
    call = (
        "score",
        trained_once.project,
        "--home",
        trained_once.home.root,
        "--as-of",
        "2025-12-01",
        "--json",
    )
    first = only_document(in_process(*call))
    assert list(trained_once.home.root.rglob("counts.json")) == []  # it tells a lead's values
    folder = Path(first["written"][0])
    bytes_before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    second = only_document(in_process(*call, "--profile"))
    profile, memory = second.pop("profile"), second.pop("peak_memory_mb")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == bytes_before
    assert {**second, "seconds": 0} == {**first, "seconds": 0}
    assert list(first)[:8] == COMMON
    own = {
        "leads",
        "grades",
        "routes",
        "suppressed_by_list",
        "leaks",
        "leaks_unknown",
        "expected_wins",
        "model_version",
        "exports",
        "realised",
        "watch",
        "followed",
    }
    assert set(first) - set(COMMON) == own
    # The night of the first of December in Berlin.
    assert first["as_of"] == "2025-11-30T23:00:00Z"
    assert sum(first["grades"].values()) == sum(first["routes"].values()) == first["leads"] > 0
    assert {"file": "scores.csv", "rows": first["leads"]} in first["exports"]
    assert {"step", "seconds", "rows", "rows_per_second"} == set(profile[0])
    assert [line["rows"] for line in profile if line["step"] == "score and explain"] == [
        first["leads"]
    ]
    assert memory["process"] > 50
    assert first["realised"]["rows"] == first["leads"]
    assert {"wins", "expected_wins", "auc", "log_loss", "lift_top_10"} <= set(first["realised"])
    assert any(warning.startswith("version 1 learned from data") for warning in first["warnings"])


@pytest.mark.parametrize("option", ["--force", "--profile"])
def test_what_a_flow_does_not_do_is_refused_not_ignored(
    in_process: Run, tmp_path: Path, option: str
) -> None:
    project = write_tiny(tmp_path / "company")
    done = in_process("score", project, "--home", tmp_path / "home", "--prefect", option)
    assert done.returncode == 2
    assert done.stderr.startswith(f"leadgauge: --prefect does not go with {option}: ")
    assert "leave out" in done.stderr


@pytest.mark.slow
def test_stale_data_stop_the_night_before_it_publishes(
    leadgauge: Run, trained_once: Trained
) -> None:
    publications = trained_once.home.root / "publications" / "tiny" / "nights"
    before = sorted(publications.glob("*"))
    done = leadgauge(
        "score", trained_once.project, "--home", trained_once.home.root, "--as-of", "2026-06-01"
    )
    assert done.returncode == 6
    assert done.stderr.splitlines()[-1].startswith(
        "leadgauge: the data are stale: the last thing in them happened on"
    )
    assert sorted(publications.glob("*")) == before


@pytest.mark.slow
def test_a_second_run_of_the_same_project_is_turned_away(
    in_process: Run, trained_once: Trained
) -> None:
    since = datetime.fromisoformat("2026-03-01T04:30:00")
    with one_at_a_time(trained_once.home.project("tiny"), command="train", since=since):
        done = in_process("score", trained_once.project, "--home", trained_once.home.root)
        shown = only_document(
            in_process("status", trained_once.project, "--home", trained_once.home.root, "--json")
        )
    assert done.returncode == 7
    assert f"`leadgauge train` (process {os.getpid()} on " in done.stderr
    assert shown["running"]["command"] == "train"
    assert shown["champion"]["version"] == "1"


@pytest.mark.slow
def test_a_lead_is_explained_to_the_last_digit(in_process: Run, trained_once: Trained) -> None:
    import math

    import pandas as pd

    common = (trained_once.project, "--home", trained_once.home.root)
    night = only_document(in_process("score", *common, "--json"))
    lead = pd.read_parquet(Path(night["written"][0]) / "scores.parquet").iloc[0]
    told = only_document(
        in_process("explain", trained_once.project, str(lead["lead_id"]), *common[1:], "--json")
    )
    assert round(told["close_probability"], 4) == lead["close_probability"]
    assert (told["score"], told["grade"]) == (lead["score"], lead["grade"])
    margin = told["base_log_odds"] + sum(part["log_odds"] for part in told["contributions"])
    assert math.isclose(1 / (1 + math.exp(-margin)), told["close_probability"], abs_tol=1e-9)
    assert Path(told["written"][0]).read_bytes().startswith(b"\x89PNG")
    words = {part["words"] for part in told["contributions"]} | {"no strong driver"}
    assert set(told["reasons_for"] + told["reasons_against"]) <= words

    unknown = in_process("explain", trained_once.project, "nobody", *common[1:])
    assert unknown.returncode == 2
    assert "no lead has the id 'nobody' at 2026-04-01 00:00 UTC" in unknown.stderr


@pytest.mark.slow
def test_the_report_is_one_page_its_facts_and_a_mail(
    in_process: Run, trained_once: Trained
) -> None:
    done = only_document(
        in_process("report", trained_once.project, "--home", trained_once.home.root, "--json")
    )
    page, facts, mail = (Path(path) for path in done["written"])
    assert (page.suffix, facts.suffix, mail.suffix) == (".html", ".json", ".md")
    assert page.read_text().lstrip().lower().startswith("<!doctype html")
    assert json.loads(facts.read_text())["model_version"] == "1"
    assert mail.read_text().startswith("# ")
    assert list(done)[:8] == COMMON
    assert set(done) - set(COMMON) == {"model_version", "leads", "period", "goals", "findings"}


@pytest.mark.slow
def test_only_registered_versions_are_promoted_and_the_first_cannot_be_rolled_back(
    in_process: Run, trained_once: Trained
) -> None:
    home = ("--home", trained_once.home.root)
    again = only_document(in_process("promote", trained_once.project, "1", *home, "--json"))
    assert (again["model_version"], again["command"]) == ("1", "promote")
    assert in_process("promote", trained_once.project, "7", *home).returncode == 2
    assert in_process("rollback", trained_once.project, *home).returncode == 5


@pytest.mark.slow
def test_a_person_reads_what_was_done_where_it_lies_and_what_is_next(
    in_process: Run, trained_once: Trained
) -> None:
    done = in_process("status", trained_once.project, "--home", trained_once.home.root)
    assert done.returncode == 0
    assert done.stdout.lstrip().startswith("Version 1 (")
    assert "Next:" in done.stdout
    assert "ask for the champion: " in done.stderr
