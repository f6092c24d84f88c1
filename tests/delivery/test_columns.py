"""Columns of texts are written as Python would write each cell."""

import csv
import io
import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery import columns
from delivery.columns import csv_cells, csv_joined, decimals, joined, json_inner, json_numbers

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
SIGNS = st.text('a"\\,; \n\r\té', max_size=6)
CELLS = st.lists(st.none() | SIGNS | TEXT, max_size=20)
AMOUNT = st.floats(allow_infinity=True, allow_nan=True) | st.floats(0, 1e6) | st.floats(-1, 1)


def as_csv(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(["x", text])
    return line.getvalue().removeprefix("x,").removesuffix("\r\n")


@settings(deadline=None)
@given(values=st.lists(AMOUNT, max_size=20), places=st.sampled_from([2, 4]))
def test_decimals_are_those_of_a_format(values: list[float], places: int) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = np.round(np.array(values, dtype=float), places)
    said = [None if np.isnan(value) else f"{value:.{places}f}" for value in rounded]
    assert decimals(rounded, places).to_pylist() == said


@pytest.mark.parametrize("value", [0.0, 0.005, 1.005, 12000.5, 7999999999999.99, 9e15, 1e300])
def test_decimals_of_amounts_of_every_size(value: float) -> None:
    rounded = np.round(np.array([value]), 2)
    assert decimals(rounded, 2).to_pylist() == [f"{rounded[0]:.2f}"]


@settings(deadline=None)
@given(values=st.lists(st.floats(0, 1e14), max_size=20), places=st.sampled_from([2, 4]))
def test_a_decimal_is_the_same_number_in_json(values: list[float], places: int) -> None:
    cells = [f"{value:.{places}f}" for value in values]
    said = [json.dumps(float(cell)) for cell in cells]
    assert json_numbers(pa.array(cells, pa.string())).to_pylist() == said


@settings(deadline=None)
@given(cells=CELLS)
def test_cells_are_quoted_as_the_csv_module_does(cells: list[str | None]) -> None:
    found = csv_cells(pa.array(cells, pa.string())).to_pylist()
    assert found == [None if cell is None else as_csv(cell) for cell in cells]


@settings(deadline=None)
@given(cells=CELLS)
def test_texts_are_escaped_as_the_json_module_does(cells: list[str | None]) -> None:
    found = json_inner(pa.array(cells, pa.string())).to_pylist()
    assert found == [
        None if cell is None else json.dumps(cell, ensure_ascii=False)[1:-1] for cell in cells
    ]


@settings(deadline=None)
@given(rows=st.lists(st.tuples(*[st.none() | SIGNS.filter(bool)] * 3), min_size=1, max_size=20))
def test_reasons_are_joined_and_a_row_without_any_says_so(
    rows: list[tuple[str | None, ...]],
) -> None:
    columns_of = [
        pa.array(column, pa.string()).dictionary_encode() for column in zip(*rows, strict=True)
    ]
    said = ["; ".join(filter(None, row)) or "none" for row in rows]
    assert joined(columns_of, lambda words: words, "none").to_pylist() == said
    assert csv_joined(columns_of, "none").to_pylist() == [as_csv(line) for line in said]


def test_a_word_is_changed_once_however_often_it_stands_there() -> None:
    seen: list[str] = []

    def upper(words: pa.Array) -> pa.Array:
        seen.extend(words.to_pylist())
        return pa.array([word.upper() for word in words.to_pylist()])

    column = pa.array(["a", "b", None, "a"]).dictionary_encode()
    assert columns.plain(columns.over(column, upper)).to_pylist() == ["A", "B", None, "A"]
    assert seen == ["a", "b"]
