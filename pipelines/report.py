"""The report, and the reviews that are the same page of a whole month or quarter."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from features.errors import DataError, UsageError
from features.frames import open_frame
from features.tables import TableSet
from pipelines.following import follow_outcomes
from pipelines.gathering import Gathered, gather, material
from pipelines.reading import feature_frame, moment_of, read, tidy
from pipelines.record import read_record
from pipelines.registry import ModelVersion, Registry
from pipelines.scoring import ScoredNight, catalogue_of, score_open
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary
from pipelines.tracking import log_review

if TYPE_CHECKING:
    from reports.periods import Period
    from reports.report_facts import ReportFacts
    from reports.voice import Voice

KINDS = ("interim", "monthly", "quarterly")
REVIEWS = "reviews"
MOST_FINDINGS = 12


@dataclass(frozen=True)
class Written:
    """Page, facts and summary of one report, and what is told of it."""

    page: Path
    facts: Path
    summary: Path
    period: str
    findings: list[str]
    goals: dict[str, str]


def report(request: Request, steps: Steps) -> Summary:
    """Write the page, its facts and its summary for the moment of the request.

    Raises:
        NotEnoughError: there is no champion.
        ProjectError: the agreement or the report names what is no column of the leads.
        DataError: the data break the contract, or do not fit the model.
    """
    return _report(request, steps, kind="interim", command="report")


def review(request: Request, steps: Steps) -> Summary:
    """Write the review of the last whole month or quarter, keep it for the next one, and log it to MLflow.

    Raises:
        NotEnoughError, ProjectError, DataError: as ``report`` does.
        UsageError: there is no such kind of review.
    """
    return _report(request, steps, kind=kind_of(request), command="review")


def kind_of(request: Request) -> str:
    """Return which review is asked for.

    Raises:
        UsageError: there is no such kind of review.
    """
    kind = str(request.options.get("kind", "interim"))
    if kind not in KINDS:
        raise UsageError(f"--kind: there is no {kind!r} review; expected {', '.join(KINDS)}")
    return kind


def _report(request: Request, steps: Steps, *, kind: str, command: str) -> Summary:
    audience_of(request)  # what is asked wrongly is said before minutes of work
    voice_of(request)
    project = request.project
    registry = Registry(request.home, project.project)
    champion = steps.reach("ask for the champion", registry.champion, request.shown_file)
    bundle = steps.reach("fetch the model", registry.fetch, champion, request.work)
    evidence = steps.reach("fetch its evidence", registry.fetch_record, champion, request.work)
    catalogue = steps.run("read the model's catalogue", catalogue_of, bundle, project.project)
    tables = steps.reach("read and check the tables", read, request, catalogue)
    as_of = moment_of(request, tables)
    followed = steps.run(
        "follow the outcomes since", follow_outcomes, request, tables, catalogue, bundle, as_of
    )
    frame = steps.run(
        "assemble features", open_frame, tables, project, catalogue, as_of, request.work
    )
    scored = steps.run(
        "score the open leads", score_open, frame, followed.bundle, tables, request.work
    )
    gathered = steps.run(
        "gather the loop and the scores at arrival",
        gather,
        request,
        tables,
        catalogue,
        followed.bundle,
        as_of,
    )
    written = steps.run(
        "write the report", write, request, tables, champion, evidence, followed.bundle, scored, gathered, as_of, kind
    )  # fmt: skip
    run_id = request.run_id
    if command == "review":
        run_id = steps.reach("log the review", _log, request, tables, written, as_of, kind)
    steps.run("tidy up", tidy, request)
    return Summary(
        project=project.project,
        command=command,
        run_id=run_id,
        as_of=as_of,
        data_cutoff=tables.data_cutoff,
        written=[written.page, written.facts, written.summary],
        warnings=tables.warnings,
        facts={
            "model_version": champion.version,
            "leads": scored.leads,
            "period": written.period,
            "goals": written.goals,
            "findings": [{"finding": sentence} for sentence in written.findings],
        },
        headline=f"The {'report' if command == 'report' else f'{kind} review'} of {as_of:%Y-%m-%d} is written.",
        next_steps=[f"open {written.page} in a browser", f"read {written.summary} in a mail"],
    )


def write(
    request: Request,
    tables: TableSet,
    champion: ModelVersion,
    evidence: Path,
    bundle: Path,
    scored: ScoredNight,
    gathered: Gathered,
    as_of: datetime,
    kind: str,
) -> Written:
    """Compute the facts, and write the page, the facts and the summary."""
    from models.bundle import Bundle
    from reports.build import Evidence, report_facts
    from reports.one_page import one_page
    from reports.page import replace, write_report
    from reports.periods import Period
    from reports.sentences import standing_out

    trained, suspects = read_record(evidence)
    catalogue = catalogue_of(bundle, request.project.project)
    period = Period.last_complete(
        "month" if kind == "monthly" else "quarter", as_of, request.project.timezone
    )
    told = material(
        request,
        tables,
        gathered,
        scored,
        as_of,
        period=period,
        earlier=earlier_review(request, as_of, period, kind),
    )
    voice = voice_of(request)
    facts = report_facts(
        told,
        tables,
        Evidence(
            trained=trained,
            bundle=Bundle.load(bundle),
            aged=None if gathered.aged is None else feature_frame(gathered.aged, catalogue),
            left_out=catalogue.left_out,
            suspects=suspects,
            model_version=champion.version,
        ),
        voice,
        audience=audience_of(request),
    )
    folder = request.project_home.reports
    name = f"report-{as_of:%Y-%m-%d}" if kind == "interim" else f"review-{period.name}"
    page, beside = write_report(facts, folder / f"{name}{_suffix(request)}.html", voice)
    summary = page.with_suffix(".md")
    replace(summary, one_page(facts, voice))
    if kind != "interim":
        _keep(request, facts, period.name)
    return Written(
        page=page,
        facts=beside,
        summary=summary,
        period=period.name,
        findings=[one.sentence for one in standing_out(facts, MOST_FINDINGS)],
        goals={} if facts.goals is None else {one.measure: one.status for one in facts.goals.goals},
    )


def voice_of(request: Request) -> "Voice":
    """Return the report's language.

    Raises:
        ProjectError: there is no such language, or its texts cannot be read.
    """
    from reports.voice import Voice

    told = request.project.report
    texts = None if told.texts is None else request.project_file.parent / told.texts
    return Voice.of(told.language, told.currency, texts)


def audience_of(request: Request) -> Any:  # noqa: ANN401  one of the literals of Audience
    """Return for whom the report is: as asked for, else as the project file says.

    Raises:
        UsageError: there is no such audience.
    """
    from reports.facts import Audience

    asked = request.options.get("audience", request.project.report.audience)
    if asked not in get_args(Audience):
        raise UsageError(
            f"--audience: there is no {asked!r}; expected {', '.join(get_args(Audience))}"
        )
    return asked


def earlier_review(
    request: Request, as_of: datetime, period: "Period", kind: str
) -> dict[str, Any] | None:
    """Return the facts of the last review of this kind that stood before ``as_of``, of another period.

    A month is held against a month and a quarter against a quarter; an interim review against whichever came last.

    Raises:
        DataError: a file of the kept reviews cannot be read.
    """
    found = []
    for path in sorted((request.project_home.root / REVIEWS).glob("*.json")):
        if kind != "interim" and (
            path.stem == period.name or ("Q" in path.stem) != ("Q" in period.name)
        ):
            continue
        moment, facts = _kept(path)
        if moment < as_of:
            found.append((moment, path.name, facts))
    return max(found, key=lambda one: one[:2])[2] if found else None


def _kept(path: Path) -> tuple[datetime, dict[str, Any]]:
    """Read the facts of a review and when it stood."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        moment = datetime.fromisoformat(facts["as_of"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: these facts of an earlier review cannot be read ({type(error).__name__}: {error}). "
            "Put the file back from a backup, or move it away: then what changed since that review is not told"
        ) from None
    return moment, facts


def _keep(request: Request, facts: "ReportFacts", period: str) -> None:
    """Keep the facts of a review for the next one, which tells what has changed."""
    from reports.page import replace

    path = request.project_home.root / REVIEWS / f"{period}.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace(path, facts.model_dump_json(indent=2) + "\n")


def _suffix(request: Request) -> str:
    audience = str(request.options.get("audience", request.project.report.audience))
    return "" if audience == "leadership" else f"-{audience}"


def _log(request: Request, tables: TableSet, written: Written, as_of: datetime, kind: str) -> str:
    return log_review(
        request.home,
        request.project,
        as_of=as_of,
        data_digest=tables.digest,
        kind=kind,
        period=written.period,
        files=[written.page, written.facts, written.summary],
    )
