"""Read CSV files back as strictly as the pickiest importer would, a block of lines at a time."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from delivery.csv_files import BOM, ENDINGS, LineEnding
from delivery.problems import Problem, Tally

BLOCK = 8_000_000  # bytes that are looked at together
# A cell is quoted as a whole or holds no quote at all: Bulk API 2.0 fails a row with a space beside a quote.
_CELL = r'(?:"[^"]*+(?:""[^"]*+)*+"|[^",]*+)'
_ROW = re.compile(rf"{_CELL}(?:,{_CELL})*+")
_QUOTED = re.compile(r'"[^"]*"')
# The same for RE2, which looks at all lines of a block at once, and without what no line may hold.
_FAST_CELL = r'(?:"(?:[^"\r\n\x00]|"")*"|[^",\r\n\x00]*)'
_SIZE, _UTF_8, _MARK, _HEADER, _LAST, _BREAKS, _QUOTES, _ONCE, _WIDTH, _ROWS = range(10)


def blocks(path: Path, ending: bytes) -> Iterator[bytes]:
    """Yield a file's bytes, each time whole lines; what comes after the last line ending comes last."""
    rest = b""
    with path.open("rb") as file:
        while data := file.read(BLOCK):
            whole, found, rest = (rest + data).rpartition(ending)
            if found:
                yield whole + found
    if rest:
        yield rest


def split_lines(data: bytes, ending: bytes) -> pa.Array:
    """Return the lines of a block as Arrow binary, without their endings."""
    if ending == b"\n" and data.endswith(ending):
        ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")) + 1
        offsets = pa.py_buffer(np.concatenate([[0], ends]).astype(np.int32))
        whole = pa.Array.from_buffers(pa.binary(), len(ends), [None, offsets, pa.py_buffer(data)])
        return pc.binary_slice(whole, 0, -1)
    return pa.array(data.removesuffix(ending).split(ending), pa.binary())


@dataclass(frozen=True)
class PlainLines:
    """Lines that are right in form and content beyond doubt, so that they need not be taken apart.

    ``pattern``, for RE2, matches whole lines of at most ``longest`` bytes below the ``header``; the first cell holds
    neither comma nor quote.
    """

    header: tuple[str, ...]
    pattern: str
    longest: int

    def all(self, header: Sequence[str], rows: pa.Array) -> bool:
        """Whether there are rows, and all are plain."""
        if not len(rows) or tuple(header) != self.header:
            return False
        if pc.max(pc.binary_length(rows)).as_py() > self.longest:
            return False
        return bool(pc.all(pc.match_substring_regex(rows.cast(pa.string()), self.pattern)).as_py())

    def first_column(self, rows: pa.Array) -> pa.RecordBatch:
        """Return the first column of plain rows, alone."""
        cells = pc.list_element(pc.split_pattern(rows, ",", max_splits=1), 0)
        return pa.RecordBatch.from_arrays([cells.cast(pa.string())], [self.header[0]])


class StrictReader:
    """A CSV file, from its bytes: encoding, line endings, quoting, equal width, size. Never raises for content.

    Iterate over it to get its rows as batches of text, each with the line number of its first row. Once something is
    wrong with the form no more rows come, but the rest is looked through: ``problems`` holds all at the end.
    """

    def __init__(
        self,
        path: Path,
        *,
        ending: LineEnding = "LF",
        max_bytes: int | None = None,
        max_rows: int | None = None,
        mark: bool = False,
        plain: PlainLines | None = None,
    ) -> None:
        """``mark`` allows a byte order mark; where all lines of a block are ``plain``, the first column comes alone."""
        self.header: list[str] = []
        self._path, self._ending, self._mark = path, ending, mark
        self._max_bytes, self._max_rows = max_bytes, max_rows
        self._form, self._shape, self._plain = Tally(), Tally(), plain

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the form, up to where the file has been read."""
        return self._form.problems or self._shape.problems

    def __iter__(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        self._check_size()
        end = ENDINGS[self._ending].encode()
        line = 1
        for data in blocks(self._path, end):
            if not self._is_text(data, line):
                return
            bare = self._unmarked(data) if line == 1 else data
            if not bare.endswith(end):
                expected = f"the last line to end with {self._ending}"
                self._wrong(_LAST, expected, row=line + bare.count(b"\n"))
            lines = split_lines(bare, end)
            head = lines[:1] if line == 1 else lines[:0]
            rows = lines[len(head) :]
            well = self._read_header(head)
            if well and self._plain and self._plain.all(self.header, rows) and not self.problems:
                yield line + len(head), self._plain.first_column(rows)
            elif not (well and self._fits(rows)):
                self._diagnose(lines, line)
            elif len(rows) and not self.problems:
                begin = sum(len(text) + len(end) for text in head.to_pylist())
                yield line + len(head), self._parse(memoryview(bare)[begin:])
            line += len(lines)
        self._check_rows(max(line - 2, 0))

    def _wrong(self, kind: int, expected: str, **where: Any) -> None:  # noqa: ANN401  a problem's fields
        tally = self._form if kind <= _QUOTES else self._shape
        tally.add(kind, [Problem(self._path.name, expected, **where)])

    def _check_size(self) -> None:
        size = self._path.stat().st_size
        if self._max_bytes is not None and size > self._max_bytes:
            self._wrong(_SIZE, f"at most {self._max_bytes:,} bytes", value=f"{size:,} bytes")
        if not size:
            self._wrong(_HEADER, "a header line", row=1, value="")

    def _check_rows(self, rows: int) -> None:
        if self._max_rows is not None and rows > self._max_rows:
            self._wrong(_ROWS, f"at most {self._max_rows:,} rows", value=f"{rows:,} rows")

    def _is_text(self, data: bytes, line: int) -> bool:
        ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
        try:
            pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(data)]).validate(
                full=True
            )
        except pa.ArrowInvalid:
            try:
                data.decode()
            except UnicodeDecodeError as error:
                row = line + data.count(b"\n", 0, error.start)
                self._wrong(_UTF_8, "UTF-8", row=row, value=repr(data[error.start : error.end]))
                return False
        return True

    def _unmarked(self, data: bytes) -> bytes:
        if data.startswith(BOM.encode()) and not self._mark:
            self._wrong(_MARK, "UTF-8 without a byte order mark", row=1)
        return data.removeprefix(BOM.encode())

    def _read_header(self, head: pa.Array) -> bool:
        """Read the header, if this is its line; return whether it is of the right form."""
        for line in head.to_pylist():
            text = line.decode()
            if not _is_whole(text) or not _ROW.fullmatch(text):
                return False
            self.header = next(csv.reader([text], strict=True))
            for name, count in Counter(self.header).items():
                if count > 1:
                    self._wrong(_ONCE, "each column once", row=1, column=name)
        return True

    def _fits(self, rows: pa.Array) -> bool:
        """Whether each row is of the right form and as wide as the header."""
        width = len(self.header)
        if not len(rows) or width == 0:
            return not len(rows)
        row = _FAST_CELL + f"(?:,{_FAST_CELL}){{{width - 1}}}"
        fits = pc.match_substring_regex(rows, f"^{row}$")
        if width == 1:  # an empty line holds no cell at all
            fits = pc.and_(fits, pc.greater(pc.binary_length(rows), 0))
        return bool(pc.all(fits).as_py())

    def _diagnose(self, lines: pa.Array, first: int) -> None:
        """Name the lines of a block that are not as they should be."""
        texts = [line.decode() for line in lines.to_pylist()]
        breaks = f"lines that end with {self._ending} alone, and no line break or NUL within a cell"
        quotes = "cells that are quoted as a whole or not at all, with no space beside a quote"
        for row, text in enumerate(texts, start=first):
            if not _is_whole(text):
                self._wrong(_BREAKS, breaks, row=row, value=text)
            if not _ROW.fullmatch(text):
                self._wrong(_QUOTES, quotes, row=row, value=text)
        if self._form.count:
            return
        for row, text in enumerate(texts, start=first):
            if row > 1 and _width(text) != len(self.header):
                expected = f"{len(self.header)} cells, as in the header"
                self._wrong(_WIDTH, expected, row=row, value=f"{_width(text)} cells")

    def _parse(self, rows: memoryview) -> pa.RecordBatch:
        # A line in front, because Arrow would pass over a byte order mark at the beginning.
        front = b"," * (len(self.header) - 1) + b"\n"
        data = front + rows
        table = pa_csv.read_csv(
            pa.py_buffer(data),
            read_options=pa_csv.ReadOptions(
                column_names=self.header, block_size=len(data) + 1, use_threads=False
            ),
            parse_options=pa_csv.ParseOptions(ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(self.header, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        return table.combine_chunks().to_batches()[0].slice(1)


def _is_whole(text: str) -> bool:
    return not ("\r" in text or "\n" in text or "\0" in text)


def _width(text: str) -> int:
    """Return the number of cells of a line that is of the right form."""
    return _QUOTED.sub("", text).count(",") + 1 if text else 0
