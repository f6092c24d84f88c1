"""Small data and no signal: a learning curve, and outcomes dealt anew."""

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.quality.judge import How, train_on
from benchmarks.quality.measure import interval
from benchmarks.quality.origins import Origin, make_origins
from benchmarks.quality.peers import Task, base_rate
from benchmarks.quality.sets import DatedRows
from features.errors import NotEnoughError
from models.metrics import log_loss, log_losses
from models.scorer import Floats

SAMPLES = {50: 2, 100: 3, 300: 3, 1000: 1, 3000: 1}  # leads, and how many samples of so many


def last_origin(rows: DatedRows, how: How) -> Origin:
    """Return the last origin that the company is judged at.

    Raises:
        NotEnoughError: there is none.
    """
    return make_origins(
        rows.ladder, rows.mornings, count=how.origins, gap_days=rows.gap_days, seed=how.seed
    )[-1]


def learning_curve(rows: DatedRows, how: How) -> list[dict[str, Any]]:
    """Return leadgauge against the base rate, both learned from so many leads, on the last block.

    Whole leads are drawn from those known at the last origin, several samples of each small size. What is
    judged is the model as trained: a company of so few leads has no thousands of later ones that the
    intercept could follow. The interval is of the mean over samples and speaks of the test rows alone.

    Raises:
        NotEnoughError: no origin can be tested.
    """
    origin = last_origin(rows, how)
    return [_point(rows, origin, how, leads, samples) for leads, samples in SAMPLES.items()]


def _point(rows: DatedRows, origin: Origin, how: How, leads: int, samples: int) -> dict[str, Any]:
    names = np.sort(origin.ladder["lead_id"].unique().astype(str))
    if len(names) < leads:
        return _told(leads, 0, [], f"only {len(names)} leads were known at the origin")
    label = origin.test["label"].to_numpy(dtype=np.float64)
    ours, theirs, steps, refused = [], [], [], []
    for sample in range(samples):
        rng = np.random.default_rng([how.seed, leads, sample])
        drawn = _drawn(origin, set(rng.permutation(names)[:leads]))
        how.say(f"  {leads} leads, sample {sample + 1} of {samples}")
        try:
            trained = train_on(rows, drawn, how)
        except NotEnoughError as error:
            refused.append(str(error))
            continue
        steps.append(trained.bundle.step)
        ours.append(trained.bundle.probability(origin.test))
        theirs.append(base_rate(Task(drawn.learned, origin.test, rows.catalogue)))
    told = _told(leads, samples, steps, refused[0] if refused else "")
    return told | (_compared(label, ours, theirs, origin, how) if ours else {})


def _told(leads: int, samples: int, steps: list[str], why: str) -> dict[str, Any]:
    return {
        "leads": leads,
        "samples": samples,
        "trained": len(steps),
        "steps": sorted(set(steps)),
        "why": why,
    }


def _drawn(origin: Origin, leads: set[str]) -> Origin:
    return replace(
        origin,
        ladder=origin.ladder[origin.ladder["lead_id"].isin(leads)].reset_index(drop=True),
        mornings=origin.mornings[origin.mornings["lead_id"].isin(leads)].reset_index(drop=True),
    )


def _compared(
    label: Floats, ours: list[Floats], theirs: list[Floats], origin: Origin, how: How
) -> dict[str, Any]:
    gaps = [
        log_losses(label, mine) - log_losses(label, other)
        for mine, other in zip(ours, theirs, strict=True)
    ]
    mean = np.asarray(np.mean(gaps, axis=0), dtype=np.float64)
    low, high = interval(mean, origin.test["group_id"].to_numpy(), seed=how.seed)
    return {
        "log_loss": float(np.mean([log_loss(label, p) for p in ours])),
        "base_rate_log_loss": float(np.mean([log_loss(label, p) for p in theirs])),
        "difference": {"mean": float(mean.mean()), "low": low, "high": high},
        "worst": max(float(gap.mean()) for gap in gaps),
    }


def no_signal(rows: DatedRows, how: How) -> dict[str, Any]:
    """Return the step that training ends at where outcomes were dealt anew, and what it costs.

    ``rows``: as ``read_set`` gives them with ``shuffled``.
    """
    try:
        origin = last_origin(rows, how)
        trained = train_on(rows, origin, how)
    except NotEnoughError as error:
        return {"why": str(error)}
    label = origin.test["label"].to_numpy(dtype=np.float64)
    ours = trained.bundle.probability(origin.test)
    theirs = base_rate(Task(origin.learned, origin.test, rows.catalogue))
    compared = _compared(label, [ours], [theirs], origin, how)
    return {"step": trained.bundle.step, "expected": "base_rate"} | compared
