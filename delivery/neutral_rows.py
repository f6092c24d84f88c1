"""What must hold between the cells of neutral rows that are each right by themselves."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delivery.clauses import SALES_READY
from delivery.columns import plain
from delivery.neutral import AGAINST, INTERVAL, LABELS, REASONS, TIMES
from delivery.problems import Problem, Tally

_FILLED = (*pairwise(REASONS), *pairwise(AGAINST))
_SORTED, _ONE_VALUE, _FILL, _INTERVAL = 0, 1, 2, 2 + len(_FILLED)
_TREND, _EXPLORED = _INTERVAL + 1, _INTERVAL + 2


class RowChecks:
    """Looks at a file's rows, batch by batch: sorted, one receipt, reasons without a gap, intervals, trends."""

    def __init__(self, name: str) -> None:
        """Take the file's name."""
        self._name = name
        self._last: str | None = None
        self._receipts: dict[str, set[str]] = {column: set() for column in (*LABELS, *TIMES)}
        self._tally = Tally()

    @property
    def problems(self) -> list[Problem]:
        """What was wrong between cells."""
        several = Tally()
        for column, values in self._receipts.items():
            if len(values) > 1:
                told = " and ".join(sorted(values)[:2])
                expected = "one value in the whole file"
                several.add(0, [Problem(self._name, expected, column=column, value=told)])
        found = self._tally.problems
        ahead = [problem for problem in found if problem.column == "lead_id"]
        return [*ahead, *several.problems, *found[len(ahead) :]]

    def look(self, rows: Mapping[str, pa.Array], line: int) -> None:
        """Take the next rows, all cells as text, null or "" for nothing; ``line`` is the first one's line."""
        if not len(rows["lead_id"]):
            return
        cells = {name: plain(column).fill_null("") for name, column in rows.items()}
        there = {name: pc.not_equal(column, "") for name, column in cells.items()}
        for name, values in self._receipts.items():
            values.update(pc.unique(cells[name]).to_pylist())
        self._count(
            cells,
            line,
            _SORTED,
            "lead_id",
            self._unsorted(cells["lead_id"]),
            "each lead once, sorted by lead_id",
        )
        for kind, (earlier, later) in enumerate(_FILLED, start=_FILL):
            gap = pc.and_not(there[later], there[earlier])
            self._count(cells, line, kind, later, gap, f"{earlier} to be filled before {later}")
        expected = "an interval around close_probability, both ends or none"
        self._count(cells, line, _INTERVAL, "probability_low", _beside(cells, there), expected)
        new = pc.equal(cells["trend"], "new")
        expected = "new if and only if there is no previous_score"
        self._count(cells, line, _TREND, "trend", pc.equal(new, there["previous_score"]), expected)
        by_lot = pc.and_(
            pc.equal(cells["explored"], "true"), pc.not_equal(cells["route"], SALES_READY)
        )
        self._count(cells, line, _EXPLORED, "explored", by_lot, f"true only for {SALES_READY}")

    def _unsorted(self, ids: pa.Array) -> pa.Array:
        behind = pa.concat_arrays([pa.array([self._last], pa.string()), ids[:-1]])
        self._last = ids[-1].as_py()
        return pc.less_equal(ids, behind).fill_null(False)

    def _count(
        self,
        cells: Mapping[str, pa.Array],
        line: int,
        kind: int,
        column: str,
        wrong: pa.Array,
        expected: str,
    ) -> None:
        places = np.flatnonzero(wrong.to_numpy(zero_copy_only=False))
        problems = [
            Problem(self._name, expected, line + place, column, cells[column][place].as_py())
            for place in places[: self._tally.room(kind)].tolist()
        ]
        self._tally.add(kind, problems, len(places))


def _beside(cells: Mapping[str, pa.Array], there: Mapping[str, pa.Array]) -> pa.Array:
    """Return where an interval does not lie around its probability; all have the same number of digits."""
    low, high = INTERVAL
    chance = cells["close_probability"]
    around = pc.and_(pc.less_equal(cells[low], chance), pc.less_equal(chance, cells[high]))
    both, neither = pc.and_(there[low], there[high]), pc.invert(pc.or_(there[low], there[high]))
    return pc.invert(pc.or_(pc.and_(both, around), neither))
