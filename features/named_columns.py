"""Columns that ``features`` of the project file names and no table has: a slip that would pass in silence."""

from collections.abc import Collection, Iterator

from features.errors import ProjectError
from features.nearest import hint, nearest
from features.project import Project
from features.project_checks import canonical_columns
from features.tables import AttributeColumn, LeftOutColumn, TableName, TableSet

SLIP = 0.8  # how alike names are if one is the other misspelt; created_hour and created_at are not


def refuse_unknown_columns(read: TableSet, project: Project, features: Collection[str]) -> None:
    """Check that what is left out, kept, called changing or given a track record is there.

    ``leave_out`` may also name ``features``, and these come and go with the data: there, only a
    name that looks like a column's is a slip.

    Raises:
        ProjectError: all such names, each with its key and the nearest that there are.
    """
    columns, said = list(dict.fromkeys(_columns(read, project))), project.features
    named = [(f"keep.{name}", name) for name in said.keep]
    named += [("changing", name) for name in said.changing]
    named += [("track_record", name) for name in said.track_record or []]
    named += [
        (f"leave_out.{name}", name)
        for name in said.leave_out
        if name not in features and nearest(name, columns, count=1, alike=SLIP)
    ]
    problems = [
        f"features.{key}: no table has a column {name!r}; {hint(name, columns, what='there are')}"
        for key, name in named
        if name not in columns
    ]
    if problems:
        raise ProjectError("\n".join(problems))


def _columns(read: TableSet, project: Project) -> Iterator[str]:
    """Yield columns by their own names, then by the features'."""
    tables: tuple[TableName, ...] = ("leads", "accounts")
    for table in tables:
        source = getattr(project.sources, table)
        if source is not None:
            yield from canonical_columns(table, source).values()
            yield from source.drop
            yield from source.derive
    looked_at: list[AttributeColumn | LeftOutColumn] = [*read.attributes, *read.left_out]
    yield from (column.label for column in looked_at)
    for table in tables:
        source = getattr(project.sources, table)
        if source is not None:
            yield from canonical_columns(table, source)
    yield from (column.column for column in looked_at)
