"""The neutral rows as files: ``scores.parquet``, from which all others are written, and ``scores.csv``."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from delivery.cells import TEXTS, Cells
from delivery.csv_checks import Checked, check_parts
from delivery.csv_files import CsvParts, NewFile
from delivery.keys import Seen
from delivery.neutral import COLUMNS, RULES, SCHEMA, tally_cells, texts
from delivery.neutral_rows import RowChecks
from delivery.problems import Problem, Tally
from delivery.scored_rows import batches

CSV_NAME = "scores.csv"
PARQUET_NAME = "scores.parquet"


def write_parquet(rows: Iterable[pa.RecordBatch], path: Path) -> Path:
    """Write neutral rows, each batch as one row group: the same rows in the same batches give the same bytes."""
    file = NewFile(path)
    try:
        with (
            pa.PythonFile(file, mode="w") as sink,
            pq.ParquetWriter(sink, SCHEMA) as writer,
            ThreadPoolExecutor(1) as pool,  # the next batch is made meanwhile
        ):
            begun = pool.submit(int)
            for batch in rows:
                begun.result()
                begun = pool.submit(writer.write_table, pa.Table.from_batches([batch]))
            begun.result()
    finally:
        file.close()
    return path


class NeutralCsv:
    """Writes ``scores.csv``."""

    def __init__(self, folder: Path) -> None:
        """Take where to write."""
        self._parts = CsvParts(folder, CSV_NAME, COLUMNS)
        self.finish, self.close = self._parts.finish, self._parts.close

    def add(self, cells: Cells) -> None:
        """Write n leads."""
        self._parts.add([cells.csv[name] for name in COLUMNS])


def check_csv(path: Path) -> Checked:
    """Return what is wrong with a ``scores.csv``, read from its bytes, and its leads."""
    return check_parts([path], RULES, None, between=RowChecks(path.name))


def check_parquet(path: Path) -> Checked:
    """Return what is wrong with a ``scores.parquet``, read from its bytes, and its leads."""
    cells, rows, seen = Tally(), RowChecks(path.name), Seen(None)
    try:
        schema = pq.read_schema(path)
        if not schema.equals(SCHEMA):
            expected = f"the columns and types {_words(SCHEMA)}"
            return Checked([Problem(path.name, expected, value=_words(schema))], seen)
        for batch in batches(path, texts=TEXTS):
            columns = texts({name: batch[name] for name in COLUMNS})
            tally_cells(columns, path.name, cells, kind=0)
            if not cells.count:
                rows.look(columns, seen.count + 2)
                seen.add(columns["lead_id"])
    except (pa.ArrowInvalid, OSError) as error:
        return Checked([Problem(path.name, "a Parquet file", value=str(error))], seen)
    return Checked(cells.problems or rows.problems, seen)


def validate_neutral(path: Path) -> list[Problem]:
    """Return what is wrong with a ``scores.csv`` or ``scores.parquet``, the first of each kind."""
    return (check_parquet if path.suffix == ".parquet" else check_csv)(path).problems


def _words(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)
