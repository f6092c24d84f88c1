"""The evaluation forward in time: what the published recipe would have said on each block, had it been used then."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.calibration import IDENTITY, Block, Platt, choose_calibration
from models.candidates import OutOfFold, Recipe, best_part
from models.folds import Fold
from models.ladder import Decision, climb
from models.metrics import all_metrics, auc_by_age, calibration_curve, gains_curve
from models.scorer import expit

MIN_EARLIER_WINS = 10
PLAIN = {"base_rate": "base_rate", "odoo": "odoo", "logistic": "logistic", "lightgbm": "rates"}
ENOUGH_WINS = 50
NOT_YET_KNOWN = (
    "the history is too short for the labels of one test block to be known before the next one starts:"
    " step and calibration of each block were chosen on earlier blocks, but with labels that became known during it"
)
ONE_FOLD = (
    "only one test forward in time fits the history: all settings were fixed beforehand, the probabilities are not"
    " calibrated, and the one test decided whether the model or the base rate is published, so its figures flatter a little"
)


@dataclass(frozen=True)
class Evaluation:
    """Metrics of leadgauge and of each plain step on the same later rows."""

    models: dict[str, dict[str, float | None]]
    rows: int
    wins: int
    leads: int
    won_leads: int
    first: str
    last: str
    note: str | None

    def to_json(self) -> dict[str, Any]:
        """Return one entry per model, and what the rows were."""
        facts = asdict(self)
        return {**facts.pop("models"), **facts}


@dataclass(frozen=True)
class Evaluated:
    """The evaluation with what it was computed from.

    ``predictions``: ``fold, lead_id, as_of, group_id, label, age_days, cluster`` and the probability
    of ``leadgauge`` and of each plain step, one row per evaluated row.
    """

    evaluation: Evaluation
    predictions: pd.DataFrame
    folds: list[dict[str, Any]]
    curves: dict[str, Any]


def evaluate(
    tests: Sequence[OutOfFold],
    folds: Sequence[Fold],
    ladder: Sequence[str],
    *,
    gap_days: float,
    won: Sequence[int],
    seed: int,
) -> Evaluated:
    """Replay the choice of step, settings and calibration at each fold from what was known before it, and measure.

    A fold before which too little was known warms up and is not counted. ``won`` is the number of won
    leads in each fold's training rows.
    """
    gap = pd.Timedelta(days=gap_days)
    history, note = _what_was_known(tests, folds, gap)
    parts, table = [], []
    for number, (test, fold, known) in enumerate(zip(tests, folds, history, strict=True)):
        row = _fold_facts(number + 1, test, fold, won[number])
        if known is None:
            table.append({**row, "role": "warm-up", "step": None, "metrics": {}})
            continue
        chosen, platt = _choices(known, test, ladder, won_leads=won[number], gap_days=gap_days)
        predicted = _predict(test, known, ladder, chosen, platt, gap_days)
        parts.append(predicted.assign(fold=number + 1))
        row |= {"role": "evaluated", "step": chosen.step, "calibrated": platt != IDENTITY}
        table.append({**row, "metrics": _all_models(parts[-1], ladder, seed, draws=100)})
    predictions = pd.concat(parts, ignore_index=True)
    models = _all_models(predictions, ladder, seed, draws=300)
    return Evaluated(
        _summary(predictions, models, note), predictions, table, _curves(predictions, ladder)
    )


def _fold_facts(number: int, test: OutOfFold, fold: Fold, won: int) -> dict[str, Any]:
    return {
        "fold": number,
        "start": fold.start.isoformat(),
        "end": fold.end.isoformat(),
        "train_rows": len(fold.train),
        "train_won_leads": won,
        "rows": len(test.label),
        "won_leads": test.wins,
    }


def _what_was_known(
    tests: Sequence[OutOfFold], folds: Sequence[Fold], gap: pd.Timedelta
) -> tuple[list[list[OutOfFold] | None], str | None]:
    """Return for each fold the earlier out-of-fold rows that may be chosen on; None where it warms up."""
    if len(tests) == 1:
        return [[]], ONE_FOLD
    known: list[list[OutOfFold] | None] = []
    for number, fold in enumerate(folds):
        earlier = [test.known_by(fold.start, gap) for test in tests[:number]]
        filled = [test for test in earlier if len(test.label)]
        known.append(filled if sum(test.wins for test in filled) >= MIN_EARLIER_WINS else None)
    counted = [test for test, before in zip(tests, known, strict=True) if before is not None]
    if len(counted) >= 2 or sum(test.wins for test in counted) >= ENOUGH_WINS:
        return known, None
    return [None, *(list(tests[:number]) for number in range(1, len(tests)))], NOT_YET_KNOWN


def _choices(
    known: Sequence[OutOfFold],
    test: OutOfFold,
    ladder: Sequence[str],
    *,
    won_leads: int,
    gap_days: float,
) -> tuple[Recipe, Platt]:
    if not known:
        chosen = decide([test], ladder, won_leads=won_leads, gap_days=gap_days).recipe
        return chosen, IDENTITY
    chosen = climb(known, ladder, won_leads=won_leads, gap_days=gap_days).recipe
    return chosen, calibrate(known, chosen, gap_days)


def decide(
    tests: Sequence[OutOfFold], ladder: Sequence[str], *, won_leads: int, gap_days: float
) -> Decision:
    """Choose what to publish from all folds; from a single one only whether the default regression beats the base rate."""
    if len(tests) > 1:
        return climb(tests, ladder, won_leads=won_leads, gap_days=gap_days)
    steps = [step for step in ladder if step != "lightgbm"]
    return climb(tests, steps, won_leads=won_leads, gap_days=gap_days, chosen_on=[])


def calibrate(tests: Sequence[OutOfFold], recipe: Recipe, gap_days: float) -> Platt:
    """Return the Platt scaling of a recipe's out-of-fold margins if it helped on later blocks."""
    if len(tests) < 2:
        return IDENTITY
    return choose_calibration(
        [Block(recipe.margin(test, gap_days), test.label, test.clusters) for test in tests]
    )


def _predict(
    test: OutOfFold,
    known: Sequence[OutOfFold],
    ladder: Sequence[str],
    chosen: Recipe,
    platt: Platt,
    gap_days: float,
) -> pd.DataFrame:
    """Return the fold's rows with leadgauge's word and that of each plain step, which follows nothing."""
    published = expit(platt(chosen.margin(test, gap_days)))
    frame = test.rows.assign(cluster=test.clusters, leadgauge=published)
    for name in _baselines(ladder):
        frame[name] = expit(test.parts[best_part(known, PLAIN[name])])
    return frame


def _baselines(ladder: Sequence[str]) -> list[str]:
    """Return what leadgauge is held against: each step as it comes, and Odoo's scoring."""
    return [name for name in PLAIN if name in ladder or name == "odoo"]


def _all_models(
    predictions: pd.DataFrame, ladder: Sequence[str], seed: int, *, draws: int
) -> dict[str, dict[str, float | None]]:
    clusters = pd.factorize(predictions["cluster"])[0].astype(np.int64)
    label = predictions["label"].to_numpy(dtype=np.float64)
    return {
        name: all_metrics(
            label, predictions[name].to_numpy(dtype=np.float64), clusters, seed=seed, draws=draws
        )
        for name in ["leadgauge", *_baselines(ladder)]
    }


def _summary(
    predictions: pd.DataFrame, models: dict[str, dict[str, float | None]], note: str | None
) -> Evaluation:
    return Evaluation(
        models=models,
        rows=len(predictions),
        wins=int(predictions["label"].sum()),
        leads=int(predictions["lead_id"].nunique()),
        won_leads=int(predictions.loc[predictions["label"] == 1, "lead_id"].nunique()),
        first=predictions["as_of"].min().isoformat(),
        last=predictions["as_of"].max().isoformat(),
        note=note,
    )


def _curves(predictions: pd.DataFrame, ladder: Sequence[str]) -> dict[str, Any]:
    label = predictions["label"].to_numpy(dtype=np.float64)
    clusters = predictions["cluster"].to_numpy(dtype=np.int64)
    ages = predictions["age_days"].to_numpy(dtype=np.float64)
    curves: dict[str, Any] = {}
    for name in ["leadgauge", *_baselines(ladder)]:
        probability = predictions[name].to_numpy(dtype=np.float64)
        curves[name] = {
            "calibration": calibration_curve(label, probability, clusters),
            "gains": gains_curve(label, probability),
            "auc_by_age": auc_by_age(label, probability, ages),
        }
    return curves
