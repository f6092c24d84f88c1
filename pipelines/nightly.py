"""The night: score the open leads with the champion and publish, as a whole or not at all."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from delivery.publication import Publication
from delivery.receipt import Receipt
from features.frames import open_frame
from features.leaks import WHY_WORDS, Why, find_leaks
from features.loop import Loop, write_loop
from features.project import Project
from features.tables import TableSet
from pipelines.checks import check_events, check_freshness
from pipelines.feedback import known_feedback
from pipelines.following import follow_outcomes
from pipelines.lock import one_at_a_time
from pipelines.on_spark import on_spark
from pipelines.profiling import peak_memory_mb, profile
from pipelines.reading import moment_of, read, tidy
from pipelines.realised import realised
from pipelines.registry import ModelVersion, Registry
from pipelines.scoring import ScoredNight, catalogue_of, score_open
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary
from pipelines.watching import watch_night


@dataclass(frozen=True)
class Published:
    """What a night has left: its folder, its files with their rows, and the counts that are told."""

    folder: Path
    files: list[tuple[str, int | None]]
    routes: dict[str, int]


@dataclass(frozen=True)
class LeaksFile:
    """A night's leaks: their rows as Parquet, in their order, and what `features.leaks.Leaks` counts and cannot tell."""

    path: Path
    counts: dict[str, int | None]
    unknown: dict[str, Why]


def nightly(request: Request, steps: Steps) -> Summary:
    """Read, check, assemble, score, explain, grade, route, compare, write, validate and publish.

    Raises:
        NotEnoughError: there is no champion.
        DataError: the data break the contract, or do not fit the model.
        StoppedError: a check stopped the night; what was published before stands.
        BusyError: another run of this project is going on.
    """
    project = request.project
    with (
        one_at_a_time(
            request.project_home,
            command="score",
            since=request.now,
            wait_seconds=request.wait_seconds,
        ),
        on_spark(request) as spark,
    ):
        assemble, score = (
            (spark.open_frame, spark.score_open) if spark else (open_frame, score_open)
        )
        registry = Registry(request.home, project.project)
        champion = steps.reach("ask for the champion", registry.champion, request.shown_file)
        bundle = steps.reach("fetch the model", registry.fetch, champion, request.work)
        catalogue = steps.run("read the model's catalogue", catalogue_of, bundle, project.project)
        tables = steps.reach("read and check the tables", read, request, catalogue, locked=True)
        as_of = moment_of(request, tables)
        warnings = steps.run(
            "check that the data are fresh", check_freshness, request, tables, as_of
        )
        warnings += _hindsight(champion, as_of)
        warnings += steps.run(
            "check that there are events", check_events, request, tables, catalogue
        )
        followed = steps.run(
            "follow the outcomes since", follow_outcomes, request, tables, catalogue, bundle, as_of
        )
        frame = steps.run(
            "assemble features", assemble, tables, project, catalogue, as_of, request.work
        )
        scored = steps.run("score and explain", score, frame, followed.bundle, tables, request.work)
        watched = steps.run(
            "hold against what is usual", watch_night, request, tables, catalogue, followed.bundle, frame, scored, champion.version, as_of
        )  # fmt: skip
        receipt = receipt_of(project, champion, tables, as_of)
        loop = steps.run("follow the loop", follow_loop, request, tables, as_of)
        leaks = steps.run("look for leaks", leaks_of, request, scored, loop, as_of)
        published = steps.run(
            "write, validate and publish",
            publish_night,
            request,
            scored,
            receipt,
            as_of,
            loop,
            leaks,
        )
        later = steps.reach("hold against what happened", realised, request, tables, scored, as_of)
        steps.run("tidy up", tidy, request)
    return Summary(
        project=project.project,
        command="score",
        run_id=receipt.run_id,
        as_of=as_of,
        data_cutoff=tables.data_cutoff,
        written=[published.folder],
        warnings=[*tables.warnings, *warnings, *watched.warnings],
        facts={
            "leads": scored.leads,
            "grades": scored.grades,
            "routes": published.routes,
            **_on_the_list(tables),
            "leaks": leaks.counts,
            "leaks_unknown": {leak: WHY_WORDS[why] for leak, why in leaks.unknown.items()},
            "expected_wins": round(scored.expected_wins, 2),
            "model_version": champion.version,
            "exports": [{"file": name, "rows": rows} for name, rows in published.files],
            "followed": followed.to_json(),
            "watch": watched.to_json(),
            **({"event_files": tables.event_files.model_dump()} if tables.event_files else {}),
            **({"realised": later} if later else {}),
            **(_profile(steps, tables, scored) if request.options.get("profile") else {}),
        },
        headline=_headline(scored, published, as_of),
        next_steps=[
            f"give your CRM the files in {published.folder}",
            f"leadgauge explain {request.shown_file} LEAD_ID",
            f"leadgauge report {request.shown_file}",
        ],
    )


def _profile(steps: Steps, tables: TableSet, scored: ScoredNight) -> dict[str, Any]:
    """Return seconds and rows by step, and the memory."""
    leads = dict.fromkeys(
        ("assemble features", "score and explain", "write, validate and publish"), scored.leads
    )
    read = sum(count.read for count in tables.tables.values())
    return {
        "profile": profile(steps.times, {"read and check the tables": read, **leads}),
        "peak_memory_mb": peak_memory_mb(),
    }


def follow_loop(request: Request, tables: TableSet, as_of: datetime) -> Loop:
    """Write what became of every lead between marketing and sales, by the CRM and by sales' feedback.

    Raises:
        ProjectError: the agreement or the report names what is no column of the leads.
        DataError: the ledger of feedback cannot be read.
    """
    return write_loop(
        tables, request.project, as_of, request.work, feedback=known_feedback(request, as_of)
    )


def leaks_of(request: Request, scored: ScoredNight, loop: Loop, as_of: datetime) -> LeaksFile:
    """Write the leads that leak as of the night, with what the nights before gave to sales."""
    from delivery.earlier_nights import sales_ready_nights

    project = request.project
    handed = sales_ready_nights(
        request.home.root, project.project, as_of, request.work / "earlier_nights.parquet"
    )
    found = find_leaks(
        loop.path, scored.path, project.agreement, loop.columns, as_of, handed=handed
    )
    path = request.work / "leaks.parquet"
    found.rows.to_parquet(path, index=False)
    return LeaksFile(path, found.counts, found.unknown)


def _on_the_list(tables: TableSet) -> dict[str, int]:
    """Return how many leads the list of suppressed people kept out of everything."""
    count = tables.tables["leads"].ignored.get("suppressed", 0)
    return {"suppressed_by_list": count} if count else {}


def receipt_of(
    project: Project, champion: ModelVersion, tables: TableSet, as_of: datetime
) -> Receipt:
    """Return what every score carries. The same night, model and data give the same run id, so a rerun the same bytes."""
    said = json.dumps([project.project, as_of.isoformat(), champion.version, tables.digest])
    return Receipt(
        project=project.project,
        model_version=champion.version,
        run_id=str(uuid5(NAMESPACE_URL, f"leadgauge:{said}")),
        data_as_of=tables.data_cutoff,
        scored_at=as_of,
        expires_at=as_of + timedelta(days=project.delivery.expires_after_days),
    )


def publish_night(
    request: Request,
    scored: ScoredNight,
    receipt: Receipt,
    as_of: datetime,
    loop: Loop,
    leaks: LeaksFile,
) -> Published:
    """Route the scored leads, write every export, read each back, and make it the current publication."""
    import pandas as pd

    from delivery.exports import validate_exports
    from delivery.night import NightFiles, write_night
    from delivery.publication import latest
    from delivery.publish import publish

    project = request.project
    before = latest(request.home.root, project.project, before=as_of)
    written: list[NightFiles] = []
    made: Publication = publish(
        request.home.root,
        project.project,
        as_of,
        lambda folder: written.append(
            write_night(
                scored.path,
                agreement=project.agreement,
                delivery=project.delivery,
                receipt=receipt,
                previous=before,
                folder=folder,
                loop=loop,
                leaks=pd.read_parquet(leaks.path),
            )
        ),
        receipt=receipt,
        validate=lambda folder: validate_exports(folder, project.delivery),
    )
    return Published(
        folder=made.folder,
        files=[(file.path, file.rows) for file in made.manifest.files],
        routes=written[0].routes,
    )


def _hindsight(champion: ModelVersion, as_of: datetime) -> list[str]:
    """Warn where a past night is scored by a model that knows what came after it."""
    if not champion.as_of or datetime.fromisoformat(champion.as_of) <= as_of:
        return []
    return [
        f"version {champion.version} learned from data up to {champion.as_of[:10]}, later than this night: "
        "how its scores fared says little. For an honest trial, train with the same --as-of first"
    ]


def _headline(scored: ScoredNight, published: Published, as_of: datetime) -> str:
    night = f"{as_of:%Y-%m-%d %H:%M} UTC"
    if not scored.leads:
        return f"No lead is open on {night}: an empty publication stands, and that is no failure."
    ready = published.routes.get("sales_ready", 0)
    return (
        f"{scored.leads} open leads scored for {night}: {ready} for sales; "
        f"about {scored.expected_wins:.0f} of all are expected to close."
    )
