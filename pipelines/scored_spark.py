"""The night's leads scored by Spark's workers: the same model, kernel and words as in one process."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from features.spark_folder import SharedFolder
from features.spark_frames import OPEN
from pipelines.reading import typed
from pipelines.scored_batches import scored_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark import Broadcast

    from models.bundle import Bundle

SCORED = "scored"  # the dataset of scored rows
LEADS_PER_TASK = (
    1_000,
    50_000,
)  # fewest and most: what is small is not cut up, what is lost is soon done again
ARROW_ROWS = 20_000  # rows that go to Python at a time


def scored_dataset(shared: SharedFolder, bundle: Path, amount: float | None, leads: int) -> None:
    """Let Spark score its dataset of feature rows into the dataset ``SCORED``, ordered by ``lead_id``.

    Args:
        shared: the folder that has the feature rows.
        bundle: the model's folder.
        amount: what a lead is worth if it closes, None where that is not known.
        leads: how many rows there are.
    """
    from pyspark.sql.pandas.types import from_arrow_schema

    session, texts = shared.session, texts_of(bundle)
    session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(ARROW_ROWS))
    broadcast = session.sparkContext.broadcast(texts)
    told = repr(sorted(texts.items())).encode()
    scoring = Scoring(broadcast, sha256(told).hexdigest(), amount, metadata.version("leadgauge"))
    tasks = tasks_for(leads, session.sparkContext.defaultParallelism)
    # Sorted before it is scored: sorting takes samples, and would score those twice.
    rows = session.read.parquet(shared.place(OPEN)).repartitionByRange(tasks, "lead_id")
    scored = rows.sortWithinPartitions("lead_id").mapInArrow(
        scoring, from_arrow_schema(scored_schema())
    )
    scored.write.mode("overwrite").parquet(shared.place(SCORED))
    broadcast.unpersist()


def scored_parts(parts: Iterator[Path]) -> "Iterator[pa.Table]":
    """Yield the scored rows of the dataset's files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = scored_schema()
    for part in parts:
        with pq.ParquetFile(part) as file:
            for batch in file.iter_batches(batch_size=ARROW_ROWS):
                yield pa.Table.from_batches([batch]).cast(schema)


def tasks_for(leads: int, cores: int) -> int:
    """Return into how many tasks the scoring of so many leads is cut.

    >>> tasks_for(500, 2), tasks_for(100_000, 2), tasks_for(10_000_000, 2)
    (1, 4, 200)
    """
    fewest, most = LEADS_PER_TASK
    return max(-(-leads // most), min(2 * cores, leads // fewest), 1)


def texts_of(bundle: Path) -> dict[str, str]:
    """Return the files of a bundle."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(bundle.iterdir())}


@dataclass(frozen=True)
class Scoring:
    """What each worker does with its share of the rows."""

    texts: "Broadcast[dict[str, str]]"
    digest: str
    amount: float | None
    version: str

    def __call__(self, batches: "Iterable[pa.RecordBatch]") -> "Iterator[pa.RecordBatch]":
        """Score batches of feature rows."""
        import pyarrow as pa

        from models.reasons import score

        model = self._model()
        for batch in batches:
            rows = typed(pa.Table.from_batches([batch]).to_pandas(), model.catalogue)
            told = score(rows, model, amount=self.amount, contributions=False)
            yield from pa.Table.from_pandas(
                told, schema=scored_schema(), preserve_index=False
            ).to_batches()

    def _model(self) -> "Bundle":
        """Return the model; a worker's process loads it once."""
        if self.digest not in _ready:
            if (here := metadata.version("leadgauge")) != self.version:
                raise RuntimeError(
                    f"leadgauge {here} is installed on a worker and {self.version} on the driver"
                )
            _ready.clear()
            _ready[self.digest] = bundle_of(self.texts.value)
        return _ready[self.digest]


_ready: dict[str, "Bundle"] = {}  # of a worker's process


def bundle_of(texts: dict[str, str]) -> "Bundle":
    """Return the model that the files of a bundle hold, to be used by one thread."""
    from features.catalogue import Catalogue
    from models.bundle import Bundle

    model = json.loads(texts["model.json"])
    boosters = {spec["file"]: texts[spec["file"]] for spec in model["boosters"]}
    catalogue = Catalogue.model_validate_json(texts["catalogue.json"])
    return Bundle.of(model, boosters, catalogue, threads=1)
