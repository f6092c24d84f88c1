"""Where a night's time and memory went."""

import resource
import sys
from collections.abc import Mapping
from typing import Any


def profile(times: Mapping[str, float], rows: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return one line per step, in order: ``step``, ``seconds``, ``rows`` and ``rows_per_second`` where rows were counted.

    Args:
        times: seconds by step.
        rows: by step, the rows that it read or made.
    """
    return [
        {
            "step": step,
            "seconds": round(seconds, 2),
            "rows": rows.get(step),
            "rows_per_second": round(rows[step] / max(seconds, 1e-3)) if step in rows else None,
        }
        for step, seconds in times.items()
    ]


def peak_memory_mb() -> dict[str, float]:
    """Return the most memory that this process has held so far, and the largest of its workers."""
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return {
        name: round(resource.getrusage(who).ru_maxrss * unit / 1e6, 1)
        for name, who in (
            ("process", resource.RUSAGE_SELF),
            ("largest_worker", resource.RUSAGE_CHILDREN),
        )
    }
