"""The page for leadership: the champion's evidence, the tables, and tonight's open leads."""

from datetime import datetime
from pathlib import Path

from features.frames import open_frame
from features.tables import TableSet
from pipelines.reading import moment_of, read, tidy
from pipelines.record import read_record
from pipelines.registry import ModelVersion, Registry
from pipelines.scoring import ScoredNight, catalogue_of, score_open
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary


def report(request: Request, steps: Steps) -> Summary:
    """Write the page and its facts for the moment of the request.

    Raises:
        NotEnoughError: there is no champion.
        DataError: the data break the contract, or do not fit the model.
    """
    project = request.project
    registry = Registry(request.home, project.project)
    champion = steps.reach("ask for the champion", registry.champion, request.shown_file)
    bundle = steps.reach("fetch the model", registry.fetch, champion, request.work)
    evidence = steps.reach("fetch its evidence", registry.fetch_record, champion, request.work)
    catalogue = steps.run("read the model's catalogue", catalogue_of, bundle, project.project)
    tables = steps.reach("read and check the tables", read, request, catalogue)
    as_of = moment_of(request, tables)
    frame = steps.run(
        "assemble features", open_frame, tables, project, catalogue, as_of, request.work
    )
    scored = steps.run("score the open leads", score_open, frame, bundle, tables, request.work)
    paths = steps.run(
        "write the report", write, request, tables, champion, evidence, bundle, scored, as_of
    )
    steps.run("tidy up", tidy, request)
    return Summary(
        project=project.project,
        command="report",
        run_id=request.run_id,
        as_of=as_of,
        data_cutoff=tables.data_cutoff,
        written=paths,
        warnings=tables.warnings,
        facts={"model_version": champion.version, "leads": scored.leads},
        headline=f"The report of {as_of:%Y-%m-%d} is written.",
        next_steps=[f"open {paths[0]} in a browser"],
    )


def write(
    request: Request,
    tables: TableSet,
    champion: ModelVersion,
    evidence: Path,
    bundle: Path,
    scored: ScoredNight,
    as_of: datetime,
) -> list[Path]:
    """Gather the facts, render the page, and return both paths, the page first."""
    import pandas as pd

    from reports.build import report_facts
    from reports.page import write_report

    trained, suspects = read_record(evidence)
    catalogue = catalogue_of(bundle, request.project.project)
    facts = report_facts(
        request.project,
        tables,
        trained,
        pd.read_parquet(scored.path),
        as_of=as_of,
        model_version=champion.version,
        left_out=catalogue.left_out,
        suspects=suspects,
    )
    folder = request.project_home.reports
    return write_report(facts, folder / f"report-{as_of:%Y-%m-%d}.html")
