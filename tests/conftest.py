"""What all tests share: a clean environment, and servers and databases that are slow to make."""

import gc
import importlib
import os
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from pipelines.home import Home, prepare_environment
from tests.spark import Cluster, cluster, missing, session_on

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

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


@pytest.fixture(scope="session")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run a real Spark cluster of two workers for as long as this session needs one."""
    if why := missing():
        pytest.skip(why)
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture(scope="session")
def spark_rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that Spark knows as ``viewfs://leadgauge/rows``: not one of the driver's file system to it."""
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="session")
def spark_session(spark_cluster: Cluster, spark_rows: Path) -> "Iterator[SparkSession]":
    """Start a session on the cluster: that takes longer than what it is asked for."""
    link = "spark.hadoop.fs.viewfs.mounttable.leadgauge.link./rows"
    with session_on(spark_cluster, **{link: spark_rows.as_uri()}) as session:
        yield session


@pytest.fixture
def spark(spark_session: "SparkSession") -> "Iterator[SparkSession]":
    """Return a session on the cluster; what it leaves open is closed before it warns somebody else."""
    yield spark_session
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
