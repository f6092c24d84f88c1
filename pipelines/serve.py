"""One process that starts the night, the training and the reviews as the project file schedules them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from features.errors import ProjectError, UsageError
from pipelines.settings import NightlySettings, Request, RetrainSettings, ReviewSettings

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Schedule

USUAL_PORT = 4200
STARTUP_SECONDS = 300


def serve_project(request: Request) -> None:
    """Serve the flows until interrupted.

    The schedules stay on when this process ends, so that a restarted host goes on by itself.

    Raises:
        ProjectError: a schedule of the project file is none.
        UsageError: no Prefect server came up.
    """
    # Until Prefect's own handler is in place, a supervisor's SIGTERM must not leave our server behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with prefect_server(request):
        from prefect import serve

        serve(*deployments(request), pause_on_shutdown=False)


def deployments(request: Request) -> "list[RunnerDeployment]":
    """Return the deployments of the flows, scheduled in the project's time zone.

    One run of each at a time, later ones queue: beside the lock, which also knows of the
    command line.
    """
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.types.entrypoint import EntrypointType

    from pipelines import flows

    project = request.project
    places = {"project": request.project_file, "data": request.data_root, "home": request.home.root}
    one = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
    planned = (
        (project.project, "nightly", flows.nightly, NightlySettings(**places)),
        (project.project, "retrain", flows.retrain, RetrainSettings(**places)),
        (
            f"{project.project}-monthly",
            "review_monthly",
            flows.review,
            ReviewSettings(**places, kind="monthly"),
        ),
        (
            f"{project.project}-quarterly",
            "review_quarterly",
            flows.review,
            ReviewSettings(**places, kind="quarterly"),
        ),
    )
    return [
        cast(
            "RunnerDeployment",  # a coroutine only where an event loop runs
            flow.to_deployment(
                name=name,
                parameters={"settings": settings.model_dump(mode="json")},
                schedule=_schedule(request, key, getattr(project.schedule, key)),
                concurrency_limit=one,
                entrypoint_type=EntrypointType.MODULE_PATH,
                tags=["leadgauge", project.project],
            ),
        )
        for name, key, flow, settings in planned
    ]


def _schedule(request: Request, key: str, cron: str) -> "Schedule":
    from prefect.schedules import Cron

    try:
        return Cron(cron, timezone=request.project.timezone)
    except ValueError:
        raise ProjectError(
            f"{request.shown_file}: schedule.{key}: {cron!r} is no schedule; "
            "expected five fields: minute hour day month weekday, such as 30 4 * * *"
        ) from None


@contextmanager
def prefect_server(request: Request) -> Iterator[str]:
    """Yield the API of the Prefect server that is configured, or of one on this host's loopback for as long as we run.

    Schedules need a server: the one that a single run starts for itself starts no others.
    """
    configured = os.environ.get("PREFECT_API_URL")
    if configured:
        yield configured
        return
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    log = request.home.prefect / "server.log"
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log.open("ab") as output:
        server = subprocess.Popen(  # noqa: S603  our own interpreter, fixed words
            [*command, "--port", str(port)],
            stdout=output,
            stderr=output,
            # Its pages ask the usual port, whatever port it was given, unless told otherwise.
            env={**os.environ, "PREFECT_SERVER_UI_API_URL": url},
            start_new_session=True,  # an interrupt is for us first; we end it after our runs
        )
        try:
            _wait(url, server, str(log))
            os.environ["PREFECT_API_URL"] = url
            sys.stderr.write(f"Prefect server: {url.removesuffix('/api')} (log: {log})\n")
            yield url
        finally:
            os.environ.pop("PREFECT_API_URL", None)
            server.terminate()
            server.wait(timeout=60)


def _wait(url: str, server: "subprocess.Popen[bytes]", log: str) -> None:
    for _ in range(STARTUP_SECONDS):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):  # noqa: S310  our own loopback
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise UsageError(
        f"no Prefect server came up at {url}: see {log}. "
        "Start one with `prefect server start` and set PREFECT_API_URL to its address"
    )


def _free_port() -> int:
    """Return the usual port if it is free, else any."""
    for port in (USUAL_PORT, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise UsageError("no port is free on 127.0.0.1")
