"""What can be wrong between the keys of a project file, before any data is read."""

import codecs
import re
from collections.abc import Iterator

from features.nearest import hint
from features.project import Project, Source
from features.tables import TableName

Problem = tuple[str, str]

# What each table needs and may have. Each is mapped under ``columns`` or derived by its own name.
NEEDED: dict[str, tuple[str, ...]] = {
    "leads": ("lead_id", "created_at"),
    "outcomes": ("lead_id", "status"),
    "events": ("lead_id", "occurred_at"),
    "accounts": ("account_id",),
    "history": ("lead_id", "field", "new_value", "changed_at"),
    "spend": ("spent_on", "amount"),
    "suppression": ("lead_id",),
}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "leads": ("account_id", "owner", "source", "campaign"),
    "outcomes": ("closed_at", "amount", "reason", "competitor", "discount", "margin"),
    "events": ("kind", "recorded_at", "value", "actor", "reason"),
    "accounts": (),
    "history": ("old_value",),
    "spend": ("source", "campaign"),
    "suppression": (),
}

_DIRECTIVES = frozenset("aAbBdfgGHIjmMnpSuUVwWyYzZ%-")
EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000}


def each_source(project: Project) -> Iterator[tuple[str, TableName, Source]]:
    """Yield ``(key, table, source)`` for every source that the project file names, in reading order."""
    sources = project.sources
    yield "sources.leads", "leads", sources.leads
    yield "sources.outcomes", "outcomes", sources.outcomes
    for number, source in enumerate(sources.events):
        yield (
            (f"sources.events.{number}" if len(sources.events) > 1 else "sources.events"),
            "events",
            source,
        )
    for table in ("accounts", "history", "spend", "suppression"):
        source = getattr(sources, table)
        if source is not None:
            yield f"sources.{table}", table, source


def canonical_columns(table: TableName, source: Source) -> dict[str, str]:
    """Return canonical name to column of the source, derived ones under their own name included."""
    derived = {name: name for name in source.derive if name in NEEDED[table] + OPTIONAL[table]}
    return {**derived, **source.columns}


def cross_checks(project: Project) -> list[Problem]:
    """Return every contradiction, with its dotted key."""
    found: list[Problem] = []
    for key, table, source in each_source(project):
        found += _mapping(key, table, source)
        found += _reading(key, source)
        found += _kept(key, table, source)
    found += _kinds(project)
    found += _features(project)
    found += [
        (
            f"report.dimensions.{name}",
            "is compared by itself; give this column another name here, or map it under sources.leads.columns",
        )
        for name in ("source", "campaign", "month")
        if name in project.report.dimensions
    ]
    both = sorted(set(project.label.won) & set(project.label.lost))
    found += [("label.lost", f"{value!r} cannot mean both won and lost") for value in both]
    ages = project.model.ages_days
    if not ages or sorted(set(ages)) != ages:
        found.append(("model.ages_days", f"ages are given once each, in rising order (got {ages})"))
    for name in ("nightly", "retrain", "review_monthly", "review_quarterly"):
        cron = getattr(project.schedule, name)
        if len(cron.split()) != 5:
            found.append(
                (
                    f"schedule.{name}",
                    f"a cron line has five fields, such as 30 4 * * * (got {cron!r})",
                )
            )
    return found


def _mapping(key: str, table: TableName, source: Source) -> Iterator[Problem]:
    allowed = NEEDED[table] + OPTIONAL[table]
    for name, column in source.columns.items():
        if name not in allowed:
            swapped = (
                " (canonical name first, then the column of the source)"
                if column in allowed
                else ""
            )
            yield (
                f"{key}.columns.{name}",
                f"{table} has no such column{swapped}; {hint(name, allowed)}",
            )
        elif name in source.derive and column != name:
            yield (
                f"{key}.derive.{name}",
                f"{name} is derived here and also mapped to {column!r} under columns; keep one",
            )
    mapped = canonical_columns(table, source)
    for name in NEEDED[table]:
        if name not in mapped:
            yield (
                f"{key}.columns.{name}",
                "is missing: say which column of the source it is, or derive it",
            )
    if table == "spend" and not {"source", "campaign"} & set(mapped):
        yield f"{key}.columns", "spend needs source or campaign, to know what the money was for"


def _reading(key: str, source: Source) -> Iterator[Problem]:
    try:
        codecs.lookup(source.encoding)
    except LookupError:
        names = ("utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "cp1251", "shift_jis", "gb18030")
        yield (
            f"{key}.encoding",
            f"there is no encoding {source.encoding!r}; {hint(source.encoding, names)}",
        )
    if source.delimiter == source.quote:
        yield f"{key}.quote", f"delimiter and quote are the same character ({source.quote!r})"
    for name in ("delimiter", "quote"):
        value = getattr(source, name)
        if value is not None and (value in "\r\n\0" or len(value.encode()) > 1):
            yield (
                f"{key}.{name}",
                f"should be one ASCII character that is no line break (got {value!r})",
            )
    for number, form in enumerate(source.time_formats):
        wrong = [letter for letter in re.findall(r"%(.)", form) if letter not in _DIRECTIVES]
        if form in EPOCHS:
            continue
        if wrong or "%" not in form:
            said = (
                f"%{wrong[0]} is no strptime directive" if wrong else "no strptime directive in it"
            )
            yield (
                f"{key}.time_formats.{number}",
                f"{said}; a format looks like %d/%m/%Y %H:%M (got {form!r})",
            )
    if source.sheet is not None and source.url:
        yield f"{key}.sheet", "a database has no sheets"


def _kept(key: str, table: TableName, source: Source) -> Iterator[Problem]:
    if source.keep_read and table != "events":
        yield (
            f"{key}.keep_read",
            f"only what is read of events can be kept; {table} are read anew every night",
        )
    elif source.keep_read and source.url:
        yield (
            f"{key}.keep_read",
            "a query has no files to keep; it is run anew every night",
        )


def _kinds(project: Project) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for key, table, source in each_source(project):
        if table != "events":
            if source.kind is not None:
                yield f"{key}.kind", f"only events have a kind (got {source.kind!r})"
            continue
        column = canonical_columns(table, source).get("kind")
        if source.kind is None and column is None:
            yield (
                f"{key}.kind",
                "is missing: say kind for all rows, or columns.kind for a column that holds it",
            )
        if source.kind is not None and column is not None:
            yield (
                f"{key}.kind",
                f"every row is {source.kind!r} and columns.kind is {column!r}; keep one",
            )
        if source.kind is not None and source.kind in seen:
            yield (
                f"{key}.kind",
                f"{source.kind!r} is the kind of {seen[source.kind]} already; join their files under one path",
            )
        elif source.kind is not None:
            seen[source.kind] = key


def _features(project: Project) -> Iterator[Problem]:
    features = project.features
    for name in sorted(set(features.leave_out) & set(features.keep)):
        yield f"features.keep.{name}", "this column is under leave_out as well; keep one"
    for kind in sorted(set(features.event_kinds or []) & set(features.leave_out_kinds)):
        yield f"features.leave_out_kinds.{kind}", "this kind is under event_kinds as well; keep one"
    if features.changing and project.sources.history is None:
        yield (
            "features.changing",
            "columns that change need sources.history, to know what they were",
        )
