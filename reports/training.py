"""From what a training run logged to the facts of the trial."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reports.facts import CalibrationPoint, Evaluation, GainsPoint, Metrics, Segment
from reports.voice import Voice

CONTENDERS = ("leadgauge", "base_rate", "odoo", "logistic", "lightgbm")
MONTH = 30.0  # days
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


def segment_facts(segments: Sequence[Mapping[str, Any]]) -> list[Segment]:
    """Return the calibration by segment; of what training wrote only what a page tells."""
    return [
        Segment(**{key: one[key] for key in Segment.model_fields if key in one}) for one in segments
    ]


def gains_points(curve: Sequence[Mapping[str, Any]]) -> list[GainsPoint]:
    """Return the points of one contender's gains curve, ``curves["leadgauge"]["gains"]``."""
    return [GainsPoint(leads=point["share"], wins=min(1.0, point["wins"])) for point in curve]


def why_sentence(decision: Mapping[str, Any], voice: Voice | None = None) -> str:
    """Return why the step was chosen, from ``Trained.to_json()["ladder"]``: what each step saved or cost, as trained."""
    told = [str(comparison["words"]) for comparison in decision["comparisons"]]
    if not told:
        return (voice or Voice.of()).say("It is the only step of the ladder.")
    words = "; ".join(told)
    return f"{words[:1].upper()}{words[1:]}."


def following_sentence(
    decision: Mapping[str, Any], *, dated: bool = True, voice: Voice | None = None
) -> str | None:
    """Return how the level of the probabilities follows the outcomes; None from a training that did not say.

    ``speed`` is the variance that the shift of all log-odds gains per day: over a month it typically moves by the root
    of thirty times that. ``dated`` is False for a flat export, whose days nobody should take for real ones.
    """
    if "speed" not in decision:
        return None
    voice, speed = voice or Voice.of(), decision["speed"]
    if speed is None:
        return voice.say(
            "The level of the probabilities stays where the training put it: following newer outcomes "
            "did not make the past's probabilities better."
        )
    if speed == 0:
        return voice.say(
            "All probabilities are moved together so that they agree with every outcome known so far, old and new "
            "ones counting the same; they do not chase the latest."
        )
    if not dated:
        return voice.say(
            "When more or fewer leads close than was said, all probabilities move with it as outcomes become known."
        )
    a_month = math.exp(math.sqrt(MONTH * float(speed))) - 1
    return voice.say(
        "When more or fewer leads close than was said, all probabilities move with it as outcomes become known. "
        "In the past it paid to let the odds drift by about {share} in a typical month.",
        share=voice.percent(a_month),
    )
