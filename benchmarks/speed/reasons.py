"""Reasons: the kernel of ``models.treeshap`` against LightGBM's ``pred_contrib``, paired in one process.

``python -m benchmarks.speed.reasons [--rows 20000] [--threads 2] [--json]``. Data are drawn: 60 columns,
10 of them categories, one value in ten missing. ``pred_contrib`` is asked for a part of the rows, since
it takes minutes for all. Each pair is timed one after the other, so that a busy machine is as busy for
both; what counts is the ratio.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import median

import lightgbm
import numpy as np
import numpy.typing as npt

from models.treeshap import TreeShap

Floats = npt.NDArray[np.float64]
COLUMNS, CATEGORIES, PAIRS, TRAINING_ROWS = 60, 10, 3, 5_000
SHARE_OF_REFERENCE = 50  # pred_contrib is given one row in so many


@dataclass(frozen=True)
class Case:
    """A bag of boosters: how many, their trees, leaves and greatest depth, and the rows of one call."""

    name: str
    boosters: int
    trees: int
    leaves: int
    depth: int
    rows: int | None = None


CASES = (
    Case("200 trees x 31 leaves", 1, 200, 31, -1),
    Case("400 trees x 63 leaves, depth 6", 1, 400, 63, 6),
    Case("10 boosters x 100 trees x 15 leaves, 1,000 rows a call", 10, 100, 15, -1, rows=1000),
)


@dataclass(frozen=True)
class Measured:
    """Medians over the pairs; microseconds are of one row, seconds of one call."""

    case: str
    rows: int
    ratio: float
    ratio_least: float
    ratio_greatest: float
    kernel_us: float
    pred_contrib_us: float
    strongest_us: float
    predict_us: float
    call_seconds: float
    tables_seconds: float
    tables_mb: float
    max_difference: float


def drawn(rows: int, seed: int) -> tuple[Floats, Floats]:
    """Return a matrix with missing values, the last columns categories, and labels that depend on it."""
    draws = np.random.default_rng(seed)
    matrix = draws.normal(size=(rows, COLUMNS))
    matrix[:, -CATEGORIES:] = draws.integers(0, 40, (rows, CATEGORIES))
    said = matrix[:, :15].sum(axis=1) + matrix[:, 1] * matrix[:, 2] + np.sin(3 * matrix[:, 3])
    said += (matrix[:, -3:] % 7 - 3).sum(axis=1) + draws.normal(scale=3, size=rows)
    matrix[draws.random(matrix.shape) < 0.1] = np.nan
    return matrix, (said > 0).astype(np.float64)


def trained(case: Case) -> list[lightgbm.Booster]:
    """Train the case's boosters, each on rows of its own."""
    boosters = []
    for seed in range(case.boosters):
        matrix, label = drawn(TRAINING_ROWS, seed)
        settings = {
            "objective": "binary",
            "num_leaves": case.leaves,
            "max_depth": case.depth,
            "learning_rate": 0.05,
            "num_threads": 1,
            "verbosity": -1,
            "seed": seed,
        }
        categories = list(range(COLUMNS - CATEGORIES, COLUMNS))
        data = lightgbm.Dataset(matrix, label, categorical_feature=categories)
        boosters.append(lightgbm.train(settings, data, num_boost_round=case.trees))
    return boosters


def seconds(task: Callable[[], object]) -> float:
    """Return how long a task takes."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def measured(case: Case, rows: int, threads: int) -> Measured:
    """Time one case in pairs."""
    boosters, rows = trained(case), case.rows or rows
    matrix, _ = drawn(rows, 99)
    sample = matrix[: max(rows // SHARE_OF_REFERENCE, 200)]
    weights = [1 / len(boosters)] * len(boosters)
    texts = [booster.model_to_string() for booster in boosters]
    shap = TreeShap.of(texts, weights)
    groups = np.arange(COLUMNS) // 3

    def reference() -> Floats:
        said = (one.predict(sample, pred_contrib=True, num_threads=threads) for one in boosters)
        return np.asarray(sum(np.asarray(one) for one in said)) / len(boosters)

    difference = np.abs(shap.values(sample) - reference()).max()
    shap.strongest(sample, groups)
    pairs = [
        (
            seconds(lambda: shap.values(matrix, threads=threads)) / rows,
            seconds(reference) / len(sample),
            seconds(lambda: shap.strongest(matrix, groups, threads=threads)) / rows,
            seconds(lambda: [one.predict(matrix, num_threads=threads) for one in boosters]) / rows,
        )
        for _ in range(PAIRS)
    ]
    ratios = [theirs / ours for ours, theirs, _, _ in pairs]
    kernel, contrib, strongest, predict = (median(times) for times in zip(*pairs, strict=True))
    return Measured(
        case=case.name,
        rows=rows,
        ratio=median(ratios),
        ratio_least=min(ratios),
        ratio_greatest=max(ratios),
        kernel_us=kernel * 1e6,
        pred_contrib_us=contrib * 1e6,
        strongest_us=strongest * 1e6,
        predict_us=predict * 1e6,
        call_seconds=kernel * rows,
        tables_seconds=min(seconds(lambda: TreeShap.of(texts, weights)) for _ in range(3)),
        tables_mb=shap.table_bytes / 1e6,
        max_difference=float(difference),
    )


def told(one: Measured, threads: int) -> str:
    """Return a case as text."""
    return (
        f"{one.case} ({one.rows:,} rows, {threads} threads)\n"
        f"  {one.ratio:.0f} times as fast as pred_contrib ({one.ratio_least:.0f} to {one.ratio_greatest:.0f})\n"
        f"  microseconds a row: kernel {one.kernel_us:.1f}, strongest reasons alone {one.strongest_us:.1f},"
        f" pred_contrib {one.pred_contrib_us:.0f}, predict {one.predict_us:.1f}\n"
        f"  one call {one.call_seconds:.3f} s; tables {one.tables_mb:.1f} MB in {one.tables_seconds:.2f} s;"
        f" greatest difference {one.max_difference:.1e}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.reasons")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cases", type=int, nargs="*", help=f"1 to {len(CASES)}; all by default")
    parser.add_argument("--json", action="store_true", help="print one JSON document, at the end")
    asked = parser.parse_args()
    first = seconds(lambda: TreeShap.of([], columns=1).values(np.zeros((1, 1))))
    versions = {name: version(name) for name in ("lightgbm", "numba", "numpy")}
    versions["python"] = platform.python_version()
    found = []
    for number, case in enumerate(CASES, 1):
        if not asked.cases or number in asked.cases:
            found.append(measured(case, asked.rows, asked.threads))
            if not asked.json:
                print(told(found[-1], asked.threads), flush=True)
    if asked.json:
        result = {"cases": [asdict(one) for one in found], "first_use_seconds": first}
        print(json.dumps({**result, "threads": asked.threads, "versions": versions}, indent=2))
        return
    print(f"first use (numba imported, machine code loaded or compiled): {first:.1f} s")
    print(", ".join(f"{name} {number}" for name, number in versions.items()))


if __name__ == "__main__":
    main()
