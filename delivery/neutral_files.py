"""The neutral rows as files: ``scores.csv`` and ``scores.parquet``, written and strictly read."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from delivery.csv_files import check_cells, csv_lines, read_strictly, write_file
from delivery.neutral import AGAINST, COLUMNS, INTERVAL, REASONS, RULES, TIMES, texts
from delivery.problems import Problem

CSV_NAME = "scores.csv"
PARQUET_NAME = "scores.parquet"
_MOMENT = pa.timestamp("ms", tz="UTC")
_PARQUET_TYPES = {
    **dict.fromkeys(("close_probability", *INTERVAL), pa.float64()),
    "score": pa.int16(),
    "previous_score": pa.int16(),
    "expected_value": pa.float64(),
    **dict.fromkeys(TIMES, _MOMENT),
}
SCHEMA = pa.schema([pa.field(name, _PARQUET_TYPES.get(name, pa.string())) for name in COLUMNS])


def write_neutral(rows: pd.DataFrame, folder: Path) -> list[Path]:
    """Write neutral rows as ``scores.csv`` and ``scores.parquet``; the same rows give the same bytes."""
    return [
        write_file(folder / CSV_NAME, _csv(rows)),
        write_file(folder / PARQUET_NAME, [_parquet(rows)]),
    ]


def _csv(rows: pd.DataFrame) -> Iterator[bytes]:
    yield from csv_lines([COLUMNS])
    yield from csv_lines(zip(*texts(rows).values(), strict=True))


def _parquet(rows: pd.DataFrame) -> bytes:
    # Column by column: pandas' own way leaves its metadata in the file, and warns of time zones.
    arrays = [
        pa.array(
            rows[field.name].dt.tz_convert(None).to_numpy()
            if field.name in TIMES
            else rows[field.name].astype(object).where(rows[field.name].notna(), None).tolist(),
            type=None if field.name in TIMES else field.type,
        ).cast(field.type)
        for field in SCHEMA
    ]
    table = pa.Table.from_arrays(arrays, schema=SCHEMA)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def validate_neutral(path: Path) -> list[Problem]:
    """Return what is wrong with a ``scores.csv`` or ``scores.parquet``, all of it, read from the bytes."""
    if path.suffix == ".parquet":
        return _validate_parquet(path)
    sheet = read_strictly(path)
    problems = check_cells(sheet, RULES)
    return problems or _validate_rows(path.name, {name: sheet.column(name) for name in COLUMNS})


def _validate_parquet(path: Path) -> list[Problem]:
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowInvalid, OSError) as error:
        return [Problem(path.name, "a Parquet file", value=str(error))]
    if not table.schema.equals(SCHEMA):
        return [
            Problem(
                path.name, f"the columns and types {_words(SCHEMA)}", value=_words(table.schema)
            )
        ]
    cells = texts(table.to_pandas(types_mapper={pa.int16(): pd.Int16Dtype()}.get))
    refused = {name: RULES[name].refused(column) for name, column in cells.items()}
    problems = [
        Problem(
            path.name, RULES[name].expected, row=cells["lead_id"][place], column=name, value=cell
        )
        for name, values in refused.items()
        if values
        for place, cell in enumerate(cells[name])
        if cell in values
    ]
    return problems or _validate_rows(path.name, cells)


def _words(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)


def _validate_rows(name: str, cells: dict[str, list[str]]) -> list[Problem]:
    """Return what is wrong between cells that are each right by themselves."""
    ids = cells["lead_id"]

    def wrong(place: int, column: str, expected: str) -> Problem:
        return Problem(name, expected, row=place + 2, column=column, value=cells[column][place])

    problems = [
        wrong(place, "lead_id", "each lead once, sorted by lead_id")
        for place in range(1, len(ids))
        if ids[place] <= ids[place - 1]
    ]
    problems += [
        Problem(name, "one value in the whole file", column=column, value=" and ".join(values[:2]))
        for column in ("model_version", "run_id", *TIMES)
        if len(values := sorted(set(cells[column]))) > 1
    ]
    problems += [
        wrong(place, later, f"{earlier} to be filled before {later}")
        for earlier, later in (*pairwise(REASONS), *pairwise(AGAINST))
        for place in range(len(ids))
        if cells[later][place] and not cells[earlier][place]
    ]
    low, high = (cells[name] for name in INTERVAL)
    problems += [
        wrong(place, "probability_low", "an interval around close_probability, both ends or none")
        for place, probability in enumerate(cells["close_probability"])
        if not _around(low[place], probability, high[place])
    ]
    problems += [
        wrong(place, "trend", "new if and only if there is no previous_score")
        for place in range(len(ids))
        if (cells["trend"][place] == "new") != (cells["previous_score"][place] == "")
    ]
    return problems


def _around(low: str, probability: str, high: str) -> bool:
    """Whether an interval lies around the probability; all have the same number of digits."""
    return low <= probability <= high if low and high else not (low or high)
