"""``python -m benchmarks.quality``: leadgauge and its peers on the same dated rows, forward in time."""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.judge import ALL_PEERS, How, judge
from benchmarks.quality.sets import REPO, chosen_sets, lies_in, project_files, read_set
from benchmarks.quality.tables import document
from features.errors import NotEnoughError, UsageError, UserError
from features.project_file import load_project
from pipelines.settings import utc_now

SIMULATED = "simulated"
BEGUN = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; return the exit code."""
    told = list(sys.argv[1:] if arguments is None else arguments)
    asked = _parser().parse_args(told)
    asked.told = told
    try:
        results = measure(asked)
    except UserError as error:
        say(str(error))
        return error.exit_code
    return _write(results, asked)


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Return all results as JSON values.

    Raises:
        UserError: no set can be read, or a set or a peer is unknown.
    """
    files = project_files()
    wanted = chosen_sets(asked.sets, [*files, SIMULATED])
    how = How(
        peers=chosen_peers(asked.peers),
        origins=asked.origins,
        threads=asked.threads,
        autogluon_seconds=asked.autogluon_seconds,
        say=say,
    )
    results: dict[str, Any] = {
        "command": "python -m benchmarks.quality " + " ".join(asked.told),
        "made_at": f"{utc_now():%Y-%m-%d %H:%M} UTC",
        "revision": _revision(),
        "settings": {"origins": how.origins, "threads": how.threads, "seed": how.seed},
        "sets": {},
    }
    with tempfile.TemporaryDirectory(prefix="leadgauge-quality-") as folder:
        for name in wanted:
            say(f"== {name}")
            work = Path(folder) / name
            if name == SIMULATED:
                from benchmarks.quality.simulated import judge_simulated

                results["simulated"] = judge_simulated(work, how, now=utc_now())
            else:
                results["sets"][name] = one_set(files[name], work, how, asked)
            _save(results, asked)  # an hour's run may break off
    results["seconds"] = time.monotonic() - BEGUN
    return results


def one_set(file: Path, work: Path, how: How, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one set, or why there are none."""
    from benchmarks.quality.curve import learning_curve, no_signal

    if not lies_in(load_project(file), asked.data):
        why = f"its files do not lie in {asked.data} (--data or LEADGAUGE_DATA)"
        say(why)
        return {"why": why}
    rows = read_set(file, asked.data, work, now=utc_now())
    say(f"{len(rows.ladder)} rows of the ladder, {len(rows.mornings)} of mornings")
    try:
        found = judge(rows, how)
        if asked.curve:
            say("learning curve")
            found["curve"] = learning_curve(rows, how)
    except NotEnoughError as error:
        return {"why": str(error)}
    if asked.shuffled:
        say("outcomes dealt anew")
        dealt = read_set(file, asked.data, work / "dealt", now=utc_now(), shuffled=how.seed)
        found["shuffled"] = no_signal(dealt, how)
    return found


def chosen_peers(wanted: Sequence[str] | None) -> list[str]:
    """Return the peers to ask, in the order of the table.

    Raises:
        UsageError: there is no such peer.
    """
    strange = [name for name in wanted or [] if name not in ALL_PEERS]
    if strange:
        raise UsageError(
            f"--peers: there is no peer {', '.join(repr(name) for name in strange)};"
            f" expected some of {', '.join(ALL_PEERS)}"
        )
    return [name for name in ALL_PEERS if wanted is None or name in wanted]


def say(message: str) -> None:
    """Tell on standard error how far the run is."""
    print(f"[{time.monotonic() - BEGUN:6.0f} s] {message}", file=sys.stderr, flush=True)


def _revision() -> str:
    from pipelines.provenance import git_revision

    found = git_revision()
    if found is None:
        return "an unknown revision"
    return found.commit[:12] + (" with uncommitted changes" if found.dirty else "")


def _write(results: dict[str, Any], asked: argparse.Namespace) -> int:
    """Print the tables, save them, and return 0; 4 if nothing could be measured."""
    print(_save(results, asked))
    measured = "simulated" in results or any("models" in one for one in results["sets"].values())
    return 0 if measured else 4


def _save(results: dict[str, Any], asked: argparse.Namespace) -> str:
    """Write what was measured so far to the files that were asked for; return the tables."""
    text = document(results)
    if asked.out is not None:
        asked.out.mkdir(parents=True, exist_ok=True)
        (asked.out / "quality.md").write_text(text, encoding="utf-8")
    for path in [asked.json, asked.out and asked.out / "quality.json"]:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return text


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    data = Path(os.environ.get("LEADGAUGE_DATA") or REPO.parent / "shared" / "data")
    add = parser.add_argument
    add("--sets", type=_names, help="which, with commas; by default all, and the simulated company")
    add("--peers", type=_names, help=f"which, with commas; by default {','.join(ALL_PEERS)}")
    add("--origins", type=int, default=3, help="in each set, where there are wins enough")
    add("--data", type=Path, default=data, help="where the sets lie; by default LEADGAUGE_DATA")
    add("--out", type=Path, help="folder that quality.md and quality.json are written to")
    add("--json", type=Path, help="file that the JSON is written to")
    add("--curve", action="store_true", help="also a learning curve for each set")
    add("--shuffled", action="store_true", help="also train on outcomes dealt anew")
    add("--threads", type=int, default=2)
    add("--autogluon-seconds", type=float, default=300, help="its time limit at the last origin")
    return parser


if __name__ == "__main__":
    sys.exit(main())
