"""Is my data good enough, and what would I get: everything before training, without training."""

from dataclasses import dataclass
from typing import Any

from features.errors import NotEnoughError, ProjectError
from features.frames import TrainingFrames, training_frames
from features.hindsight_unseen import not_judged
from features.project import Project
from features.tables import TableSet
from pipelines.reading import moment_of, read, tidy
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary


@dataclass(frozen=True)
class Snapshots:
    """How much there is to learn from: ladder rows, leads, wins, and the share that is won."""

    total: int
    mature: int
    leads: int
    wins: int
    base_rate: float | None
    enough: bool
    why: str
    step: str | None


def check(request: Request, steps: Steps) -> Summary:
    """Read, check, audit for hindsight, count snapshots and say whether that is enough.

    Raises:
        ProjectError: the project file names what does not exist, in its sources, the agreement or the report.
        DataError: the data break the contract.
    """
    tables = steps.reach("read and check the tables", read, request)
    steps.run("look for the columns that sales and marketing named", find_named, request, tables)
    frames = steps.run(
        "assemble features as of past moments",
        training_frames,
        tables,
        request.project,
        request.work,
    )
    unseen = steps.run(
        "say what the hindsight audit cannot see",
        not_judged,
        tables,
        request.project,
        frames.suspects,
    )
    found = steps.run("count what there is to learn from", count, frames, request.project)
    steps.run("tidy up", tidy, request)
    file = request.shown_file
    return Summary(
        project=request.project.project,
        command="check",
        run_id=request.run_id,
        as_of=moment_of(request, tables),
        data_cutoff=tables.data_cutoff,
        written=[path for path in (tables.folder / "quarantine.csv",) if path.is_file()],
        warnings=tables.warnings,
        facts={
            "tables": table_facts(tables),
            "snapshots": {
                "total": found.total,
                "mature": found.mature,
                "leads": found.leads,
                "wins": found.wins,
                "base_rate": found.base_rate,
            },
            "features": len(frames.catalogue.features),
            "hindsight": [
                {"column": suspect.label, "evidence": suspect.evidence, "verdict": suspect.verdict}
                for suspect in frames.suspects
            ],
            "hindsight_not_judged": [item.to_json() for item in unseen],
            "enough": {"enough": found.enough, "why": found.why, "step": found.step},
        },
        headline=f"{'Enough' if found.enough else 'Not enough'} to train on: {found.why}.",
        next_steps=[f"leadgauge train {file}"]
        if found.enough
        else [
            f"leadgauge check {file}   (after adding older leads, or correcting the project file)"
        ],
    )


def find_named(request: Request, tables: TableSet) -> None:
    """Look for every column of the leads that the agreement and the report name, before a night needs them.

    Raises:
        ProjectError: some are no column of the leads, or cannot be looked at; all of them.
    """
    import pyarrow.parquet as pq

    from features.named_leads import resolve

    try:
        resolve(tables, request.project, pq.read_schema(tables.path("leads")).names)
    except ProjectError as error:
        raise ProjectError(f"{request.shown_file}: {error}".replace("\n", "\n  ")) from None


def table_facts(tables: TableSet) -> dict[str, dict[str, Any]]:
    """Return rows read, kept and quarantined of each table that was read, the reasons with their counts."""
    return {
        name: {
            "read": counts.read,
            "kept": counts.kept,
            "quarantined": counts.quarantined,
            "ignored": sum(counts.ignored.values()),
            "reasons": {**counts.reasons, **counts.ignored},
        }
        for name, counts in tables.tables.items()
        if counts.read
    }


def count(frames: TrainingFrames, project: Project) -> Snapshots:
    """Count the snapshots of the ladder, and say whether they carry a test forward in time."""
    import pandas as pd

    from models.enough import check_enough, reachable_step, won_leads
    from models.folds import forward_folds

    columns = ["lead_id", "as_of", "label", "weight", "age_days", "group_id"]
    ladder = pd.read_parquet(frames.ladder, columns=columns)
    mornings = pd.read_parquet(frames.mornings, columns=columns)
    settings, leads, wins = project.model, int(ladder["lead_id"].nunique()), won_leads(ladder)
    newborn = ladder[ladder["age_days"] < 1]
    step = None
    try:
        check_enough(ladder, settings)
        folds = forward_folds(
            ladder,
            mornings,
            folds=settings.folds,
            gap_days=project.label.horizon_days,
            min_wins=settings.min_wins,
            seed=settings.seed,
        )
    except NotEnoughError as error:
        enough, why = False, str(error).removeprefix("not enough data to train on: ")
    else:
        enough, step = True, reachable_step(wins, settings)
        why = (
            f"{leads} leads with a known outcome, {wins} of them won, {len(folds)} tests forward "
            f"in time; they carry the ladder up to {step}, if it proves better than the steps below"
        )
    return Snapshots(
        total=frames.snapshots,
        mature=len(ladder),
        leads=leads,
        wins=wins,
        base_rate=float(newborn["label"].mean()) if len(newborn) else None,
        enough=enough,
        why=why,
        step=step,
    )
