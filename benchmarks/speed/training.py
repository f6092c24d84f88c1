"""Training against LightGBM's own time: ``python -m benchmarks.speed.training PROJECT.yaml DATA``.

One training of leadgauge on frames that lie in memory, with every call into LightGBM that builds a
data set or grows trees timed. What is left is ours: encoding, rates, regressions, trials, evaluation,
reference and explanation. Both go through the same process, one after the other, so the ratio is
paired. Prints JSON.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    """Train once and say what share was LightGBM's."""
    import lightgbm

    from features.contract import read_tables
    from features.frames import training_frames
    from features.project_file import load_project
    from models.training import train
    from pipelines.reading import feature_frame
    from pipelines.settings import utc_now

    project, data = load_project(Path(sys.argv[1])), Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="leadgauge-speed-") as folder:
        tables = read_tables(project, data, Path(folder), now=utc_now())
        frames = training_frames(tables, project, Path(folder))
        ladder = feature_frame(frames.ladder, frames.catalogue)
        mornings = feature_frame(frames.mornings, frames.catalogue)
    spent = [0.0]
    for owner, name in (
        (lightgbm.Booster, "update"),
        (lightgbm.Booster, "__init__"),
        (lightgbm.Dataset, "construct"),
    ):
        setattr(owner, name, _timed(getattr(owner, name), spent))
    begun = time.perf_counter()
    train(
        ladder,
        mornings,
        frames.catalogue,
        project.model,
        grade_shares=project.agreement.grade_shares,
        gap_days=project.label.horizon_days,
        threads=1,
    )
    whole = time.perf_counter() - begun
    told = {
        "rows": len(ladder) + len(mornings),
        "columns": len(frames.catalogue.features),
        "seconds": whole,
        "lightgbm_seconds": spent[0],
        "ratio": whole / spent[0],
    }
    print(json.dumps(told))


def _timed(call: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    """Return the call with its seconds added up; a call within another one counts once."""
    running: list[bool] = []

    def timed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever LightGBM takes and returns
        begun, outermost = time.perf_counter(), not running
        running.append(True)
        try:
            return call(*args, **kwargs)
        finally:
            running.pop()
            if outermost:
                spent[0] += time.perf_counter() - begun

    return timed


if __name__ == "__main__":
    main()
