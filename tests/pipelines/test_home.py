"""Where everything lies, and what the libraries are told."""

import stat
from pathlib import Path

import pytest

from pipelines.home import Home, find_data, find_home, prepare_environment, tracking_uri


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_folder_is_readable_by_the_user_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    home.create()
    work = home.project("acme").work("run-1")
    made = [home.root.parent, home.root, home.artifacts, work, work.parent, work.parent.parent]
    assert [oct(mode(folder)) for folder in made] == ["0o700"] * 6


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Home(tmp_path).create()
    assert oct(mode(tmp_path)) == "0o755"


def test_the_layout_is_the_documented_one() -> None:
    home = Home(Path("/srv/home"))
    project = home.project("acme")
    assert [
        str(path)
        for path in (
            home.mlflow_database,
            home.artifacts,
            home.prefect,
            project.reports,
            project.lock,
        )
    ] == [
        "/srv/home/mlflow.db",
        "/srv/home/mlartifacts",
        "/srv/home/prefect",
        "/srv/home/acme/reports",
        "/srv/home/acme/.lock",
    ]


def test_the_option_beats_the_environment_beats_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_home(None).root == tmp_path / "leadgauge-home"
    monkeypatch.setenv("LEADGAUGE_HOME", str(tmp_path / "from-environment"))
    assert find_home(None).root == tmp_path / "from-environment"
    assert find_home(Path("option")).root == tmp_path / "option"


def test_data_root_is_the_option_or_the_environment_or_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert find_data(None) is None
    monkeypatch.setenv("LEADGAUGE_DATA", "/srv/data")
    assert find_data(None) == Path("/srv/data")
    assert find_data(Path("/other")) == Path("/other")


def test_defaults_never_override_what_the_user_has_set() -> None:
    environ = {"PREFECT_HOME": "/mine"}
    prepare_environment(Home(Path("/srv/home")), environ)
    assert environ["PREFECT_HOME"] == "/mine"


def test_telemetry_is_off_and_pickles_are_refused() -> None:
    environ: dict[str, str] = {}
    prepare_environment(Home(Path("/srv/home")), environ)
    assert {name: environ[name] for name in sorted(environ) if "LOGGERS" not in name} == {
        "DO_NOT_TRACK": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "PREFECT_HOME": "/srv/home/prefect",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    }


def test_runs_are_recorded_under_the_home_unless_mlflow_is_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = Home(Path("/srv/home"))
    assert tracking_uri(home) == "sqlite:////srv/home/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.test:5000")
    assert tracking_uri(home) == "http://mlflow.test:5000"
