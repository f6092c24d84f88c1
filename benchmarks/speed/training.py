"""Training against LightGBM's own time: ``python -m benchmarks.speed.training PROJECT.yaml DATA``.

One training of leadgauge on frames that lie in memory, with every call into LightGBM that builds data,
grows trees or predicts timed, each apart: all of that is LightGBM's own time. The rest is ours: encoding,
rates, regressions, trials, evaluation, reference and explanation. Both are of one process in one run, so
a ratio is paired. Prints JSON.

Trees grow in threads beside each other and beside the regressions. ``ratio`` is the seconds of the training
over those of LightGBM's calls added up; ``processor_ratio`` is the same of processors' seconds, which what
runs beside what does not move; ``rest_seconds`` are those in which no call into LightGBM was running.
"""

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHAT = ("build", "grow", "predict")


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
    begun, processors = time.perf_counter(), time.process_time()
    train(
        ladder,
        mornings,
        frames.catalogue,
        project.model,
        grade_shares=project.agreement.grade_shares,
        gap_days=project.label.horizon_days,
        threads=1,
    )
    whole, processors = time.perf_counter() - begun, time.process_time() - processors
    theirs, their_processors = clock.seconds(), clock.processor_seconds()
    told = {
        "rows": len(ladder) + len(mornings),
        "columns": len(frames.catalogue.features),
        "seconds": whole,
        "lightgbm_seconds": theirs,
        **{f"{what}_seconds": clock.seconds(what) for what in WHAT},
        "rest_seconds": whole - clock.covered(),
        "ratio": whole / theirs,
        "processor_seconds": processors,
        "lightgbm_processor_seconds": their_processors,
        "processor_ratio": processors / their_processors,
    }
    print(json.dumps(told))


@dataclass(frozen=True)
class Call:
    """One call into LightGBM: what for, from when to when, and the seconds of a processor that it took."""

    what: str
    begun: float
    ended: float
    processor: float


class Clock:
    """Notes the calls into LightGBM, of any thread; one that LightGBM makes within another is a part of that."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._within = threading.local()

    def timed(self, call: Callable[..., Any], what: str) -> Callable[..., Any]:
        """Return the call, which is noted from now on."""

        def timed(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  whatever LightGBM takes and returns
            if getattr(self._within, "call", False):
                return call(*args, **kwargs)
            self._within.call = True
            begun, processor = time.perf_counter(), time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                self._within.call = False
                took = time.thread_time() - processor
                self.calls.append(Call(what, begun, time.perf_counter(), took))

        return timed

    def seconds(self, what: str | None = None) -> float:
        """Return the seconds of the calls (of one kind, or of all) added up, as if one came after the other."""
        return sum(one.ended - one.begun for one in self.calls if what in (None, one.what))

    def processor_seconds(self) -> float:
        """Return the processors' seconds of all calls; LightGBM has one thread a call here."""
        return sum(one.processor for one in self.calls)

    def covered(self) -> float:
        """Return the seconds in which at least one call was running."""
        total, until = 0.0, 0.0
        for one in sorted(self.calls, key=lambda call: call.begun):
            total += max(0.0, one.ended - max(one.begun, until))
            until = max(until, one.ended)
        return total


if __name__ == "__main__":
    main()
