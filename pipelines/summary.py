"""What a command did: one document, printed for a person or as JSON."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from features.errors import UserError


@dataclass(frozen=True)
class Summary:
    """The outcome of one command.

    ``facts`` are the command's own keys in the JSON document; ``next_steps`` are what a person
    may want to run now. ``paragraphs`` are whole sentences for a person, before the figures; "" parts them.
    ``as_of`` and ``data_cutoff`` are naive UTC.
    """

    project: str
    command: str
    run_id: str
    as_of: datetime | None = None
    data_cutoff: datetime | None = None
    written: list[Path] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)
    headline: str = ""
    paragraphs: list[str] = field(default_factory=list)
    next_steps: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def after(self, seconds: float) -> "Summary":
        """Return the summary with the seconds that the command took."""
        return replace(self, seconds=round(seconds, 3))

    def document(self) -> dict[str, Any]:
        """Return the JSON document: the keys that every command has, then its own."""
        common = {
            "project": self.project,
            "command": self.command,
            "as_of": self.as_of,
            "data_cutoff": self.data_cutoff,
            "run_id": self.run_id,
            "written": self.written,
            "warnings": self.warnings,
            "seconds": self.seconds,
        }
        return {key: plain(value) for key, value in {**common, **self.facts}.items()}


def error_document(error: BaseException, exit_code: int) -> dict[str, Any]:
    """Return what ``--json`` prints when a command failed."""
    message = str(error) or type(error).__name__
    if isinstance(error, KeyboardInterrupt):
        message = "interrupted"
    return {
        "error": {
            "class": type(error).__name__,
            "message": message,
            "exit_code": exit_code,
        }
    }


def exit_code(error: BaseException) -> int:
    """Return the exit code that tells this kind of failure apart."""
    if isinstance(error, UserError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return 130
    return 70


def plain(value: Any) -> Any:  # noqa: ANN401  whatever a command found out
    """Return a value as JSON can say it: moments as ISO text with Z, paths as text, NaN as null."""
    match value:
        case datetime():
            return value.isoformat(timespec="seconds") + ("Z" if value.tzinfo is None else "")
        case date() | Path():
            return str(value)
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [plain(inner) for inner in value]
        case _ if hasattr(value, "item") and not isinstance(value, str):
            return plain(value.item())  # a number of numpy's
        case _:
            return value


def as_json(document: Mapping[str, Any]) -> str:
    """Return a document as JSON text, the keys in their order."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
