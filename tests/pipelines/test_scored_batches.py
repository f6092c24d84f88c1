"""A night's leads in batches: the same rows whatever the batches and the processes."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.bundle import Bundle
from models.counted import Counted
from models.scorer import expit
from pipelines import scored_batches as module
from pipelines.scored_batches import scored_batches, scored_schema
from tests.models.company import SETTINGS, SHARES, Frames, company

LEADS = 240


@pytest.fixture(scope="module")
def frames() -> Frames:
    return company()


@pytest.fixture(scope="module")
def bundle(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from models.training import train

    trained = train(
        frames.ladder,
        frames.mornings,
        frames.catalogue,
        SETTINGS,
        grade_shares=SHARES,
        gap_days=frames.catalogue.horizon_days,
    )
    folder = tmp_path_factory.mktemp("bundle")
    trained.bundle.save(folder)
    return folder


def written(frames: Frames, folder: Path, rows_in_a_group: int, leads: int = LEADS) -> Path:
    path = folder / f"open-{rows_in_a_group}.parquet"
    table = pa.Table.from_pandas(frames.mornings.head(leads), preserve_index=False)
    pq.write_table(table, path, row_group_size=rows_in_a_group)
    return path


def scored(path: Path, bundle: Path, amount: float | None = None) -> pd.DataFrame:
    rows: pd.DataFrame = pa.concat_tables(scored_batches(path, bundle, amount)).to_pandas()
    return rows


@pytest.mark.slow
def test_batches_and_processes_change_no_row(
    frames: Frames, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scored(written(frames, tmp_path, LEADS), bundle)
    parts = written(frames, tmp_path, 70)
    pd.testing.assert_frame_equal(scored(parts, bundle), whole)
    monkeypatch.setattr(module, "LEADS_PER_WORKER", 50)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    counts = Counted.empty(Bundle.load(bundle).model["watch"])
    again = pa.concat_tables(scored_batches(parts, bundle, None, counts)).to_pandas()
    pd.testing.assert_frame_equal(again, whole)
    assert counts.leads == LEADS
    assert counts.summed == pytest.approx(whole["close_probability"].sum())


@pytest.mark.slow
def test_the_rows_stand_in_the_frames_order_with_the_models_probability(
    frames: Frames, bundle: Path, tmp_path: Path
) -> None:
    rows = scored(written(frames, tmp_path, 70), bundle, amount=1000.0)
    some, model = frames.mornings.head(LEADS), Bundle.load(bundle)
    assert rows["lead_id"].tolist() == some["lead_id"].tolist()
    summed = model.contributions(some).sum(axis=1)
    assert (rows["close_probability"] - expit(summed)).abs().max() < 1e-12
    assert (rows["expected_value"] - 1000 * rows["close_probability"]).abs().max() < 1e-9


@pytest.mark.slow
def test_no_open_lead_gives_no_row(frames: Frames, bundle: Path, tmp_path: Path) -> None:
    nobody = written(frames, tmp_path, 70, leads=0)
    assert sum(table.num_rows for table in scored_batches(nobody, bundle, None)) == 0
    assert scored_schema().names[0] == "lead_id"
