"""``python -m benchmarks.speed``: a night of leadgauge beside what a user would write, each in its own process."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.speed.data import make
from benchmarks.speed.measure import Sizes, Wanted, measure, reasons, training
from benchmarks.speed.tables import document, growth, headline

PACKAGES = (
    "duckdb",
    "ibis-framework",
    "lightgbm",
    "numba",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "shap",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for and print it."""
    asked = _parser().parse_args(arguments)
    results: dict[str, Any] = {
        "command": "python -m benchmarks.speed "
        + " ".join(sys.argv[1:] if arguments is None else arguments),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
    }
    wanted = Wanted(asked.peers_up_to, asked.features_up_to, _say)
    with tempfile.TemporaryDirectory(prefix="leadgauge-speed-", dir=asked.folder) as folder:
        sizes = [
            measure(Sizes(leads, asked.events_per_lead), Path(folder) / str(leads), wanted, make)
            for leads in asked.leads
        ]
        if asked.ratios:
            _say("== reasons and training, each against LightGBM")
            results["training"] = training(Path(folder) / "training", make)
            results["reasons"] = reasons()
    results["sizes"] = sizes
    results["growth"] = growth(sizes)
    results |= headline(results)
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
        (asked.out / "speed.json").write_text(
            json.dumps(results, indent=2) + "\n", encoding="utf-8"
        )
        (asked.out / "speed.md").write_text(document(results), encoding="utf-8")
    print(json.dumps(results, indent=2) if asked.json else document(results))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument(
        "--leads",
        type=_numbers,
        default=[10_000, 100_000, 250_000, 1_000_000],
        help="sizes, with commas between",
    )
    parser.add_argument("--events-per-lead", type=float, default=20)
    parser.add_argument(
        "--peers-up-to",
        type=int,
        default=100_000,
        help="whole nights of the peers up to so many leads",
    )
    parser.add_argument(
        "--features-up-to",
        type=int,
        default=1_000_000,
        help="features alone of the peers up to so many leads",
    )
    parser.add_argument(
        "--no-ratios",
        dest="ratios",
        action="store_false",
        help="leave out reasons and training against LightGBM",
    )
    parser.add_argument(
        "--folder", type=Path, help="where the companies are written; the system's by default"
    )
    parser.add_argument("--out", type=Path, help="write speed.md and speed.json here")
    parser.add_argument("--json", action="store_true", help="print JSON in place of the tables")
    return parser


def _numbers(text: str) -> list[int]:
    return sorted(int(part) for part in text.split(","))


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
