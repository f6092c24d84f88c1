"""A batch of neutral rows in the forms in which the files write it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from delivery.columns import csv_cells, csv_joined, over, plain
from delivery.neutral import AGAINST, COLUMNS, LABELS, REASONS, texts
from delivery.scored_rows import batches

# An empty cell may leave a property as it is, so that yesterday's reason would stay: say that there is none.
NO_REASON = "no strong driver"
NONE_AGAINST = "none known"
JOINED = {"reasons": (REASONS, NO_REASON), "against": (AGAINST, NONE_AGAINST)}
TEXTS = (
    *REASONS,
    *AGAINST,
    "grade",
    "route",
    "route_reason",
    "trend",
    "confidence",
    "confidence_note",
    *LABELS,
)
_WORDS = ("lead_id", *TEXTS)  # the other columns hold nothing that CSV quotes


@dataclass(frozen=True)
class Cells:
    """The cells of n leads.

    ``texts`` holds the ``COLUMNS`` as text, null for nothing; ``csv`` the same and the joined ``reasons`` and
    ``against``, quoted where CSV demands it. A column that says the same in every row is one scalar there.
    """

    texts: dict[str, pa.Array]
    csv: dict[str, pa.Array | pa.Scalar]

    @classmethod
    def of(cls, rows: pa.RecordBatch) -> "Cells":
        """Return the cells of neutral rows."""
        cells = texts({name: rows[name] for name in COLUMNS})
        quoted = {
            name: once_or_each(over(column, csv_cells) if name in _WORDS else column)
            for name, column in cells.items()
        }
        for name, (columns, nothing) in JOINED.items():
            quoted[name] = csv_joined([cells[column] for column in columns], nothing)
        return cls(cells, quoted)


def once_or_each(column: pa.Array) -> pa.Array | pa.Scalar:
    """Return a column that holds one text only as that text, and any other as texts for each row."""
    if isinstance(column, pa.DictionaryArray) and len(column.dictionary) == 1:
        return plain(column) if column.null_count else column.dictionary[0]
    return plain(column)


def neutral_batches(
    scores: Path, *, columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a ``scores.parquet`` in batches, with all columns or some of them."""
    return batches(scores, columns=columns, texts=TEXTS)
