"""The hindsight audit: columns that were filled in after, or because of, the outcome.

A table as it is exported today shows each lead as it ended. A column that alone tells the
outcome, or that fresh open leads never have, is more likely a consequence than a cause.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.canonical import Canonical
from features.project import Project
from features.tables import AttributeColumn, TableSet

ALONE = 0.85  # AUC of the column alone on later leads: honest columns of lead data stay well below
BY_FILL = 0.75  # AUC of whether it is filled at all
FILL_GAP = 0.40  # filled among closed leads, and not yet among the fresh open ones
FRESH = 50  # open leads from which a fill share is worth something
SMOOTHING = 20.0  # closed leads' worth of the overall rate in a level's own
BINS = 20
MIN_WINS = 20


@dataclass(frozen=True)
class Suspect:
    """A column that looks like hindsight, the evidence in one line, and what was done about it."""

    column: str
    label: str
    evidence: str
    verdict: Literal["left out", "kept by the project file", "changing, read through its history"]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able form."""
        return asdict(self)


def audit(tables: Canonical, read: TableSet, project: Project) -> list[Suspect]:
    """Return the suspects among the leads' attributes, the worst evidence first in source order.

    Columns are judged on closed leads in order of creation: what the earlier half teaches is
    tried on the later half. Nothing is judged on fewer than ``MIN_WINS`` wins on either side.
    """
    attributes = read.columns("leads")
    if not attributes:
        return []
    columns = list(dict.fromkeys(attribute.column for attribute in attributes))
    leads = tables.closed_leads().select("lead_id", "created_at", "won", *columns)
    frame = leads.order_by("created_at", "lead_id").execute()
    if project.label.unmatched == "lost":
        frame["won"] = frame["won"].fillna(value=False)
    changing = set(tables.history.select("field").distinct().execute()["field"])
    return [
        _suspect(attribute, evidence, project, changing)
        for attribute in attributes
        if (evidence := _evidence(frame, attribute))
    ]


def _suspect(
    attribute: AttributeColumn, evidence: str, project: Project, changing: set[str]
) -> Suspect:
    if {attribute.column, attribute.label} & set(project.features.keep):
        verdict: Any = "kept by the project file"
    elif attribute.column in changing:
        verdict = "changing, read through its history"
    else:
        verdict = "left out"
    return Suspect(attribute.column, attribute.label, evidence, verdict)


def _evidence(frame: pd.DataFrame, attribute: AttributeColumn) -> str | None:
    """Return why the column is a suspect, or None."""
    closed = frame[frame["won"].notna()]
    won = closed["won"].astype(bool).to_numpy()
    half = len(closed) // 2
    if min(won[:half].sum(), won[half:].sum(), (~won[:half]).sum(), (~won[half:]).sum()) < MIN_WINS:
        return None
    values = closed[attribute.column]
    filled = values.notna().to_numpy()
    by_fill = auc(filled[half:].astype(float), won[half:])
    fresh = frame[frame["won"].isna()][attribute.column]
    # A fill share that rises with the end counts where open leads of the same time lack the value.
    open_fill = fresh.notna().mean() if len(fresh) >= FRESH else np.nan
    if by_fill > BY_FILL or by_fill < 1 - BY_FILL:
        return (
            f"whether it is filled at all tells the outcome (AUC {max(by_fill, 1 - by_fill):.2f}): "
            f"filled in {filled[won].mean():.0%} of won and {filled[~won].mean():.0%} of lost leads"
        )
    if filled[won].mean() - open_fill > FILL_GAP:
        return f"filled in {filled[won].mean():.0%} of won leads, and in {open_fill:.0%} of those still open"
    alone = auc(_rates(values, won, half)[half:], won[half:])
    if alone > ALONE:
        return f"alone it tells the outcome of later leads with an AUC of {alone:.2f}"
    return None


def _rates(values: pd.Series, won: NDArray[np.bool_], half: int) -> NDArray[np.float64]:
    """Return each row's smoothed win rate of its level or bin, learned on the first ``half`` rows."""
    if pd.api.types.is_numeric_dtype(values):
        edges = np.unique(
            values.iloc[:half].quantile(np.linspace(0, 1, BINS + 1)).dropna().to_numpy()
        )
        bins = np.searchsorted(edges, values.to_numpy(dtype=float), side="right")
        levels = pd.Series(np.where(values.isna(), -1, bins)).astype(str)
    else:
        levels = (
            values.astype("object")
            .where(values.notna(), "__missing__")
            .astype(str)
            .reset_index(drop=True)
        )
    learned = (
        pd.DataFrame({"level": levels.iloc[:half], "won": won[:half]})
        .groupby("level")["won"]
        .agg(["sum", "size"])
    )
    overall = won[:half].mean()
    rates = (learned["sum"] + SMOOTHING * overall) / (learned["size"] + SMOOTHING)
    return levels.map(rates).fillna(overall).to_numpy(dtype=float)


def auc(scores: NDArray[np.float64], won: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve by ranks (Mann and Whitney 1947), ties counting half."""
    wins = int(won.sum())
    losses = len(won) - wins
    if not wins or not losses:
        return 0.5
    ranks = pd.Series(scores).rank().to_numpy()
    return float((ranks[won].sum() - wins * (wins + 1) / 2) / (wins * losses))
