"""What a sample of whole accounts costs: ``python -m benchmarks.speed.sampling [--leads 60000] [--json]``.

A company larger than ``limits.training_rows`` is learned from by a sample of its accounts. Here a made-up
company is small enough to be learned from as a whole, too: models trained on samples of its past are held
against the one trained on all of it, on later mornings that none of them saw.
"""

import argparse
import json
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.speed.data import make

SHARES = (1.0, 0.5, 0.25, 0.1, 0.05)
TESTED = 0.15  # of the mornings, the last ones


def main() -> int:
    """Train on samples, test, and print a table or JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.sampling", description=__doc__
    )
    parser.add_argument("--leads", type=int, default=60_000, help="leads of the past")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)
    with tempfile.TemporaryDirectory(prefix="leadgauge-sampling-") as folder:
        found = measured(Path(folder), asked.leads)
    print(json.dumps(found, indent=2) if asked.json else table(found))
    return 0


def measured(folder: Path, leads: int) -> list[dict[str, Any]]:
    """Return for each share of the accounts how the model fares, the whole first."""
    from features.contract import read_tables
    from features.frames import training_frames
    from features.project_file import load_project
    from pipelines.reading import feature_frame
    from pipelines.settings import utc_now

    made = make(folder / "company", 1_000, 20, past=leads)
    project = load_project(made.project_file)
    limits = project.limits.model_copy(update={"training_rows": 10**9})
    project = project.model_copy(update={"limits": limits})
    tables = read_tables(project, made.project_file.parent, folder, now=utc_now())
    frames = training_frames(tables, project, folder)
    ladder = feature_frame(frames.ladder, frames.catalogue)
    mornings = feature_frame(frames.mornings, frames.catalogue)
    gap = pd.Timedelta(days=project.label.horizon_days)
    cut = mornings["as_of"].quantile(1 - TESTED)
    test = mornings[mornings["as_of"] >= cut]
    found: list[dict[str, Any]] = []
    whole: np.ndarray[Any, Any] | None = None
    for share in SHARES:
        past = [rows[rows["as_of"] + gap <= cut] for rows in (ladder, mornings)]
        chosen = [rows[_drawn(rows["group_id"], share)] for rows in past]
        sys.stderr.write(f"{share:.0%}: {len(chosen[0]):,} snapshots\n")
        figures, losses = _fared(chosen, test, frames.catalogue, project)
        whole = losses if whole is None else whole
        found.append({"share": share, **figures, **_difference(losses - whole, test["group_id"])})
    return found


def _fared(
    chosen: list[pd.DataFrame],
    test: pd.DataFrame,
    catalogue: Any,  # noqa: ANN401
    project: Any,  # noqa: ANN401
) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    from models.metrics import log_losses
    from models.training import train

    begun = time.perf_counter()
    ladder, mornings = chosen
    trained = train(
        ladder,
        mornings,
        catalogue,
        project.model,
        grade_shares=project.agreement.grade_shares,
        gap_days=project.label.horizon_days,
        threads=1,
    )
    took = time.perf_counter() - begun
    losses = log_losses(test["label"].to_numpy(dtype=np.float64), trained.bundle.probability(test))
    figures = {
        "snapshots": len(ladder),
        "leads": int(ladder["lead_id"].nunique()),
        "wins": int(ladder.loc[ladder["label"] == 1, "lead_id"].nunique()),
        "step": trained.bundle.step,
        "seconds": took,
        "log_loss": float(losses.mean()),
    }
    return figures, np.asarray(losses)


def _drawn(groups: pd.Series, share: float) -> np.ndarray[Any, Any]:
    """Return which rows are of the share of accounts that a training would take."""
    import ibis

    from features.snapshots import drawn

    names = ibis.memtable(pd.DataFrame({"group_id": groups.astype(str).unique()}))
    inside = drawn(names, share).execute()["group_id"]
    return np.asarray(groups.astype(str).isin(inside))


def _difference(loss: np.ndarray[Any, Any], groups: pd.Series) -> dict[str, float]:
    """Return the mean difference and its 95 % by accounts."""
    sums = pd.Series(loss).groupby(groups.to_numpy()).sum().to_numpy()
    error = float(np.sqrt((sums**2).sum()) / len(loss))
    mean = float(loss.mean())
    return {"difference": mean, "low": mean - 1.96 * error, "high": mean + 1.96 * error}


def table(found: list[dict[str, Any]]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| accounts | leads | wins | snapshots | step | log loss | more than of all (95 %) | training, s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one['share']:.0%} | {one['leads']:,} | {one['wins']:,} | {one['snapshots']:,} | {one['step']} "
        f"| {one['log_loss']:.4f} | {one['difference']:+.4f} ({one['low']:+.4f} to {one['high']:+.4f}) | {one['seconds']:.0f} |"
        for one in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
