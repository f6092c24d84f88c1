"""The agreement of sales and marketing, in words and against the last quarter."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import Catalogue
from features.errors import UsageError
from features.loop import write_loop
from features.tables import TableSet
from pipelines.arrivals import arrivals
from pipelines.feedback import known_feedback
from pipelines.following import follow_outcomes
from pipelines.reading import moment_of, read, tidy
from pipelines.registry import Registry
from pipelines.report import voice_of
from pipelines.scoring import catalogue_of, mean_amount
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary

if TYPE_CHECKING:
    from features.blocks import Grade
    from reports.agreement_facts import AgreementFacts, Meant


def agreement(request: Request, steps: Steps) -> Summary:
    """Say the agreement in words, and what it would have meant in the last whole quarter.

    Without a champion the words alone: nobody knows then how a lead would have been graded.

    Raises:
        UsageError: ``--grade`` is no grade.
        ProjectError: the agreement names what is no column of the leads.
        DataError: the data break the contract, or do not fit the model.
    """
    from reports.agreement import agreement_sentences, agreement_words

    project, grade = request.project, asked_grade(request)
    registry = Registry(request.home, project.project)
    champion = steps.reach("ask for the champion", registry.find_champion)
    voice = voice_of(request)
    words = agreement_words(project.agreement, voice)
    if champion is None:
        return _without_a_champion(request, words)
    bundle = steps.reach("fetch the model", registry.fetch, champion, request.work)
    catalogue = steps.run("read the model's catalogue", catalogue_of, bundle, project.project)
    tables = steps.reach("read and check the tables", read, request, catalogue)
    as_of = moment_of(request, tables)
    followed = steps.run(
        "follow the outcomes since", follow_outcomes, request, tables, catalogue, bundle, as_of
    )
    facts = steps.run(
        "replay the last quarter", replay, request, tables, catalogue, followed.bundle, as_of, grade
    )
    steps.run("tidy up", tidy, request)
    return Summary(
        project=project.project,
        command="agreement",
        run_id=request.run_id,
        as_of=as_of,
        data_cutoff=tables.data_cutoff,
        warnings=tables.warnings,
        headline=f"What sales and marketing agreed on for {project.project}",
        paragraphs=[*words, "", *agreement_sentences(facts, voice)],
        facts={
            "agreement": words,
            "period": facts.period,
            "sales_ready": _table(facts),
            "model_version": champion.version,
            "replay": facts.model_dump(mode="json"),
        },
        next_steps=[
            f"leadgauge agreement {request.shown_file} --capacity 40 --grade B",
            f"leadgauge report {request.shown_file}",
        ],
    )


def asked_grade(request: Request) -> "Grade | None":
    """Return ``--grade``.

    Raises:
        UsageError: it is no grade.
    """
    from reports.agreement_facts import GRADES

    said = request.options.get("grade")
    if said is None:
        return None
    for grade in GRADES:
        if str(said).strip().upper() == grade:
            return grade
    raise UsageError(f"--grade: there is no grade {said!r}; expected {', '.join(GRADES)}")


def replay(
    request: Request,
    tables: TableSet,
    catalogue: Catalogue,
    bundle: Path,
    as_of: datetime,
    grade: "Grade | None",
) -> "AgreementFacts":
    """Hold the agreement against the last whole quarter before a moment."""
    import pandas as pd

    from reports.agreement_facts import agreement_facts
    from reports.material import Material
    from reports.periods import Period

    project = request.project
    feedback = known_feedback(request, as_of)
    loop = write_loop(tables, project, as_of, request.work, feedback=feedback)
    nothing = pd.DataFrame({"lead_id": pd.Series(dtype=object)})
    capacity = request.options.get("capacity")
    return agreement_facts(
        Material(
            project=project,
            as_of=as_of,
            data_cutoff=tables.data_cutoff,
            flat=tables.flat,
            loop=pd.read_parquet(loop.path),
            columns=loop.columns,
            arrivals=pd.read_parquet(arrivals(request, tables, catalogue, bundle, as_of)),
            tonight=nothing,
            spend=nothing,
            mean_amount=mean_amount(tables),
            period=Period.last_complete("quarter", as_of, project.timezone),
        ),
        capacity=None if capacity is None else float(capacity),
        grade=grade,
    )


def _without_a_champion(request: Request, words: list[str]) -> Summary:
    project = request.project.project
    return Summary(
        project=project,
        command="agreement",
        run_id=request.run_id,
        headline=f"What sales and marketing agreed on for {project}",
        paragraphs=words,
        facts={"agreement": words},
        warnings=[
            f"what it would have meant is unknown: project {project!r} has no champion to grade leads with"
        ],
        next_steps=[f"leadgauge train {request.shown_file}"],
    )


def _table(facts: "AgreementFacts") -> list[dict[str, Any]]:
    """Return the agreement, what was asked for and the what-ifs, as a table of figures."""
    named: list[tuple[str, Meant | None]] = [("as agreed", facts.agreed), ("asked", facts.asked)]
    named += [("what if", meant) for meant in facts.what_if]
    return [
        {
            "": name,
            "leads_a_day": meant.capacity,
            "grades": " ".join(meant.grades),
            "leads": meant.leads,
            "wins": meant.wins,
            "not_known_yet": meant.open,
            "hours": meant.hours,
            "share_of_wins": None
            if meant.share_of_wins is None
            else round(meant.share_of_wins.value, 4),
        }
        for name, meant in named
        if meant is not None
    ]
