"""What is kept of a training: evidence for the report and the data scientist, sums only."""

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import Catalogue
from features.hindsight import Suspect
from pipelines.summary import plain

if TYPE_CHECKING:
    import pandas as pd

    from models.training import Trained

TRAINING = "training.json"
HINDSIGHT = "hindsight.json"
MOST_EXPLAINED = (
    4000  # rows in the picture of contributions: more say the same and take longer to draw
)


def write_record(
    trained: "Trained",
    mornings: "pd.DataFrame",
    catalogue: Catalogue,
    suspects: list[Suspect],
    folder: Path,
    *,
    min_group: int,
) -> None:
    """Write the evaluation, the curves, the audit and the pictures of a training into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    document = trained.to_json()
    _write(document, folder / TRAINING)
    _write({"suspects": [suspect.to_json() for suspect in suspects]}, folder / HINDSIGHT)
    _draw_curves(document, folder, min_group)
    _draw_summary(trained, mornings, catalogue, folder)


def read_record(folder: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return what a training found out, and the suspects of its hindsight audit."""
    training = json.loads((folder / TRAINING).read_text(encoding="utf-8"))
    hindsight = json.loads((folder / HINDSIGHT).read_text(encoding="utf-8"))
    return training, hindsight["suspects"]


def _draw_curves(document: dict[str, Any], folder: Path, min_group: int) -> None:
    from reports.drivers import drivers_table
    from reports.pictures import calibration_figure, drivers_figure, gains_figure
    from reports.training import calibration_points, gains_points

    curves = document["curves"]["leadgauge"]
    if curves["calibration"]:
        _save(
            calibration_figure(calibration_points(curves["calibration"])),
            folder / "calibration.png",
        )
    if curves["gains"]:
        _save(gains_figure(gains_points(curves["gains"])), folder / "gains.png")
    drivers = drivers_table(document["explanation"], min_group=min_group)
    if drivers:
        _save(drivers_figure(drivers), folder / "drivers.png")


def _draw_summary(
    trained: "Trained", mornings: "pd.DataFrame", catalogue: Catalogue, folder: Path
) -> None:
    """Explain one row per lead, the last one, so that nobody counts twice."""
    import numpy as np

    from reports.pictures import shap_summary_figure

    rows = (
        mornings.sort_values("as_of", kind="stable")
        .groupby("lead_id", sort=False)
        .tail(1)
        .tail(MOST_EXPLAINED)
    )
    parts = trained.bundle.contributions(rows)[:, :-1]
    strength = dict(zip(catalogue.names, np.abs(parts).mean(axis=0), strict=True))
    _write(
        {"rows": len(rows), "mean_absolute_contribution": strength}, folder / "shap_summary.json"
    )
    if not np.abs(parts).max(initial=0.0) > 0:
        return  # the base rate has no drivers to draw
    values = np.column_stack(
        [
            np.full(len(rows), np.nan)
            if feature.type == "category"
            else rows[feature.name].to_numpy(dtype=float)
            for feature in catalogue.features
        ]
    )
    with warnings.catch_warnings():
        # shap looks for the range of each column to colour it; categories have none and stay grey.
        warnings.filterwarnings("ignore", message="All-NaN slice encountered")
        figure = shap_summary_figure(
            parts, values, [feature.label for feature in catalogue.features]
        )
    _save(figure, folder / "shap_summary.png")


def _save(figure: Any, path: Path) -> None:  # noqa: ANN401  a matplotlib figure
    figure.savefig(path, metadata={"Software": None})


def _write(document: Any, path: Path) -> None:  # noqa: ANN401  whatever JSON can say
    text = json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
