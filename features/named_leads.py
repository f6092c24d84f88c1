"""Columns of the leads that the agreement and the report name: which they are, and what is wrong with a name."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from features.errors import ProjectError
from features.nearest import hint
from features.project import Project
from features.project_checks import canonical_columns
from features.tables import LEAD_OPTIONAL, TableSet

OF_THE_OUTCOME = "the outcome is read from it"


@dataclass(frozen=True)
class Named:
    """A column as the project file names it under ``key``."""

    key: str
    name: str


def named_by_the_loop(project: Project) -> list[Named]:
    """Return every column of the leads that the agreement and the report name, in their order."""
    return list(_named(project))


def _named(project: Project) -> Iterator[Named]:
    agreed, report = project.agreement, project.report
    for name, criterion in agreed.qualified.criteria.items():
        yield Named(f"agreement.qualified.{name}.column", criterion.column)
    if agreed.consent is not None:
        yield Named("agreement.consent.column", agreed.consent.column)
    for number, criterion in enumerate(agreed.disqualified):
        yield Named(f"agreement.disqualified.{number}.column", criterion.column)
    if agreed.team is not None:
        yield Named("agreement.team", agreed.team)
    if agreed.buying_group is not None:
        yield Named("agreement.buying_group.column", agreed.buying_group.column)
    for dimension, column in report.dimensions.items():
        yield Named(f"report.dimensions.{dimension}", column)
    for number, column in enumerate(report.segments):
        yield Named(f"report.segments.{number}", column)


@dataclass(frozen=True)
class LeadColumns:
    """The columns of the canonical leads, by whichever name a project file may call them.

    ``there`` are those on disk; ``labels`` gives each its name in the source.
    """

    there: Collection[str]
    labels: dict[str, str]
    names: dict[str, str]

    @classmethod
    def of(cls, read: TableSet, project: Project, there: Collection[str]) -> "LeadColumns":
        """Return those of one reading; a source's own name goes before a canonical one, exact before alike."""
        mapped = canonical_columns("leads", project.sources.leads)
        labels = {left.column: left.label for left in read.left_out if left.table == "leads"}
        labels |= {column.column: column.label for column in read.columns("leads")}
        labels |= {name: mapped.get(name, name) for name in LEAD_OPTIONAL if name in there}
        exact = {column: column for column in labels} | {
            label: column for column, label in labels.items()
        }
        folded: dict[str, str] = {}
        for name in [*labels.values(), *labels]:
            folded.setdefault(name.casefold(), exact[name])
        return cls(there, labels, folded | exact)

    def find(self, name: str) -> str | None:
        """Return the canonical column that a name means, None if there is none."""
        return self.names.get(name, self.names.get(name.casefold()))


def resolve(read: TableSet, project: Project, there: Collection[str]) -> dict[str, str]:
    """Return the canonical column of each key under which the agreement or the report names one.

    Args:
        read: what was read, with the columns that were left out and why.
        project: the project file that names the columns.
        there: the columns of the leads on disk.

    Raises:
        ProjectError: names that are no column of the leads, or one that cannot be looked at; all of them.
    """
    columns = LeadColumns.of(read, project, there)
    found: dict[str, str] = {}
    problems: list[str] = []
    for named in named_by_the_loop(project):
        column = columns.find(named.name)
        problem = _problem(named.name, column, columns, read, project)
        if problem is None and column is not None:
            found[named.key] = column
        else:
            problems.append(f"{named.key}: {problem}")
    if problems:
        raise ProjectError("\n".join(problems))
    return found


def _problem(
    name: str, column: str | None, columns: LeadColumns, read: TableSet, project: Project
) -> str | None:
    source = project.sources.leads
    reasons = {left.column: left.reason for left in read.left_out if left.table == "leads"}
    if column is not None and reasons.get(column) == OF_THE_OUTCOME:
        return (
            f"the outcome is read from {name!r}: it tells how a lead ended, not what it is like; "
            "name another column"
        )
    if column is not None and column in columns.there:
        return None
    if column is not None:
        return (
            f"{name!r} was left out when the leads were read ({reasons.get(column, 'not an attribute')}), before "
            "the project file named it here; read them again"
        )
    folded = name.casefold()
    if folded in {dropped.casefold() for dropped in source.drop}:
        return (
            f"{name!r} is under sources.leads.drop, so it is not read; what sales and marketing look at and the "
            "model must not goes under features.leave_out instead"
        )
    for canonical, mapped in canonical_columns("leads", source).items():
        if folded in {canonical.casefold(), mapped.casefold()}:
            return f"{name!r} is the leads' {canonical}, which is no attribute; name another column"
    near = hint(name, columns.labels.values(), what="there are")
    return f"the leads have no column {name!r}; {near}"
