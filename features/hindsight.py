"""The hindsight audit: columns that were filled in after, or because of, the outcome.

A table as it is exported today shows each lead as it ended. A column that alone tells the
outcome, or that open leads of the same time do not have, is more likely a consequence than a
cause. What is measured stands in `features/hindsight_figures.py`, the words that lower a bar in
`features/hindsight_words.py`, the bars in `features/hindsight_rules.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import pandas as pd

from features.canonical import Canonical
from features.hindsight_figures import Leads, auc, same_fill
from features.hindsight_leads import ended_leads, frame_name, lead_frame, measure
from features.hindsight_rules import Evidence, Grade, judge
from features.hindsight_words import name_class
from features.project import Project
from features.tables import AttributeColumn, TableSet

__all__ = ["Suspect", "Verdict", "auc", "audit"]

Verdict = Literal[
    "left out", "kept by the project file", "changing, read through its history", "watch"
]
_VERDICTS: dict[Grade, Verdict] = {"condemned": "left out", "watch": "watch"}


@dataclass(frozen=True)
class Suspect:
    """A column that looks like hindsight, the evidence in one line, and what was done about it.

    ``watch``: told and used; the evidence is too weak to do without the column.
    """

    column: str
    label: str
    evidence: str
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able form."""
        return asdict(self)


def audit(tables: Canonical, read: TableSet, project: Project) -> list[Suspect]:
    """Return the suspects among the attributes of leads and accounts: those left out first.

    Columns are judged on leads that have ended, in order of creation: by what other leads of the
    same time teach, and what the earlier half teaches about the later one. Nothing is judged on
    fewer than ``MIN_OF_EACH`` wins or losses.
    """
    attributes = [*read.attributes, *_owner(tables, project)]
    if not attributes:
        return []
    frame = lead_frame(tables, project, attributes)
    leads = ended_leads(frame, project, cutoff=tables.cutoff, flat=tables.flat)
    if not leads.judged:
        return []
    changing = set(tables.history.select("field").distinct().execute()["field"])
    found = evidence_against(frame, attributes, leads)
    suspects = (_suspect(a, evidence, project, changing) for a, evidence in found.items())
    told = [suspect for suspect in suspects if suspect is not None]
    return sorted(told, key=lambda suspect: get_args(Verdict).index(suspect.verdict))


def _owner(tables: Canonical, project: Project) -> list[AttributeColumn]:
    """Return the owner as a column: no attribute, but the load and the record of owners are features."""
    if "owner" not in tables.leads.columns:
        return []
    label = project.sources.leads.columns.get("owner", "owner")
    return [AttributeColumn(column="owner", label=label, type="category", distinct=0, filled=1)]


def evidence_against(
    frame: pd.DataFrame, attributes: Sequence[AttributeColumn], leads: Leads
) -> dict[AttributeColumn, Evidence]:
    """Return the evidence against those columns of ``frame`` (`hindsight_leads.lead_frame`) that have any."""
    found = {a: judge(measure(frame[frame_name(a)], a.label, leads)) for a in attributes}
    found |= _of_one_hand(found, frame)
    return {attribute: evidence for attribute, evidence in found.items() if evidence}


def _suspect(
    attribute: AttributeColumn, evidence: Evidence, project: Project, changing: set[str]
) -> Suspect | None:
    kept = {attribute.column, attribute.label} & set(project.features.keep)
    read_back = attribute.table == "leads" and attribute.column in changing
    line, verdict = evidence.line, _VERDICTS[evidence.grade]
    if evidence.grade == "watch" and (kept or read_back):
        return None  # answered already
    if kept:
        verdict = "kept by the project file"
    elif read_back:
        verdict = "changing, read through its history"
    elif evidence.grade == "condemned" and (advice := _advice(attribute)):
        line, verdict = f"{line}; {advice}", "watch"
    return Suspect(attribute.column, attribute.label, line, verdict)


def _advice(attribute: AttributeColumn) -> str | None:
    """Return what a person must do about a column that the audit does not leave out by itself."""
    if attribute.table == "accounts":
        return "a column of accounts: name it under features.leave_out unless it was known before"
    if attribute.column == "owner":
        return "name owner_record under features.leave_out unless leads keep their first owner"
    return None


def _of_one_hand(
    found: Mapping[AttributeColumn, Evidence | None], frame: pd.DataFrame
) -> dict[AttributeColumn, Evidence]:
    """Return the columns that are filled together, row by row, with one that is condemned.

    One process wrote them. A mate is condemned with it if its own name speaks of hindsight, or
    if the other was condemned by figures alone; else it is told.
    """
    filled = {a: frame[frame_name(a)].notna().to_numpy() for a in found}
    more: dict[AttributeColumn, Evidence] = {}
    for group in same_fill(filled):
        guilty = [(a, e) for a in group if (e := found[a]) and e.grade == "condemned"]
        if not guilty:
            continue
        first, evidence = min(guilty, key=lambda pair: pair[1].by_name)  # figures before names
        for mate in group:
            if mate in dict(guilty):
                continue
            grave = not evidence.by_name or name_class(mate.label) is not None
            line = f"filled and empty in the same leads as {first.label}, which was written after the fact"
            more[mate] = Evidence("condemned" if grave else "watch", line, by_name=True)
    return more
