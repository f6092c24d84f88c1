"""The scores of the publication before, beside tonight's leads."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from delivery.scored_rows import batches


class PreviousScores:
    """Yesterday's scores for tonight's leads, where both come in ascending order of ``lead_id``.

    Of the earlier file only the rows between a batch's first and last lead are in memory.
    """

    def __init__(self, scores: Path | None) -> None:
        """Take a publication's ``scores.parquet``, or None if there is no earlier publication."""
        self._coming: Iterator[pa.RecordBatch] = iter(())
        if scores is not None:
            self._coming = batches(scores, columns=["lead_id", "score"])
        self._ids, self._scores = pa.array([], pa.string()), pa.array([], pa.int16())

    def beside(self, ids: pa.Array) -> pa.Array:
        """Return the n earlier scores of n leads, null where there is none; the next call's leads come after them."""
        if not len(ids):
            return pa.array([], pa.int16())
        last = ids[-1]
        while not len(self._ids) or pc.less(self._ids[-1], last).as_py():
            batch = next(self._coming, None)
            if batch is None:
                break
            self._ids = pa.concat_arrays([self._ids, batch["lead_id"].cast(pa.string())])
            self._scores = pa.concat_arrays([self._scores, batch["score"].cast(pa.int16())])
        found = self._scores.take(pc.index_in(ids, value_set=self._ids))
        passed = pc.sum(pc.less_equal(self._ids, last)).as_py() or 0
        self._ids, self._scores = self._ids.slice(passed), self._scores.slice(passed)
        return found
