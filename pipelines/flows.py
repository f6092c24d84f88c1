"""The same bodies as Prefect flows: for schedules, workers, and whoever likes to watch.

A flow resolves the moment that it stands at, hands the body to ``PrefectSteps`` and leaves
artifacts with sums, never with a lead.
"""

from datetime import UTC, datetime

from prefect import flow
from prefect.runtime import flow_run

from pipelines.artifacts import leave_artifacts, leave_page
from pipelines.backtest import backtest as backtest_body
from pipelines.disk import full_disk_told
from pipelines.home import Home, find_data, prepare_environment
from pipelines.nightly import nightly as nightly_body
from pipelines.reading import tidied_if_broken
from pipelines.report import review as review_body
from pipelines.retrain import retrain as retrain_body
from pipelines.settings import (
    BacktestSettings,
    FlowSettings,
    NightlySettings,
    Request,
    RetrainSettings,
    ReviewSettings,
    make_request,
)
from pipelines.steps import PrefectSteps
from pipelines.summary import Summary

ASKED_OF_A_BACKTEST = ("first", "last", "every", "retrain_every", "capacity")


@flow(name="retrain", persist_result=False)
def retrain(settings: RetrainSettings) -> Summary:
    """Train a challenger and promote it if the gate lets it pass."""
    request = request_of(settings, promote=settings.promote)
    # Labels ripen with the data: a retraining stands at the data cut-off, not at the clock.
    with full_disk_told(request.home.root), tidied_if_broken(request):
        summary = retrain_body(request.at(_given(settings, request)), PrefectSteps())
    leave_artifacts(summary)
    return summary


@flow(name="nightly", persist_result=False)
def nightly(settings: NightlySettings) -> Summary:
    """Score the open leads and publish."""
    request = request_of(settings)
    as_of = _given(settings, request)
    if as_of is None and not settings.pinned and request.project.data_cutoff is None:
        as_of = scheduled_start()
    with full_disk_told(request.home.root), tidied_if_broken(request):
        summary = nightly_body(request.at(as_of), PrefectSteps())
    leave_artifacts(summary)
    return summary


@flow(name="backtest", persist_result=False)
def backtest(settings: BacktestSettings) -> Summary:
    """Replay the past: what would have been caught, and did the probabilities hold."""
    asked = settings.model_dump(exclude_none=True, include=set(ASKED_OF_A_BACKTEST))
    request = request_of(settings, **asked)
    with full_disk_told(request.home.root), tidied_if_broken(request):
        summary = backtest_body(request.at(_given(settings, request)), PrefectSteps())
    leave_artifacts(summary)
    return summary


@flow(name="review", persist_result=False)
def review(settings: ReviewSettings) -> Summary:
    """Write the review of the last month or quarter, as a page, an artifact and in MLflow."""
    asked = settings.model_dump(exclude_none=True, include={"kind", "audience"})
    request = request_of(settings, **asked)
    as_of = _given(settings, request)
    if as_of is None and not settings.pinned and request.project.data_cutoff is None:
        as_of = scheduled_start()
    with full_disk_told(request.home.root), tidied_if_broken(request):
        summary = review_body(request.at(as_of), PrefectSteps())
    leave_artifacts(summary)
    leave_page(summary)
    return summary


def request_of(settings: FlowSettings, **options: str | bool | int) -> Request:
    """Return what a flow's parameters ask for; a scheduled run waits for another to end."""
    home = Home(settings.home.expanduser().resolve())
    prepare_environment(home)
    return make_request(
        settings.project,
        find_data(settings.data),
        home,
        options=options,
        wait_seconds=settings.wait_hours * 3600,
    )


def scheduled_start() -> datetime:
    """Return the moment that this run was scheduled for, naive UTC.

    Not the clock: a run that starts late, or again, stands where it was meant to stand.
    """
    start = flow_run.scheduled_start_time
    return datetime.fromisoformat(start.isoformat()).astimezone(UTC).replace(tzinfo=None)


def _given(settings: FlowSettings, request: Request) -> datetime | None:
    """Return the given moment; one from the command line is naive UTC already."""
    if settings.as_of is None:
        return None
    if settings.pinned:
        return settings.as_of.replace(tzinfo=None)
    return request.project.moment(settings.as_of)
