"""Exact path-dependent TreeSHAP values of LightGBM models, many times as fast as ``pred_contrib``.

``TreeShap.of(boosters, weights).values(matrix)`` is what ``booster.predict(matrix, pred_contrib=True)``
returns, for a weighted sum of boosters. See ``docs/treeshap.md``.
"""

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import lightgbm
import numpy as np
import numpy.typing as npt

from models.treeshap.fallback import Fallback
from models.treeshap.sides import Side, Strongest
from models.treeshap.trees import (
    Floats,
    Integers,
    UnexplainableError,
    UnknownModelError,
    columns_of,
    read_forest,
)

if TYPE_CHECKING:
    from models.treeshap.ready import Ready

__all__ = ["Side", "SlowReasonsWarning", "Strongest", "TreeShap", "UnexplainableError"]


class SlowReasonsWarning(UserWarning):
    """The kernel does not know this model; its values come from LightGBM, as exact and much slower."""


@dataclass(frozen=True)
class TreeShap:
    """What each column of a row adds to the margin of a weighted sum of LightGBM boosters.

    Attributes:
        columns: how many columns a matrix has. A booster of fewer columns reads the first ones.
        expected: the margin where nothing is known of a row (the boosters' base values, weighted).
    """

    columns: int
    expected: float
    _engine: "Ready | Fallback"

    @classmethod
    def of(
        cls,
        boosters: Sequence[lightgbm.Booster | str],
        weights: Sequence[float] | None = None,
        *,
        iterations: int | None = None,
        columns: int | None = None,
    ) -> Self:
        """Tabulate boosters, or texts of boosters, once; then any number of rows can be asked for.

        Args:
            boosters: models of one margin: binary, regression, ranking, Poisson and so on.
            weights: of each booster; all 1 where None. What ``values`` adds up to is
                the sum of weight x ``booster.predict(matrix, raw_score=True)``.
            iterations: read only so many rounds of each booster; where None what ``predict`` reads, that
                is the best iteration of one that stopped early, else all.
            columns: of the matrices to come, if more than the widest booster reads.

        Raises:
            UnexplainableError: several classes or linear leaves, which have no values of this kind.
            ValueError: there are not as many weights as boosters.

        Warns:
            SlowReasonsWarning: a model has something else that the kernel does not know.
        """
        from models.treeshap.ready import Ready  # numba, which takes a while to import

        weights = [1.0] * len(boosters) if weights is None else [float(one) for one in weights]
        if len(weights) != len(boosters):
            raise ValueError(f"{len(boosters)} boosters and {len(weights)} weights")
        texts = [
            one if isinstance(one, str) else one.model_to_string(num_iteration=iterations)
            for one in boosters
        ]
        width = max([columns or 0, *(columns_of(text) for text in texts)])
        try:
            forest = read_forest(texts, weights, iterations)
            return cls(width, forest.expected, Ready.of(forest, width))
        except UnknownModelError as error:
            warnings.warn(
                f"{error}: contributions are computed by LightGBM itself, with the same result"
                " and tens of times slower. Train with the LightGBM that leadgauge was tested with",
                SlowReasonsWarning,
                stacklevel=2,
            )
            slow = Fallback.of(texts, weights, iterations)
            return cls(width, slow.expected, slow)

    @property
    def longest_path(self) -> int | None:
        """How many distinct columns are split above one leaf, at most; None where LightGBM computes."""
        return None if isinstance(self._engine, Fallback) else self._engine.longest_path

    @property
    def table_bytes(self) -> int:
        """How much memory the tables take."""
        return 0 if isinstance(self._engine, Fallback) else self._engine.tables.entries.nbytes

    def values(
        self,
        matrix: npt.ArrayLike,
        *,
        feature_of: Sequence[int] | Integers | None = None,
        extra: Floats | None = None,
        scale: float = 1.0,
        base: float = 0.0,
        threads: int | None = None,
    ) -> Floats:
        """Return (rows, features + 1): scale x (contributions + extra), and in the last column the base.

        Args:
            matrix: (rows, columns), float64; categories as the codes the boosters were trained on.
            feature_of: for each column the feature (0, 1, ...) that its contributions are added to; each
                column is a feature of its own where None.
            extra: (rows, features) to add to the contributions, in the units of the boosters.
            scale: what contributions, ``extra`` and ``expected`` are multiplied by.
            base: what is added to scale x ``expected`` in the last column.
            threads: all processors of the process where None. The result is the same to the last bit.

        Raises:
            ValueError: the matrix does not have as many columns as the model, or the shapes do not agree.
        """
        matrix, target = self._checked(matrix), self._target(feature_of)
        features = _width(target, extra, len(matrix))
        return self._sums(matrix, target, np.arange(features), extra, scale, base, threads)

    def grouped(
        self,
        matrix: npt.ArrayLike,
        groups: Sequence[int] | Integers,
        *,
        feature_of: Sequence[int] | Integers | None = None,
        extra: Floats | None = None,
        scale: float = 1.0,
        base: float = 0.0,
        threads: int | None = None,
    ) -> Floats:
        """Return (rows, groups + 1): the values of ``values``, those of a group's features added up.

        The table of rows x features is never written. ``groups`` holds for each feature its group (0, 1,
        ...); the other arguments are those of ``values``.

        Raises:
            ValueError: as ``values``.
        """
        matrix, target = self._checked(matrix), self._target(feature_of)
        codes = _codes(groups, _width(target, extra, len(matrix)))
        return self._sums(matrix, codes[target], codes, extra, scale, base, threads)

    def strongest(
        self,
        matrix: npt.ArrayLike,
        groups: Sequence[int] | Integers,
        *,
        most_for: int = 3,
        most_against: int = 2,
        floor: float = 0.1,
        feature_of: Sequence[int] | Integers | None = None,
        extra: Floats | None = None,
        scale: float = 1.0,
        base: float = 0.0,
        threads: int | None = None,
    ) -> Strongest:
        """Return for each row the margin and the strongest groups of features for and against it.

        Nothing of the size rows x features is written, so that millions of rows fit. Totals and
        contributions are rounded to nine digits before they are compared; ties go to the first group and
        to the first feature.

        Args:
            matrix: as in ``values``.
            groups: for each feature its group (0, 1, ...).
            most_for: how many groups at most that raise the margin.
            most_against: how many at most that lower it.
            floor: the least total, in absolute value and after ``scale``, that is worth telling.
            feature_of: as in ``values``.
            extra: as in ``values``.
            scale: as in ``values``.
            base: as in ``values``.
            threads: as in ``values``.

        Raises:
            ValueError: as ``values``.
        """
        from models.treeshap.strongest import fill_strongest

        matrix, target = self._checked(matrix), self._target(feature_of)
        codes = _codes(groups, _width(target, extra, len(matrix)))
        more = np.zeros((0, 0)) if extra is None else np.ascontiguousarray(extra, dtype=np.float64)
        found = Strongest(
            np.empty(len(matrix)),
            Side.empty(len(matrix), most_for),
            Side.empty(len(matrix), most_against),
        )
        start = float(scale * self.expected + base)

        def finish(first: int, rows: int, added: Floats) -> None:
            fill_strongest(
                added, more, codes, float(scale), start, float(floor), first, rows, found
            )

        self._each_block(matrix, target, threads, finish)
        return found

    def _sums(
        self,
        matrix: Floats,
        target: Integers,
        codes: Integers,
        extra: Floats | None,
        scale: float,
        base: float,
        threads: int | None,
    ) -> Floats:
        """Return (rows, codes + 1): what the columns add to their targets, and the features of ``extra`` to their codes."""
        result = np.zeros((len(matrix), int(codes.max(initial=-1)) + 2))
        result[:, -1] = scale * self.expected + base

        def finish(first: int, rows: int, added: Floats) -> None:
            part = result[first : first + rows, :-1]
            part[:, : len(added)] = added[:, :rows].T
            if extra is not None:
                for feature, code in enumerate(codes):
                    part[:, code] += extra[first : first + rows, feature]
            part *= scale

        self._each_block(matrix, target, threads, finish)
        return result

    def _each_block(
        self,
        matrix: Floats,
        target: Integers,
        threads: int | None,
        finish: Callable[[int, int, Floats], None],
    ) -> None:
        self._engine.each_block(matrix, target, threads or _processors(), finish)

    def _checked(self, matrix: npt.ArrayLike) -> Floats:
        found = np.ascontiguousarray(matrix, dtype=np.float64)
        if found.ndim != 2 or found.shape[1] != self.columns:
            raise ValueError(
                f"the matrix has shape {np.shape(matrix)}; expected are rows x {self.columns} columns,"
                " in the order in which the boosters were trained"
            )
        return found

    def _target(self, feature_of: Sequence[int] | Integers | None) -> Integers:
        if feature_of is None:
            return np.arange(self.columns, dtype=np.int64)
        target = np.ascontiguousarray(feature_of, dtype=np.int64)
        if target.shape != (self.columns,) or target.min(initial=0) < 0:
            raise ValueError(
                f"feature_of has shape {target.shape}; expected is a feature, 0 or more, for each of"
                f" {self.columns} columns"
            )
        return target


def _width(target: Integers, extra: Floats | None, rows: int) -> int:
    least = int(target.max(initial=-1)) + 1
    if extra is None:
        return least
    if extra.ndim != 2 or len(extra) != rows or extra.shape[1] < least:
        raise ValueError(
            f"extra has shape {extra.shape}; expected are {rows} rows x {least} features"
        )
    return int(extra.shape[1])


def _codes(groups: Sequence[int] | Integers, features: int) -> Integers:
    codes = np.ascontiguousarray(groups, dtype=np.int64)
    if codes.shape != (features,) or codes.min(initial=0) < 0:
        raise ValueError(
            f"groups has shape {codes.shape}; expected is a group, 0 or more, for each of {features} features"
        )
    return codes


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
