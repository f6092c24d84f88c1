"""Columns of texts as Arrow holds them: written as numbers, CSV cells or JSON without an object for each cell.

A column of few different texts is an Arrow dictionary, and each text is looked at once. Null is a missing value.
"""

import json
from collections.abc import Callable
from functools import cache, reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_EXACT = 8e14  # below so many hundredths or ten-thousandths, digits put together are what rounding prints
_BETWEEN = "; "
_CSV_QUOTED = '[",\r\n]'
_JSON_ESCAPED = r'["\\\x00-\x1f]'


def over(column: pa.Array, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Return the column with each different text changed."""
    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(column.indices, change(column.dictionary))
    return change(column)


def plain(column: pa.Array) -> pa.Array:
    """Return the column as texts of its own, for each row."""
    return column.cast(pa.string()) if isinstance(column, pa.DictionaryArray) else column


def coded(codes: np.ndarray, words: pa.Array) -> pa.Array:
    """Return the column of the words with these places; -1 is missing."""
    places = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(places, words)


def same(text: str, length: int) -> pa.Array:
    """Return a column that holds one text everywhere."""
    return coded(np.zeros(length, dtype=np.int32), pa.array([text]))


def decimals(values: np.ndarray, places: int) -> pa.Array:
    """Return rounded numbers as text with fixed decimals, as ``f"{value:.2f}"`` writes them; NaN is missing."""
    missing = np.isnan(values)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled = np.rint(values * 10**places)
        exact = (scaled >= 0) & (scaled < _EXACT) & ~np.signbit(values)
    digits = np.where(exact, scaled, 0).astype(np.int64)
    whole, rest = np.divmod(digits, 10**places)
    texts = pc.binary_join_element_wise(
        pa.array(whole).cast(pa.string()), _endings(places).take(pa.array(rest)), "."
    )
    odd = ~exact & ~missing
    if odd.any():
        written = [f"{value:.{places}f}" for value in values[odd]]
        texts = pc.replace_with_mask(texts, pa.array(odd), pa.array(written))
    return pc.if_else(pa.array(missing), None, texts) if missing.any() else texts


@cache
def _endings(places: int) -> pa.Array:
    return pa.array([f"{place:0{places}d}" for place in range(10**places)])


def csv_cells(texts: pa.Array) -> pa.Array:
    """Return texts as CSV cells: in quotes where there is a comma, a quote or a line break, and nowhere else."""
    return _quoted(texts, _quotes(texts))


def joined(
    columns: list[pa.Array], change: Callable[[pa.Array], pa.Array], nothing: str
) -> pa.Array:
    """Return each row's texts, changed, in one with ``"; "`` between them; ``nothing`` where all are missing."""
    # Each brings what stands in front of it: joining with null_handling="skip" loses rows in which all are missing.
    first, *later = [over(column, change) for column in columns]
    parts = [plain(first), *(plain(over(column, _led)) for column in later)]
    texts = pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")
    gap = pc.and_(parts[0].is_null(), pc.not_equal(texts, ""))
    if pc.any(gap).as_py():
        texts = pc.if_else(gap, pc.utf8_slice_codeunits(texts, len(_BETWEEN)), texts)
    return pc.if_else(pc.equal(texts, ""), nothing, texts)


def _led(texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(_BETWEEN, texts, "")


def csv_joined(columns: list[pa.Array], nothing: str) -> pa.Array:
    """Return each row's texts joined as one CSV cell."""
    texts = joined(columns, lambda words: words, nothing)
    flags = [_quotes(column) for column in columns]
    return _quoted(texts, reduce(pc.or_, flags))


def _quotes(column: pa.Array) -> pa.Array:
    """Return for each row whether its text has to be quoted."""
    if isinstance(column, pa.DictionaryArray):
        return _quotes(column.dictionary).take(column.indices).fill_null(False)
    return pc.match_substring_regex(column, _CSV_QUOTED).fill_null(False)


def _quoted(texts: pa.Array, mask: pa.Array) -> pa.Array:
    if not pc.any(mask).as_py():
        return texts
    chosen = pc.replace_substring(texts.filter(mask), '"', '""')
    chosen = pc.binary_join_element_wise('"', chosen, '"', "")
    return pc.replace_with_mask(texts, mask, chosen)


def json_inner(texts: pa.Array) -> pa.Array:
    """Return texts as they stand between the quotes of a JSON string."""
    mask = pc.match_substring_regex(texts, _JSON_ESCAPED)
    if not pc.any(mask).as_py():
        return texts
    chosen = [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts.filter(mask).to_pylist()]
    return pc.replace_with_mask(texts, mask.fill_null(False), pa.array(chosen, pa.string()))


def json_numbers(texts: pa.Array) -> pa.Array:
    """Return decimals as JSON writes the same number: 12.50 as 12.5, and 800.00 as 800.0."""
    long = pc.greater(pc.binary_length(texts), 15)
    short = pc.utf8_rtrim(texts, "0")
    short = pc.if_else(pc.ends_with(short, "."), pc.binary_join_element_wise(short, "0", ""), short)
    if pc.any(long).as_py():
        written = [json.dumps(float(text)) for text in texts.filter(long).to_pylist()]
        short = pc.replace_with_mask(short, long.fill_null(False), pa.array(written))
    return short
