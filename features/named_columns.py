"""Columns that ``features`` of the project file names and no table has: a slip that would pass in silence."""

from collections.abc import Iterator, Sequence

from features.errors import ProjectError
from features.nearest import hint
from features.project import Project
from features.project_checks import canonical_columns
from features.tables import AttributeColumn, LeftOutColumn, TableName, TableSet


def refuse_unknown_columns(read: TableSet, project: Project, features: Sequence[str]) -> None:
    """Check that what is left out, kept, called changing or given a track record is there.

    ``features``: the names of all features that the tables allow, which ``leave_out`` may say too.
    Standing at an earlier moment, where some features are not there yet, nothing is said of those.

    Raises:
        ProjectError: all names that are neither, each with its key and the nearest that there are.
    """
    columns, said = list(dict.fromkeys(_columns(read, project))), project.features
    named = [(f"keep.{name}", name, columns) for name in said.keep]
    named += [("changing", name, columns) for name in said.changing]
    named += [("track_record", name, columns) for name in said.track_record or []]
    if read.stood_at is None:
        known = [*columns, *features]
        named += [(f"leave_out.{name}", name, known) for name in said.leave_out]
    problems = [
        f"features.{key}: no table has a column {name!r}; {hint(name, known, what='there are')}"
        for key, name, known in named
        if name not in known
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
