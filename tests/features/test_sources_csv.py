"""CSV as it is written in the world, read back exactly or refused with its row."""

import codecs
import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import DataError, ProjectError
from features.project import Source
from features.raw import FILE, REFUSED, ROW, RawTable
from features.sources import load_source

Refused = list[tuple[int, str, str]]


class Reader:
    """Loads sources into one connection and tells what came of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute(REFUSED)

    def load(self, content: bytes | None = None, name: str = "t.csv", **source: object) -> RawTable:
        if content is not None:
            (self.root / name).write_bytes(content)
        self.connection.execute("DELETE FROM refused")
        said = Source.model_validate({"path": name, **source})
        return load_source(self.connection, "sources.leads", "leads", said, self.root, self.root)

    def rows(self) -> list[tuple[object, ...]]:
        query = f"SELECT * EXCLUDE ({FILE}, {ROW}) FROM raw_leads ORDER BY {FILE}, {ROW}"
        return self.connection.execute(query).fetchall()

    def numbers(self) -> list[int]:
        query = f"SELECT {ROW} FROM raw_leads ORDER BY {FILE}, {ROW}"
        return [row[0] for row in self.connection.execute(query).fetchall()]

    def refused(self) -> Refused:
        return self.connection.execute(
            "SELECT row, value, reason FROM refused ORDER BY row"
        ).fetchall()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    reader = Reader(tmp_path_factory.mktemp("csv"))
    yield reader
    reader.connection.close()


@pytest.fixture
def reader(shared: Reader) -> Iterator[Reader]:
    yield shared
    for file in shared.root.iterdir():
        file.unlink()


CELL = st.text(alphabet="ab1 \"'\n\r,;\t|#\\é€😀\x00-=+\u2028\ufeffNUL", max_size=6)


@st.composite
def written(draw: st.DrawFn) -> tuple[list[list[str]], dict[str, str], bytes]:
    """Draw rows, a dialect and what csv.writer makes of them."""
    width = draw(st.integers(1, 3))
    rows = draw(st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=6))
    delimiter, quote = draw(st.sampled_from(",;\t|")), draw(st.sampled_from("\"'"))
    stream = io.StringIO(newline="")
    # All quoted: without, csv.writer leaves a lone CR bare, and that ends a record.
    bare_return = any("\r" in cell for row in rows for cell in row)
    writer = csv.writer(
        stream,
        delimiter=delimiter,
        quotechar=quote,
        quoting=csv.QUOTE_ALL
        if bare_return
        else draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n"])),
    )
    writer.writerow([f"c{number}" for number in range(width)])
    writer.writerows(rows)
    return rows, {"delimiter": delimiter, "quote": quote}, stream.getvalue().encode()


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(written())
def test_what_csv_writer_writes_is_read_back_exactly(
    shared: Reader, case: tuple[list[list[str]], dict[str, str], bytes]
) -> None:
    rows, dialect, content = case
    shared.load(content, **dialect)
    # A record of one empty column that is not quoted is a blank line; csv.writer quotes it.
    assert shared.rows() == [tuple(cell or None for cell in row) for row in rows]
    assert shared.refused() == []
    assert shared.numbers() == list(range(2, len(rows) + 2))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text(alphabet="ab,\n\r", max_size=20))
def test_careful_and_fast_reading_tell_the_same(shared: Reader, body: str) -> None:
    shared.load(f"x,y\n{body.replace(chr(13), '')}\n".encode())
    fast = (shared.rows(), [row for row, _, _ in shared.refused()])
    shared.load(f"x,y\r\n{body.replace(chr(13), '')}\n".encode())  # mixed ends: read with care
    assert (shared.rows(), [row for row, _, _ in shared.refused()]) == fast


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_records_end_as_they_may(reader: Reader, ends: str) -> None:
    reader.load(ends.join(["id,x", "1,a", "2,b", ""]).encode())
    assert reader.rows() == [("1", "a"), ("2", "b")]


def test_line_ends_may_change_within_a_file(reader: Reader) -> None:
    reader.load(b'id,x\r\n1,"a\nb"\n2,c\r3,d\r\n')
    assert reader.rows() == [("1", "a\nb"), ("2", "c"), ("3", "d")]


def test_ragged_rows_are_refused_with_their_numbers_and_the_rest_keeps_its_own(
    reader: Reader,
) -> None:
    reader.load(b'id,x\n1,"a\nb"\n2,b,c\n3\n4,d\n5,e,f\n6,g\n')
    assert reader.rows() == [("1", "a\nb"), ("4", "d"), ("6", "g")]
    assert reader.numbers() == [2, 5, 7]
    assert reader.refused() == [
        (3, "2,b,c", "more columns than the header"),
        (4, "3", "fewer columns than the header"),
        (6, "5,e,f", "more columns than the header"),
    ]


def test_careful_reading_numbers_ragged_rows_alike(reader: Reader) -> None:
    reader.load(b"id,x\r\n1,a\n2,b,c\n3\n4,d\n")
    assert reader.numbers() == [2, 5]
    assert [row for row, _, _ in reader.refused()] == [3, 4]


def test_each_line_that_an_open_quote_swallows_is_a_row_refused(reader: Reader) -> None:
    reader.load(b'id,x\n1,a\n2,"b\n3,c\n4,d\n')
    assert reader.rows() == [("1", "a")]
    assert reader.refused() == [
        (3, '2,"b', "a quote is not closed where a column ends"),
        (4, "3,c", "swallowed by the open quote of row 3"),
        (5, "4,d", "swallowed by the open quote of row 3"),
    ]


def test_an_open_quote_that_swallows_too_much_stops(reader: Reader) -> None:
    content = b'id,x\n1,a\n2,"b\n' + b"3,c\n" * 5000
    said = (
        "t.csv: row 3 opens a quote that is not closed; the rows after it cannot be told apart. "
        "Close the quote, or say quote: in the project file"
    )
    assert refusal(reader, content) == said


def test_careful_reading_stops_at_an_open_quote(reader: Reader) -> None:
    assert refusal(reader, b'id,x\r\n1,a\n2,"b\n') == (
        "t.csv: row 3: unexpected end of data; the rows after it cannot be told apart. "
        "Close the quote, or say quote: in the project file"
    )


def test_a_line_may_not_be_endless(reader: Reader) -> None:
    reader.load(b"id,x\n1,a\n2," + b"z" * 2_500_000 + b"\n3,c\n")
    assert reader.numbers() == [2, 4]
    assert [(row, reason) for row, _, reason in reader.refused()] == [
        (3, "longer than 2 MB, most likely a quote that is never closed")
    ]


def test_empty_delimiters_at_the_end_of_a_line_are_nothing(reader: Reader) -> None:
    reader.load(b"id,x\n1,a,\n2,b,,\n")
    assert reader.rows() == [("1", "a"), ("2", "b")]


def test_header_alone_means_no_rows(reader: Reader) -> None:
    raw = reader.load(b"id,x\n")
    assert raw.columns == ["id", "x"]
    assert reader.rows() == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(reader: Reader, delimiter: str) -> None:
    assert reader.load(f"id{delimiter}a b\n1{delimiter}x\n".encode()).columns == ["id", "a b"]


def test_tsv_is_split_at_tabs(reader: Reader) -> None:
    assert reader.load(b"id\ta,b,c\n1\tx\n", "t.tsv").columns == ["id", "a,b,c"]


def test_a_column_without_a_name_gets_its_number(reader: Reader) -> None:
    assert reader.load(b",id \n0,1\n").columns == ["column_1", "id"]


ENCODED = {
    "utf-8 with its mark": (codecs.BOM_UTF8 + "id,x\n1,é\n".encode(), "utf-8"),
    "utf-16 by its mark": ("id,x\n1,é\n".encode("utf-16"), "utf-8"),
    "utf-16 declared": ("id,x\n1,é\n".encode("utf-16-le"), "utf-16-le"),
    "cp1252 declared": ("id,x\n1,é\n".encode("cp1252"), "cp1252"),
}


@pytest.mark.parametrize(("content", "encoding"), ENCODED.values(), ids=ENCODED)
def test_encodings_are_read(reader: Reader, content: bytes, encoding: str) -> None:
    assert reader.load(content, encoding=encoding).columns == ["id", "x"]
    assert reader.rows() == [("1", "é")]


def test_a_quoted_header_after_a_mark_is_read(reader: Reader) -> None:
    assert reader.load(codecs.BOM_UTF8 + b'"id","x"\n1,2\n').columns == ["id", "x"]


def test_gzip_is_unpacked(reader: Reader) -> None:
    reader.load(gzip.compress(b"id,x\n1,a\n"), "t.csv.gz")
    assert reader.rows() == [("1", "a")]


def refusal(reader: Reader, content: bytes, name: str = "t.csv", **source: object) -> str:
    with pytest.raises((DataError, ProjectError)) as error:
        reader.load(content, name, **source)
    return str(error.value).replace(f"{reader.root}/", "")


def test_bytes_of_another_encoding_are_told_with_their_place(reader: Reader) -> None:
    assert refusal(reader, b"id,x\n1,caf\xe9\n") == (
        "t.csv: line 2, byte 10 (0xe9) is not utf-8; say encoding: cp1252 if that is what it is, in the project file at this source"
    )


def test_a_wrong_declared_encoding_is_told(reader: Reader) -> None:
    assert refusal(reader, b"id\n\x81\n", encoding="cp1252") == (
        "t.csv: line 2, byte 3 (0x81) is not cp1252; say the encoding it has, in the project file at this source"
    )


def test_an_empty_file_is_refused(reader: Reader) -> None:
    assert refusal(reader, b"") == (
        "t.csv: the file is empty; expected a header with the names of the columns"
    )


def test_a_blank_first_line_is_refused(reader: Reader) -> None:
    assert refusal(reader, b"\nid\n1\n") == (
        "t.csv: the file starts with a blank line; expected a header with the names of the columns"
    )


def test_columns_named_alike_are_refused(reader: Reader) -> None:
    assert refusal(reader, b"id,Name,name\n") == (
        "t.csv: columns are named alike: 'Name' and 'name'; give each its own name (case does not tell them apart)"
    )


def test_files_of_a_glob_are_read_in_order_of_their_names(reader: Reader) -> None:
    for name, row in (("b.csv", "2,b"), ("a.csv", "1,a")):
        (reader.root / name).write_text(f"id,x\n{row}\n")
    (reader.root / "c.csv").write_text("x,id\nc,3\n")  # the same columns in another order
    raw = reader.load(name="*.csv")
    assert raw.files == ["a.csv", "b.csv", "c.csv"]
    assert reader.rows() == [("1", "a"), ("2", "b"), ("3", "c")]


def test_files_with_other_columns_are_refused(reader: Reader) -> None:
    (reader.root / "a.csv").write_text("id,x\n")
    (reader.root / "b.csv").write_text("id,y\n")
    with pytest.raises(DataError) as error:
        reader.load(name="*.csv")
    assert str(error.value) == (
        "sources.leads: the files of one source have the same columns, but against a.csv, b.csv has y besides and b.csv lacks x"
    )


def missing(reader: Reader, name: str) -> str:
    with pytest.raises(ProjectError) as error:
        reader.load(name=name)
    return str(error.value).replace(str(reader.root), "ROOT")


def test_a_missing_file_is_told_with_what_lies_beside(reader: Reader) -> None:
    (reader.root / "leads.csv").write_text("id\n")
    assert missing(reader, "lead.csv") == (
        "sources.leads.path: there is no file ROOT/lead.csv; did you mean leads.csv?"
    )
    assert missing(reader, "zzzzz.txt") == (
        "sources.leads.path: there is no file ROOT/zzzzz.txt; beside it lie leads.csv"
    )
    assert missing(reader, "no/lead.csv") == (
        "sources.leads.path: there is no file ROOT/no/lead.csv; the folder ROOT/no does not exist either "
        "(relative paths start from the project file's folder, or from --data)"
    )
    assert missing(reader, "q*.csv") == (
        "sources.leads.path: no file matches ROOT/q*.csv; beside it lie leads.csv"
    )


def test_an_unknown_format_is_asked_for(reader: Reader) -> None:
    assert refusal(reader, b"id\n", "t.dat") == (
        "sources.leads.format: t.dat does not tell its format; say csv, tsv, parquet, jsonl or xlsx"
    )


def test_the_digest_is_of_the_content_and_the_order(reader: Reader) -> None:
    one, other = b"id\n1\n", b"id\n2\n"
    (reader.root / "a.csv").write_bytes(one)
    (reader.root / "b.csv").write_bytes(other)
    both = reader.load(name="?.csv").digest
    (reader.root / "a.csv").rename(reader.root / "c.csv")
    (reader.root / "b.csv").rename(reader.root / "d.csv")
    assert reader.load(name="?.csv").digest == both
    (reader.root / "d.csv").rename(reader.root / "a.csv")
    assert reader.load(name="?.csv").digest != both
