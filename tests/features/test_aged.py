"""Leads at chosen ages are the training's own rows, those that are too young for a label included if asked for."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features.aged import aged_frame
from features.frames import TrainingFrames, training_frames
from features.project import Project
from features.tables import TableSet
from tests.features.company import Company, drawn

LEADS = "\n".join(
    [
        "id | created | channel | size | firm",
        *(
            f"lead-{n:02} | 2026-0{1 + n % 4}-{1 + n:02} | {'web' if n % 3 else 'fair'} | {n * 7 % 10} | firm-{n // 2}"
            for n in range(24)
        ),
    ]
)
DEALS = "\n".join(
    [
        "lead | result | closed",
        *(
            f"lead-{n:02} | {'won' if n % 4 else 'lost'} | 2026-0{1 + n % 4}-{3 + n:02}"
            for n in range(0, 24, 2)
        ),
    ]
)
EVENTS = "\n".join(
    [
        "who | what | when",
        *(f"lead-{n:02} | visit | 2026-0{1 + n % 4}-{2 + n:02}" for n in range(24)),
    ]
)
AGES = [0, 1, 7, 30]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = Company(tmp_path)
    made.sources["leads"]["columns"] |= {"account_id": "firm"}
    made.sources["events"] = {
        "path": "events.csv",
        "columns": {"lead_id": "who", "kind": "what", "occurred_at": "when"},
    }
    made.settings |= {
        "label": {"horizon_days": 20},
        "model": {"ages_days": AGES},
        "features": {"windows_days": [7, 30], "track_record": ["channel"]},
        "data_cutoff": "2026-05-05T00:00:00",
    }
    return made


def read(company: Company) -> tuple[TableSet, Project, TrainingFrames]:
    tables = company.read(leads=LEADS, deals=DEALS, events=EVENTS)
    project = company.project()
    return tables, project, training_frames(tables, project, company.root / "training")


def rows(path: Path | None) -> list[dict[str, Any]]:
    assert path is not None
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def test_the_rows_are_those_of_the_training_ladder(company: Company) -> None:
    tables, project, frames = read(company)
    aged = aged_frame(tables, project, frames.catalogue, AGES, company.root)
    assert aged == company.root / "aged-0-1-7-30.parquet"
    assert len(rows(aged)) > 50
    assert rows(aged) == rows(frames.ladder)


def test_few_ages_since_a_moment_have_the_ladders_values_at_those_ages(company: Company) -> None:
    tables, project, frames = read(company)
    since, until = datetime.fromisoformat("2026-02-01"), datetime.fromisoformat("2026-03-15")
    aged = rows(
        aged_frame(tables, project, frames.catalogue, [7], company.root, since=since, until=until)
    )
    expected = [
        {**row, "weight": 1.0}
        for row in rows(frames.ladder)
        if row["age_days"] == 7 and since <= row["created_at"] < until
    ]
    assert expected
    assert aged == expected


def test_young_leads_stand_there_without_a_label_if_asked_for(company: Company) -> None:
    tables, project, frames = read(company)
    young = rows(aged_frame(tables, project, frames.catalogue, [0], company.root, mature=False))
    assert len(young) == 24
    horizon_ends = [
        (row["as_of"] - datetime.fromisoformat("2026-05-05")).days <= -20 for row in young
    ]
    assert [row["label"] is not None for row in young] == horizon_ends
    assert not all(horizon_ends)
    ladder = {row["lead_id"]: row for row in rows(frames.ladder) if row["age_days"] == 0}
    weight = {"weight": 1.0}
    assert [{**row, **weight} for row in young if row["label"] is not None] == [
        {**row, **weight} for _, row in sorted(ladder.items())
    ]


def test_no_moment_at_or_after_the_end_of_the_data_is_made_up(company: Company) -> None:
    tables, project, frames = read(company)
    found = rows(aged_frame(tables, project, frames.catalogue, [30], company.root, mature=False))
    assert found
    assert max(row["as_of"] for row in found) < datetime.fromisoformat("2026-05-05")


def test_labels_before_the_trusted_time_are_none_and_the_leads_are_there(company: Company) -> None:
    company.settings["label"] |= {"trusted_from": "2026-03-01T00:00:00"}
    tables, project, frames = read(company)
    found = rows(aged_frame(tables, project, frames.catalogue, [0], company.root, mature=False))
    assert len(found) == 24
    early = [
        row["label"] for row in found if row["created_at"] < datetime.fromisoformat("2026-03-01")
    ]
    assert early == [None] * 12


def test_with_too_many_rows_whole_accounts_are_drawn(company: Company) -> None:
    tables, project, frames = read(company)
    all_of_them = rows(aged_frame(tables, project, frames.catalogue, [0], company.root))
    some = rows(aged_frame(tables, project, frames.catalogue, [0], company.root, most_rows=12))
    assert 0 < len(some) < len(all_of_them)
    drawn_accounts = {row["group_id"] for row in some}
    assert some == [row for row in all_of_them if row["group_id"] in drawn_accounts]


def test_where_there_is_no_such_lead_nothing_is_written(company: Company) -> None:
    tables, project, frames = read(company)
    since = datetime.fromisoformat("2026-05-04")
    none = aged_frame(tables, project, frames.catalogue, [0], company.root, since=since)
    assert none is None
    assert not list(company.root.glob("aged*"))


def test_a_flat_export_stands_at_age_0(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.sources["outcomes"] = {
        "path": "deals.csv",
        "columns": {"lead_id": "lead", "status": "result"},
    }
    kept = [row[:2] for row in drawn(DEALS)]
    tables = company.read(leads=LEADS, deals="\n".join(" | ".join(row) for row in kept))
    assert tables.flat
    project = company.project()
    frames = training_frames(tables, project, tmp_path / "training")
    found = rows(aged_frame(tables, project, frames.catalogue, [0, 7], tmp_path))
    assert found == rows(frames.ladder)
    young = rows(aged_frame(tables, project, frames.catalogue, [0], tmp_path, mature=False))
    assert len(young) == 24
    assert sum(row["label"] is None for row in young) == 24 - len(found)
