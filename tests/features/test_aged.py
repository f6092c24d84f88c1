"""Leads at chosen ages are the training's own rows, those that are too young for a label included if asked for."""

from dataclasses import dataclass, replace
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
CUTOFF = datetime.fromisoformat("2026-05-05")


@dataclass(frozen=True)
class World:
    """What was read of a company, and what its training would learn from."""

    tables: TableSet
    project: Project
    frames: TrainingFrames

    def aged(self, ages: list[int], folder: Path, **chosen: Any) -> list[dict[str, Any]]:
        path = aged_frame(self.tables, self.project, self.frames.catalogue, ages, folder, **chosen)
        return rows(path)


def read(folder: Path) -> World:
    company = Company(folder)
    company.sources["leads"]["columns"] |= {"account_id": "firm"}
    company.sources["events"] = {
        "path": "events.csv",
        "columns": {"lead_id": "who", "kind": "what", "occurred_at": "when"},
    }
    company.settings |= {
        "label": {"horizon_days": 20},
        "model": {"ages_days": AGES},
        "features": {"windows_days": [7], "track_record": ["channel"]},
        "data_cutoff": "2026-05-05T00:00:00",
    }
    tables = company.read(leads=LEADS, deals=DEALS, events=EVENTS)
    project = company.project()
    return World(tables, project, training_frames(tables, project, folder / "training"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return read(tmp_path_factory.mktemp("company"))


def rows(path: Path | None) -> list[dict[str, Any]]:
    assert path is not None
    found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return found


def test_the_rows_are_those_of_the_training_ladder(world: World, tmp_path: Path) -> None:
    found = world.aged(AGES, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["aged-0-1-7-30.parquet"]
    assert len(found) > 50
    assert found == rows(world.frames.ladder)


def test_few_ages_since_a_moment_have_the_ladders_values_at_those_ages(
    world: World, tmp_path: Path
) -> None:
    since, until = datetime.fromisoformat("2026-02-01"), datetime.fromisoformat("2026-03-15")
    expected = [
        {**row, "weight": 1.0}
        for row in rows(world.frames.ladder)
        if row["age_days"] == 7 and since <= row["created_at"] < until
    ]
    assert expected
    assert world.aged([7], tmp_path, since=since, until=until) == expected


def test_young_leads_stand_there_without_a_label_if_asked_for(world: World, tmp_path: Path) -> None:
    young = world.aged([0], tmp_path, mature=False)
    assert len(young) == 24
    known = [(CUTOFF - row["as_of"]).days >= 20 for row in young]
    assert [row["label"] is not None for row in young] == known
    assert not all(known)
    ladder = [row for row in rows(world.frames.ladder) if row["age_days"] == 0]
    assert [row for row in young if row["label"] is not None] == [
        {**row, "weight": 1.0} for row in ladder
    ]


def test_no_moment_at_or_after_the_end_of_the_data_is_made_up(world: World, tmp_path: Path) -> None:
    found = world.aged([30], tmp_path, mature=False)
    assert found
    assert max(row["as_of"] for row in found) < CUTOFF


def test_with_too_many_rows_whole_accounts_are_drawn(world: World, tmp_path: Path) -> None:
    all_of_them = world.aged([0], tmp_path)
    some = world.aged([0], tmp_path, most_rows=12)
    assert 0 < len(some) < len(all_of_them)
    drawn_accounts = {row["group_id"] for row in some}
    assert some == [row for row in all_of_them if row["group_id"] in drawn_accounts]


def test_where_there_is_no_such_lead_nothing_is_written(world: World, tmp_path: Path) -> None:
    since = datetime.fromisoformat("2026-05-04")
    none = aged_frame(
        world.tables, world.project, world.frames.catalogue, [0], tmp_path, since=since
    )
    assert none is None
    assert not list(tmp_path.iterdir())


def test_labels_before_the_trusted_time_are_none_and_the_leads_are_there(
    world: World, tmp_path: Path
) -> None:
    trusted = datetime.fromisoformat("2026-03-01")
    label = world.project.label.model_copy(update={"trusted_from": trusted})
    project = world.project.model_copy(update={"label": label})
    found = replace(world, project=project).aged([0], tmp_path, mature=False)
    assert len(found) == 24
    assert [row["label"] for row in found if row["created_at"] < trusted] == [None] * 12


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
