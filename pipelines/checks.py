"""What stops a night before it publishes: data that are stale or shrunk, scores that have jumped."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from features.catalogue import Catalogue
from features.errors import StoppedError
from features.frames import unseen_kinds
from features.project import Project
from features.tables import TableSet
from pipelines.scoring import ScoredNight
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

COMPARABLE = timedelta(days=7)  # publications further apart may differ for good reasons
ENOUGH = 50  # leads from which a share says something
SHRUNK = 0.5  # of the leads that were open the night before
JUMPED = 25  # points of the score, 1 to 99, in the median lead, with the same model
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


def new_kinds(tables: TableSet, project: Project, catalogue: Catalogue) -> list[str]:
    """Return warnings about kinds of events that the model never saw: it cannot weigh them."""
    kinds = unseen_kinds(tables, project, catalogue)
    if not kinds:
        return []
    listed = ", ".join(f"{kind!r} ({count})" for kind, count in sorted(kinds.items())[:10])
    return [
        f"events: kinds that the model was not trained on, counted among all activity only: {listed}; "
        "train anew once they have some history"
    ]


def compare(request: Request, scored: ScoredNight, as_of: datetime, version: str) -> list[str]:
    """Hold the night against the publication before it, if that is recent; return warnings.

    Raises:
        StoppedError: half of the leads are gone, or the same model suddenly says something else.
    """
    import pandas as pd

    from delivery.publication import latest, previous_scores

    before = latest(request.home.root, request.project.project, before=as_of)
    if before is None or as_of - before.as_of > COMPARABLE:
        return []
    was = previous_scores(before)
    problems = _shrunk(len(was), scored.leads)
    if before.manifest.receipt.model_version == version:
        problems += _jumped(was, pd.read_parquet(scored.path, columns=["lead_id", "score"]))
    if problems and not request.options.get("force"):
        raise StoppedError(
            f"tonight looks unlike the night of {before.as_of:%Y-%m-%d %H:%M} UTC: "
            + "; ".join(problems)
            + ". Nothing was published, and that night's publication stands. "
            "Check the exports, or say --force if this is as it should be"
        )
    return problems


def _shrunk(was: int, now: int) -> list[str]:
    if was < ENOUGH or now >= was * SHRUNK:
        return []
    return [f"{now} leads are open, {was} were"]


def _jumped(was: "pd.DataFrame", now: "pd.DataFrame") -> list[str]:
    both = was.assign(lead_id=was["lead_id"].astype(str)).merge(
        now, on="lead_id", suffixes=("_was", "_now")
    )
    if len(both) < ENOUGH:
        return []
    moved = float(
        (both["score_now"].astype(float) - both["score_was"].astype(float)).abs().median()
    )
    if moved < JUMPED:
        return []
    return [f"the same model moved the middle lead by {moved:.0f} of 99 points"]
