"""Models and matrices drawn at random, with every kind of column and missing value."""

from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
KINDS = ("number", "with_missing", "with_zeros", "few_levels", "category", "wide_category")


def column(kind: str, rows: int, draws: np.random.Generator) -> Floats:
    """Return one column of a kind; categories are codes."""
    values = draws.normal(size=rows)
    if kind == "with_missing":
        values[draws.random(rows) < 0.3] = np.nan
    elif kind == "with_zeros":
        values[draws.random(rows) < 0.4] = 0.0
    elif kind == "few_levels":
        values = draws.integers(-2, 3, rows).astype(np.float64)
    elif kind == "category":
        values = draws.integers(0, 12, rows).astype(np.float64)
    elif kind == "wide_category":
        values = draws.integers(0, 150, rows).astype(np.float64)
    if "category" in kind:
        values[draws.random(rows) < 0.1] = np.nan
    return values


def matrix_of(kinds: list[str], rows: int, seed: int) -> Floats:
    """Return a matrix of columns of these kinds."""
    draws = np.random.default_rng(seed)
    return np.column_stack([column(kind, rows, draws) for kind in kinds])


def strange(matrix: Floats, seed: int) -> Floats:
    """Return the matrix with values in it that training never saw."""
    draws, odd = np.random.default_rng(seed), matrix.copy()
    values = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-36, -1e-36, -0.5, -3.0, 2.7, 63.0, 64.0, 1e4, 3e9, 1e300]  # fmt: skip
    hit = draws.random(odd.shape) < 0.3
    odd[hit] = draws.choice(values, size=int(hit.sum()))
    return odd


@dataclass(frozen=True)
class Drawn:
    """What to train: the kinds of the columns, LightGBM's settings, rounds, rows and a seed."""

    kinds: list[str]
    settings: dict[str, Any]
    rounds: int
    rows: int
    seed: int

    @property
    def matrix(self) -> Floats:
        """The training rows."""
        return matrix_of(self.kinds, self.rows, self.seed)

    def booster(self) -> lightgbm.Booster:
        """Train it."""
        matrix, draws = self.matrix, np.random.default_rng(self.seed + 1)
        known = np.nan_to_num(matrix)
        hidden = np.sin(3 * known) @ draws.normal(size=len(self.kinds)) + known[:, 0] * known[:, -1]
        label = (hidden + draws.normal(size=self.rows) > np.median(hidden)).astype(np.float64)
        settings = {
            "objective": "binary",
            "num_threads": 1,
            "verbosity": -1,
            "deterministic": True,
            "force_col_wise": True,
            "seed": self.seed,
            "min_data_in_leaf": 2,
            "min_data_per_group": 2,
            "min_sum_hessian_in_leaf": 1e-3,
            "cat_smooth": 1.0,
            "max_cat_threshold": 64,
            **self.settings,
        }
        categories = [place for place, kind in enumerate(self.kinds) if "category" in kind]
        data = lightgbm.Dataset(
            matrix, label, categorical_feature=categories, params=settings, free_raw_data=True
        )
        return lightgbm.train(settings, data, num_boost_round=self.rounds)


def contributions(booster: lightgbm.Booster, matrix: Floats) -> Floats:
    """Return LightGBM's own contributions."""
    found = booster.predict(matrix, pred_contrib=True, num_threads=1)
    return np.asarray(found, dtype=np.float64)


def raw(booster: lightgbm.Booster, matrix: Floats) -> Floats:
    """Return LightGBM's own margins."""
    return np.asarray(booster.predict(matrix, raw_score=True, num_threads=1), dtype=np.float64)
