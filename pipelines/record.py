"""What is kept of a training: evidence for the report and the data scientist, sums only."""

import json
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import Catalogue
from features.hindsight import Suspect
from pipelines.summary import plain

if TYPE_CHECKING:
    import pandas as pd

    from models.accounts import AccountScale
    from models.training import Trained

TRAINING = "training.json"
HINDSIGHT = "hindsight.json"
SEGMENTS = "segments.json"
ACCOUNTS = "accounts.json"
KEY = ["lead_id", "as_of"]
LONGEST_SLUG = 60
MOST_EXPLAINED = (
    2000  # rows in the picture of contributions: more say the same and take longer to draw
)


def write_record(
    trained: "Trained",
    mornings: "pd.DataFrame",
    catalogue: Catalogue,
    suspects: list[Suspect],
    folder: Path,
    *,
    min_group: int,
    seed: int = 7,
) -> list[dict[str, Any]]:
    """Write the evaluation, the curves, the audit and the pictures of a training into ``folder``.

    Returns the calibration by segment, which is written, too.
    """
    from models.accounts import learn_accounts

    folder.mkdir(parents=True, exist_ok=True)
    document = trained.to_json()
    segments = segments_of(trained, mornings, catalogue, min_group=min_group, seed=seed)
    _write(document, folder / TRAINING)
    _write({"segments": segments}, folder / SEGMENTS)
    accounts = learn_accounts(trained.predictions, catalogue.horizon_days)
    _write(accounts.to_json(), folder / ACCOUNTS)
    _write({"suspects": [suspect.to_json() for suspect in suspects]}, folder / HINDSIGHT)
    _draw_curves(document, folder, min_group)
    _draw_summary(trained, mornings, catalogue, folder)
    return segments


def read_record(folder: Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return what a training found out, ``segments`` and ``accounts`` among it, and the suspects of its hindsight audit.

    A training of an earlier version has no segments, and None for the accounts (``models.accounts.AccountScale``).
    """
    training = json.loads((folder / TRAINING).read_text(encoding="utf-8"))
    hindsight = json.loads((folder / HINDSIGHT).read_text(encoding="utf-8"))
    path, segments = folder / SEGMENTS, list[dict[str, Any]]()
    if path.is_file():
        segments = json.loads(path.read_text(encoding="utf-8"))["segments"]
    return {**training, "segments": segments, "accounts": _accounts(folder)}, hindsight["suspects"]


def read_accounts(folder: Path) -> "AccountScale":
    """Return how the account's probability comes from its leads'; as if independent for a training of an earlier version."""
    from models.accounts import AccountScale

    document = _accounts(folder)
    return AccountScale() if document is None else AccountScale.from_json(document)


def account_metrics(folder: Path) -> dict[str, float]:
    """Return figures of the account's probability as MLflow takes them; none without accounts of several leads."""
    document = _accounts(folder) or {}
    told = {
        key: document[key] for key in ("slope", "intercept", "outcomes") if document.get("tried")
    }
    told |= document.get("tried") or {}
    return {f"accounts.{key}": float(value) for key, value in told.items()}


def _accounts(folder: Path) -> dict[str, Any] | None:
    path = folder / ACCOUNTS
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def segments_of(
    trained: "Trained",
    mornings: "pd.DataFrame",
    catalogue: Catalogue,
    *,
    min_group: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Return the calibration of the evaluated rows overall, by age, by grade and by source.

    The grade is the one that the probability would get now. Without a source among the features the
    category that moves the score most takes its place.
    """
    from models.segments import Grouping, important_category, judge_segments

    rows = trained.predictions.reset_index(drop=True)
    said = rows["leadgauge"].to_numpy(dtype=float)
    groupings = [
        Grouping.by_age(rows["age_days"].to_numpy(dtype=float)),
        Grouping.by_grade(trained.bundle.grade(said)),
    ]
    feature = important_category(catalogue, trained.bundle.training["importance"], mornings)
    if feature is not None:
        known = mornings[[*KEY, feature.name]].drop_duplicates(KEY)
        values = rows[KEY].merge(known, on=KEY, how="left")[feature.name]
        groupings.append(Grouping.by_column(feature.label, values, rows["lead_id"]))
    judged = judge_segments(rows, groupings, min_group=min_group, seed=seed)
    return [segment.to_json() for segment in judged]


def segment_metrics(segments: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return figures of the segments as MLflow takes them: names of letters, digits and underscores."""
    metrics = {
        "segments.judged": sum(one["verdict"] != "too few" for one in segments),
        "segments.honest": sum(one["verdict"] == "honest" for one in segments),
    }
    told: dict[str, float] = {name: float(number) for name, number in metrics.items()}
    for one in segments:
        name = "_".join(_slug(one[key]) for key in ("by", "label"))
        for key in ("expected", "won", "off", "ece", "ece_noise_95", "slope"):
            if one[key] is not None:
                told[f"segment.{name}.{key}"] = float(one[key])
    return told


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:LONGEST_SLUG] or "other"


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
    if drivers and document["step"] != "base_rate":
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
