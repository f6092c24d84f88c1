"""Where the watch of a night is kept, and how it is read again: sums only, no lead."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from delivery.publication import night_name
from pipelines.home import ProjectHome


def watch_file(home: ProjectHome, as_of: datetime) -> Path:
    """Return the file that keeps the watch of a night."""
    return home.root / "watch" / f"{night_name(as_of)}.json"


def read_watch(home: ProjectHome, as_of: datetime) -> dict[str, Any] | None:
    """Return what the watch said of a night, None where it was published before there was one."""
    path = watch_file(home, as_of)
    if not path.is_file():
        return None
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
