"""The made-up company of the models' tests, as the benchmark takes it."""

from pathlib import Path

import pandas as pd

from benchmarks.quality.origins import Origin, make_origins
from benchmarks.quality.peers import Task
from benchmarks.quality.sets import DatedRows
from features.project_file import load_project
from models.frames import in_order
from tests.models.company import SETTINGS, company

PROJECT = """
project: made_up
sources:
  leads: {path: leads.csv, columns: {lead_id: id, created_at: created}}
  outcomes: {path: deals.csv, columns: {lead_id: id, status: status, closed_at: closed}}
label: {horizon_days: 30}
"""


def made_up(folder: Path, leads: int = 900, *, kind: str = "linear") -> DatedRows:
    """Return the made-up company's rows; its project file is written to ``folder``."""
    file = folder / "made_up.yaml"
    file.write_text(PROJECT, encoding="utf-8")
    project = load_project(file).model_copy(update={"model": SETTINGS})
    frames = company(leads, kind=kind)
    ladder, mornings = (
        in_order(objects(frame), frames.catalogue, "made-up")
        for frame in (frames.ladder, frames.mornings)
    )
    return DatedRows(project, frames.catalogue, ladder, mornings, [])


def objects(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with categories as the pipelines give them: text with None."""
    source = frame["source"].astype(object)
    return frame.assign(source=source.where(source.notna(), None))


def origins(rows: DatedRows, count: int = 2) -> list[Origin]:
    return make_origins(rows.ladder, rows.mornings, count=count, gap_days=rows.gap_days, seed=7)


def task(rows: DatedRows) -> Task:
    origin = origins(rows)[-1]
    return Task(origin.learned, origin.test, rows.catalogue)


def accounts(origin: Origin) -> tuple[set[str], set[str]]:
    """Return the accounts that are learned from and those that are tested on."""
    return (
        {*origin.ladder["group_id"], *origin.mornings["group_id"]},
        set(origin.test["group_id"]),
    )
