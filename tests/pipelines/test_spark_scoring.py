"""Spark's workers score as one process does: the same probabilities, the same words."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.contract import read_tables
from features.frames import open_frame, training_frames
from features.project import Model
from features.project_file import load_project
from features.spark_folder import SharedFolder, as_uri
from features.spark_frames import OPEN, open_dataset, open_file
from models.training import train
from pipelines import scored_spark
from pipelines.reading import feature_frame
from pipelines.scored_batches import scored_batches
from pipelines.scored_spark import SCORED, Scoring, scored_dataset, scored_parts, tasks_for
from tests.models.company import SETTINGS, SHARES, company
from tests.spark import QUIET

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = QUIET

REPO = Path(__file__).resolve().parents[2]
DATA = REPO.parent / "shared" / "data"
NOW = datetime.fromisoformat("2026-11-21")
LEADS = 240
WORDS = [
    "lead_id",
    "score",
    "grade",
    "reasons_for",
    "reasons_against",
    "confidence",
    "confidence_note",
]


def assert_told_alike(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Hold scored rows against each other: numbers to 1e-9, words to the letter."""
    pd.testing.assert_frame_equal(words(one), words(other))
    numbers, others = one.drop(columns=WORDS), other.drop(columns=WORDS)
    pd.testing.assert_frame_equal(numbers, others, check_exact=False, rtol=0, atol=1e-9)


def words(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[WORDS].map(lambda cell: list(cell) if hasattr(cell, "tolist") else cell)


def on_spark(
    shared: SharedFolder, bundle: Path, leads: int, amount: float | None = None
) -> pd.DataFrame:
    scored_dataset(shared, bundle, amount, leads)
    rows: pd.DataFrame = pa.concat_tables(scored_parts(shared.parts(SCORED, bundle))).to_pandas()
    return rows


@pytest.mark.slow
def test_trees_are_explained_in_the_workers_as_in_one_process(
    spark: "SparkSession", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames, bundle = company(), tmp_path / "bundle"
    trained = train(
        frames.ladder, frames.mornings, frames.catalogue, SETTINGS, grade_shares=SHARES, gap_days=frames.catalogue.horizon_days
    )  # fmt: skip
    trained.bundle.save(bundle)
    rows = frames.mornings.drop_duplicates("lead_id").head(LEADS).sort_values("lead_id")
    frame = tmp_path / "open.parquet"
    pq.write_table(pa.Table.from_pandas(rows, preserve_index=False), frame)
    shared = SharedFolder(spark.newSession(), as_uri(str(tmp_path / "shared")), copied=False)
    (tmp_path / "shared" / OPEN).mkdir(parents=True)
    for part, number in enumerate((2, 0, 1)):  # files lie in any order
        some = rows.iloc[number::3]
        some.to_parquet(
            tmp_path / "shared" / OPEN / f"part-{part}.parquet", index=False, coerce_timestamps="us"
        )
    monkeypatch.setattr(scored_spark, "LEADS_PER_TASK", (50, 100))
    assert trained.bundle.boosters
    alone = pa.concat_tables(scored_batches(frame, bundle, 1000.0)).to_pandas()
    assert_told_alike(on_spark(shared, bundle, LEADS, 1000.0), alone)
    assert len(list(shared.parts(SCORED, tmp_path))) == 4


@pytest.mark.slow
def test_bpi2012_is_assembled_and_scored_alike_by_both_engines(
    spark: "SparkSession", tmp_path: Path
) -> None:
    if not (DATA / "bpi2012").is_dir():
        pytest.skip("the public data set bpi2012 does not lie beside the checkout, in shared/data")
    project = load_project(REPO / "configs" / "bpi2012.yaml")
    night = datetime.fromisoformat("2012-01-20T04:30:00")
    read = read_tables(project, DATA, tmp_path, now=NOW, as_of=night)
    known = training_frames(read, project, tmp_path)
    some = [
        feature_frame(path, known.catalogue).iloc[::12] for path in (known.ladder, known.mornings)
    ]
    settings = Model(ages_days=project.model.ages_days, folds=2, seeds=1)
    trained = train(
        some[0], some[1], known.catalogue, settings, grade_shares=SHARES, gap_days=project.label.horizon_days
    )  # fmt: skip
    trained.bundle.save(tmp_path / "bundle")
    frame = open_frame(read, project, known.catalogue, night, tmp_path / "duckdb")
    shared = SharedFolder(spark.newSession(), as_uri(str(tmp_path / "shared")), copied=False)
    schema = open_dataset(shared, read, project, known.catalogue, night)
    distributed = open_file(shared.parts(OPEN, tmp_path), schema, tmp_path / "open.parquet")
    embedded = pd.read_parquet(frame)
    assert len(embedded) > 500
    pd.testing.assert_frame_equal(
        pd.read_parquet(distributed), embedded, check_exact=False, rtol=0, atol=1e-9
    )
    alone = pa.concat_tables(scored_batches(frame, tmp_path / "bundle", None)).to_pandas()
    assert_told_alike(on_spark(shared, tmp_path / "bundle", len(embedded)), alone)


@pytest.mark.parametrize(
    ("leads", "tasks"), [(0, 1), (500, 1), (3_000, 3), (100_000, 4), (10_000_000, 200)]
)
def test_small_nights_are_not_cut_up_and_large_ones_are(leads: int, tasks: int) -> None:
    assert tasks_for(leads, cores=2) == tasks


def test_a_worker_with_another_leadgauge_refuses_to_score() -> None:
    scoring = Scoring(None, "other", None, "0.0.0")  # type: ignore[arg-type]  # it comes no further
    with pytest.raises(RuntimeError, match=r"is installed on a worker and 0\.0\.0 on the driver"):
        next(iter(scoring([pa.RecordBatch.from_pydict({})])))
