"""What a run has read: the canonical tables on disk, and what is to be known about them."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat

from features import sql
from features.blocks import Block, Identifier, Share
from features.errors import DataError

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

TableName = Literal["leads", "outcomes", "events", "accounts", "history", "spend", "suppression"]

# The columns that every table has, in order. Leads go on with those of LEAD_OPTIONAL that are
# mapped, leads and accounts with their attributes.
CANONICAL: dict[TableName, dict[str, str]] = {
    "leads": {"lead_id": "VARCHAR", "created_at": "TIMESTAMP"},
    "outcomes": {
        "lead_id": "VARCHAR",
        "won": "BOOLEAN",
        "closed_at": "TIMESTAMP",
        "amount": "DOUBLE",
        "reason": "VARCHAR",
        "competitor": "VARCHAR",
        "discount": "DOUBLE",
        "margin": "DOUBLE",
    },
    "events": {
        "lead_id": "VARCHAR",
        "kind": "VARCHAR",
        "occurred_at": "TIMESTAMP",
        "recorded_at": "TIMESTAMP",
        "value": "DOUBLE",
        "actor": "VARCHAR",
        "reason": "VARCHAR",
    },
    "accounts": {"account_id": "VARCHAR"},
    "history": {
        "lead_id": "VARCHAR",
        "field": "VARCHAR",
        "old_value": "VARCHAR",
        "new_value": "VARCHAR",
        "changed_at": "TIMESTAMP",
    },
    "spend": {
        "spent_on": "TIMESTAMP",
        "source": "VARCHAR",
        "campaign": "VARCHAR",
        "amount": "DOUBLE",
    },
    "suppression": {"lead_id": "VARCHAR"},
}

LEAD_OPTIONAL = ("account_id", "owner", "source", "campaign")


class TableCount(Block):
    """What became of a table's rows: ``read = kept + quarantined + the sum of ignored``.

    ``reasons`` splits the quarantined; ``ignored`` counts, by reason, the rows that are not
    wrong and yet not taken (filtered out, still open, suppressed, later than the as-of).
    """

    read: NonNegativeInt = 0
    kept: NonNegativeInt = 0
    quarantined: NonNegativeInt = 0
    reasons: dict[str, int] = Field(default={})
    ignored: dict[str, int] = Field(default={})


class AttributeColumn(Block):
    """A column of ``leads`` or ``accounts`` that a feature can be made of.

    ``label`` is its name in the source; ``filled`` the share of rows that have a value.
    """

    table: Literal["leads", "accounts"] = "leads"
    column: Identifier
    label: str
    type: Literal["number", "category"]
    distinct: NonNegativeInt
    filled: Share


class LeftOutColumn(Block):
    """A column that is no attribute, and why not."""

    table: Literal["leads", "accounts"] = "leads"
    column: str
    label: str
    reason: str


class EventFiles(Block):
    """Files of event sources that say ``keep_read``.

    ``kept``: those that an earlier run had read, and this one did not; ``read``: those it did.
    ``refused``: of these, the ones that hold a refused row and will be read again.
    """

    kept: NonNegativeInt = 0
    read: NonNegativeInt = 0
    refused: NonNegativeInt = 0


class TableSet(Block):
    """The canonical tables of one run, in ``folder``, one Parquet file each.

    ``data_cutoff`` and ``latest`` are naive UTC: nothing at or after the first is in the
    tables, the second is the last moment that is. ``stood_at``: the as-of that was asked for. ``flat``: outcomes have no closing time.
    ``digest`` is the SHA-256 of what was read, the names of files left aside. ``event_files``: how many
    files of events were read, None where none is kept.
    """

    folder: Path = Field(exclude=True)
    project: str
    data_cutoff: datetime
    latest: datetime | None = None
    stood_at: datetime | None = None
    flat: bool = False
    tables: dict[TableName, TableCount]
    attributes: list[AttributeColumn] = Field(default=[])
    left_out: list[LeftOutColumn] = Field(default=[])
    warnings: list[str] = Field(default=[])
    digest: str = ""
    event_files: EventFiles | None = None

    def path(self, table: TableName) -> Path:
        """Return where a canonical table lies."""
        return self.folder / f"{table}.parquet"

    def columns(self, table: Literal["leads", "accounts"] = "leads") -> list[AttributeColumn]:
        """Return the attributes of one table, in the order of the source."""
        return [attribute for attribute in self.attributes if attribute.table == table]

    def save(self) -> Path:
        """Write ``tables.json`` beside the tables and return its path."""
        path = self.folder / "tables.json"
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read ``tables.json`` back.

        Raises:
            DataError: there is none, or it is not one of ours.
        """
        path = folder / "tables.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return cls.model_validate({**found, "folder": folder})
        except FileNotFoundError:
            raise DataError(f"{path}: there are no tables here; read them first") from None
        except (ValueError, TypeError) as error:
            raise DataError(f"{path}: this is no list of tables: {error}") from None


def open_tables(tables: TableSet, memory_gb: PositiveFloat = 4.0) -> "Backend":
    """Connect Ibis to DuckDB with one view per canonical table; time zone UTC, spilling into the folder.

    The caller disconnects.

    Raises:
        DataError: a table's file is missing.
    """
    import ibis  # slow to import, and most commands that read a TableSet do not compute

    missing = [table for table in CANONICAL if not tables.path(table).is_file()]
    if missing:
        raise DataError(
            f"{tables.folder}: missing {', '.join(f'{name}.parquet' for name in missing)}; read again"
        )
    connection = ibis.duckdb.connect(
        memory_limit=f"{memory_gb}GB", temp_directory=tables.folder / "spill"
    )
    connection.raw_sql("SET TimeZone = 'UTC'")
    for table in CANONICAL:
        source = sql.text(str(tables.path(table)))
        connection.raw_sql(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({source})")
    return connection
