"""What is looked at before a night is scored, and beside the night before: data that are stale, leads that are gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from delivery.publication import SCORES, latest
from features.catalogue import Catalogue
from features.errors import StoppedError
from features.frames import unseen_kinds
from features.tables import TableSet
from models.watch import Finding, Verdict
from models.watch_words import counted
from pipelines.scoring import ScoredNight
from pipelines.settings import Request

LISTED = 10  # kinds of events that a message names
COMPARABLE = timedelta(days=7)  # publications further apart may differ for good reasons
ENOUGH = 50  # leads from which a share says something
FEW_LEADS = 20
SHRUNK = 0.5  # of the leads that were open the night before
GROWN = 2.0  # times as many leads as the night before
OUTCOMES_LOST = 3.0
MOVED = 12  # points of the score, 1 to 99, in the median lead, with the same model
JUMPED = 25
RECENT = timedelta(days=30)
NEW_KINDS = 0.01  # of the last month's events
FEW_EVENTS = 3
LATE_SHARE = 0.5  # of the time that a score stays good


def check_freshness(request: Request, tables: TableSet, as_of: datetime) -> list[str]:
    """Return warnings about data that are getting old.

    Raises:
        StoppedError: nothing happened in the data for as long as a score stays good.
    """
    if tables.latest is None:
        return []
    age = as_of - tables.latest
    limit = timedelta(days=request.project.delivery.expires_after_days)
    if age > limit and not request.options.get("force"):
        raise StoppedError(
            f"the data are stale: the last thing in them happened on {tables.latest:%Y-%m-%d %H:%M} UTC, "
            f"{age.days} days before {as_of:%Y-%m-%d %H:%M} UTC; a score stays good for "
            f"{request.project.delivery.expires_after_days:g} (delivery.expires_after_days). "
            "Nothing was published. Check the exports, stand at an earlier moment with --as-of, "
            "or say --force if this is as it should be"
        )
    if age > limit * LATE_SHARE:
        return [
            f"the data are getting old: their last moment is {tables.latest:%Y-%m-%d %H:%M} UTC"
        ]
    return []


def check_events(request: Request, tables: TableSet, catalogue: Catalogue) -> list[str]:
    """Return a warning if there are no events for a model that learned from events, and ``--force`` was said.

    Raises:
        StoppedError: there are none: every lead would be scored as if it had done nothing.
    """
    events = tables.tables.get("events")
    if not catalogue.event_kinds or (events and events.kept):
        return []
    known = ", ".join(map(repr, catalogue.event_kinds[:LISTED]))
    there = f"none of {events.read} rows is left" if events and events.read else "there are none"
    said = (
        f"events: {there}, and the model was trained on events ({known}): "
        "every lead looks as if it had done nothing"
    )
    if request.options.get("force"):
        return [said]
    raise StoppedError(
        f"{said}. Nothing was published. Check the export that sources.events names, train anew "
        "without events, or say --force if this is as it should be"
    )


def check_kinds(
    request: Request, tables: TableSet, catalogue: Catalogue, as_of: datetime
) -> Finding:
    """Return how many of the last events are of kinds that the model never saw: it cannot weigh them."""
    kinds = unseen_kinds(tables, request.project, catalogue)
    if not kinds:
        return Finding("kinds of events", "go on", "every kind of event was there in training")
    fresh, events = _last_events(tables, catalogue, as_of)
    part = fresh / events if events else 0.0
    listed = counted(sorted(kinds.items()))
    words = (
        f"events: kinds that the model was not trained on, counted among all activity only: {listed}; "
        "train anew once they have some history"
    )
    verdict: Verdict = "warn" if part >= NEW_KINDS and fresh >= FEW_EVENTS else "go on"
    return Finding("kinds of events", verdict, words, part, NEW_KINDS, {"events": events})


def _last_events(tables: TableSet, catalogue: Catalogue, as_of: datetime) -> tuple[int, int]:
    """Return the last month's events of unseen kinds, and all of that month's."""
    import duckdb

    question = (
        "SELECT count(*) FILTER (NOT list_contains($known, kind)), count(*) "
        "FROM read_parquet($events) WHERE occurred_at >= $since AND occurred_at < $until"
    )
    with duckdb.connect() as connection:
        found = connection.execute(
            question,
            {
                "known": list(catalogue.event_kinds),
                "events": str(tables.path("events")),
                "since": as_of - RECENT,
                "until": as_of,
            },
        ).fetchone()
    return (int(found[0]), int(found[1])) if found else (0, 0)


def compare(
    request: Request, frame: Path, scored: ScoredNight, as_of: datetime, version: str
) -> list[Finding]:
    """Hold the night against the publication before it, if that is recent: leads gone or come, scores moved."""
    before = latest(request.home.root, request.project.project, before=as_of)
    if before is None or as_of - before.as_of > COMPARABLE:
        words = f"there is no publication of the last {COMPARABLE.days} days to compare with"
        return [Finding("night before", "go on", words)]
    nights = between_nights(before.folder / SCORES, before.as_of, frame, scored.path)
    findings = [
        leads_gone(nights.was, scored.leads),
        leads_come(nights.was, scored.leads, nights.back),
    ]
    if before.manifest.receipt.model_version == version:
        findings.append(scores_moved(nights))
    return findings


@dataclass(frozen=True)
class BetweenNights:
    """Two nights, lead by lead.

    ``was``: leads of the one before. ``back``: leads that are new tonight and were created before it.
    ``both``: leads that both have, and ``moved`` by how many points the middle one of them did.
    """

    was: int
    back: int
    both: int
    moved: float | None


def between_nights(
    before: Path, stood_at: datetime, frame: Path, scored: Path, memory_gb: float = 1.0
) -> BetweenNights:
    """Count over the Parquet files of two nights, so that neither is held in memory."""
    import duckdb

    with duckdb.connect(config={"memory_limit": f"{memory_gb}GB"}) as connection:
        was, back, both, moved = connection.execute(
            """
            WITH was AS (SELECT lead_id, score FROM read_parquet($before)),
                 born AS (SELECT lead_id::VARCHAR AS lead_id, created_at FROM read_parquet($frame)),
                 moves AS (
                     SELECT abs(now.score - was.score) AS points
                     FROM read_parquet($scored) AS now JOIN was USING (lead_id)
                 )
            SELECT (SELECT count(*) FROM was),
                   (SELECT count(*) FROM born ANTI JOIN was USING (lead_id)
                    WHERE created_at < $stood_at),
                   (SELECT count(*) FROM moves),
                   (SELECT median(points) FROM moves)
            """,
            {
                "before": str(before),
                "frame": str(frame),
                "scored": str(scored),
                "stood_at": stood_at,
            },
        ).fetchall()[0]
    return BetweenNights(was, back, both, moved)


def leads_gone(was: int, now: int) -> Finding:
    """Return whether half of the leads that were open the night before are gone."""
    gone = was >= ENOUGH and now < was * SHRUNK
    return Finding(
        "leads gone",
        "stop" if gone else "go on",
        f"{now} leads are open, {was} were",
        now / was if was else None,
        SHRUNK,
    )


def leads_come(was: int, now: int, back: int) -> Finding:
    """Return whether the night has suddenly grown.

    ``back``: leads that are new tonight and were created before the last night. Many of them mean that closed leads
    look open again, as they do where the outcomes are lost; a bought list was created when it was loaded.
    """
    times = now / was if was else None
    grown = was >= FEW_LEADS and times is not None and times >= GROWN
    lost = was >= ENOUGH and times is not None and times >= OUTCOMES_LOST and back > (now - was) / 2
    words = f"{now} leads are open, {was} were"
    if grown:
        words += (
            f", and {back} of them were created before that night without being in it: have outcomes been lost?"
            if back > (now - was) / 2
            else ": has a list been loaded?"
        )
    verdict: Verdict = "stop" if lost else "warn" if grown else "go on"
    return Finding("leads come", verdict, words, times, GROWN, {"older_than_last_night": back})


def scores_moved(nights: BetweenNights) -> Finding:
    """Return how far the same model moved the middle lead of those that both nights have, in points of 99."""
    moved = nights.moved
    if moved is None or nights.both < FEW_LEADS:
        words = f"{nights.both} leads are in both nights: too few to say how far scores moved"
        return Finding("scores moved", "go on", words)
    words = f"the same model moved the middle lead by {moved:.0f} of 99 points"
    verdict: Verdict = "go on"
    if moved >= MOVED:
        verdict = "stop" if moved >= JUMPED and nights.both >= ENOUGH else "warn"
    return Finding("scores moved", verdict, words, moved, float(MOVED), {"leads": nights.both})
