"""Training against LightGBM's own time: ``python -m benchmarks.speed.training PROJECT.yaml DATA``.

One training of leadgauge on frames that lie in memory, with every call into LightGBM that builds data,
grows trees or predicts timed, each apart: all of that is LightGBM's own time. The rest is ours: encoding,
rates, regressions, trials, evaluation, reference and explanation. Both are of one process in one run, so
the ratio is paired. Prints JSON.
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
    clock = Clock()
    for owner, name, what in (
        (lightgbm.Dataset, "construct", "build"),
        (lightgbm.Booster, "__init__", "build"),
        (lightgbm.Booster, "update", "grow"),
        (lightgbm.Booster, "predict", "predict"),
    ):
        setattr(owner, name, clock.timed(getattr(owner, name), what))
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
    theirs = sum(clock.spent.values())
    told = {
        "rows": len(ladder) + len(mornings),
        "columns": len(frames.catalogue.features),
        "seconds": whole,
        "lightgbm_seconds": theirs,
        **{f"{what}_seconds": seconds for what, seconds in clock.spent.items()},
        "rest_seconds": whole - theirs,
        "ratio": whole / theirs,
    }
    print(json.dumps(told))


class Clock:
    """Seconds by what LightGBM was asked for; a call that LightGBM makes within another one is a part of that."""

    def __init__(self) -> None:
        self.spent = {"build": 0.0, "grow": 0.0, "predict": 0.0}
        self._running = False

    def timed(self, call: Callable[..., Any], what: str) -> Callable[..., Any]:
        """Return the call with its seconds added to ``what``."""

        def timed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever LightGBM takes and returns
            if self._running:
                return call(*args, **kwargs)
            self._running, begun = True, time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                self._running = False
                self.spent[what] += time.perf_counter() - begun

        return timed


if __name__ == "__main__":
    main()
