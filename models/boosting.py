"""Bags of gradient-boosted trees (LightGBM), alone or on top of the regression."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import lightgbm
import numpy as np

from models.scorer import Floats

GRID = (15, 30, 50, 75, 100, 130, 170, 220, 280, 350)
DEFAULT_ROUNDS = 50


@dataclass(frozen=True)
class Rows:
    """What trees learn from: ``matrix`` (rows, columns), ``anchor`` the log-odds they start from or None."""

    matrix: Floats
    label: Floats
    weight: Floats
    anchor: Floats | None
    categories: list[int]


def parameters(
    label: Floats, weight: Floats, *, seed: int, threads: int, extremely_random: bool
) -> dict[str, Any]:
    """Return LightGBM's parameters for this much data: fewer wins, smaller trees and a stronger pull.

    ``deterministic`` and ``force_col_wise`` make the trees the same for any number of threads.
    Neither ``is_unbalance`` nor ``scale_pos_weight``: they distort probabilities.
    ``extremely_random`` cuts at random places and takes the best feature (Geurts, Ernst and Wehenkel
    2006): more bias, less variance, which pays where leads are few.
    """
    wins = float((label * weight).sum())
    leaves, pull = (7, 20.0) if wins < 200 else (15, 10.0)
    snapshots_per_lead = len(label) / float(weight.sum())
    in_leaf = min(int(np.clip(20 * snapshots_per_lead, 20, 100)), max(len(label) // 10, 2))
    return {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": leaves,
        "min_data_in_leaf": in_leaf,
        "min_sum_hessian_in_leaf": 1.0,
        "lambda_l2": pull,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "path_smooth": 10.0,
        "max_bin": 63,
        "cat_smooth": 20.0,
        "cat_l2": 20.0,
        "min_data_per_group": in_leaf,
        "extra_trees": extremely_random,
        "extra_seed": seed,
        "seed": seed,
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }


@dataclass(frozen=True)
class Bag:
    """Boosters that differ in their seed alone; what they say is their mean."""

    boosters: list[Any]
    threads: int

    @classmethod
    def of(cls, rows: Rows, *, seeds: int, seed: int, threads: int, extremely_random: bool) -> Self:
        """Prepare one booster per seed; columns are named by position, since real names may hold JSON characters."""
        boosters = []
        for number in range(seeds):
            settings = parameters(
                rows.label,
                rows.weight,
                seed=seed + number,
                threads=threads,
                extremely_random=extremely_random,
            )
            data = lightgbm.Dataset(
                rows.matrix,
                label=rows.label,
                weight=rows.weight / rows.weight.mean(),  # min_sum_hessian_in_leaf is absolute
                init_score=rows.anchor,
                feature_name=[f"f{position}" for position in range(rows.matrix.shape[1])],
                categorical_feature=rows.categories,
                params=settings,
            )
            boosters.append(lightgbm.Booster(settings, data))
        return cls(boosters, threads)

    def staged(
        self, rounds: Sequence[int], sets: Sequence[Floats]
    ) -> Iterator[tuple[int, list[Floats]]]:
        """Yield what the trees add on each set of rows after each number of rounds, least first.

        Whoever has heard enough stops listening, and the rest is never trained.
        """
        added, done = [np.zeros(len(one)) for one in sets], 0
        for until in rounds:
            for booster in self.boosters:
                for _ in range(until - done):
                    booster.update()
                for number, one in enumerate(sets):
                    if len(one):
                        part = booster.predict(
                            one[:, : booster.num_feature()],
                            raw_score=True,
                            start_iteration=done,
                            num_iteration=until - done,
                            num_threads=self.threads,
                        )
                        added[number] = added[number] + np.asarray(part) / len(self.boosters)
            done = until
            yield until, list(added)

    def texts(self, rounds: int) -> list[str]:
        """Train all boosters to ``rounds`` and return their texts."""
        for _ in self.staged([rounds], []):
            pass
        return [str(booster.model_to_string()) for booster in self.boosters]
