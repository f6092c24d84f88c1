"""From what a training run logged to the facts of the trial."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reports.facts import CalibrationPoint, Evaluation, GainsPoint, Metrics

CONTENDERS = ("leadgauge", "base_rate", "logistic", "lightgbm")
POINT = ("predicted", "observed", "low", "high", "rows")


def evaluation_facts(document: Mapping[str, Any]) -> Evaluation:
    """Return the forward-in-time trial from ``Trained.to_json()["evaluation"]``.

    The document has one entry of metrics per contender, ``rows``, ``wins``, ``first``, ``last``
    (ISO moments) and, if something must be said about the figures, ``note``.
    """
    return Evaluation(
        contenders={name: Metrics(**document[name]) for name in CONTENDERS if name in document},
        rows=document["rows"],
        wins=document["wins"],
        first=datetime.fromisoformat(document["first"]).date(),
        last=datetime.fromisoformat(document["last"]).date(),
        note=document.get("note"),
    )


def calibration_points(curve: Sequence[Mapping[str, Any]]) -> list[CalibrationPoint]:
    """Return the points of one contender's calibration curve, ``curves["leadgauge"]["calibration"]``."""
    return [CalibrationPoint(**{key: point[key] for key in POINT}) for point in curve]


def gains_points(curve: Sequence[Mapping[str, Any]]) -> list[GainsPoint]:
    """Return the points of one contender's gains curve, ``curves["leadgauge"]["gains"]``."""
    return [GainsPoint(leads=point["share"], wins=min(1.0, point["wins"])) for point in curve]


def why_sentence(decision: Mapping[str, Any]) -> str:
    """Return why the step was chosen, from ``Trained.to_json()["ladder"]``: what each step saved or cost."""
    told = [str(comparison["words"]) for comparison in decision["comparisons"]]
    if not told:
        return "It is the only step of the ladder."
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}."
