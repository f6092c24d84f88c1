"""A whole night on a real cluster publishes what a night on one machine does, and a broken one publishes nothing."""

import filecmp
import json
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from features.errors import ProjectError
from features.project import Project
from pipelines import on_spark as module
from pipelines import scored_spark
from pipelines.home import Home
from tests.pipelines.conftest import Run, Trained
from tests.spark import QUICK, QUIET, Cluster, cluster, missing, until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = QUIET

NIGHT = ("--as-of", "2026-03-01", "--force", "--json")


def projects(trained: Trained, place: Path, **spark: object) -> tuple[Path, Path]:
    """Return the company with all its leads open, for DuckDB and for Spark."""
    shutil.copytree(trained.project.parent, place / "company")
    document = yaml.safe_load(trained.project.read_text())
    document["sources"]["outcomes"]["where"] = "false"
    written = []
    for name, engine in (("embedded", {}), ("cluster", {"engine": "spark", "spark": spark})):
        written.append(place / "company" / f"{name}.yaml")
        written[-1].write_text(yaml.safe_dump({**document, **engine}))
    return written[0], written[1]


def home_of(trained: Trained, folder: Path, name: str) -> Home:
    shutil.copytree(trained.home.root, folder / name, symlinks=True)
    return Home(folder / name)


def published(home: Home) -> Path:
    found: Path = (home.root / "publications" / "tiny" / "current").resolve()
    return found


def assert_same_files(one: Path, other: Path) -> None:
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    assert names == sorted(
        str(path.relative_to(other)) for path in other.rglob("*") if path.is_file()
    )
    assert filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


@pytest.mark.slow
def test_a_night_on_a_cluster_publishes_the_same_bytes_though_a_worker_is_killed(
    spark: "SparkSession",
    spark_cluster: Cluster,
    spark_rows: Path,
    trained_once: Trained,
    in_process: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scored_spark, "LEADS_PER_TASK", (20, 40))  # so that both workers are at it
    embedded, distributed = projects(trained_once, tmp_path, folder="viewfs://leadgauge/rows")
    alone = home_of(trained_once, tmp_path, "alone")
    told = in_process("score", embedded, "--home", alone.root, *NIGHT)
    assert told.returncode == 0, told.stderr
    for killed in (False, True):
        home = home_of(trained_once, tmp_path, f"killed-{killed}")
        victims: list[int] = []
        killing = threading.Thread(
            target=_kill_one, args=(spark_cluster, spark_rows, victims), daemon=True
        )
        if killed:
            killing.start()
        told = in_process("score", distributed, "--home", home.root, *NIGHT)
        assert told.returncode == 0, told.stderr
        assert json.loads(told.stdout)["leads"] > 300
        assert len(victims) == killed
        assert_same_files(published(alone), published(home))
        assert list((home.root / "tiny" / "work").rglob("*.parquet")) == []
    assert list(spark_rows.iterdir()) == []
    assert spark.range(3).count() == 3  # it was there before, so it is left running


def _kill_one(cluster: Cluster, rows: Path, victims: list[int]) -> None:
    """Kill an executor, and the Python below it, while scored rows are being written."""
    until(lambda: list(rows.glob("*/scored/_temporary")))
    executor = cluster.executors()[0]
    for process in [*executor.children(recursive=True), executor]:
        process.kill()
    if not list(rows.glob("*/scored/_SUCCESS")):
        victims.append(executor.pid)


@pytest.mark.slow
def test_a_night_that_loses_all_its_workers_says_so_and_leaves_what_was_published(
    trained_once: Trained, leadgauge: Run, tmp_path: Path
) -> None:
    if why := missing():
        pytest.skip(why)
    (tmp_path / "cluster").mkdir()
    home = home_of(trained_once, tmp_path, "home")
    with cluster(tmp_path / "cluster", workers=1) as lost:
        embedded, distributed = projects(
            trained_once, tmp_path, master=lost.url, settings=QUICK, wait_seconds=4
        )
        assert leadgauge("score", embedded, "--home", home.root, *NIGHT).returncode == 0
        before = published(home)

        def leave() -> None:
            until(lost.executors)
            lost.kill_workers()

        threading.Thread(target=leave, daemon=True).start()
        told = leadgauge(
            "score", distributed, "--home", home.root, *NIGHT, SPARK_LOCAL_IP="127.0.0.1"
        )
    assert told.returncode == 6, told.stderr
    assert json.loads(told.stdout)["error"]["message"] == (
        "Spark failed while assembling features: no worker was there for 4 seconds (spark.wait_seconds). "
        "Nothing was published, and what was published before stands. "
        "Look at the cluster: its master's page and the workers' logs, then run it again"
    )
    assert published(home) == before
    assert list((home.root / "tiny" / "work").rglob("*.parquet")) == []


def test_a_project_for_spark_without_pyspark_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    project = Project.model_validate(
        {
            "project": "acme",
            "engine": "spark",
            "sources": {"leads": {"path": "leads.csv"}, "outcomes": {"path": "outcomes.csv"}},
        }
    )
    with pytest.raises(ProjectError) as told, module.OnSpark(project, tmp_path)._telling("scoring"):
        pass
    assert str(told.value) == (
        "engine: spark needs PySpark, which is not installed here: run `make spark`, "
        "or `pip install 'leadgauge[spark]'`, or say engine: duckdb"
    )


@pytest.mark.parametrize(
    ("error", "cause", "advice"),
    [
        (
            "Job aborted\nCaused by: org.apache.spark.SparkException: lost\nCaused by: java.io.FileNotFoundException: File file:/x does not exist.\n\tat x",
            "java.io.FileNotFoundException: File file:/x does not exist",
            "Say spark.folder: a folder that the driver and all workers see and may write to",
        ),
        (
            "An exception was thrown from the Python worker\n  File x\nModuleNotFoundError: No module named 'pipelines'\n",
            "ModuleNotFoundError: No module named 'pipelines'",
            "Install the same leadgauge in the Python of every worker (PYSPARK_PYTHON)",
        ),
        (
            "Job 3 cancelled because SparkContext was shut down",
            "Job 3 cancelled because SparkContext was shut down",
            "Look at the cluster: its master's page and the workers' logs",
        ),
    ],
)
def test_a_failed_job_is_told_by_its_cause_and_with_what_to_look_at(
    error: str, cause: str, advice: str
) -> None:
    assert module._cause(RuntimeError(error)) == cause
    assert module._where_to_look(cause) == advice
