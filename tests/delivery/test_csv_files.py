"""The strict reader refuses what the pickiest importer would refuse."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery import csv_reader
from delivery.columns import csv_cells
from delivery.csv_files import CsvParts, LineEnding, csv_lines
from delivery.csv_reader import StrictReader

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20)


class Sheet:
    """A CSV file as the strict reader reads it."""

    def __init__(self, path: Path, **form: Any) -> None:
        reader = StrictReader(path, **form)
        self.rows = [
            list(row)
            for _, batch in reader
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
        ]
        self.header, self.problems = reader.header, reader.problems


def read_strictly(path: Path, **form: Any) -> Sheet:
    return Sheet(path, **form)


def write_parts(
    folder: Path, stem: str, header: Sequence[str], rows: Sequence[Sequence[str]], **limits: Any
) -> list[Path]:
    """Write rows, three at a time."""
    parts = CsvParts(folder, stem, header, **limits)
    for start in range(0, len(rows), 3):
        columns = zip(*rows[start : start + 3], strict=True)
        parts.add([csv_cells(pa.array(column, pa.string())) for column in columns])
    return parts.finish()


def wrong(path: Path, data: bytes, **limits: int) -> list[str]:
    path.write_bytes(data)
    return [str(problem) for problem in read_strictly(path, **limits).problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leads.csv"


def test_a_plain_file_is_read_as_it_is(path: Path) -> None:
    path.write_bytes(b'id,why\n1,"a ""b"", c"\n2,\n')
    sheet = read_strictly(path)
    assert (sheet.header, sheet.rows, sheet.problems) == (
        ["id", "why"],
        [["1", 'a "b", c'], ["2", ""]],
        [],
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "leads.csv, line 1: ''; expected a header line"),
        (b"id\n\xff\n", "leads.csv, line 2: \"b'\\\\xff'\"; expected UTF-8"),
        (b"\xef\xbb\xbfid\n1\n", "leads.csv, line 1: expected UTF-8 without a byte order mark"),
        (b"id\n1", "leads.csv, line 2: expected the last line to end with LF"),
        (
            b"id\r\n",
            "leads.csv, line 1: 'id\\r'; expected lines that end with LF alone, "
            "and no line break or NUL within a cell",
        ),
        (
            b'id,why\n1, "a"\n',
            "leads.csv, line 2: '1, \"a\"'; expected cells that are quoted as a whole or not at all, "
            "with no space beside a quote",
        ),
        (
            b'id,why\n1,"a" \n',
            "leads.csv, line 2: '1,\"a\" '; expected cells that are quoted as a whole or not at all, "
            "with no space beside a quote",
        ),
        (b"id,why\n1\n", "leads.csv, line 2: '1 cells'; expected 2 cells, as in the header"),
        (b"id,id\n1,2\n", "leads.csv, line 1, column id: expected each column once"),
    ],
)
def test_a_broken_form_is_named_by_its_line(path: Path, data: bytes, problem: str) -> None:
    assert wrong(path, data) == [problem]


def test_a_line_break_within_a_cell_is_refused(path: Path) -> None:
    assert len(wrong(path, b'id,why\n1,"a\nb"\n')) > 0


def test_limits_of_size_and_rows_are_held(path: Path) -> None:
    assert wrong(path, b"id\n1\n2\n", max_bytes=6) == [
        "leads.csv: '7 bytes'; expected at most 6 bytes"
    ]
    assert wrong(path, b"id\n1\n2\n", max_rows=1) == [
        "leads.csv: '2 rows'; expected at most 1 rows"
    ]


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=20),
    ending=st.sampled_from(["LF", "CRLF"]),
)
def test_what_is_written_is_read_back_by_the_strict_reader_and_by_any_other(
    rows: Sequence[tuple[str, str, str]], ending: LineEnding
) -> None:
    with TemporaryDirectory() as folder:
        header = ["a", "b", "c"]
        [path] = write_parts(Path(folder), "x", header, rows, max_bytes=10**6, ending=ending)
        sheet = read_strictly(path, ending=ending)
        assert sheet.problems == []
        assert sheet.rows == [list(row) for row in rows]
        with path.open(encoding="utf-8", newline="") as file:
            assert list(csv.reader(file)) == [header, *map(list, rows)]


@settings(deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), max_size=30), limit=st.integers(40, 300))
def test_parts_keep_the_limit_and_together_hold_every_row_once(
    rows: Sequence[tuple[str, str]], limit: int
) -> None:
    with TemporaryDirectory() as folder:
        parts = write_parts(Path(folder), "x", ["a", "b"], rows, max_bytes=limit)
        read = [read_strictly(part) for part in parts]
        assert [row for sheet in read for row in sheet.rows] == [list(row) for row in rows]
        for part, sheet in zip(parts, read, strict=True):
            assert sheet.header == ["a", "b"]
            assert part.stat().st_size <= limit or len(sheet.rows) == 1


def test_parts_keep_the_limit_of_rows(tmp_path: Path) -> None:
    rows = [(str(i),) for i in range(7)]
    parts = write_parts(tmp_path, "x", ["a"], rows, max_bytes=1000, max_rows=3)
    assert [len(read_strictly(part).rows) for part in parts] == [3, 3, 1]
    assert [part.name for part in parts] == ["x_001.csv", "x_002.csv", "x_003.csv"]


def test_crlf_is_written_where_it_is_asked_for() -> None:
    assert list(csv_lines([("a", "b,c")], "CRLF")) == [b'a,"b,c"\r\n']


@settings(deadline=None)
@given(
    data=st.text('ab",\n\r \0é\ufeff', max_size=60),
    cut=st.integers(1, 12),
    ending=st.sampled_from(["LF", "CRLF"]),
)
def test_a_file_read_in_blocks_is_what_it_is_as_a_whole(
    data: str, cut: int, ending: LineEnding
) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "x.csv"
        path.write_bytes(f"a,b{data}".encode())
        whole = Sheet(path, ending=ending)
        patch.setattr(csv_reader, "BLOCK", cut)
        blocks = Sheet(path, ending=ending)
        assert {str(problem) for problem in blocks.problems} == {
            str(problem) for problem in whole.problems
        }
        if not whole.problems:
            assert (blocks.header, blocks.rows) == (whole.header, whole.rows)
            text = path.read_bytes().decode("utf-8-sig")
            assert [whole.header, *whole.rows] == list(csv.reader(io.StringIO(text, newline="")))


def test_a_row_that_begins_with_a_byte_order_mark_keeps_it(path: Path) -> None:
    path.write_bytes(b"id\n\xef\xbb\xbf1\n")
    assert read_strictly(path).rows == [["\ufeff1"]]


def test_of_many_broken_lines_the_first_hundred_are_named(path: Path) -> None:
    path.write_bytes(b"id,why\n" + b"1\n" * 300)
    problems = read_strictly(path).problems
    assert len(problems) == 100
    assert str(problems[-1]) == "leads.csv, line 101: '1 cells'; expected 2 cells, as in the header"
