"""Spark tells what DuckDB tells: the same expressions, the same values."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ibis.expr import types as ir

from features.behaviour import SORTABLE
from features.canonical import moment
from features.catalogue import Catalogue, Timing
from features.clock import days_between, wall_clock
from features.errors import DataError
from features.frames import open_frame
from features.project import Project
from features.spark_folder import SharedFolder, as_uri
from features.spark_frames import OPEN, open_dataset, open_file
from features.spark_tables import CONF, spark_backend
from features.tables import TableSet
from tests.features.drawn import Drawn
from tests.features.test_no_leakage import everything
from tests.spark import QUIET

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.slow, QUIET]

AS_OF = datetime.fromisoformat("2026-06-01T04:30:00.250")
WITHIN = 1e-9
NUMBERS = [
    "1_000",
    "1e5",
    "-inf",
    "+5",
    ".5",
    "5.",
    "0x10",
    "1,000",
    "",
    " 5 ",
    "5d",
    "1e",
    "1e400",
    "1__0",
    "_1",
    "1_",
]
NUMBERS += [
    "\t5",
    "5\n",
    "\u00a05",
    "- 5",
    "1e5_0",
    "0b1",
    "infinityx",
    "1.5_5",
    "e5",
    ".",
    "3.333333333333333333",
    "-0",
]
TEXTS = ["a\\b'c", 'Ünï "x"', "100%"]


def company(seed: int, ahead: int = 20) -> dict[str, list[dict[str, Any]]]:
    """Draw a company with what is missing, fractions of seconds, and changes that are no number.

    Events lie within sixty days that begin ``ahead`` days before the lead is created.
    """
    draw = random.Random(seed)

    def time(days: int) -> datetime:
        return AS_OF - timedelta(microseconds=draw.randrange(1, days * 86_400_000_000))

    leads: list[dict[str, Any]] = [
        {
            "lead_id": f"lead {number}" if number % 3 else f"löwe{number}",
            "created_at": time(200),
            "account_id": draw.choice(["acme", "globex", "initech", None]),
            "owner": draw.choice(["o1", "o2", None]),
            "source": draw.choice(["web", "fair", "a\\b'c", None]),
            "size": draw.choice([None, 1.5, -0.1, 3e7, draw.random()]),
        }
        for number in range(120)
    ]
    events, history, outcomes = [], [], []
    for lead in leads:
        for _ in range(draw.randrange(6)):
            at = lead["created_at"] + timedelta(days=draw.random() * 60 - ahead)
            late = draw.choice([None, at + timedelta(days=3), at - timedelta(days=3)])
            kind = draw.choice(["visit", "mail", "call", "a\\b'c"])
            events.append(
                {"lead_id": lead["lead_id"], "kind": kind, "occurred_at": at, "recorded_at": late}
            )
        for number in range(draw.randrange(3)):
            field = draw.choice(["size", "source"])
            told = [
                draw.choice([*NUMBERS, None]) if field == "size" else draw.choice(["web", None])
                for _ in "on"
            ]
            at = lead["created_at"] + timedelta(days=20 * number, seconds=draw.random())
            history.append(
                {
                    "lead_id": lead["lead_id"],
                    "field": field,
                    "old_value": told[0],
                    "new_value": told[1],
                    "changed_at": at,
                }
            )
        if draw.random() < 0.6:
            closed = lead["created_at"] + timedelta(seconds=draw.random() * 90 * 86_400)
            outcomes.append(
                {"lead_id": lead["lead_id"], "won": draw.random() < 0.4, "closed_at": closed}
            )
    accounts: list[dict[str, Any]] = [
        {"account_id": "acme", "industry": "steel"},
        {"account_id": "globex", "industry": None},
    ]
    return {
        "leads": leads,
        "events": events,
        "history": history,
        "outcomes": outcomes,
        "accounts": accounts,
    }


def read(
    drawn: Drawn, folder: Path, tables: dict[str, list[dict[str, Any]]], *, flat: bool
) -> TableSet:
    """Write drawn tables as reading does."""
    drawn.tables(**tables)
    for table in ("leads", "outcomes", "events", "accounts", "history"):
        drawn.connection.raw_sql(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
    for table in ("spend", "suppression"):
        (folder / f"{table}.parquet").write_bytes((folder / "accounts.parquet").read_bytes())
    return TableSet(folder=folder, project="drawn", data_cutoff=AS_OF, flat=flat, tables={})


def project(timezone: str) -> Project:
    sources = {"leads": {"path": "leads.csv"}, "outcomes": {"path": "outcomes.csv"}}
    return Project.model_validate(
        {
            "project": "drawn",
            "timezone": timezone,
            "sources": sources,
            "label": {"lost_after_days": 150},
        }
    )


def catalogue(timezone: str) -> Catalogue:
    hour = Timing(name="hour", measure="created_hour", group="timing", concept="x", label="x")
    known = everything()
    features = [feature for feature in known.features if feature.name != "weekday"]
    weekday = Timing(
        name="weekday", measure="created_weekday", group="timing", concept="x", label="x"
    )
    return known.model_copy(update={"timezone": timezone, "features": [*features, hour, weekday]})


def differing(one: pa.Table, other: pa.Table) -> dict[str, list[Any]]:
    """Return the columns that differ, each with some pairs of values."""
    found = {}
    for name in one.column_names:
        pairs = zip(one[name].to_pylist(), other[name].to_pylist(), strict=True)
        unlike = [(a, b) for a, b in pairs if not alike(a, b)]
        if unlike:
            found[name] = unlike[:3]
    return found


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or abs(one - other) <= WITHIN or (one != one and other != other)
    return bool(one == other)


@pytest.mark.parametrize(
    ("timezone", "flat"),
    [("Europe/Berlin", False), ("America/St_Johns", True)],
    ids=["dated", "flat"],
)
def test_features_of_a_drawn_company_are_the_same_on_both_engines(
    drawn: Drawn,
    spark: "SparkSession",
    tmp_path: Path,
    timezone: str,
    flat: bool,
) -> None:
    tables = company(seed=7, ahead=55 if flat else 20)
    if flat:  # nobody knows when a lead closed, and of some not even whether
        tables["outcomes"] = [{**row, "closed_at": None} for row in tables["outcomes"]]
    told, known = read(drawn, tmp_path, tables, flat=flat), catalogue(timezone)
    embedded = pq.read_table(open_frame(told, project(timezone), known, AS_OF, tmp_path / "duckdb"))
    shared = SharedFolder(spark.newSession(), as_uri(str(tmp_path / "spark")), copied=False)
    schema = open_dataset(shared, told, project(timezone), known, AS_OF)
    path = open_file(shared.parts(OPEN, tmp_path), schema, tmp_path / "open.parquet")
    distributed = pq.read_table(path)
    assert distributed.schema == embedded.schema
    assert len(embedded) >= 30
    assert differing(embedded, distributed) == {}
    empty = [name for name in embedded.column_names if embedded[name].null_count == len(embedded)]
    assert empty == []


def test_moments_numbers_and_texts_mean_the_same_on_both_engines(
    drawn: Drawn, spark: "SparkSession", tmp_path: Path
) -> None:
    texts = [*NUMBERS, *TEXTS, None]
    first = datetime.fromisoformat(
        "2026-03-29T00:59:59.999999"
    )  # clocks change an hour later in Europe
    times = [
        first + timedelta(hours=1.5 * n, microseconds=333_333 * n) for n in range(len(texts) - 4)
    ]
    times += [
        datetime.fromisoformat("1950-01-01T03:04:05.700001"),
        datetime.fromisoformat("1900-01-01"),
        datetime.fromisoformat("2026-10-25T00:30"),
    ]
    rows = {
        "row": range(len(texts)),
        "text": texts,
        "time": pa.array([*times, None], pa.timestamp("us")),
    }
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table(rows), path)
    drawn.connection.raw_sql(f"CREATE OR REPLACE VIEW things AS SELECT * FROM '{path}'")
    embedded = drawn.connection.con.sql(str(drawn.connection.compile(said(drawn.connection))))
    session = spark.newSession()
    for name, value in CONF.items():
        session.conf.set(name, value)
    session.read.parquet(path.as_uri()).createOrReplaceTempView("things")
    backend = spark_backend(session)
    distributed = session.sql(str(backend.compile(said(backend)))).toArrow()
    assert differing(embedded.to_arrow_table(), distributed) == {}


def said(connection: ibis.BaseBackend) -> ir.Table:
    """Ask for all that engines like to differ in."""
    things = connection.table("things")
    text, time = things.text, things.time
    return things.mutate(
        number=text.try_cast("float64"),
        local=wall_clock(time, "Europe/Berlin"),
        hour=wall_clock(time, "America/St_Johns").hour(),
        weekday=wall_clock(time, "Asia/Kolkata").day_of_week.index() + 1,
        days=days_between(time, moment(AS_OF)),
        stamped=time.strftime(SORTABLE) + text,
        day=time.date(),
        earlier=time < moment(AS_OF - timedelta(days=60)),
        third=things.row.cast("float64") / 3.0,
        kind=text.cases(*[(one, number) for number, one in enumerate(TEXTS)], else_=None),
        digest=text.hexdigest("md5").substr(0, 8),
    ).order_by("row")


def test_columns_that_the_model_needs_and_the_data_lack_are_named_before_spark_begins(
    drawn: Drawn, spark: "SparkSession", tmp_path: Path
) -> None:
    told = read(drawn, tmp_path, company(seed=7), flat=False)
    lost = catalogue("UTC")
    columns = [{**lost.features[0].model_dump(), "column": "height", "label": "Height"}]
    known = Catalogue.model_validate({**lost.model_dump(), "features": columns})
    shared = SharedFolder(spark.newSession(), as_uri(str(tmp_path / "spark")), copied=False)
    with pytest.raises(DataError, match="leads: 'Height'"):
        open_dataset(shared, told, project("UTC"), known, AS_OF)
