"""Scoring the open leads: probability, score, grade, reasons and expected value, batch by batch."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from features.catalogue import Catalogue
from features.errors import DataError
from features.tables import TableSet
from pipelines.reading import COUNTS
from pipelines.scored_batches import scored_batches, scored_schema

if TYPE_CHECKING:
    import pyarrow as pa

GRADES = ("A", "B", "C", "D")
ENOUGH_AMOUNTS = 10  # won deals from which their mean amount says something


@dataclass(frozen=True)
class ScoredNight:
    """Where the scored rows lie, and the counts that are told about them.

    ``counts`` is the watch's file, where the leads were counted as they were scored.
    """

    path: Path
    leads: int
    grades: dict[str, int]
    expected_wins: float
    counts: Path | None = None


def catalogue_of(bundle: Path, project: str) -> Catalogue:
    """Return the catalogue that a model was trained with.

    Raises:
        DataError: the bundle is not whole, or of another project.
    """
    from models.bundle import Bundle

    catalogue = Bundle.load(bundle).catalogue
    if catalogue.project != project:
        raise DataError(
            f"{bundle}: this model was trained for project {catalogue.project!r}, not for {project!r}; "
            f"train one for {project!r}"
        )
    return catalogue


def score_open(frame: Path, bundle: Path, tables: TableSet, folder: Path) -> ScoredNight:
    """Score feature rows with a bundle and write one scored row per lead to ``folder``, as ``models.reasons.score`` says.

    Rows stand in the frame's order, and never are all leads in memory.
    """
    from models.bundle import Bundle
    from models.counted import Counted, has_reference

    model = Bundle.load(bundle)
    counts = Counted.empty(model.model["watch"]) if has_reference(model) else None
    scored = write_scored(scored_batches(frame, bundle, mean_amount(tables), counts), folder)
    if counts is None:
        return scored
    counts.save(folder / COUNTS)
    return replace(scored, counts=folder / COUNTS)


def write_scored(batches: "Iterable[pa.Table]", folder: Path) -> ScoredNight:
    """Write scored rows to ``folder`` as they come, and count them."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = folder / "scored.parquet"
    leads, expected, grades = 0, 0.0, dict.fromkeys(GRADES, 0)
    with pq.ParquetWriter(path, scored_schema()) as writer:
        for table in batches:
            writer.write_table(table)
            leads += table.num_rows
            expected += pc.sum(table["close_probability"]).as_py() or 0.0
            for count in pc.value_counts(table["grade"]).to_pylist():
                grades[count["values"]] += count["counts"]
    return ScoredNight(path=path, leads=leads, grades=grades, expected_wins=expected)


def mean_amount(tables: TableSet) -> float | None:
    """Return the mean amount of the deals won so far, None where too few have one.

    One amount for all leads: what a lead is worth if it closes is told apart by nothing yet.
    """
    import pandas as pd

    outcomes = pd.read_parquet(tables.path("outcomes"), columns=["won", "amount"])
    amounts = outcomes.loc[outcomes["won"].fillna(value=False).astype(bool), "amount"].dropna()
    return float(amounts.mean()) if len(amounts) >= ENOUGH_AMOUNTS else None
