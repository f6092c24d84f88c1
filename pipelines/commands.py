"""From a called command to a body: environment, project, request, and what is printed after."""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from features.errors import UsageError
from pipelines import console
from pipelines.disk import full_disk_told
from pipelines.home import Home, find_data, find_home, prepare_environment
from pipelines.settings import Request, make_request, parse_moment
from pipelines.steps import DirectSteps, Steps
from pipelines.summary import Summary

Body = Callable[[Request, Steps], Summary]

# Each body lives in a module of its own; it is imported when its command is called.
BODIES = {
    "check": "pipelines.check:check",
    "train": "pipelines.retrain:retrain",
    "backtest": "pipelines.backtest:backtest",
    "score": "pipelines.nightly:nightly",
    "explain": "pipelines.explain:explain",
    "report": "pipelines.report:report",
    "review": "pipelines.report:review",
    "agreement": "pipelines.agreement:agreement",
    "feedback": "pipelines.feedback:feedback",
    "history": "pipelines.history:history",
    "account": "pipelines.account:account",
    "promote": "pipelines.versions:promote",
    "rollback": "pipelines.versions:rollback",
    "status": "pipelines.status:status",
}

# What a flow does not do, and what to do instead.
DIRECT_ALONE = {
    "force": "a flow overrules no check; leave out --prefect",
    "profile": "Prefect's page tells how long each step took; leave out one of the two",
}


@dataclass(frozen=True)
class Call:
    """One command as it was typed."""

    project: Path
    home: Path | None = None
    data: Path | None = None
    as_of: str | None = None
    as_json: bool = False
    prefect: bool = False
    verbose: bool = False


def given(**options: str | int | None) -> dict[str, str | bool | int]:
    """Return the options that were typed."""
    return {name: value for name, value in options.items() if value is not None}


def run(command: str, call: Call, **options: str | bool | int) -> None:
    """Run one command and print what it did.

    Raises:
        UserError: whatever the body refuses, unchanged.
    """
    begun = time.perf_counter()
    home = _prepare(call.home, verbose=call.verbose)
    request = _request(call, home, options)
    with full_disk_told(home.root):
        as_flow = _as_flow(command, request) if call.prefect else None
        summary = as_flow or _directly(body_of(command), request)
    console.show(summary.after(time.perf_counter() - begun), as_document=call.as_json)


def run_demo(
    home: Path | None,
    folder: Path,
    *,
    leads: int,
    seed: int,
    as_json: bool,
    verbose: bool,
) -> None:
    """Simulate a company and take it from raw tables to scored leads and a report."""
    begun = time.perf_counter()
    found = _prepare(home, verbose=verbose)
    from pipelines.demo import demo

    progress = console.progress()
    try:
        with full_disk_told(found.root):
            summary = demo(found, folder.resolve(), DirectSteps(progress), leads=leads, seed=seed)
    finally:
        progress.stop()
    console.show(summary.after(time.perf_counter() - begun), as_document=as_json)


def run_serve(call: Call) -> None:
    """Serve the project's flows until interrupted."""
    home = _prepare(call.home, verbose=call.verbose)
    request = _request(call, home, {})
    from pipelines.serve import serve_project

    serve_project(request)


def body_of(command: str) -> Body:
    """Import and return the body of a command."""
    module, _, name = BODIES[command].partition(":")
    body: Body = getattr(importlib.import_module(module), name)
    return body


def _prepare(option: Path | None, *, verbose: bool) -> Home:
    home = find_home(option)
    prepare_environment(home)
    console.quiet(verbose=verbose)
    return home


def _request(call: Call, home: Home, options: dict[str, str | bool | int]) -> Request:
    request = make_request(call.project, find_data(call.data), home, options=options)
    if call.as_of is None:
        return request
    return request.at(parse_moment(call.as_of, request.project))


def _directly(body: Body, request: Request) -> Summary:
    from pipelines.reading import tidied_if_broken

    progress = console.progress()
    try:
        with tidied_if_broken(request):
            return body(request, DirectSteps(progress))
    finally:
        progress.stop()


def _as_flow(command: str, request: Request) -> Summary:
    if command not in {"train", "score", "backtest", "review"}:
        raise UsageError(
            f"--prefect: `{command}` is no flow; train, score, backtest and review are"
        )
    for option, instead in DIRECT_ALONE.items():
        if command == "score" and request.options.get(option):
            raise UsageError(f"--prefect does not go with --{option}: {instead}")
    from pipelines import flows
    from pipelines.settings import (
        BacktestSettings,
        NightlySettings,
        RetrainSettings,
        ReviewSettings,
    )

    common = {
        "project": request.project_file,
        "data": request.data_root,
        "home": request.home.root,
        "as_of": request.as_of,
        "pinned": True,
    }
    if command == "train":
        promote = bool(request.options.get("promote", True))
        return flows.retrain(RetrainSettings(**common, promote=promote))
    if command == "backtest":
        return flows.backtest(BacktestSettings(**common, **request.options))
    if command == "review":
        from pipelines.report import audience_of, kind_of

        kind_of(request)
        audience_of(request)
        return flows.review(ReviewSettings(**common, **request.options))
    return flows.nightly(NightlySettings(**common))
