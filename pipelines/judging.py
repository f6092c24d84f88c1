"""The challenger before the gate: against the base rate, and against the champion on rows that neither saw."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.frames import TrainingFrames
from pipelines.registry import ModelVersion
from pipelines.settings import Request


@dataclass(frozen=True)
class Verdict:
    """Whether the gate lets the challenger pass, and why."""

    passed: bool
    facts: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able form."""
        return {"passed": self.passed, **self.facts}


def judge(
    request: Request, frames: TrainingFrames, predictions: Path, challenger: ModelVersion
) -> Verdict:
    """Hold the challenger against the champion."""
    return Verdict(True, {"todo": True})
