"""The catalogue's part about events: which kinds get features, and which features a kind gets."""

from collections.abc import Iterator

from features.canonical import Canonical
from features.catalogue import (
    ActiveDays,
    EdgeKind,
    EventCount,
    EventRecency,
    EventTrend,
    Feature,
    Group,
    TimeBetween,
)
from features.clock import before
from features.project import Project
from features.sql import slugs
from features.tables import TableSet

MIN_KIND_SHARE = 0.005  # a kind that fewer leads have is counted among all events alone
HANDOVER, CONTACT = "handed_over", "contacted"
SALES_KINDS = {HANDOVER, CONTACT, "accepted", "rejected", "recycled", "call", "meeting"}
# Kinds with a meaning of their own (the hand-off between the departments), told in words.
RESERVED_WORDS = {
    "handed_over": "hand-offs to sales",
    "accepted": "acceptances by sales",
    "rejected": "rejections by sales",
    "contacted": "contacts by sales",
    "recycled": "returns to marketing",
    "call": "calls",
    "meeting": "meetings",
}


def event_kinds(tables: Canonical, read: TableSet, project: Project) -> list[str]:
    """Return the kinds that get features of their own, the commonest first.

    Only what happened while the lead was open can ever be seen by a snapshot.
    """
    if project.features.event_kinds is not None:
        return project.features.event_kinds
    closed = tables.outcomes.select("lead_id", "closed_at")
    events = tables.known_events.left_join(closed, "lead_id")
    events = events.filter(events.closed_at.isnull() | before(events.known_at, events.closed_at))
    kinds = events.group_by("kind").aggregate(leads=events.lead_id.nunique())
    enough = max(10, MIN_KIND_SHARE * read.tables["leads"].kept)
    kinds = kinds.filter(
        kinds.leads >= enough,
        ~kinds.kind.isin(list(project.features.leave_out_kinds) or [""]),
    )
    ordered = kinds.order_by(kinds.leads.desc(), kinds.kind).limit(project.features.max_event_kinds)
    return list(ordered.execute()["kind"])


def event_features(kinds: list[str], project: Project) -> Iterator[Feature]:
    """Yield counts and recencies of each kind and of all together, active days, trend, edges and speed."""
    if not kinds:
        return
    names = slugs(kinds, taken=("any",))
    for kind in kinds:
        yield from _of_kind(kind, names[kind], project)
    yield from _of_kind(None, "any", project)
    did: Group = "what they did"
    for days in project.features.windows_days:
        yield ActiveDays(
            name=f"active_days_{days}d",
            group=did,
            concept="activity",
            label="days with activity",
            days=days,
        )
    first = min(project.features.windows_days, default=7)
    yield EventTrend(
        name=f"trend_{first}d",
        group=did,
        concept="activity",
        label="change in activity",
        days=first,
    )
    for which in ("first", "last"):
        yield EdgeKind(
            name=f"{which}_kind",
            group=did,
            concept=f"{which} kind",
            label=f"{which} activity",
            type="category",
            which=which,
        )
    if {HANDOVER, CONTACT} <= set(kinds):
        yield TimeBetween(
            name="handover_to_contact_days",
            group="what sales did",
            concept="speed of contact",
            label="hand-off to first contact",
            start=HANDOVER,
            end=CONTACT,
        )


def _of_kind(kind: str | None, name: str, project: Project) -> Iterator[Feature]:
    words = project.features.words
    label = (
        "activities"
        if kind is None
        else words.get(kind) or RESERVED_WORDS.get(kind) or kind.replace("_", " ")
    )
    sales = kind is not None and (
        kind in SALES_KINDS or bool({"call", "meeting"} & set(name.split("_")))
    )
    common = {
        "group": "what sales did" if sales else "what they did",
        "concept": "activity" if kind is None else f"event {name}",
        "label": label,
        "event": kind,
    }
    for days in [*project.features.windows_days, None]:
        yield EventCount(name=f"{name}_{days}d" if days else f"{name}_ever", days=days, **common)
    yield EventRecency(name=f"{name}_days_since", unit="days", **common)
