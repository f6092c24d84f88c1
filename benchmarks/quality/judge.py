"""One company: fit every model at every origin, gather what they said of the test rows, and measure."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.quality.apart import PEERS_APART, Apart, PeerError
from benchmarks.quality.measure import (
    age_band,
    calibration_by,
    differences,
    figures,
    source_of,
)
from benchmarks.quality.origins import Origin, make_origins, won_leads
from benchmarks.quality.peers import PEERS, Task
from benchmarks.quality.sets import DatedRows
from features.errors import NotEnoughError
from models.following import as_published
from models.metrics import log_loss, outcome_clusters
from models.scorer import Floats
from models.training import Trained, train

OURS = "leadgauge"
ALL_PEERS = (*PEERS, *PEERS_APART)
ONLY_LAST = ("autogluon",)  # each fit takes its whole time limit


def _silent(message: str) -> None:
    del message


@dataclass(frozen=True)
class How:
    """How the benchmark is run."""

    peers: Sequence[str] = ALL_PEERS
    origins: int = 3
    threads: int = 2
    seed: int = 7
    autogluon_seconds: float = 300
    apart: Apart = field(default_factory=Apart)
    say: Callable[[str], None] = _silent


@dataclass
class Said:
    """What was said of the test rows of one origin, by model, with the seconds it took."""

    origin: Origin
    trained: Trained
    grade: list[str]
    probability: dict[str, Floats]
    seconds: dict[str, float]
    notes: dict[str, str] = field(default_factory=dict)


def judge(rows: DatedRows, how: How) -> dict[str, Any]:
    """Return the figures of leadgauge and its peers on one company as JSON values.

    Raises:
        NotEnoughError: no origin can be tested.
    """
    origins = make_origins(
        rows.ladder, rows.mornings, count=how.origins, gap_days=rows.gap_days, seed=how.seed
    )
    said, skipped = [], []
    for number, origin in enumerate(origins, start=1):
        how.say(f"origin {number} of {len(origins)}: {origin.start:%Y-%m-%d}, {origin.wins} wins")
        try:
            one = fit_leadgauge(rows, origin, how)
        except NotEnoughError as error:
            how.say(f"  skipped: {error}")
            skipped.append({"start": str(origin.start), "why": str(error)})
            continue
        ask_peers(rows, one, how, last=number == len(origins))
        said.append(one)
    if not said:
        raise NotEnoughError(
            "leadgauge refused to train at every origin: " + "; ".join(s["why"] for s in skipped)
        )
    how.say("measuring")
    return measured(rows, said, how) | {"skipped_origins": skipped}


def fit_leadgauge(rows: DatedRows, origin: Origin, how: How) -> Said:
    """Train leadgauge on what was known at the origin and ask what each later night would have published."""
    begun = time.perf_counter()
    trained = train_on(rows, origin, how)
    fitted = time.perf_counter()
    told = as_published(trained.bundle, origin.later, rows.gap_days)[origin.tested]
    ended = time.perf_counter()
    how.say(f"  {OURS}: {trained.bundle.step}, {ended - begun:.1f} s")
    return Said(
        origin,
        trained,
        grade=trained.bundle.grade(told),
        probability={OURS: told},
        seconds={OURS: ended - begun, "training": fitted - begun},
    )


def train_on(rows: DatedRows, origin: Origin, how: How) -> Trained:
    """Train leadgauge on the origin's rows with the company's own settings."""
    return train(
        origin.ladder,
        origin.mornings,
        rows.catalogue,
        rows.project.model,
        grade_shares=rows.project.agreement.grade_shares,
        gap_days=rows.gap_days,
        threads=how.threads,
    )


def ask_peers(rows: DatedRows, said: Said, how: How, *, last: bool) -> None:
    """Fit each peer on the origin's rows and add what it says of the test rows, or why it cannot."""
    origin = said.origin
    task = Task(origin.learned, origin.test, rows.catalogue, threads=how.threads, seed=how.seed)
    for name in how.peers:
        if name in ONLY_LAST and not last:
            continue
        try:
            said.probability[name], said.seconds[name] = _asked(name, task, how)
            how.say(f"  {name}: {said.seconds[name]:.1f} s")
        except PeerError as error:
            said.notes[name] = str(error)
            how.say(f"  {name}: {error}")


def _asked(name: str, task: Task, how: How) -> tuple[Floats, float]:
    if name in PEERS_APART:
        return how.apart.ask(name, task, seconds=how.autogluon_seconds)
    begun = time.perf_counter()
    with threadpool_limits(how.threads):
        told = PEERS[name](task)
    return told, time.perf_counter() - begun


def measured(rows: DatedRows, said: Sequence[Said], how: How) -> dict[str, Any]:
    """Return the figures over the test rows of all origins together."""
    test = pd.concat([one.origin.test for one in said], ignore_index=True)
    label = test["label"].to_numpy(dtype=np.float64)
    clusters, groups = outcome_clusters(test, rows.gap_days), test["group_id"].to_numpy()
    told = {
        name: values for name in (OURS, *how.peers) if (values := _pooled(name, said)) is not None
    }
    gaps = differences(
        label, told[OURS], {n: p for n, p in told.items() if n != OURS}, groups, seed=how.seed
    )
    models: dict[str, Any] = {}
    for name, values in told.items():
        there = ~np.isnan(values)
        own = np.unique(clusters[there], return_inverse=True)[1].astype(np.int64)
        models[name] = figures(label[there], values[there], own, seed=how.seed) | {
            "rows": int(there.sum()),
            "seconds": sum(one.seconds.get(name, 0.0) for one in said),
            "difference": gaps.get(name),
            "leadgauge_log_loss": log_loss(label[there], told[OURS][there]),
        }
    grade = pd.Series([one for each in said for one in each.grade])
    segments = {
        "age": age_band(test["age_days"]),
        "source": source_of(test, rows.source),
        "grade": grade,
    }
    return {
        "horizon_days": rows.gap_days,
        "features": len(rows.catalogue.features),
        "left_out_as_hindsight": rows.left_out_as_hindsight,
        "rows": len(test),
        "leads": int(test["lead_id"].nunique()),
        "won_leads": won_leads(test),
        "base_rate": float(label.mean()),
        "models": models,
        "absent": {name: note for one in said for name, note in one.notes.items()},
        "source_column": rows.source,
        "calibration": {
            by: calibration_by(segment, label, told[OURS], clusters, test["lead_id"], seed=how.seed)
            for by, segment in segments.items()
        },
        "origins": [_origin(one) for one in said],
    }


def _pooled(name: str, said: Sequence[Said]) -> Floats | None:
    """Return a model's probabilities of all test rows, NaN where it was not asked or could not say."""
    parts = [
        one.probability.get(name, np.full(int(one.origin.tested.sum()), np.nan)) for one in said
    ]
    pooled = np.concatenate(parts)
    return None if np.isnan(pooled).all() else pooled


def _origin(one: Said) -> dict[str, Any]:
    test, learned = one.origin.test, one.origin.learned
    label = test["label"].to_numpy(dtype=np.float64)
    return {
        "start": str(one.origin.start),
        "end": str(one.origin.end),
        "training_rows": len(learned),
        "training_leads": int(learned["lead_id"].nunique()),
        "training_wins": won_leads(learned),
        "training_base_rate": float(np.average(learned["label"], weights=learned["weight"])),
        "rows": len(test),
        "won_leads": one.origin.wins,
        "base_rate": float(label.mean()),
        "step": one.trained.bundle.step,
        "log_loss": {name: log_loss(label, p) for name, p in one.probability.items()},
        "mean_probability": {name: float(p.mean()) for name, p in one.probability.items()},
        "seconds": one.seconds,
    }
