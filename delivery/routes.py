"""Which leads sales gets tonight: the grades of the agreement, up to sales' capacity."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.agreement import Agreement

SALES_READY = "sales_ready"
NURTURE = "nurture"
ASKED = ("lead_id", "grade", "close_probability", "expected_value")

Batches = Callable[[], Iterable[pa.RecordBatch]]


@dataclass(frozen=True)
class Cut:
    """Where the line between sales and nurture runs, so that each lead is told by itself on which side it is.

    ``worth`` names the column that ranks; a lead goes to sales above ``least``, and at ``least`` if its lot is not
    above ``lot``.
    """

    grades: tuple[str, ...]
    worth: str = "close_probability"
    least: float = -np.inf
    lot: str | None = None

    def sales_ready(self, scored: pa.RecordBatch) -> np.ndarray:
        """Return for each of n leads whether sales gets it."""
        ready = _of_grade(scored, self.grades)
        if self.lot is None:
            return ready
        worth = _worth(scored, self.worth)
        on_the_line = np.flatnonzero(ready & (worth == self.least))
        ready &= worth > self.least
        ids = scored["lead_id"].cast(pa.string()).take(pa.array(on_the_line)).to_pylist()
        drawn = [
            place for place, lead in zip(on_the_line, ids, strict=True) if _lot(lead) <= self.lot
        ]
        ready[drawn] = True
        return ready


def cut(scored: Batches, agreement: Agreement) -> Cut:
    """Return the line for a night's leads.

    Among the leads of a sales-ready grade the best go to sales, up to ``capacity_per_day``: by expected value if every
    one of them has it, else by probability, since euros and probabilities cannot be held against each other. Equals are
    told apart by a hash of the lead's id, so that neither the order of the rows nor the age of an id decides.

    Args:
        scored: gives the leads with the columns ``ASKED``, in batches and as often as it is called; of each
            sales-ready lead no more than a number is kept.
        agreement: what sales and marketing signed.
    """
    grades = tuple(agreement.sales_ready_grades)
    if agreement.capacity_per_day is None:
        return Cut(grades)
    found = [_candidates(batch, grades) for batch in scored()]
    values = np.concatenate([np.empty(0), *(value for value, _ in found)])
    by_value = len(values) > 0 and not np.isnan(values).any()
    name = "expected_value" if by_value else "close_probability"
    worth = values if by_value else np.concatenate([np.empty(0), *(chance for _, chance in found)])
    worth = np.where(np.isnan(worth), -np.inf, worth)
    places = agreement.capacity_per_day
    if places >= len(worth):
        return Cut(grades)
    least = float(np.partition(worth, len(worth) - places)[len(worth) - places])
    left = places - int((worth > least).sum())
    lots = nsmallest(left, _lots(scored(), grades, name, least))
    return Cut(grades, name, least, lots[-1])


def _candidates(batch: pa.RecordBatch, grades: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    ready = _of_grade(batch, grades)
    value, chance = (
        _numbers(batch[name])[ready] for name in ("expected_value", "close_probability")
    )
    return value, chance


def _lots(
    batches: Iterable[pa.RecordBatch], grades: tuple[str, ...], name: str, least: float
) -> Iterator[str]:
    for batch in batches:
        equal = _of_grade(batch, grades) & (_worth(batch, name) == least)
        ids = batch["lead_id"].cast(pa.string()).filter(pa.array(equal))
        yield from map(_lot, ids.to_pylist())


def _lot(lead_id: str | None) -> str:
    return sha256((lead_id or "").encode()).hexdigest()


def _of_grade(batch: pa.RecordBatch, grades: tuple[str, ...]) -> np.ndarray:
    known = batch["grade"].cast(pa.string())
    ready = pc.is_in(known, pa.array(grades, pa.string()))
    return np.array(ready.to_numpy(zero_copy_only=False), dtype=bool)


def _worth(batch: pa.RecordBatch, name: str) -> np.ndarray:
    worth = _numbers(batch[name])
    return np.where(np.isnan(worth), -np.inf, worth)


def _numbers(column: pa.Array) -> np.ndarray:
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
