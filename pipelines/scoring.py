"""Scoring the open leads: probability, score, grade, reasons and expected value, batch by batch."""

import os
from dataclasses import dataclass
from pathlib import Path

from features.catalogue import Catalogue
from features.errors import DataError
from features.tables import TableSet
from pipelines.reading import feature_batches, feature_frame

GRADES = ("A", "B", "C", "D")
ENOUGH_AMOUNTS = 10  # won deals from which their mean amount says something


@dataclass(frozen=True)
class ScoredNight:
    """Where the scored rows lie, and the counts that are told about them."""

    path: Path
    leads: int
    grades: dict[str, int]
    expected_wins: float


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

    Columns: ``lead_id, close_probability, score, grade, reasons_for, reasons_against, confidence,
    expected_value``.
    """
    import pandas as pd

    from models.bundle import Bundle
    from models.reasons import score

    model, amount = Bundle.load(bundle, threads=os.cpu_count() or 1), mean_amount(tables)
    parts = [
        score(batch, model, amount=amount, contributions=False)
        for batch in feature_batches(frame, model.catalogue)
    ]
    rows = (
        pd.concat(parts, ignore_index=True)
        if parts
        else score(feature_frame(frame, model.catalogue), model, amount=amount, contributions=False)
    )
    path = folder / "scored.parquet"
    rows.to_parquet(path)
    counts = rows["grade"].value_counts()
    return ScoredNight(
        path=path,
        leads=len(rows),
        grades={grade: int(counts.get(grade, 0)) for grade in GRADES},
        expected_wins=float(rows["close_probability"].sum()),
    )


def mean_amount(tables: TableSet) -> float | None:
    """Return the mean amount of the deals won so far, None where too few have one.

    One amount for all leads: what a lead is worth if it closes is told apart by nothing yet.
    """
    import pandas as pd

    outcomes = pd.read_parquet(tables.path("outcomes"), columns=["won", "amount"])
    amounts = outcomes.loc[outcomes["won"].fillna(value=False).astype(bool), "amount"].dropna()
    return float(amounts.mean()) if len(amounts) >= ENOUGH_AMOUNTS else None
