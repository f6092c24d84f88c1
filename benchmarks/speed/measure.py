"""What is measured of one size: leadgauge's training and night, the peers' nights, and the floor.

The night is told ``--force``: it has many times the open leads of the training folder, and with them lower
close rates by campaign and more people to an account than the model ever saw. The watch warns of such a night
or refuses to publish it, and rightly; here only its time matters, and what is watched takes the same time.
"""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed.data import Made
from benchmarks.speed.processes import Ran, run

LEADGAUGE = Path(sys.executable).with_name("leadgauge")


@dataclass(frozen=True)
class Sizes:
    """How large the company is."""

    leads: int
    events_per_lead: float


@dataclass(frozen=True)
class Wanted:
    """Up to how many leads the peers run, and who is told how far it is."""

    peers_up_to: int
    features_up_to: int
    say: Callable[[str], None]


def measure(
    sizes: Sizes, folder: Path, wanted: Wanted, make: Callable[..., Made]
) -> dict[str, Any]:
    """Return all figures of one size as JSON values; the folder is removed."""
    say = wanted.say
    say(f"== {sizes.leads:,} open leads")
    made = make(folder / "company", sizes.leads, sizes.events_per_lead)
    home = folder / "home"
    result: dict[str, Any] = {"leads": made.open_leads, "events": made.events}
    trained = _train(made, home)
    result["train"] = _told(say, "leadgauge train", trained)
    if not _document(trained)["promoted"]:  # what it would be worth is not the matter here
        run([LEADGAUGE, "promote", made.project_file, "1", "--home", home])
    night = _leadgauge("score", made.project_file, "--home", home, "--force", "--json", "--profile")
    result["night"] = _told(say, "leadgauge score", night) | {"steps": _steps(night)}
    frame = folder / "frame.parquet"
    assembled = run(_module("assembling", made.project_file, home, frame))
    result["assembling"] = _told(say, "assembling", assembled) | _document(assembled)
    bundle = result["assembling"].pop("bundle")
    result["floor"] = {
        "scan": _document(run(_module("floor", "scan", folder / "company")))["seconds"],
        "predict": _document(run(_module("floor", "predict", frame, bundle)))["seconds"],
        "kernel": _document(run(_module("floor", "kernel", frame, bundle)))["seconds"],
    }
    result["peers"] = _peers(sizes, folder, made, wanted)
    shutil.rmtree(folder)
    return result


def training(folder: Path, make: Callable[..., Made]) -> dict[str, Any]:
    """Return leadgauge's training against LightGBM's own time."""
    made = make(folder / "company", 3_000, 20)
    found = _document(run(_module("training", made.project_file, made.train)))
    shutil.rmtree(folder)
    return found


def reasons() -> dict[str, Any]:
    """Return the kernel against ``pred_contrib``."""
    return _document(run(_module("reasons", "--json")))


def _peers(sizes: Sizes, folder: Path, made: Made, wanted: Wanted) -> dict[str, Any]:
    peers: dict[str, Any] = {}
    model, out = folder / "peer.txt", folder / "peer.csv"
    if sizes.leads > max(wanted.peers_up_to, wanted.features_up_to):
        return peers
    whole = sizes.leads <= wanted.peers_up_to
    run(_module("peers.model", made.train, model))
    for engine in ("pandas", "polars"):
        only = [] if whole else ["features"]
        ran = run(_module("peers.night", engine, folder / "company", model, out, *only))
        told, found = f"{engine} {'night' if whole else 'features'}", _document(ran)
        peers[engine] = _told(wanted.say, told, ran) | {
            "columns": found["columns"],
            "steps": found["seconds"],
        }
    return peers


def _train(made: Made, home: Path) -> Ran:
    return _leadgauge("train", made.project_file, "--data", made.train, "--home", home, "--json")


def _leadgauge(*arguments: str | Path) -> Ran:
    return run([LEADGAUGE, *arguments])


def _module(name: str, *arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", f"benchmarks.speed.{name}", *arguments]


def _document(ran: Ran) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def _steps(ran: Ran) -> dict[str, float]:
    return {line["step"]: line["seconds"] for line in _document(ran)["profile"]}


def _told(say: Callable[[str], None], what: str, ran: Ran) -> dict[str, Any]:
    figures = {key: value for key, value in asdict(ran).items() if key not in {"stdout", "stderr"}}
    say(
        f"   {what}: {ran.seconds:.1f} s ({ran.cpu_seconds:.1f} s of processors), {ran.peak_mb:,.0f} MB"
    )
    return {key: round(value, 2) for key, value in figures.items()}
