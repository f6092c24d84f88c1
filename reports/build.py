"""All facts of a report, from the canonical tables, the training run and tonight's scores."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd

from features.project import Project
from features.tables import TableSet
from reports.drivers import drivers_table
from reports.facts import Driver, LeftOut, Suspect
from reports.report_facts import ReportFacts
from reports.sources import Maturity, lead_counts, sources_table, spend_without_leads
from reports.tonight import grades_table, quarantine_table
from reports.training import (
    calibration_points,
    evaluation_facts,
    following_sentence,
    gains_points,
    segment_facts,
    why_sentence,
)


def report_facts(
    project: Project,
    tables: TableSet,
    trained: Mapping[str, Any],
    scored: pd.DataFrame,
    *,
    as_of: datetime,
    model_version: str,
    left_out: Mapping[str, str],
    suspects: Sequence[Mapping[str, str]] = (),
    warnings: Sequence[str] = (),
) -> ReportFacts:
    """Return the facts of one report.

    Args:
        project: the company's project file.
        tables: the canonical tables on disk; of them lead ids, times, sources and outcomes are read.
        trained: ``Trained.to_json()``, as the training run logged it, and ``segments``, its calibration by segment.
        scored: tonight's open leads: ``lead_id, close_probability, grade, expected_value``; may be empty.
        as_of: the night that the report is about; naive UTC.
        model_version: of the champion.
        left_out: column and reason, ``Catalogue.left_out``.
        suspects: of the hindsight audit, each with ``label`` (or ``column``), ``evidence``, ``verdict``.
        warnings: what a reader must know; those of the tables are added.
    """
    leads = _read(tables, "leads", ["lead_id", "created_at", "source", "campaign"])
    outcomes = _read(tables, "outcomes", ["lead_id", "won", "closed_at"])
    spend = _read(tables, "spend", ["spent_on", "source", "campaign", "amount"])
    by_group = partial(
        sources_table,
        leads,
        outcomes,
        scored,
        spend,
        maturity=Maturity.of(project, tables),
        min_group=project.report.min_group,
    )
    curves = trained["curves"]["leadgauge"]
    return ReportFacts(
        title=project.report.title or project.project,
        as_of=as_of,
        data_cutoff=tables.data_cutoff,
        horizon_days=project.label.horizon_days,
        closing_times=not tables.flat,
        currency=project.report.currency,
        model_version=model_version,
        step=trained["step"],
        tried=[one["step"] for one in trained["ladder"]["comparisons"] if "step" in one],
        why=why_sentence(trained["ladder"]),
        following=following_sentence(trained["ladder"], dated=not tables.flat),
        min_group=project.report.min_group,
        counts=lead_counts(leads, outcomes, scored, maturity=Maturity.of(project, tables)),
        evaluation=evaluation_facts(trained["evaluation"]),
        calibration=calibration_points(curves["calibration"]),
        segments=segment_facts(trained.get("segments", [])),
        gains=gains_points(curves["gains"]),
        drivers=_drivers(trained, project.report.min_group),
        sources=by_group(by="source") if "source" in leads else [],
        campaigns=by_group(by="campaign") if "campaign" in leads else [],
        tonight=grades_table(scored),
        quarantine=quarantine_table(tables),
        suspects=[
            Suspect(
                column=s.get("label") or s["column"],
                evidence=_as_sentence(s["evidence"]),
                verdict=s["verdict"],
            )
            for s in suspects
        ],
        left_out=[LeftOut(column=column, reason=reason) for column, reason in left_out.items()],
        warnings=[*dict.fromkeys([*warnings, *tables.warnings]), *_unmatched(leads, spend)],
    )


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _drivers(trained: Mapping[str, Any], min_group: int) -> list[Driver]:
    """Return what moves the score; where nothing tells leads apart there is nothing to name."""
    if trained["step"] == "base_rate":
        return []
    return drivers_table(trained["explanation"], min_group=min_group)


def _read(tables: TableSet, name: Any, columns: Sequence[str]) -> pd.DataFrame:  # noqa: ANN401  a table name
    """Read those of the columns that the table has."""
    import pyarrow.parquet as pq

    path = tables.path(name)
    present = set(pq.read_schema(path).names)
    return pd.read_parquet(path, columns=[column for column in columns if column in present])


def _unmatched(leads: pd.DataFrame, spend: pd.DataFrame) -> list[str]:
    names = spend_without_leads(leads, spend)
    if not names:
        return []
    told = ", ".join(f"“{name}”" for name in names[:5]) + (
        f" and {len(names) - 5} more" if len(names) > 5 else ""
    )
    return [
        f"Money was spent on {told}, which no lead carries as its source: perhaps it is spelt differently there."
    ]
