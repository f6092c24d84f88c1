"""From the chosen candidate to what is published: fitted on every row, with what the night needs beside it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from features.project import Model
from models import uncertainty, usual
from models.bundle import Bundle
from models.calibration import Platt
from models.candidates import Recipe
from models.encoding import ranges
from models.enough import won_leads
from models.explain import explain, importance
from models.following import History, follow
from models.frames import evidence_of
from models.grades import reference, thresholds
from models.members import Learned, Part
from models.scorer import FORMAT, Spec


def publish(
    rows: pd.DataFrame,
    mornings: pd.DataFrame,
    catalogue: Catalogue,
    settings: Model,
    recipe: Recipe,
    platt: Platt,
    *,
    predictions: pd.DataFrame,
    grade_shares: Sequence[float],
    last_from: pd.Timestamp,
    gap_days: float,
    threads: int,
) -> tuple[Bundle, dict[str, Any]]:
    """Fit the chosen recipe on every mature row; add where the intercept stands, reference, grades and what is usual.

    Scores and grades are read against the mornings from ``last_from`` on; intervals are learned from
    ``predictions``, the out-of-fold rows. Also returns the global explanation.
    """
    model, texts = fit_model(
        rows, catalogue, settings, recipe, platt, gap_days=gap_days, threads=threads
    )
    draft = Bundle.of(model, texts, catalogue, threads=threads)
    model = _followed(draft, mornings, recipe, gap_days)
    last = mornings[mornings["as_of"] >= last_from]
    draft = Bundle.of(model, texts, catalogue, threads=threads)
    probability = draft.probability(last)
    explanation = explain(draft, last, seed=settings.seed)
    model = {
        **model,
        "reference": reference(probability),
        "grades": thresholds(probability, grade_shares),
        "training": {**model["training"], **importance(draft, last)},
        "uncertainty": uncertainty.reference(draft, rows, predictions),
    }
    draft = Bundle.of(model, texts, catalogue, threads=threads)
    model["watch"] = usual.reference(mornings, draft, draft.probability(mornings))
    return Bundle.of(model, texts, catalogue, threads=threads), explanation


def _followed(draft: Bundle, mornings: pd.DataFrame, recipe: Recipe, gap_days: float) -> Spec:
    """Return the model with the shift that the outcomes known by the training's end have taught."""
    history = History.of(draft.raw_margin(mornings), mornings, evidence_of(mornings, gap_days))
    end = (mornings["as_of"].max() + pd.Timedelta(days=gap_days)).to_datetime64()
    asked = end + np.timedelta64(1, "D")  # very many moments are taken day by day
    shift, state = follow(history, np.array([asked]), gap_days=gap_days, speed=recipe.speed)
    day = float((end - np.datetime64(0, "us")) / np.timedelta64(1, "h")) / 24
    calibration = {**draft.model["calibration"], "shift": float(shift[0])}
    following = {"speed": recipe.speed, "variance": state.variance, "day": day}
    return {**draft.model, "calibration": calibration, "following": following}


def fit_model(
    rows: pd.DataFrame,
    catalogue: Catalogue,
    settings: Model,
    recipe: Recipe,
    platt: Platt,
    *,
    gap_days: float,
    threads: int,
) -> tuple[Spec, dict[str, str]]:
    """Fit one recipe on all rows; return the model and the boosters' texts."""
    learned = Learned.of(
        rows,
        catalogue,
        settings,
        weight=rows["weight"].to_numpy(dtype=np.float64),
        gap_days=gap_days,
        threads=threads,
    )
    by_member = {part.member: weight for part, weight in recipe.weights.items()}
    weights = {
        "base_rate": by_member.get("base_rate", 0.0),
        # The anchored trees stand on the same regression, and so it speaks for them, too.
        "logistic": by_member.get("logistic", 0.0) + by_member.get("anchored", 0.0),
    }
    regression = None
    if weights["logistic"]:
        regression = learned.regressions([recipe.strength])[recipe.strength]
    boosters, texts = [], dict[str, str]()
    bags = [part for part in recipe.weights if part.member in {"anchored", "rates"}]

    def grown(part: Part) -> list[str]:
        anchor = regression if part.member == "anchored" else None
        return learned.trees(part.member, anchor, settings.seeds).texts(part.rounds)

    with ThreadPoolExecutor(max_workers=2) as pool:  # a core for each bag
        for part, bag in zip(bags, pool.map(grown, bags), strict=True):
            for number, text in enumerate(bag):
                file = f"{part.member}_{number}.txt"
                weight = recipe.weights[part] / len(bag)
                boosters.append({"file": file, "member": part.member, "weight": weight})
                texts[file] = text
    model: Spec = {
        "format": FORMAT,
        "step": recipe.step,
        "weights": weights,
        "features": learned.features,
        "rates": learned.rates if "rates" in by_member else [],
        "base_rate": learned.base,
        "logistic": regression,
        "boosters": boosters,
        "calibration": {"slope": platt.slope, "intercept": platt.intercept, "shift": 0.0},
        "following": {"speed": None, "variance": 0.0, "day": 0.0},
        "horizon_days": catalogue.horizon_days,
        "training": _facts(rows, learned, recipe, settings),
    }
    return model, texts


def _facts(rows: pd.DataFrame, learned: Learned, recipe: Recipe, settings: Model) -> dict[str, Any]:
    return {
        "rows": len(rows),
        "leads": int(rows["lead_id"].nunique()),
        "won_leads": won_leads(rows),
        "first_as_of": rows["as_of"].min().isoformat(),
        "last_as_of": rows["as_of"].max().isoformat(),
        "oldest_days": float(rows["age_days"].max()),
        "weights": {part.member: weight for part, weight in recipe.weights.items()},
        "strength": recipe.strength,
        "rounds": {part.member: part.rounds for part in recipe.weights if part.rounds},
        "seeds": settings.seeds,
        "ranges": ranges(learned.features, learned.matrix),
    }
