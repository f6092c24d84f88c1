"""A sensible catalogue by itself: from the columns' own types and the events' own kinds."""

from collections.abc import Iterator, Mapping

from features.canonical import Canonical
from features.catalogue import (
    AccountActivity,
    AccountAttribute,
    Attribute,
    Catalogue,
    Feature,
    Group,
    OwnerLoad,
    Timing,
    TrackRecord,
)
from features.clock import wall_clock
from features.declare_events import event_features, event_kinds
from features.named_columns import refuse_unknown_columns
from features.project import Project, Source
from features.tables import LEAD_OPTIONAL, AttributeColumn, TableSet

MAX_LEVELS = 50  # past this, a category's own track record says more than its levels (LightGBM's docs say likewise)
RECORD_LEVELS = 15  # from here on, levels are thin enough for a smoothed record to help
CAME_FROM = {"source", "campaign"}


def build_catalogue(
    tables: Canonical,
    read: TableSet,
    project: Project,
    *,
    suspects: Mapping[str, str] | None = None,
) -> Catalogue:
    """Declare the features that these tables allow.

    Args:
        tables: the canonical tables.
        read: what is known about their columns.
        project: windows, what to leave out, words.
        suspects: columns that the hindsight audit leaves out, with the evidence.

    Raises:
        ProjectError: ``features`` of the project file names columns that there are not.
    """
    left_out = {column.label: column.reason for column in read.left_out}
    left_out |= {column: f"left out: {why}" for column, why in project.features.leave_out.items()}
    changing = set(tables.history.field.name("field").as_table().distinct().execute()["field"])
    kept = []
    for attribute in read.attributes:
        if reason := _reason_to_leave_out(attribute, read, project, changing, dict(suspects or {})):
            left_out[attribute.label] = reason
        else:
            kept.append(attribute)
    kinds = event_kinds(tables, read, project)
    features: list[Feature] = _with_names_of_their_own(
        [
            *_timing(tables, project),
            *_attributes(kept, changing),
            *_track_records(kept, tables, project),
            *_company(tables),
            *event_features(kinds, project),
        ]
    )
    refuse_unknown_columns(read, project, {feature.name for feature in features})
    return Catalogue(
        project=project.project,
        timezone=project.timezone,
        horizon_days=project.label.horizon_days,
        features=[f for f in features if f.name not in project.features.leave_out],
        event_kinds=sorted(tables.events.select("kind").distinct().execute()["kind"]),
        left_out=left_out,
    )


def as_trained(project: Project, catalogue: Catalogue) -> Project:
    """Return the project with the column types that the model was trained on.

    Types are inferred from the data once, at training: inferred anew each night, a column whose
    few open leads all look like numbers would change its meaning.
    """
    leads = {
        f.label: f.type
        for f in catalogue.features
        if isinstance(f, Attribute) and f.column not in LEAD_OPTIONAL
    }
    accounts = {f.label: f.type for f in catalogue.features if isinstance(f, AccountAttribute)}

    def typed(source: Source | None, types: Mapping[str, str]) -> Source | None:
        return source and source.model_copy(update={"types": {**types, **source.types}})

    sources = project.sources.model_copy(
        update={
            "leads": typed(project.sources.leads, leads),
            "accounts": typed(project.sources.accounts, accounts),
        }
    )
    return project.model_copy(update={"sources": sources})


def _with_names_of_their_own(features: list[Feature]) -> list[Feature]:
    """Number the features that would share a name: a column may be called as an event's count is."""
    used: set[str] = set()
    named = []
    for feature in features:
        name, number = feature.name, 2
        while name in used:
            name, number = f"{feature.name}_{number}", number + 1
        used.add(name)
        named.append(feature.model_copy(update={"name": name}))
    return named


def _reason_to_leave_out(
    attribute: AttributeColumn,
    read: TableSet,
    project: Project,
    changing: set[str],
    suspects: dict[str, str],
) -> str | None:
    names = {attribute.column, attribute.label}
    if names & set(project.features.keep):
        return None
    if attribute.column in suspects and attribute.table == "leads":
        return f"looks like hindsight: {suspects[attribute.column]}"
    if names & set(project.features.changing) and attribute.column not in changing:
        return "changes after creation, and there is no history to tell what it was"
    if attribute.distinct < 2 and attribute.filled in (0, 1):
        return "has one value only"
    leads = read.tables["leads"].kept
    if attribute.type == "category" and attribute.distinct > max(MAX_LEVELS, leads / 2):
        return f"nearly every lead has its own value ({attribute.distinct:,} for {leads:,} leads)"
    return None


def _timing(tables: Canonical, project: Project) -> Iterator[Feature]:
    if not tables.flat:
        yield Timing(
            name="age_days",
            group="timing",
            concept="age",
            label="age",
            measure="age_days",
            unit="days",
        )
    created = wall_clock(tables.leads.created_at, project.timezone)
    if created.hour().nunique().execute() > 1:
        yield Timing(
            name="created_hour",
            group="timing",
            concept="created hour",
            label="hour of creation",
            measure="created_hour",
        )
    if created.date().nunique().execute() > 1:
        yield Timing(
            name="created_weekday",
            group="timing",
            concept="created weekday",
            label="weekday of creation",
            measure="created_weekday",
        )


def _attributes(kept: list[AttributeColumn], changing: set[str]) -> Iterator[Feature]:
    for attribute in kept:
        if attribute.type == "category" and attribute.distinct > MAX_LEVELS:
            continue
        name = attribute.column if attribute.table == "leads" else f"account_{attribute.column}"
        common = {
            "name": name,
            "concept": name,
            "label": attribute.label,
            "type": attribute.type,
        }
        if attribute.table == "accounts":
            yield AccountAttribute(**common, group="their company", column=attribute.column)
        else:
            group: Group = (
                "where they came from" if attribute.column in CAME_FROM else "who they are"
            )
            if attribute.column == "owner":
                group = "what sales did"
            yield Attribute(
                **common,
                group=group,
                column=attribute.column,
                changing=attribute.column in changing,
            )


def _track_records(
    kept: list[AttributeColumn], tables: Canonical, project: Project
) -> Iterator[Feature]:
    wanted = project.features.track_record
    labels = {a.column: a.label for a in kept if a.table == "leads"}
    mapped = project.sources.leads.columns
    labels |= {
        name: mapped.get(name, name)
        for name in LEAD_OPTIONAL
        if name in tables.leads.columns and name not in labels
    }
    if wanted is None:
        columns = [
            a.column
            for a in kept
            if a.table == "leads" and a.type == "category" and a.distinct > RECORD_LEVELS
        ]
        columns += [
            name
            for name in ("source", "campaign", "owner")
            if name in labels and name not in columns
        ]
    else:
        columns = [column for column, label in labels.items() if {column, label} & set(wanted)]
    for column in columns:
        yield TrackRecord(
            name=f"{column}_record",
            group="track record",
            concept=f"{column} record",
            label=labels[column],
            column=column,
        )


def _company(tables: Canonical) -> Iterator[Feature]:
    leads = tables.leads
    if "owner" in leads.columns:
        yield OwnerLoad(
            name="owner_open_leads",
            group="what sales did",
            concept="owner load",
            label="open leads of the owner",
        )
    if "account_id" not in leads.columns:
        return
    if leads.count().execute() <= leads.account_id.nunique().execute():
        return
    declared: list[tuple[str, str, int | None]] = [
        ("people", "other leads of the company", None),
        ("wins", "earlier deals won with the company", None),
    ]
    if tables.events.count().execute():
        declared += [
            ("active_people", "active colleagues", 30),
            ("events", "colleagues' activity", 30),
        ]
    for measure, label, days in declared:
        window = f"_{days}d" if days else ""
        yield AccountActivity(
            name=f"account_{measure}{window}",
            group="their company",
            concept=f"account {measure}",
            label=label,
            measure=measure,
            days=days,
        )
