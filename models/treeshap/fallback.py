"""The slow way, for the rare model that the kernel does not know: LightGBM's own ``pred_contrib``."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import lightgbm
import numpy as np

from models.treeshap.trees import Floats, Integers

CHUNK = 4096  # rows


@dataclass(frozen=True)
class Fallback:
    """Boosters with their weights, asked one after the other."""

    boosters: list[lightgbm.Booster]
    weights: list[float]
    iterations: int | None
    expected: float

    @classmethod
    def of(cls, texts: Sequence[str], weights: Sequence[float], iterations: int | None) -> Self:
        """Read the models again with LightGBM."""
        boosters = [lightgbm.Booster(model_str=text) for text in texts]
        expected = 0.0
        for booster, weight in zip(boosters, weights, strict=True):
            row = np.zeros((1, booster.num_feature()))
            said = booster.predict(row, pred_contrib=True, num_iteration=iterations)
            expected += weight * float(np.asarray(said)[0, -1])
        return cls(boosters, list(weights), iterations, expected)

    def each_block(
        self,
        matrix: Floats,
        target: Integers,
        threads: int,
        finish: Callable[[int, int, Floats], None],
    ) -> None:
        """Call ``finish(first, rows, added)`` for each block of rows, as ``Ready`` does."""
        for first in range(0, len(matrix), CHUNK):
            rows = matrix[first : first + CHUNK]
            added = np.zeros((int(target.max(initial=-1)) + 1, len(rows)))
            for booster, weight in zip(self.boosters, self.weights, strict=True):
                columns = booster.num_feature()
                said = booster.predict(
                    rows[:, :columns],
                    pred_contrib=True,
                    num_iteration=self.iterations,
                    num_threads=threads,
                )
                np.add.at(added, target[:columns], weight * np.asarray(said)[:, :-1].T)
            finish(first, len(rows), added)
