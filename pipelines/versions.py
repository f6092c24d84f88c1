"""Promote and roll back: which version scores from now on."""

from pipelines.lock import one_at_a_time
from pipelines.registry import Registry
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary


def promote(request: Request, steps: Steps) -> Summary:
    """Make a registered version the champion, whatever the gate said.

    Raises:
        UsageError: there is no such version.
        BusyError: a run is going on, which has its champion already.
    """
    number = str(request.options["version"])
    project = request.project.project
    with one_at_a_time(request.project_home, command="promote", since=request.now):
        registry = Registry(request.home, project)
        version = steps.reach("find the version", registry.version, number)
        before = steps.reach("move the champion", registry.promote, version)
    was = before.version if before else None
    return Summary(
        project=project,
        command="promote",
        run_id=request.run_id,
        facts={"model_version": version.version, "previous_version": was},
        headline=f"Version {version.version} is the champion now"
        + (f"; before it was {was}." if was else ", the first one."),
        next_steps=[
            f"leadgauge score {request.shown_file}",
            f"leadgauge rollback {request.shown_file}   (to go back)",
        ],
    )


def rollback(request: Request, steps: Steps) -> Summary:
    """Go back to the champion before this one.

    Raises:
        NotEnoughError: there is no champion, or none before it.
        BusyError: a run is going on, which has its champion already.
    """
    project = request.project.project
    with one_at_a_time(request.project_home, command="rollback", since=request.now):
        registry = Registry(request.home, project)
        left, back = steps.reach("move the champion back", registry.rollback, request.shown_file)
    return Summary(
        project=project,
        command="rollback",
        run_id=request.run_id,
        facts={"model_version": back.version, "previous_version": left.version},
        headline=f"Version {back.version} is the champion again; version {left.version} stays registered.",
        next_steps=[f"leadgauge score {request.shown_file}"],
    )
