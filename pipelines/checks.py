"""What stops a night before it publishes: data that are stale or shrunk, scores that have jumped."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.catalogue import AccountAttribute, Attribute, Catalogue
from features.errors import StoppedError
from features.frames import unseen_kinds
from features.project import Project
from features.tables import TableSet
from pipelines.scoring import ScoredNight
from pipelines.settings import Request

if TYPE_CHECKING:
    import pandas as pd

LISTED = 10  # new values of a column or of events that a warning names
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
    listed = _counted(sorted(kinds.items()))
    return [
        f"events: kinds that the model was not trained on, counted among all activity only: {listed}; "
        "train anew once they have some history"
    ]


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


def new_levels(frame: Path, bundle: Path) -> list[str]:
    """Return warnings about values of the leads' own columns, such as a source, that the model never saw.

    ``frame``: tonight's feature rows; ``bundle``: the model's folder.
    """
    import pandas as pd

    from models.bundle import Bundle
    from models.encoding import unseen

    model = Bundle.load(bundle)
    specs = {spec["name"]: spec for spec in model.model["features"]}
    columns = [
        feature
        for feature in model.catalogue.features
        if isinstance(feature, Attribute | AccountAttribute) and feature.type == "category"
    ]
    rows = pd.read_parquet(frame, columns=[feature.name for feature in columns])
    warnings = []
    for feature in columns:
        new, _ = unseen(specs[feature.name], rows[feature.name])
        counts = rows.loc[new, feature.name].value_counts()
        if len(counts):
            pairs = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
            warnings.append(
                f"{'leads' if isinstance(feature, Attribute) else 'accounts'}: values of {feature.label!r} "
                f"that the model was not trained on, with the open leads that have them: {_counted(pairs)}; "
                "the model can tell nothing from them. Train anew once some of these leads have closed"
            )
    return warnings


def _counted(pairs: Sequence[tuple[Any, int]]) -> str:
    """List values with their counts, and how many more there are."""
    listed = ", ".join(f"{str(value)!r} ({count})" for value, count in pairs[:LISTED])
    return listed + (f" and {len(pairs) - LISTED} more" if len(pairs) > LISTED else "")


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
