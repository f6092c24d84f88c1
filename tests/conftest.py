"""What all tests share: a clean environment, and servers and databases that are slow to make."""

import importlib
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines.home import Home, prepare_environment

# A developer's own settings would send a test's runs to a real server.
REDIRECTING = (
    "LEADGAUGE_DATA",
    "LEADGAUGE_HOME",
    "MLFLOW_TRACKING_URI",
    "PREFECT_API_KEY",
    "PREFECT_API_URL",
    "PREFECT_HOME",
    "PREFECT_PROFILE",
)


@pytest.fixture(scope="session", autouse=True)
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Set the defaults of a run, homes in a temporary folder, before anything slow is imported."""
    with pytest.MonkeyPatch.context() as patch:
        for name in REDIRECTING:
            patch.delenv(name, raising=False)
        wanted: dict[str, str] = {"MPLBACKEND": "Agg"}
        prepare_environment(Home(tmp_path_factory.mktemp("home")), wanted)
        for name, value in wanted.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of this session that all its workers share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def mlflow_imported() -> None:
    """Import MLflow's models: it warns about its own type hints when it is first imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("mlflow.pyfunc")


@pytest.fixture(scope="session")
def migrated_database(shared_folder: Path) -> Path:
    """Return an empty MLflow database, migrated once for all workers: that takes seconds."""
    folder = shared_folder / "leadgauge-mlflow"
    folder.mkdir(exist_ok=True)
    database = folder / "mlflow.db"
    with FileLock(folder / "lock"):
        if not database.exists():
            import mlflow

            growing = folder / "growing.db"
            growing.unlink(missing_ok=True)
            mlflow.MlflowClient(tracking_uri=f"sqlite:///{growing}").search_experiments()
            growing.rename(database)
    return database


@pytest.fixture
def home(tmp_path: Path, migrated_database: Path) -> Home:
    """Return a fresh home with an MLflow database in it."""
    made = Home(tmp_path / "home")
    made.create()
    shutil.copy(migrated_database, made.mlflow_database)
    return made


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Run a Prefect server for as long as this session needs one."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=300):
        yield
