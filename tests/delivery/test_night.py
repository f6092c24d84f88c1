"""A night's files from scored rows, in batches: the same bytes, however many leads are in memory at a time."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery import neutral, night, scored_rows
from delivery.exports import validate_exports
from delivery.night import NightFiles, write_night
from delivery.previous import PreviousScores
from features.agreement import Agreement
from features.errors import StoppedError
from features.project import Delivery, DynamicsTarget, HubSpotTarget, SalesforceTarget
from tests.delivery.drawn import RECEIPT, many

EVERYWHERE = Delivery(
    salesforce=SalesforceTarget(operation="upsert", key_field="Guid__c"),
    hubspot=HubSpotTarget(key_field="lead_guid"),
    dynamics=DynamicsTarget(),
)


def written(leads: pd.DataFrame, home: Path, **agreement: object) -> tuple[NightFiles, Path]:
    home.mkdir(parents=True)
    scored, folder = home / "scored.parquet", home / "night"
    leads.to_parquet(scored)
    files = write_night(
        scored,
        agreement=Agreement.model_validate(agreement),
        delivery=EVERYWHERE,
        receipt=RECEIPT,
        previous=None,
        folder=folder,
    )
    return files, folder


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_night_is_written_and_its_routes_are_counted(tmp_path: Path) -> None:
    files, folder = written(many(40), tmp_path / "a", capacity_per_day=7)
    assert files.routes == {"nurture": 33, "sales_ready": 7}
    assert sorted(files.paths) == sorted(path for path in folder.rglob("*") if path.is_file())
    assert validate_exports(folder, EVERYWHERE) == []
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["night", "scored.parquet"]


def test_a_way_that_no_lead_goes_is_not_told(tmp_path: Path) -> None:
    files, _ = written(many(4).assign(grade="D"), tmp_path / "a")
    assert files.routes == {"nurture": 4}


@pytest.mark.parametrize("size", [3, 40])
def test_how_many_leads_are_in_memory_changes_no_text_and_no_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    leads = many(100).sample(frac=1, random_state=3)
    _, whole = written(leads, tmp_path / "whole", capacity_per_day=9)
    monkeypatch.setattr(scored_rows, "BATCH", size)
    _, parts = written(leads, tmp_path / "parts", capacity_per_day=9)
    one, other = content(whole), content(parts)
    tables = [pq.read_table(folder / "scores.parquet") for folder in (whole, parts)]
    assert tables[0].equals(tables[1])
    assert one | {"scores.parquet": b""} == other | {"scores.parquet": b""}
    assert validate_exports(parts, EVERYWHERE) == []


def test_row_groups_are_of_one_size_whatever_those_of_the_scored_rows_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored_rows, "BATCH", 30)
    found = []
    for name, size in (("a", 7), ("b", 100)):
        scored = tmp_path / f"{name}.parquet"
        many(100).to_parquet(scored, row_group_size=size)
        folder = tmp_path / name
        night.write_scores(
            scored, agreement=Agreement(), receipt=RECEIPT, previous=None, folder=folder
        )
        file = pq.read_metadata(folder / "scores.parquet")
        found.append((folder / "scores.parquet").read_bytes())
        sizes = [file.row_group(group).num_rows for group in range(file.num_row_groups)]
        assert sizes == [30, 30, 30, 10]
    assert found[0] == found[1]


def test_refusals_of_all_batches_are_counted_and_nothing_but_the_first_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored_rows, "BATCH", 10)
    leads = many(300).assign(confidence="sure")
    leads["lead_id"] = ["L000", "L000", *(f"L{place:03d}" for place in range(2, 300))]
    with pytest.raises(StoppedError) as caught:
        written(leads, tmp_path / "a")
    lines = str(caught.value).splitlines()
    assert lines[0] == "The scores cannot be written to machine files: 301 problems"
    assert lines[1] == "  scored leads, lead 'L000', column lead_id: expected each lead once"
    assert lines[2] == (
        "  scored leads, lead 'L000', column confidence: 'sure'; expected one of high, medium, low"
    )
    assert lines[6] == "  and 296 more"
    assert [path.name for path in (tmp_path / "a" / "night").iterdir()] == ["scores.parquet"]


def test_a_lead_that_comes_twice_is_found_across_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored_rows, "BATCH", 2)
    leads = many(4).assign(lead_id=["a", "b", "b", "c"])
    with pytest.raises(StoppedError, match="lead 'b', column lead_id: expected each lead once"):
        written(leads, tmp_path / "a")


def test_keys_that_are_the_same_are_found_across_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored_rows, "BATCH", 2)
    leads = many(6).assign(lead_id=["A1", "B1", "C1", "a1", "b1", "d1"])
    with pytest.raises(StoppedError) as caught:
        written(leads, tmp_path / "a")
    text = (
        "Salesforce: 2 lead ids are the same key to Salesforce: 'A1 and a1', 'B1 and b1'. Expected"
    )
    assert str(caught.value).startswith(text)


def test_rows_that_are_sorted_are_read_where_they_lie(tmp_path: Path) -> None:
    there, other = tmp_path / "sorted.parquet", tmp_path / "other.parquet"
    many(50).to_parquet(there)
    many(50)[::-1].to_parquet(other)
    assert scored_rows.in_order(there, tmp_path) == there
    made = scored_rows.in_order(other, tmp_path)
    assert made.parent == tmp_path
    assert pq.read_table(made)["lead_id"].to_pylist() == list(many(50)["lead_id"])


@settings(deadline=None, max_examples=40)
@given(ids=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=30))
def test_sorting_is_by_code_points(ids: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scored.parquet"
        pd.DataFrame({"lead_id": pd.Series(ids, dtype=object)}).to_parquet(path)
        made = scored_rows.in_order(path, Path(folder))
        assert pq.read_table(made)["lead_id"].to_pylist() == sorted(ids)
        assert scored_rows.is_sorted(path) == (ids == sorted(ids))


@settings(deadline=None)
@given(
    before=st.dictionaries(st.text("abc", max_size=4), st.integers(1, 99), max_size=40),
    now=st.sets(st.text("abc", max_size=4), max_size=40),
    size=st.integers(1, 50),
)
def test_each_lead_gets_its_own_score_of_the_publication_before(
    before: dict[str, int], now: set[str], size: int
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(scored_rows, "BATCH", 3)
        path = Path(folder) / "scores.parquet"
        known = sorted(before)
        table = pa.table(
            {"lead_id": pa.array(known, pa.string()), "score": [before[i] for i in known]}
        )
        pq.write_table(table, path)
        previous, ids = PreviousScores(path), sorted(now)
        parts = [ids[start : start + size] for start in range(0, len(ids), size)]
        found = [previous.beside(pa.array(part, pa.string())).to_pylist() for part in parts]
        assert [score for part in found for score in part] == [before.get(lead) for lead in ids]


def held_by_arrow(count: int, home: Path, monkeypatch: pytest.MonkeyPatch) -> float:
    """The bytes that Arrow holds in the middle batch of a night."""
    scored, held = home / f"{count}.parquet", list[int]()
    many(count).to_parquet(scored, row_group_size=1_000)
    before, make = pa.total_allocated_bytes(), neutral.neutral_columns

    def watched(*rows: Any, **options: Any) -> dict[str, pa.Array]:
        held.append(pa.total_allocated_bytes() - before)
        return make(*rows, **options)

    monkeypatch.setattr(night, "neutral_columns", watched)
    night.write_scores(
        scored,
        agreement=Agreement(),
        receipt=RECEIPT,
        previous=None,
        folder=home / str(count),
    )
    return float(np.median(held))


def test_memory_does_not_grow_with_the_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []
    for count in (4_000, 16_000):
        with monkeypatch.context() as patch:
            patch.setattr(scored_rows, "BATCH", 1_000)
            held.append(held_by_arrow(count, tmp_path, patch))
    assert held[1] < held[0] * 1.5
