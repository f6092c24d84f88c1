"""A forest made ready for the kernel, and rows handed to it block by block, on several threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.treeshap import kernel
from models.treeshap.tables import (
    MOST_FEATURES,
    STEP_FIELDS,
    Needs,
    Quadrature,
    Tables,
    tabulate,
)
from models.treeshap.trees import (
    NUMBER_OR_ZERO_MISSING,
    Floats,
    Forest,
    Integers,
    UnknownModelError,
)

BLOCK = 1024  # rows at most: their columns, masks and sums stay in a processor's second cache
MOST_BITS = (10, 8, 6, 4)
MOST_TABLE_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Ready:
    """What ``kernel.add_trees`` reads of a forest."""

    forest: Forest
    categorical: npt.NDArray[np.uint8]
    quadrature: Quadrature
    tables: Tables
    masks: int
    longest_path: int

    @classmethod
    def of(cls, forest: Forest, columns: int) -> "Ready":
        """Tabulate a forest for matrices of ``columns`` columns.

        Raises:
            UnknownModelError: a leaf has more distinct features above it than the kernel can tell apart.
        """
        categorical = np.zeros(columns, dtype=np.uint8)
        categorical[forest.feature[forest.test > NUMBER_OR_ZERO_MISSING]] = 1
        quadrature = Quadrature.of(MOST_FEATURES)
        tables, needs = _room(forest, None), Needs(0, 0, 0, 0, 0)
        for bits in MOST_BITS:
            needs = tabulate(forest, bits, quadrature, tables)
            if needs.entries * 8 <= MOST_TABLE_BYTES:
                break
        if needs.path > MOST_FEATURES:
            raise UnknownModelError(
                f"a leaf has {needs.path} different columns above it; the kernel reads {MOST_FEATURES}"
            )
        tables = _room(forest, needs)
        tabulate(forest, bits, quadrature, tables)
        return cls(forest, categorical, quadrature, tables, 2 * needs.depth + 3, needs.path)

    def each_block(
        self,
        matrix: Floats,
        target: Integers,
        threads: int,
        finish: Callable[[int, int, Floats], None],
    ) -> None:
        """Call ``finish(first, rows, added)`` for each block of rows, from several threads at once.

        ``added`` is (targets, ``rows`` or more) and is written over afterwards.
        """
        columns, lines = len(self.categorical), int(target.max(initial=-1)) + 1
        block = min(BLOCK, -(-len(matrix) // threads))

        def run(starts: range) -> None:
            work = kernel.Work(
                categorical=self.categorical,
                numbers=np.empty((columns, block)),
                codes=np.empty((columns, block), dtype=np.int32),
                masks=np.empty((self.masks, block), dtype=np.uint32),
                product=np.empty(block),
                added=np.empty((lines, block)),
            )
            for first in starts:
                rows = min(block, len(matrix) - first)
                kernel.add_trees(
                    matrix, first, rows, target, self.forest, self.tables, self.quadrature, work
                )
                finish(first, rows, work.added)

        starts = range(0, len(matrix), max(block, 1))
        count = min(threads, len(starts))
        if count <= 1:
            run(starts)
            return
        with ThreadPoolExecutor(max_workers=count) as pool:
            for _ in pool.map(run, [starts[number::count] for number in range(count)]):
                pass


def _room(forest: Forest, needs: Needs | None) -> Tables:
    """Return empty tables; without ``needs`` with room for the steps alone."""
    items = len(forest.feature) + len(forest.leaf_value)
    steps, features, entries = (
        (items, 0, 0) if needs is None else (needs.steps, needs.features, needs.entries)
    )
    return Tables(
        steps=np.zeros((steps, STEP_FIELDS), dtype=np.int64),
        first_step=np.zeros(len(forest.first_split), dtype=np.int64),
        features=np.zeros(features, dtype=np.int64),
        ratios=np.zeros(features),
        entries=np.zeros(entries),
    )
