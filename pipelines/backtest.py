"""The backtest: what would have happened had leadgauge been used, night by night, with what it knew then."""

from pathlib import Path

from features.tables import AttributeColumn, TableSet
from pipelines.backtest_nights import InUse, Stretch, has_history, score_nights
from pipelines.backtest_plan import Plan, asked_for, make_plan, old_score_column
from pipelines.backtest_retrain import read_then, retrain_then
from pipelines.backtest_weigh import Found, weigh
from pipelines.home import make_private
from pipelines.reading import moment_of, tidy
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary
from pipelines.tracking import log_backtest


def backtest(request: Request, steps: Steps) -> Summary:
    """Retrain and score as would have been done then; hold the nights against what happened.

    Nothing of the project is changed: no version is registered, nothing is published.

    Raises:
        UsageError: a wrong option.
        ProjectError: the project file names what does not exist.
        DataError: the data break the contract.
        NotEnoughError: the history is too short; the message says what it would take.
    """
    asked = asked_for(request)
    tables = steps.reach(
        "read and check the tables",
        read_then,
        request,
        request.project,
        request.as_of,
        request.work / "tables",
    )
    old_score = old_score_column(request, tables)
    plan = steps.run("find the nights and when to retrain", make_plan, request, tables, asked)
    stretches = _replay(request, steps, tables, plan)
    found = steps.run(
        "hold against what happened", weigh, request, tables, plan, stretches, asked, old_score
    )
    written = steps.run("write the page", write, request, tables, found)
    steps.reach("record", record, request, tables, found, written)
    warnings = [*tables.warnings, *_old_score_may_flatter(tables, old_score)]
    steps.run("tidy up", tidy, request)
    return Summary(
        project=request.project.project,
        command="backtest",
        run_id=request.run_id,
        as_of=moment_of(request, tables),
        data_cutoff=tables.data_cutoff,
        written=written,
        warnings=warnings,
        facts=found.facts,
        headline=found.headline,
        next_steps=[f"open {written[0]} in a browser"],
    )


def _replay(request: Request, steps: Steps, tables: TableSet, plan: Plan) -> list[Stretch]:
    """Train at each moment of the plan and score the nights until the next."""
    champion: InUse | None = None
    stretches: list[Stretch] = []
    for number, at in enumerate(plan.retrain_at):
        made = steps.run(
            f"train as of {at:%Y-%m-%d} ({number + 1} of {len(plan.retrain_at)})",
            retrain_then,
            request,
            number,
            at,
            champion.retraining if champion else None,
        )
        stretch, champion = steps.run(
            f"score the nights from {at:%Y-%m-%d}",
            score_nights,
            request,
            tables,
            plan,
            made,
            champion,
        )
        stretches.append(stretch)
    return stretches


def write(request: Request, tables: TableSet, found: Found) -> list[Path]:
    """Write page, pictures and facts under the home, and return their paths, the page first."""
    from pipelines.summary import plain
    from reports.backtest import write_backtest

    as_of = moment_of(request, tables)
    folder = request.project_home.root / "backtests" / f"{as_of:%Y-%m-%d}"
    make_private(folder)
    document = {
        "project": request.project.project,
        "as_of": as_of,
        "data_cutoff": tables.data_cutoff,
        "headline": found.headline,
        **found.facts,
        "curves": found.curves,
    }
    title = request.project.report.title or request.project.project
    return write_backtest(
        plain(document), folder, title=title, currency=request.project.report.currency
    )


def record(request: Request, tables: TableSet, found: Found, written: list[Path]) -> None:
    """Log the figures and the page to MLflow, as a run of its own."""
    metrics = {
        f"{name}.{key}": float(value)
        for block in (found.facts["evaluation"], found.facts["policies"])
        for name, figures in block.items()
        if isinstance(figures, dict)
        for key, value in figures.items()
        if isinstance(value, int | float)
    }
    log_backtest(
        request.home,
        request.project,
        as_of=moment_of(request, tables),
        data_digest=tables.digest,
        metrics=metrics,
        files=written,
    )


def _old_score_may_flatter(tables: TableSet, column: AttributeColumn | None) -> list[str]:
    if column is None or has_history(tables, column):
        return []
    return [
        f"agreement.old_score: no history of {column.label!r} is known: it is taken as it stands in the export, which "
        "flatters it if it was still changed after the nights"
    ]
