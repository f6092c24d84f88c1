"""The peers that live in an environment of their own, ``.venv-peers``: CatBoost and AutoGluon."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.quality import runner
from benchmarks.quality.peers import Task
from benchmarks.quality.sets import REPO
from models.scorer import Floats

PEERS_APART = ("catboost", "autogluon")
ENVIRONMENT = REPO / ".venv-peers"
GRACE = 900  # seconds beyond AutoGluon's own limit, or for CatBoost, until it is given up


class PeerError(Exception):
    """A peer could not speak; the message goes into the table."""


@dataclass(frozen=True)
class Apart:
    """The environment that holds the peers."""

    environment: Path = ENVIRONMENT

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.environment / "bin" / "python"

    @property
    def absent(self) -> str | None:
        """Why the peers cannot be asked; None if they can."""
        if self.python.is_file():
            return None
        return f"not run: {self.environment.name} is not set up (`make peers` does it)"

    def ask(self, peer: str, task: Task, *, seconds: float) -> tuple[Floats, float]:
        """Return a peer's probabilities of the test rows, (rows,), and the seconds that it took.

        Raises:
            PeerError: it broke, took too long, or gave something that is no probability.
        """
        if self.absent:
            raise PeerError(self.absent)
        with tempfile.TemporaryDirectory(prefix="leadgauge-peers-") as folder:
            return self._ask(peer, task, Path(folder), seconds)

    def _ask(self, peer: str, task: Task, folder: Path, seconds: float) -> tuple[Floats, float]:
        spec = _written(peer, task, folder, seconds)
        threads = {
            name: str(task.threads)
            for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        }
        try:
            run = subprocess.run(
                [str(self.python), runner.__file__, str(spec)],
                cwd=folder,
                env={**os.environ, **threads},
                capture_output=True,
                text=True,
                timeout=seconds + GRACE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PeerError(f"failed: no answer within {seconds + GRACE:.0f} s") from None
        if run.returncode:
            last = (run.stderr.strip() or run.stdout.strip() or "no message").splitlines()[-1]
            raise PeerError(f"failed: {last[:200]}")
        told = pd.read_parquet(folder / "out.parquet")["probability"].to_numpy(dtype=np.float64)
        if len(told) != len(task.test) or not (np.isfinite(told) & (told >= 0) & (told <= 1)).all():
            raise PeerError("failed: its answer is not one probability for each test row")
        return told, float(json.loads(run.stdout.strip().splitlines()[-1])["seconds"])


def _written(peer: str, task: Task, folder: Path, seconds: float) -> Path:
    """Write what the runner reads, and return the path of the JSON file that names it."""
    columns = [*task.numbers, *task.categories]
    train = task.train[columns].assign(
        **{runner.LABEL: task.label.astype(np.int64), runner.WEIGHT: task.weight}
    )
    train.to_parquet(folder / "train.parquet", index=False)
    task.test[columns].to_parquet(folder / "test.parquet", index=False)
    spec = {
        "peer": peer,
        "train": str(folder / "train.parquet"),
        "test": str(folder / "test.parquet"),
        "numbers": task.numbers,
        "categories": task.categories,
        "seconds": seconds,
        "threads": task.threads,
        "seed": task.seed,
        "models": str(folder / "models"),
        "out": str(folder / "out.parquet"),
    }
    path = folder / "spec.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    return path
