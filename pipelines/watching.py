"""The watch of a night: everything that is held against what is usual, its verdict, and the file that keeps it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import Catalogue
from features.errors import StoppedError
from features.tables import TableSet
from models.watch import Finding, Verdict, watch, weigh, worst
from pipelines.checks import check_kinds, compare
from pipelines.home import make_private
from pipelines.promises import realised_finding
from pipelines.reading import feature_batches
from pipelines.scoring import ScoredNight
from pipelines.settings import Request
from pipelines.summary import plain
from pipelines.watch_file import watch_file

if TYPE_CHECKING:
    import pandas as pd

    from models.scorer import Floats

FORMAT = 1
KEPT_NIGHTS = 400


@dataclass(frozen=True)
class Watched:
    """What the watch found: its verdict, one line about it, what to warn of, and the whole as JSON in a file."""

    path: Path
    verdict: Verdict
    words: str
    warnings: list[str]

    def to_json(self) -> dict[str, Any]:
        """Return the file's content: ``verdict``, ``words``, ``findings`` and ``cohorts`` among others."""
        document: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return document


def watch_night(
    request: Request,
    tables: TableSet,
    catalogue: Catalogue,
    bundle: Path,
    frame: Path,
    scored: ScoredNight,
    version: str,
    as_of: datetime,
) -> Watched:
    """Hold the scored night against training, the night before and what past nights promised; keep what was found.

    Sums only are kept, under ``<home>/<project>/watch/<night>.json``, of a night that is stopped, too.

    Raises:
        StoppedError: a finding says that the scores cannot be right, and ``--force`` was not said.
    """
    from models.bundle import Bundle
    from models.counted import Counted

    model = Bundle.load(bundle)
    if scored.counts is not None:
        findings = weigh(Counted.load(scored.counts), model, as_of)
    else:
        findings = watch(_scored_batches(frame, scored, catalogue), model, as_of)
    findings.append(check_kinds(request, tables, catalogue, as_of))
    findings += compare(request, frame, scored, as_of, version)
    finding, cohorts = realised_finding(request, tables, as_of)
    findings.append(finding)
    watched = Watched(
        path=watch_file(request.project_home, as_of),
        verdict=worst(findings),
        words=said(findings),
        warnings=[one.words for one in findings if one.verdict != "go on"],
    )
    _keep(watched, findings, cohorts, version, as_of)
    if watched.verdict == "stop" and not request.options.get("force"):
        raise StoppedError(_stopped(findings, watched.path, as_of))
    return watched


def said(findings: Sequence[Finding]) -> str:
    """Return the verdict in one line."""
    grave = [one.what for one in findings if one.verdict == worst(findings)]
    if worst(findings) == "go on":
        return f"nothing unusual in {len(findings)} findings"
    return f"{worst(findings)}: {', '.join(grave)}"


def _scored_batches(
    frame: Path, scored: ScoredNight, catalogue: Catalogue
) -> "Iterator[tuple[pd.DataFrame, Floats]]":
    """Yield feature rows with the probability that is to be published for each."""
    import pyarrow.parquet as pq

    # Scored rows stand in the frame's order.
    told = pq.read_table(scored.path, columns=["close_probability"])[0].to_numpy()
    first = 0
    for batch in feature_batches(frame, catalogue):
        yield batch, told[first : first + len(batch)]
        first += len(batch)


def _keep(
    watched: Watched,
    findings: Sequence[Finding],
    cohorts: list[dict[str, object]],
    version: str,
    as_of: datetime,
) -> None:
    """Write the night's file in one step, and let those of long past nights go."""
    make_private(watched.path.parent)
    document = {
        "format": FORMAT,
        "as_of": as_of,
        "model_version": version,
        "verdict": watched.verdict,
        "words": watched.words,
        "findings": [one.to_json() for one in findings],
        "cohorts": cohorts,
    }
    text = json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False)
    fresh = watched.path.with_suffix(".fresh")
    fresh.write_text(text + "\n", encoding="utf-8", newline="\n")
    fresh.replace(watched.path)
    for old in sorted(watched.path.parent.glob("*.json"))[:-KEPT_NIGHTS]:
        old.unlink()


def _stopped(findings: Sequence[Finding], path: Path, as_of: datetime) -> str:
    stops = [one.words for one in findings if one.verdict == "stop"]
    warns = sum(one.verdict == "warn" for one in findings)
    more = f", and {warns} finding(s) more warn" if warns else ""
    return (
        f"the night of {as_of:%Y-%m-%d %H:%M} UTC cannot be right{more}: {'; '.join(stops)}\n"
        f"Nothing was published, and what was published before stands. Check the exports; every finding is in {path}. "
        "If this is as it should be, say --force, and train anew"
    )
