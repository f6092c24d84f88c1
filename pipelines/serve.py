"""One process that starts the night and the training as the project file schedules them."""

from typing import TYPE_CHECKING

from pipelines.settings import NightlySettings, Request, RetrainSettings

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment


def deployments(request: Request) -> "list[RunnerDeployment]":
    """Return the deployments of both flows, scheduled in the project's time zone.

    One run of each at a time, later ones queue: beside the lock, which also knows of the
    command line.
    """
    from prefect.client.schemas.objects import (
        ConcurrencyLimitConfig,
        ConcurrencyLimitStrategy,
    )
    from prefect.types.entrypoint import EntrypointType
    from prefect.schedules import Cron

    from pipelines import flows

    project = request.project
    common = {
        "project": request.project_file,
        "data": request.data_root,
        "home": request.home.root,
    }
    one = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
    planned = (
        (flows.nightly, NightlySettings(**common), project.schedule.nightly),
        (flows.retrain, RetrainSettings(**common), project.schedule.retrain),
    )
    return [
        flow.to_deployment(
            name=project.project,
            parameters={"settings": settings.model_dump(mode="json")},
            schedule=Cron(cron, timezone=project.timezone),
            concurrency_limit=one,
            entrypoint_type=EntrypointType.MODULE_PATH,
            tags=["leadgauge", project.project],
        )
        for flow, settings, cron in planned
    ]


def serve_project(request: Request) -> None:
    """Serve both flows until interrupted.

    The schedules stay on when this process ends, so that a restarted host goes on by itself.
    """
    from prefect import serve

    serve(*deployments(request), pause_on_shutdown=False)
