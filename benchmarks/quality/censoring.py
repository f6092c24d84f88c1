"""``python -m benchmarks.quality.censoring``: four ways with snapshots whose horizon is not over at a cut-off.

At each cut-off a model is fitted on what was known by then and asked about the mornings that came
after, and of the simulated company about its true probabilities. Only the training rows differ:

- ``drop``: mature snapshots alone;
- ``weighted``: those and the immature ones whose lead has ended, by the inverse probability of having
  been followed as long as it took to know (IPCW; Vock et al. 2016);
- ``open_as_lost``: all snapshots, the ones not known yet as losses;
- ``known``: mature ones and those that ended, without weights.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.quality.measure import interval
from benchmarks.quality.sets import REPO, DatedRows, dated_rows, read_set
from benchmarks.quality.simulated import truth_rows
from features.contract import read_tables
from features.project_file import load_project
from models.bundle import Bundle
from models.calibration import IDENTITY
from models.candidates import DEFAULTS, USUAL, Recipe
from models.frames import age_edges, learning_rows
from models.logistic import DEFAULT_STRENGTH
from models.metrics import log_losses
from models.publishing import fit_model
from models.scorer import Floats, expit
from pipelines.settings import utc_now

WAYS = ("drop", "weighted", "open_as_lost", "known")
STEPS = ("logistic", "lightgbm")
CAP = 5.0  # no row weighs more than so many
ENOUGH_WINS = 30
SIMULATED = "simulated"
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Company:
    """Rows with what is needed to stand at a cut-off: ``end``, when each one's lead was over.

    ``truth`` are moments with ``true_probability``, None where nobody knows it.
    """

    rows: DatedRows
    ladder: pd.DataFrame
    mornings: pd.DataFrame
    truth: pd.DataFrame | None

    def pool(self, cutoff: pd.Timestamp) -> pd.DataFrame:
        """Return all snapshots before a cut-off, weighted as a training does, known or not."""
        ladder, mornings = (
            frame[frame["as_of"] < cutoff] for frame in (self.ladder, self.mornings)
        )
        return learning_rows(ladder, mornings, self.rows.gap_days)

    def cutoffs(self, count: int) -> list[pd.Timestamp]:
        """Return cut-offs evenly over the mornings, the first with half a horizon of mature ones, and the end."""
        moments = self.mornings["as_of"]
        first = moments.min() + 1.5 * self.rows.gap_days * DAY
        steps = (moments.max() - first) / count
        return [first + number * steps for number in range(count)] + [moments.max() + DAY]


def learned_from(
    pool: pd.DataFrame, way: str, cutoff: pd.Timestamp, gap_days: float, cap: float = CAP
) -> pd.DataFrame:
    """Return the rows that one way learns from, with its labels and weights.

    ``pool`` has the columns of ``learning_rows`` and ``end`` (when the lead was over, NaT for never).
    Nothing is read that came at or after the cut-off. Weights sum to the number of leads.
    """
    followed = (cutoff - pool["as_of"]).dt.total_seconds().to_numpy() / 86_400
    lasted = (pool["end"] - pool["as_of"]).dt.total_seconds().fillna(np.inf).to_numpy() / 86_400
    mature, ended = followed >= gap_days, lasted < followed
    if way == "open_as_lost":
        return _scaled(pool.assign(label=pool["label"].where(mature | ended, 0.0)))
    if way == "drop":
        return _scaled(pool[mature])
    known = mature | ended
    if way == "known":
        return _scaled(pool[known])
    needed = np.minimum(lasted, gap_days)
    chance = chance_followed(pool, followed, needed)
    weight = pool["weight"].to_numpy(dtype=np.float64) * np.minimum(
        1 / np.maximum(chance, 1e-9), cap
    )
    return _scaled(pool.assign(weight=weight)[known])


def chance_followed(pool: pd.DataFrame, followed: Floats, needed: Floats) -> Floats:
    """Return for each row the share of all snapshots of its age that were followed for ``needed`` days.

    The cut-off is the same for all, so how long a snapshot is followed is known of every one, and the share
    is a plain count. By age: old leads come late into the data.
    """
    ages = pool["age_days"].to_numpy(dtype=np.float64)
    band = np.searchsorted(age_edges(np.unique(np.round(ages))), ages, side="right")
    weight, chance = pool["weight"].to_numpy(dtype=np.float64), np.empty(len(pool))
    for number in np.unique(band):
        inside = np.flatnonzero(band == number)
        order = inside[np.argsort(followed[inside])]
        above = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
        at = np.searchsorted(followed[order], needed[inside], side="left")
        chance[inside] = above[at] / above[0]
    return chance


def _scaled(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(weight=rows["weight"] * (rows["lead_id"].nunique() / rows["weight"].sum()))


def read_company(name: str, data: Path, folder: Path, leads: int) -> Company:
    """Read a set, or simulate a company, with the end of each lead beside its rows."""
    now = utc_now()
    if name != SIMULATED:
        rows = read_set(REPO / "configs" / f"{name}.yaml", data, folder, now=now)
        return _with_ends(rows, folder, None)
    from simulation.company import simulate
    from simulation.export import write_company

    company = simulate(leads, seed=7)
    project = load_project(write_company(company, folder / "company"))
    (folder / "tables").mkdir(parents=True)
    read = read_tables(project, folder / "company", folder / "tables", now=now)
    rows = dated_rows(read, project, folder)
    truth = truth_rows(company, read, project, rows.catalogue, folder / "truth.parquet")
    return _with_ends(rows, folder, truth)


def _with_ends(rows: DatedRows, folder: Path, truth: pd.DataFrame | None) -> Company:
    outcomes = pd.read_parquet(folder / "tables" / "outcomes.parquet")
    closed = outcomes.dropna(subset=["won"]).set_index("lead_id")["closed_at"]
    days = rows.project.label.lost_after_days

    def ended(frame: pd.DataFrame) -> pd.DataFrame:
        end = frame["lead_id"].map(closed)
        if days is not None:
            given_up = frame["created_at"] + days * DAY
            end = end.where(end < given_up, given_up)
        return frame.assign(end=end)

    return Company(rows, ended(rows.ladder), ended(rows.mornings), truth)


def measure(company: Company, step: str, count: int, threads: int) -> list[pd.DataFrame]:
    """Return the test rows of all cut-offs with what each way said: of mornings, and of moments of truth."""
    cutoffs, told = company.cutoffs(count), list[list[pd.DataFrame]]([[], []])
    for cutoff, until in pairwise(cutoffs):
        pool = company.pool(cutoff)
        asked = [
            frame[(frame["as_of"] >= cutoff) & (frame["as_of"] < until)]
            for frame in (company.mornings, company.truth)
            if frame is not None
        ]
        said: list[dict[str, Floats]] = [{} for _ in asked]
        for way in WAYS:
            rows = learned_from(pool, way, cutoff, company.rows.gap_days)
            if rows.loc[rows["label"] == 1, "lead_id"].nunique() < ENOUGH_WINS:
                break
            bundle = _fitted(company, rows, step, threads)
            for one, frame in zip(said, asked, strict=True):
                one[way] = bundle.probability(frame)
        else:
            _say(f"{step} {cutoff:%Y-%m-%d}: {len(pool)} rows, {len(asked[0])} test rows")
            for parts, one, frame in zip(told, said, asked, strict=False):
                parts.append(frame.assign(cutoff=cutoff, **one))
    return [pd.concat(parts, ignore_index=True) for parts in told if parts]


def _fitted(company: Company, rows: pd.DataFrame, step: str, threads: int) -> Bundle:
    weights = {DEFAULTS[member]: weight for member, weight in USUAL[step].items()}
    with threadpool_limits(threads):
        model, texts = fit_model(
            rows,
            company.rows.catalogue,
            company.rows.project.model.model_copy(update={"seeds": 1}),
            Recipe(step, weights, DEFAULT_STRENGTH, None),
            IDENTITY,
            gap_days=company.rows.gap_days,
            threads=threads,
        )
    return Bundle.of(model, texts, company.rows.catalogue, threads=threads)


def table(name: str, step: str, measured: Sequence[pd.DataFrame]) -> list[str]:
    """Return the lines of one company and step: each way's error, and how much more it is than that of ``drop``."""
    mornings = measured[0]
    label = mornings["label"].to_numpy(dtype=np.float64)
    losses = {way: log_losses(label, mornings[way].to_numpy()) for way in WAYS}
    levelled = {way: _levelled(mornings, way) for way in WAYS}
    errors = {}
    if len(measured) > 1:
        truth = measured[1]
        errors = {way: (truth[way] - truth["true_probability"]).abs().to_numpy() for way in WAYS}
    lines = []
    for way in WAYS:
        groups = mornings["group_id"].to_numpy()
        cells = [name, step, way, f"{mornings[way].mean():.3f} / {label.mean():.3f}"]
        cells += _cell(losses, way, groups) + _cell(levelled, way, groups)
        cells += _cell(errors, way, measured[1]["group_id"].to_numpy()) if errors else ["", ""]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _cell(values: dict[str, Floats], way: str, groups: np.ndarray) -> list[str]:
    mean, more = f"{values[way].mean():.4f}", values[way] - values["drop"]
    if way == "drop":
        return [mean, ""]
    low, high = interval(more, groups, seed=7)
    return [mean, f"{more.mean():+.4f} ({low:+.4f} to {high:+.4f})"]


def _levelled(rows: pd.DataFrame, way: str) -> Floats:
    """Return the losses once each cut-off's level is right: what is left for an intercept that follows the outcomes."""
    losses = np.empty(len(rows))
    for inside in rows.groupby("cutoff").indices.values():
        label = rows["label"].to_numpy(dtype=np.float64)[inside]
        p = np.clip(rows[way].to_numpy()[inside], 1e-9, 1 - 1e-9)
        margin, shift = np.log(p / (1 - p)), 0.0
        for _ in range(30):
            now = expit(margin + shift)
            shift += float(np.clip((label - now).sum() / (now * (1 - now)).sum(), -1, 1))
        losses[inside] = log_losses(label, expit(margin + shift))
    return losses


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print the table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.censoring")
    data = Path(os.environ.get("LEADGAUGE_DATA") or REPO.parent / "shared" / "data")
    parser.add_argument("--sets", default=f"bpi2012,{SIMULATED}")
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--data", type=Path, default=data)
    parser.add_argument("--cutoffs", type=int, default=5)
    parser.add_argument("--leads", type=int, default=6000, help="of the simulated company")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args(arguments)
    head = ["set", "step", "way", "said / observed", "log loss", "more than drop"]
    head += ["log loss, level right", "more than drop", "error against the truth", "more than drop"]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    with tempfile.TemporaryDirectory(prefix="leadgauge-censoring-") as folder:
        for name in asked.sets.split(","):
            company = read_company(name, asked.data, Path(folder) / name, asked.leads)
            for step in asked.steps.split(","):
                measured = measure(company, step, asked.cutoffs, asked.threads)
                print("\n".join(table(name, step, measured)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
