"""The steps of a night that ``engine: spark`` hands to a cluster, and what is told where the cluster fails."""

import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from features.catalogue import Catalogue
from features.errors import ProjectError, StoppedError, UserError
from features.project import Project, expand_environment
from features.tables import TableSet
from pipelines.scoring import ScoredNight, mean_amount, write_scored
from pipelines.settings import Request

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from features.spark_folder import SharedFolder

log = logging.getLogger(__name__)

# For sessions that are started here; ``spark.settings`` and Spark's own files go first.
DEFAULTS = {
    "spark.app.name": "leadgauge",
    "spark.ui.enabled": "false",  # pages that anybody in the network may read
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    # A plan of many joins sorts in many places at once, each with a page of its own: Spark's own pages
    # are a sixteenth of a core's memory, and there may be more places than that.
    "spark.buffer.pageSize": "1m",
}
LOOK_SECONDS = 1.0  # between two looks at the workers


@contextmanager
def on_spark(request: Request) -> "Iterator[OnSpark | None]":
    """Give who assembles and scores on the project's cluster, None where its engine is DuckDB.

    At the end the rows in the shared folder are gone, and so is the session, unless it was there before.
    """
    if request.project.engine != "spark":
        yield None
        return
    cluster = OnSpark(request.project, request.work)
    try:
        yield cluster
    finally:
        cluster.close()


class OnSpark:
    """A project's cluster, reached when it is needed first."""

    def __init__(self, project: Project, work: Path) -> None:
        self._asked, self._work = project.spark, work
        self._run = f"{project.project}-{work.name}"
        self._started: SparkSession | None = None  # by us, so that we stop it
        self._folder: SharedFolder | None = None

    def open_frame(
        self, read: TableSet, project: Project, catalogue: Catalogue, as_of: datetime, folder: Path
    ) -> Path:
        """Do as ``features.frames.open_frame``, by the cluster.

        Raises:
            DataError: the leads lack a column that the model was trained on.
            ProjectError: PySpark or Java is missing.
            StoppedError: the cluster does not answer or the job failed.
        """
        with self._telling("assembling features"):
            from features.spark_frames import OPEN, open_dataset, open_file

            shared = self._shared()
            schema = open_dataset(shared, read, project, catalogue, as_of)
            return open_file(shared.parts(OPEN, folder), schema, folder / "open.parquet")

    def score_open(self, frame: Path, bundle: Path, tables: TableSet, folder: Path) -> ScoredNight:
        """Do as ``pipelines.scoring.score_open``, by the cluster, with the rows that ``open_frame`` left there.

        Raises:
            StoppedError: the cluster does not answer or the job failed.
        """
        import pyarrow.parquet as pq

        with self._telling("scoring"):
            from pipelines.scored_spark import SCORED, scored_dataset, scored_parts

            shared = self._shared()
            leads = pq.read_metadata(frame).num_rows
            scored_dataset(shared, bundle, mean_amount(tables), leads)
            return write_scored(scored_parts(shared.parts(SCORED, folder)), folder)

    def close(self) -> None:
        """Remove the rows of people from the shared folder, and stop the session if it was started here."""
        try:
            if self._folder is not None:
                self._folder.remove()
        except Exception as error:
            log.warning("%s could not be removed: %s", self._folder, _cause(error))
        try:
            if self._started is not None:
                self._started.stop()
        except Exception as error:
            log.warning("Spark's session could not be stopped: %s", _cause(error))
        self._folder = self._started = None

    def _shared(self) -> "SharedFolder":
        """Return the run's folder on the cluster; reach the cluster first if nobody has yet."""
        if self._folder is None:
            from features.spark_folder import SharedFolder, as_uri

            asked = self._asked.folder
            place = f"{expand_environment(asked)}/{self._run}" if asked else f"{self._work}/spark"
            # Settings, views and functions of its own, on the cluster that both share.
            session = self._session().newSession()
            self._folder = SharedFolder(session, as_uri(place), copied=asked is not None)
        return self._folder

    def _session(self) -> "SparkSession":
        try:
            from pyspark.errors import PySparkRuntimeError
            from pyspark.sql import SparkSession
        except ModuleNotFoundError:
            raise ProjectError(
                "engine: spark needs PySpark, which is not installed here: run `make spark`, "
                "or `pip install 'leadgauge[spark]'`, or say engine: duckdb"
            ) from None
        # Spark's own logger writes every refused query to standard error, with a stack of Java's.
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        if (there := SparkSession.getActiveSession()) is not None:
            return there
        settings = {name: expand_environment(said) for name, said in self._asked.settings.items()}
        if self._asked.master:
            settings["spark.master"] = expand_environment(self._asked.master)
        if "spark.pyspark.python" in settings:
            os.environ["PYSPARK_PYTHON"] = settings["spark.pyspark.python"]
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder
        for name, said in {**DEFAULTS, **settings}.items():
            builder = builder.config(name, said)
        try:
            self._started = builder.getOrCreate()
        except PySparkRuntimeError as error:
            if error.getCondition() != "JAVA_GATEWAY_EXITED":
                raise
            raise ProjectError(
                "engine: spark could not start Java: install Java 17 or 21 (a JDK or JRE) and let "
                "JAVA_HOME name it, or say engine: duckdb"
            ) from error
        return self._started

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Run a step's jobs; turn what fails into a message, and a cluster without workers into a failure."""
        ended, deserted = threading.Event(), threading.Event()
        try:
            shared = self._shared()
            shared.session.sparkContext.setJobDescription(f"leadgauge, {self._run}: {what}")
            looking = threading.Thread(
                target=_look_after,
                args=(shared.session, self._asked.wait_seconds, ended, deserted),
                daemon=True,
            )
            looking.start()
            try:
                yield
            finally:
                ended.set()
                looking.join()
        except UserError:
            raise
        except Exception as error:
            if not (deserted.is_set() or _of_spark(error)):
                raise
            why = (
                f"no worker was there for {self._asked.wait_seconds} seconds (spark.wait_seconds)"
                if deserted.is_set()
                else _cause(error)
            )
            raise StoppedError(
                f"Spark failed while {what}: {why}. Nothing was published, and what was published "
                f"before stands. {_where_to_look(why)}, then run it again"
            ) from error


def _look_after(
    session: "SparkSession", wait_seconds: int, ended: threading.Event, deserted: threading.Event
) -> None:
    """Cancel all jobs where a cluster has had no worker for too long: Spark itself would wait for ever."""
    context = session.sparkContext
    if str(context.master).startswith("local"):
        return
    alone = 0.0
    while not ended.wait(LOOK_SECONDS):
        # The driver counts as one.
        there = len(context._jsc.sc().statusTracker().getExecutorInfos()) - 1  # noqa: SLF001  Python's tracker does not tell
        alone = 0.0 if there > 0 else alone + LOOK_SECONDS
        if alone >= wait_seconds:
            deserted.set()
            # Without a worker nobody's jobs run; Spark starts some of a query in groups of their own.
            context.cancelAllJobs()


def _of_spark(error: BaseException) -> bool:
    """Whether Spark or the bridge to it failed, and not our own code on the driver."""
    return type(error).__module__.split(".")[0] in {"pyspark", "py4j"} or isinstance(
        error, ConnectionError
    )


def _cause(error: BaseException) -> str:
    """Return the line of a Java or worker's traceback that says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    raised = [
        line for line in lines if re.match(r"([A-Za-z_]+\.)*[A-Za-z]*(Error|Exception): ", line)
    ]
    caused = [line for line in lines if line.startswith("Caused by: ")]
    said = (caused[-1:] or raised[-1:] or lines[:1] or [type(error).__name__])[0]
    return said.removeprefix("Caused by: ")[:500].rstrip(".")


def _where_to_look(why: str) -> str:
    if re.search(r"No module named|is installed on a worker", why):
        return "Install the same leadgauge in the Python of every worker (PYSPARK_PYTHON)"
    if re.search(r"FileNotFound|does not exist|Permission denied|No such file", why):
        return "Say spark.folder: a folder that the driver and all workers see and may write to"
    return "Look at the cluster: its master's page and the workers' logs"
