"""How a text file is written: its bytes, encoding, delimiter and header, before a row is read."""

import codecs
import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from features.errors import DataError
from features.project import Source

_CHUNK = 1 << 20
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_UTF8 = ("utf-8", "ascii")


@dataclass(frozen=True)
class TextFile:
    """A file as it is read: ``path`` is UTF-8 (the file itself, or its transcoded copy).

    ``odd_ends``: records do not all end alike (LF, CRLF, CR), so that a fast reader would
    be lost. ``digest`` is the SHA-256 of the original's bytes.
    """

    original: Path
    path: Path
    digest: str
    odd_ends: bool


def open_text(file: Path, source: Source, scratch: Path) -> TextFile:
    """Check that every byte of a file can be read, and transcode what is not UTF-8 into ``scratch``.

    Raises:
        DataError: bytes do not belong to the declared encoding.
    """
    encoding = _encoding(file, source.encoding)
    plain = codecs.lookup(encoding).name in _UTF8 and file.suffix != ".gz"
    target = (
        file if plain else scratch / f"{hashlib.sha256(str(file).encode()).hexdigest()[:16]}.utf8"
    )
    decoder = codecs.getincrementaldecoder(encoding)()
    digest = hashlib.sha256()
    ends = _LineEnds()
    done = 0
    with _bytes(file) as stream, io.BytesIO() if plain else target.open("wb") as copy:
        while True:
            chunk = stream.read(_CHUNK)
            digest.update(chunk)
            before = decoder.getstate()[0]
            try:
                decoded = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise _wrong_bytes(
                    file, source.encoding, done - len(before) + error.start, error
                ) from None
            except EOFError as error:
                raise DataError(f"{file}: the archive is cut off: {error}") from None
            done += len(chunk)
            recoded = chunk if plain else decoded.encode("utf-8")
            ends.take(recoded)
            if not plain:
                copy.write(recoded)
            if not chunk:
                break
    return TextFile(file, target, digest.hexdigest(), ends.odd)


class _LineEnds:
    """Counts how records may end, over chunks."""

    def __init__(self) -> None:
        self._cr = self._lf = self._crlf = 0
        self._last = b""

    def take(self, chunk: bytes) -> None:
        self._crlf += chunk.count(b"\r\n") + (self._last == b"\r" and chunk.startswith(b"\n"))
        self._cr += chunk.count(b"\r")
        self._lf += chunk.count(b"\n")
        self._last = chunk[-1:]

    @property
    def odd(self) -> bool:
        alone = (self._cr - self._crlf, self._lf - self._crlf)
        return (self._crlf > 0) + (alone[0] > 0) + (alone[1] > 0) > 1


def _bytes(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file, "rb")) if file.suffix == ".gz" else file.open("rb")


def _encoding(file: Path, declared: str) -> str:
    """A byte order mark wins over what is declared: it is evidence."""
    with _bytes(file) as stream:
        try:
            start = stream.read(4)
        except (OSError, EOFError) as error:
            raise DataError(f"{file}: cannot be read: {error}") from None
    return next((name for mark, name in _BOMS.items() if start.startswith(mark)), declared)


def _wrong_bytes(file: Path, declared: str, offset: int, error: UnicodeDecodeError) -> DataError:
    with _bytes(file) as stream:
        before = stream.read(offset)
    line = before.count(b"\n") + 1
    byte = error.object[error.start : error.start + 1].hex()
    advice = (
        f"say encoding: {_looks_like(file)} if that is what it is"
        if codecs.lookup(declared).name in _UTF8
        else "say the encoding it has"
    )
    return DataError(
        f"{file}: line {line}, byte {offset} (0x{byte}) is not {declared}; {advice}, in the project file at this source"
    )


def _looks_like(file: Path) -> str:
    with _bytes(file) as stream:
        start = stream.read(_CHUNK)
    if start[:4000].count(0) > len(start[:4000]) // 4:
        return "utf-16"
    try:
        start.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def records(text: TextFile, delimiter: str, quote: str) -> Iterator[list[str]]:
    """Yield a file's records, read with care and without haste; a record ends at LF, CRLF or CR.

    Raises:
        csv.Error: a quote is never closed, or is followed by something else than a delimiter.
    """
    csv.field_size_limit(1 << 30)
    with text.path.open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.reader(stream, delimiter=delimiter, quotechar=quote, strict=True)


def delimiter_of(text: TextFile, source: Source, form: str) -> str:
    """Return the declared delimiter, or the one that splits the header into most columns."""
    if source.delimiter is not None:
        return source.delimiter
    if form == "tsv":
        return "\t"
    widths = {candidate: len(_first(text, candidate, source.quote)) for candidate in ",;\t|"}
    return max(widths, key=lambda candidate: widths[candidate])


def header_of(text: TextFile, delimiter: str, quote: str) -> list[str]:
    """Return the column names, stripped; a column without a name is ``column_N``.

    Raises:
        DataError: the file is empty, starts with a blank line, or names two columns alike.
    """
    names = [
        name.strip() or f"column_{number}"
        for number, name in enumerate(_first(text, delimiter, quote), 1)
    ]
    if not names:
        what = "starts with a blank line" if text.path.stat().st_size else "is empty"
        raise DataError(
            f"{text.original}: the file {what}; expected a header with the names of the columns"
        )
    refuse_repeated(text.original, names)
    return names


def refuse_repeated(where: object, names: list[str]) -> None:
    """Refuse columns that differ in upper and lower case at most.

    Raises:
        DataError: with each such name.
    """
    folded: dict[str, list[str]] = {}
    for name in names:
        folded.setdefault(name.casefold(), []).append(name)
    twice = [" and ".join(repr(name) for name in same) for same in folded.values() if len(same) > 1]
    if twice:
        raise DataError(
            f"{where}: columns are named alike: {'; '.join(twice)}; give each its own name (case does not tell them apart)"
        )


def _first(text: TextFile, delimiter: str, quote: str) -> list[str]:
    try:
        with closing(
            cast("io.TextIOBase", text.path.open(encoding="utf-8-sig", newline=""))
        ) as stream:
            return next(csv.reader(stream, delimiter=delimiter, quotechar=quote), [])
    except csv.Error as error:
        raise DataError(f"{text.original}: the header cannot be read: {error}") from None
