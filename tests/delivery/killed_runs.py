"""Publish and be killed at the n-th step on the disk: the program that test_publish_killed.py starts.

Imports nothing heavy, so that it can be started for every n.
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from delivery.publish import publish
from delivery.receipt import Receipt

STEPS = ("mkdir", "open", "fsync", "chmod", "rename", "replace", "symlink", "unlink", "rmdir")


def publish_night(home: Path, day: int, text: str) -> None:
    """Publish the text as the night of a day of January."""
    as_of = datetime(2026, 1, day, 4, 30, tzinfo=UTC)
    receipt = Receipt("acme", "7", f"night-{day}", as_of, as_of, as_of.replace(year=2027))

    def write(folder: Path) -> None:
        (folder / "crm").mkdir()
        (folder / "scores.csv").write_text(f"lead_id\n{text}\n", encoding="utf-8", newline="")
        (folder / "crm" / "part.csv").write_text(f"Id\n{text}\n", encoding="utf-8", newline="")

    publish(home, "acme", as_of, write, receipt=receipt, validate=lambda _: [])


def _count_steps(kill_at: int) -> list[int]:
    done = [0]

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **options: Any) -> Any:
            done[0] += 1
            if done[0] == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)

        return step

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
    return done


if __name__ == "__main__":
    place, night, words, kill = sys.argv[1:]
    steps = _count_steps(int(kill))
    publish_night(Path(place), int(night), words)
    sys.stdout.write(str(steps[0]))
