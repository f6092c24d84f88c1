"""``python -m benchmarks.quality.horizons``: one model for several horizons against one model for each.

At one origin a model is trained for each horizon on what was known then. Each of them in turn is the one
that is published and speaks for the others by ``benchmarks.quality.one_model``; it is held against the model that was
trained for that horizon alone, on the same later mornings.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.quality.measure import interval
from benchmarks.quality.one_model import at_horizons, fit_horizons, with_days
from benchmarks.quality.sets import REPO, dated_rows
from features.assemble import assemble
from features.contract import read_tables
from features.frames import canonical
from features.project import Project
from features.project_file import load_project
from features.tables import TableSet, open_tables
from models.following import as_published
from models.metrics import ece, ece_noise_95, log_loss, log_losses, outcome_clusters
from models.scorer import Floats
from models.training import train
from pipelines.reading import feature_frame
from pipelines.settings import utc_now

SIMULATED = "simulated"
HORIZONS = {"bpi2012": (7, 14, 30), "aws_quicksight_pipeline": (30, 90, 180)}
USUAL = (30, 90, 180)
LEARNED_SHARE = 0.6  # of the mornings' time, the longest horizon left out
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Told:
    """What models trained for each horizon said: forward in time before the origin, and after it.

    ``before``: by horizon, rows as ``fit_horizons`` takes them. ``after``: the test mornings with
    ``days_to_win`` and one column ``p_<days>`` for each horizon.
    """

    before: dict[int, pd.DataFrame]
    after: pd.DataFrame


def ask(name: str, folder: Path, asked: argparse.Namespace) -> Told:
    """Train a model for each horizon at the origin and ask each about the same later mornings."""
    project, read = _read(name, asked.data, folder, asked.leads)
    model = project.model.model_copy(update={"ladder": asked.ladder.split(",")})
    project = project.model_copy(update={"model": model})
    horizons = HORIZONS.get(name, USUAL)
    longest = _at(project, max(horizons))
    moments = dated_rows(read, longest, folder / "moments").mornings
    first, last = moments["as_of"].min(), moments["as_of"].max()
    origin = first + max(LEARNED_SHARE * (last - first), 2.2 * max(horizons) * DAY)
    test = moments[moments["as_of"] >= origin]
    own = ["lead_id", "as_of", "created_at", "age_days", "group_id", "days_to_win"]
    after, before = test[own].reset_index(drop=True), {}
    for days in horizons:
        before[days], after[f"p_{days}"] = _trained(
            read, _at(project, days), test, origin, folder / str(days), asked.threads
        )
        _say(f"{name}: trained for {days} days at {origin:%Y-%m-%d}")
    return Told(before, after)


def _read(name: str, data: Path, folder: Path, leads: int) -> tuple[Project, TableSet]:
    file = REPO / "configs" / f"{name}.yaml"
    if name == SIMULATED:
        from simulation.company import simulate
        from simulation.export import write_company

        data = folder / "company"
        file = write_company(simulate(leads, seed=7), data)
    project = load_project(file)
    (folder / "tables").mkdir(parents=True)
    return project, read_tables(project, data, folder / "tables", now=utc_now())


def _at(project: Project, days: int) -> Project:
    label = project.label.model_copy(update={"horizon_days": days})
    return project.model_copy(update={"label": label})


def _trained(
    read: TableSet,
    project: Project,
    test: pd.DataFrame,
    origin: pd.Timestamp,
    folder: Path,
    threads: int,
) -> tuple[pd.DataFrame, Floats]:
    """Return what a model of one horizon said of the past, forward in time, and of the test mornings."""
    rows, gap = dated_rows(read, project, folder), project.label.horizon_days
    ladder, mornings = (
        frame[frame["as_of"] + gap * DAY <= origin] for frame in (rows.ladder, rows.mornings)
    )
    trained = train(
        ladder,
        mornings,
        rows.catalogue,
        project.model,
        grade_shares=project.agreement.grade_shares,
        gap_days=gap,
        threads=threads,
    )
    path = folder / "asked.parquet"
    own = ["lead_id", "as_of", "created_at", "age_days", "group_id", "label", "weight"]
    test[own].to_parquet(path, index=False)
    connection = open_tables(read, project.limits.memory_gb)
    try:
        snapshots = connection.read_parquet(path, table_name="asked")
        made = assemble(canonical(connection, read), snapshots, rows.catalogue)
        connection.to_parquet(made, folder / "features.parquet")
    finally:
        connection.disconnect()
    asked = feature_frame(folder / "features.parquet", rows.catalogue)
    asked = test[["lead_id", "as_of"]].merge(asked, on=["lead_id", "as_of"], how="left")
    later = rows.mornings[rows.mornings["as_of"] + gap * DAY > origin]
    said = with_days(trained.predictions, mornings)
    # The days that a row was followed are counted to the origin: later wins were not known then.
    followed = (origin - said["as_of"]).dt.total_seconds().to_numpy() / 86_400
    won = said["days_to_win"].where(said["days_to_win"] < followed)
    said = said.assign(days_to_win=won, days_followed=followed)
    return said, as_published(trained.bundle, asked, gap, known=later)


def table(name: str, told: Told) -> list[str]:
    """Return the lines of one company: each published horizon speaking for each other one."""
    lines, after = [], told.after
    for published, before in told.before.items():
        others = [days for days in told.before if days != published]
        spec = fit_horizons(before, others, horizon_days=published)
        said = at_horizons(spec, after[f"p_{published}"].to_numpy(), after["age_days"].to_numpy())
        lines += [_line(name, published, days, said.get(days), after, spec) for days in others]
    return lines


def _line(
    name: str,
    published: int,
    days: int,
    one: Floats | None,
    after: pd.DataFrame,
    spec: Any,  # noqa: ANN401
) -> str:
    cells = [name, str(published), str(days)]
    if one is None:
        why = next(each["why"] for each in spec["silent"] if each["days"] == days)
        return "| " + " | ".join([*cells, why, "", "", "", ""]) + " |"
    label = np.asarray(after["days_to_win"] < days, dtype=np.float64)
    own = after[f"p_{days}"].to_numpy(dtype=np.float64)
    more = log_losses(label, one) - log_losses(label, own)
    low, high = interval(more, after["group_id"].to_numpy(), seed=7)
    clusters = outcome_clusters(after, days)
    cells += [f"{log_loss(label, one):.4f}", f"{log_loss(label, own):.4f}"]
    cells += [f"{more.mean():+.4f} ({low:+.4f} to {high:+.4f})"]
    for said in (one, own):
        noise = ece_noise_95(said, clusters, seed=7, draws=200)
        cells.append(
            f"{ece(label, said):.3f} ({noise:.3f}), {said.mean():.3f} / {label.mean():.3f}"
        )
    return "| " + " | ".join(cells) + " |"


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.horizons")
    data = Path(os.environ.get("LEADGAUGE_DATA") or REPO.parent / "shared" / "data")
    parser.add_argument("--sets", default=",".join([*HORIZONS, SIMULATED]))
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--leads", type=int, default=6000, help="of the simulated company")
    parser.add_argument("--ladder", default="base_rate,logistic,lightgbm")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder that what was said is kept in")
    asked = parser.parse_args(arguments)
    head = ["set", "published", "asked for", "log loss from it", "of its own model", "difference"]
    head += ["calibration error (noise), said / observed", "of its own model"]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
    for name in asked.sets.split(","):
        with tempfile.TemporaryDirectory(prefix="leadgauge-horizons-") as folder:
            told = ask(name, Path(folder), asked)
        if asked.keep is not None:
            asked.keep.mkdir(parents=True, exist_ok=True)
            told.after.to_parquet(asked.keep / f"{name}.parquet")
            for days, before in told.before.items():
                before.to_parquet(asked.keep / f"{name}_{days}.parquet")
        print("\n".join(table(name, told)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
