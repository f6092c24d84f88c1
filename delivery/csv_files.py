"""Write CSV files in parts within a CRM's limits, a batch of rows at a time."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LineEnding = Literal["LF", "CRLF"]
BOM = "\ufeff"
ENDINGS: Mapping[LineEnding, str] = {"LF": "\n", "CRLF": "\r\n"}


class NewFile:
    """A file that is written from its beginning to its end; an error of the disk names it."""

    def __init__(self, path: Path) -> None:
        """Take the path; the first write makes the file, which must not be there yet."""
        self.path = path
        self.closed = False
        self._file: BinaryIO | None = None

    def write(self, data: bytes | memoryview) -> int:
        """Write bytes at the end.

        Raises:
            OSError: with the path, also where the operating system leaves it out (disk full).
        """
        with _named(self.path):
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("xb")
            return self._file.write(data)

    def close(self) -> None:
        """Close the file; once is enough.

        Raises:
            OSError: as for a write.
        """
        self.closed = True
        with _named(self.path):
            if self._file is not None:
                self._file.close()

    def flush(self) -> None:
        """Do nothing: closing flushes."""


@contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_file(path: Path, pieces: Iterable[bytes]) -> Path:
    """Write a new file.

    Raises:
        OSError: with the path.
    """
    file = NewFile(path)
    try:
        for piece in (b"", *pieces):
            file.write(piece)
    finally:
        file.close()
    return path


class _Echo:
    """Where csv.writer writes to, so that its line comes back instead of going to a file."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def csv_lines(rows: Iterable[Sequence[str]], ending: LineEnding = "LF") -> Iterator[bytes]:
    """Yield each of a few rows as one CSV line in UTF-8, quoted where it must be."""
    writer = csv.writer(_Echo(), lineterminator=ENDINGS[ending])
    for row in rows:
        yield str(writer.writerow(row)).encode()


class CsvParts:
    """Rows in ``<stem>_001.csv``, ``_002`` and so on, each with the header and within the limits.

    Without rows there is one file that holds the header alone. A row that is beyond the limit by itself gets a part
    of its own. ``mark`` puts a byte order mark in front. Close it also where writing failed.
    """

    def __init__(
        self,
        folder: Path,
        stem: str,
        header: Sequence[str],
        *,
        max_bytes: int | None = None,
        max_rows: int | None = None,
        ending: LineEnding = "LF",
        mark: bool = False,
        null: str = "",
    ) -> None:
        """Take where to write what. Missing cells are written as ``null``; a stem with ``.csv`` names the only part."""
        self._folder, self._stem, self._null = folder, stem, null
        self._ending = ENDINGS[ending]
        self._head = (BOM.encode() if mark else b"") + next(csv_lines([header], ending))
        self._max_bytes, self._max_rows = max_bytes, max_rows
        self._size, self._rows = 0, 0
        self._files: list[NewFile] = []

    def add(self, cells: Sequence[pa.Array | pa.Scalar]) -> None:
        """Write n rows, given by their columns; each cell is quoted already where it must be."""
        lines = pc.binary_join_element_wise(
            *cells, ",", null_handling="replace", null_replacement=self._null
        )
        lines = pc.binary_join_element_wise(lines, self._ending, "")
        start, ends, data = text_buffer(lines)
        row = 0
        if not self._files:
            self._next()
        while row < len(ends):
            until = self._until(start, ends, row)
            if until == row:
                self._next()
                continue
            self._files[-1].write(data[start : int(ends[until - 1])])
            self._size += int(ends[until - 1]) - start
            self._rows += until - row
            row, start = until, int(ends[until - 1])

    def finish(self) -> list[Path]:
        """Return the parts."""
        if not self._files:
            self._next()
        self.close()
        return [file.path for file in self._files]

    def close(self) -> None:
        """Close the part that is open; once is enough."""
        for file in self._files[-1:]:
            file.close()

    def _until(self, start: int, ends: np.ndarray, row: int) -> int:
        """Return the row before which this part is full."""
        until = len(ends)
        if self._max_bytes is not None:
            until = int(np.searchsorted(ends, self._max_bytes - self._size + start, side="right"))
        if self._max_rows is not None:
            until = min(until, row + self._max_rows - self._rows)
        return max(until, row if self._rows else row + 1)

    def _next(self) -> None:
        self.close()
        name = self._stem
        if not name.endswith(".csv"):
            name += f"_{len(self._files) + 1:03d}.csv"
        self._files.append(NewFile(self._folder / name))
        self._files[-1].write(self._head)
        self._size, self._rows = len(self._head), 0


def text_buffer(texts: pa.Array) -> tuple[int, np.ndarray, memoryview]:
    """Return where the n texts begin and end in the bytes that hold them one behind the other."""
    if not len(texts):
        return 0, np.empty(0, dtype=np.int64), memoryview(b"")
    _, offsets, data = texts.buffers()
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    places = np.frombuffer(offsets, dtype=width)[texts.offset : texts.offset + len(texts) + 1]
    return (
        int(places[0]),
        places[1:].astype(np.int64),
        memoryview(data) if data else memoryview(b""),
    )
