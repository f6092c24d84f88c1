"""What stands: the model in use, the last publication, and who is running."""

from datetime import timedelta
from typing import Any

from delivery.publication import Publication, latest
from pipelines.lock import holder_of
from pipelines.registry import ModelVersion, Registry
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary
from pipelines.watch_file import read_watch


def status(request: Request, steps: Steps) -> Summary:
    """Say which model is in use, what was published last, and who holds the lock.

    Raises:
        DataError: the last publication is damaged.
    """
    project = request.project.project
    registry = Registry(request.home, project)
    champion = steps.reach("ask for the champion", registry.find_champion)
    challenger = steps.reach("ask for the challenger", registry.find_challenger)
    published = steps.run("look at the last publication", latest, request.home.root, project)
    running = holder_of(request.project_home)
    return Summary(
        project=project,
        command="status",
        run_id=request.run_id,
        facts={
            "champion": _version(champion),
            "challenger": _version(challenger),
            "published": _publication(published, request),
            "watch": _watch(published, request),
            "running": running,
        },
        headline=_headline(champion, published),
        next_steps=_next(request, champion, challenger, published),
    )


def _version(version: ModelVersion | None) -> dict[str, str] | None:
    if version is None:
        return None
    return {"version": version.version, "as_of": version.as_of, "step": version.step}


def _publication(published: Publication | None, request: Request) -> dict[str, Any] | None:
    if published is None:
        return None
    receipt = published.manifest.receipt
    return {
        "folder": published.folder,
        "as_of": published.as_of,
        "model_version": receipt.model_version,
        "expires_at": receipt.expires_at,
        "expired": receipt.expires_at <= request.now,
        "files": len(published.manifest.files),
    }


def _watch(published: Publication | None, request: Request) -> dict[str, str] | None:
    """Return what the watch said of the last publication, None where it said nothing."""
    found = read_watch(request.project_home, published.as_of) if published else None
    return {key: found[key] for key in ("verdict", "words")} if found else None


def _headline(champion: ModelVersion | None, published: Publication | None) -> str:
    model = (
        f"Version {champion.version} ({champion.step}) is the champion"
        if champion
        else "There is no champion yet"
    )
    if published is None:
        return f"{model}; nothing has been published."
    return f"{model}; published last: the night of {published.as_of:%Y-%m-%d %H:%M} UTC."


def _next(
    request: Request,
    champion: ModelVersion | None,
    challenger: ModelVersion | None,
    published: Publication | None,
) -> list[str]:
    if champion is None and challenger is None:
        return [f"leadgauge train {request.shown_file}"]
    if champion is None and challenger is not None:
        return [f"leadgauge promote {request.shown_file} {challenger.version}"]
    if published is None or published.as_of < request.now - timedelta(days=1):
        return [f"leadgauge score {request.shown_file}"]
    return []
