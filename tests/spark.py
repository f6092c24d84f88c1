"""A real Spark cluster on the loopback: a master and workers, each a process of its own."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from re import search
from typing import TYPE_CHECKING, TypeVar

import psutil
import pytest

from pipelines.on_spark import DEFAULTS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Found = TypeVar("Found")

# Spark starts slowly because Java compiles what it runs; tests run everything a few times only.
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
QUICK = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": QUICK_JAVA,
    "spark.executor.extraJavaOptions": QUICK_JAVA,
    "spark.executor.memory": "512m",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
}
WAIT_SECONDS = 120
# The bridge to Java leaves it to the garbage collector to close its sockets.
QUIET = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


def missing() -> str | None:
    """Return why there can be no Spark here."""
    if importlib.util.find_spec("pyspark") is None:
        return "PySpark is not installed: make spark"
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        return "Java is not installed: Spark wants 17 or 21"
    return None


@dataclass
class Cluster:
    """A running cluster; every worker has one core."""

    folder: Path
    url: str = ""
    master: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, workers: int = 2) -> None:
        self.master = self._process("master", "master.Master")
        self.url = self._told("master", r"Starting Spark master at (spark://\S+)")
        for number in range(workers):
            options = ["--cores", "1", "--memory", "1g", "--work-dir", str(self.folder / "work")]
            self.workers.append(
                self._process(f"worker{number}", "worker.Worker", *options, self.url)
            )
        for number in range(workers):
            self._told(f"worker{number}", r"(Successfully registered) with master")

    def executors(self) -> list[psutil.Process]:
        """Return the processes in which the workers run tasks, one each."""
        return [
            child
            for worker in self.workers
            if worker.poll() is None
            for child in psutil.Process(worker.pid).children()
            if _runs(child, "CoarseGrainedExecutorBackend")
        ]

    def kill_workers(self) -> None:
        for worker in self.workers:
            for child in psutil.Process(worker.pid).children(recursive=True):
                child.kill()
            worker.kill()
            worker.wait()

    def stop(self) -> None:
        for process in [*self.workers, *([self.master] if self.master else [])]:
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()
            process.wait()

    def _process(self, name: str, what: str, *arguments: str) -> subprocess.Popen[bytes]:
        import pyspark

        home = Path(pyspark.__file__).parent
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": QUICK_JAVA,
        }
        where = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", *where]
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen([*command, *arguments], stdout=log, stderr=log, env=environment)

    def _told(self, name: str, pattern: str) -> str:
        def found() -> str | None:
            match = search(pattern, (self.folder / f"{name}.log").read_text(errors="replace"))
            return match[1] if match else None

        return until(found)


def _runs(process: psutil.Process, what: str) -> bool:
    """Whether a process runs something; one that has ended since it was listed runs nothing."""
    try:
        return what in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def until(ask: Callable[[], Found | None]) -> Found:
    """Ask until there is an answer."""
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.05)
    raise TimeoutError(f"no answer within {WAIT_SECONDS} seconds")


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Run a cluster, its logs in the folder."""
    made = Cluster(folder)
    try:
        made.start(workers)
        yield made
    finally:
        made.stop()


@contextmanager
def session_on(cluster: Cluster, **settings: str) -> "Iterator[SparkSession]":
    """Give a session on a cluster, with what makes it quick."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master(cluster.url)
        for name, said in {**DEFAULTS, **QUICK, **settings}.items():
            builder = builder.config(name, said)
        session = builder.getOrCreate()
        try:
            yield session
        finally:
            session.stop()
