"""The third step: a bag of gradient-boosted trees (LightGBM), alone or on top of the regression."""

from collections.abc import Iterator
from typing import Any

import lightgbm
import numpy as np

from models.scorer import Floats, Spec

GRID = (10, 20, 30, 45, 60, 80, 100, 130, 160, 200, 250, 300, 350)
DEFAULT_ROUNDS = 60


def parameters(label: Floats, weight: Floats, *, seed: int, threads: int) -> dict[str, Any]:
    """Return LightGBM's parameters for this much data: fewer wins, smaller trees and a stronger pull.

    ``deterministic`` and ``force_col_wise`` make the trees the same for any number of threads.
    Neither ``is_unbalance`` nor ``scale_pos_weight``: they distort probabilities.
    """
    wins = float((label * weight).sum())
    leaves, pull = (4, 20.0) if wins < 200 else (7, 10.0) if wins < 1000 else (15, 5.0)
    snapshots_per_lead = len(label) / float(weight.sum())
    in_leaf = int(np.clip(40 * snapshots_per_lead, 40, 300))
    return {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": leaves,
        "min_data_in_leaf": min(in_leaf, max(len(label) // 10, 2)),
        "min_sum_hessian_in_leaf": 1.0,
        "lambda_l2": pull,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "path_smooth": 10.0,
        "max_bin": 63,
        "cat_smooth": 20.0,
        "cat_l2": 20.0,
        "min_data_per_group": min(in_leaf, max(len(label) // 10, 2)),
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }


def dataset(
    features: list[Spec],
    matrix: Floats,
    label: Floats,
    weight: Floats,
    *,
    anchor: Floats | None,
    settings: dict[str, Any],
) -> Any:  # noqa: ANN401  LightGBM has no types
    """Return LightGBM's view of an encoded matrix. Columns are named by position: real names may hold JSON characters."""
    return lightgbm.Dataset(
        matrix,
        label=label,
        weight=weight / weight.mean(),  # min_sum_hessian_in_leaf is absolute
        init_score=anchor,
        feature_name=[f"f{position}" for position in range(len(features))],
        categorical_feature=[
            position for position, spec in enumerate(features) if spec["type"] == "category"
        ],
        params=settings,
    )


def fit_bag(
    features: list[Spec],
    matrix: Floats,
    label: Floats,
    weight: Floats,
    *,
    anchor: Floats | None,
    rounds: int,
    seeds: int,
    seed: int,
    threads: int,
) -> list[Any]:
    """Train one booster per seed for a fixed number of rounds. ``anchor`` is the margin they start from."""
    bag = []
    for number in range(seeds):
        settings = parameters(label, weight, seed=seed + number, threads=threads)
        data = dataset(features, matrix, label, weight, anchor=anchor, settings=settings)
        bag.append(lightgbm.train(settings, data, num_boost_round=rounds))
    return bag


def staged_margins(
    features: list[Spec],
    matrix: Floats,
    label: Floats,
    weight: Floats,
    *,
    anchor: Floats | None,
    test: Floats,
    seeds: int,
    seed: int,
    threads: int,
) -> Iterator[tuple[int, Floats]]:
    """Yield what the bag's trees add on the test rows after each number of rounds of the grid.

    Whoever has heard enough stops listening, and the rest is never trained.
    """
    boosters = []
    for number in range(seeds):
        settings = parameters(label, weight, seed=seed + number, threads=threads)
        data = dataset(features, matrix, label, weight, anchor=anchor, settings=settings)
        boosters.append(lightgbm.Booster(settings, data))
    added, done = np.zeros(len(test)), 0
    for rounds in GRID:
        for booster in boosters:
            for _ in range(rounds - done):
                booster.update()
            part = booster.predict(
                test,
                raw_score=True,
                start_iteration=done,
                num_iteration=rounds - done,
                num_threads=threads,
            )
            added = added + np.asarray(part, dtype=np.float64) / len(boosters)
        done = rounds
        yield rounds, added
