"""What a project file may say: one YAML per company, frozen and closed to unknown keys."""

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    NaiveDatetime,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    StringConstraints,
    model_validator,
)

from features.agreement import Agreement, Goals
from features.blocks import Block, Identifier, Share, Text, Texts, as_list

AttributeType = Literal["number", "category", "time", "text"]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"there is no time zone {name!r}; expected an IANA name such as Europe/Berlin or UTC"
        ) from None
    return name


TimeZoneName = Annotated[str, AfterValidator(_known_zone)]
Moment = AwareDatetime | NaiveDatetime


class Source(Block):
    """Where a table lies, how it is written, and which of its columns are ours.

    Either ``path`` (files and globs, from the data root) or ``url`` and ``query``.

    ``columns``: canonical name, then the source's own. ``derive``: SQL over the source's columns
    after missing values became NULL, in order, each seeing the earlier ones and
    ``_leadgauge_row``, the row's number; one named as a canonical column needs no mapping. All
    rows are seen, those after an as-of too. ``where`` filters after that. ``time_formats``:
    strptime's, or ``epoch_s`` and ``epoch_ms``; without any, times are ISO 8601. ``drop`` and
    ``types`` are about attributes. ``keep_read``: of events, what a run has read of a file is kept
    in the home, so that the next reads new files only.
    """

    path: Texts = []
    url: str | None = None
    query: str | None = None
    format: Literal["csv", "tsv", "parquet", "jsonl", "xlsx"] | None = None
    encoding: str = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = None
    quote: Annotated[str, StringConstraints(min_length=1, max_length=1)] = '"'
    decimal: Literal[".", ","] = "."
    sheet: str | None = None
    missing: Texts = []
    missing_in: dict[str, Texts] = {}
    timezone: TimeZoneName | None = None
    time_formats: Texts = []
    columns: dict[str, str] = {}
    derive: dict[str, str] = {}
    where: str | None = None
    drop: list[str] = []
    types: dict[str, AttributeType] = {}
    kind: str | None = None
    keep_read: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.path) == bool(self.url):
            raise ValueError("say either path, or url with query")
        if bool(self.url) != bool(self.query):
            raise ValueError("url and query go together")
        return self


class Sources(Block):
    """The company's tables. Leads and outcomes are needed."""

    leads: Source
    outcomes: Source
    events: Annotated[list[Source], BeforeValidator(as_list)] = []
    accounts: Source | None = None
    spend: Source | None = None
    history: Source | None = None
    suppression: Source | None = None


class Label(Block):
    """What counts as won and lost, and within which time."""

    horizon_days: PositiveInt = 90
    won: Texts = ["won"]
    lost: Texts = ["lost"]
    unmatched: Literal["open", "lost"] = "open"
    lost_after_days: PositiveInt | None = None
    trusted_from: Moment | None = None


class Features(Block):
    """What to leave out and why, windows, and what is known when."""

    leave_out: dict[str, str] = {}
    keep: dict[str, str] = {}
    changing: list[str] = []
    windows_days: list[PositiveInt] = [7, 30, 90]
    track_record: list[str] | None = None
    event_kinds: list[str] | None = None
    leave_out_kinds: dict[str, str] = {}
    max_event_kinds: PositiveInt = 20
    words: dict[str, str] = {}


class Model(Block):
    """Snapshot ages, the ladder, seeds and validation."""

    ages_days: list[NonNegativeInt] = [0, 1, 3, 7, 14, 30, 60, 90, 180]
    ladder: list[Literal["base_rate", "logistic", "lightgbm"]] = [
        "base_rate",
        "logistic",
        "lightgbm",
    ]
    seeds: PositiveInt = 3
    seed: NonNegativeInt = 7
    folds: Annotated[int, Field(ge=2, le=20)] = 5
    evaluate_every_days: PositiveInt = 7
    min_wins: PositiveInt = 30
    min_leads: PositiveInt = 100


class SalesforceTarget(Block):
    """Salesforce, Bulk API 2.0 ingest."""

    object: str = "Lead"
    operation: Literal["update", "upsert"] = "update"
    key_field: str = "Id"
    prefix: str = "Lead_"
    line_ending: Literal["LF", "CRLF"] = "LF"


class HubSpotTarget(Block):
    """HubSpot, contact import."""

    key_field: Literal["hs_object_id", "email"] | str = (
        "hs_object_id"  # the usual ones, for the reader
    )
    prefix: str = "leadgauge_"


class DynamicsTarget(Block):
    """Dynamics 365 Sales, Dataverse."""

    key_field: str = "leadid"
    prefix: str = "new_"


class Delivery(Block):
    """Which CRMs are delivered to, and how long a score stays good."""

    salesforce: SalesforceTarget | None = None
    hubspot: HubSpotTarget | None = None
    dynamics: DynamicsTarget | None = None
    expires_after_days: PositiveFloat = 7


class Limits(Block):
    """What a run may not exceed.

    ``memory_gb`` is the database's; ``training_rows`` snapshots are learned from at most: of a larger
    company a sample of whole accounts.
    """

    quarantine_share: Share = 0.05
    memory_gb: PositiveFloat = 4.0
    training_rows: PositiveInt = 500_000


class Spark(Block):
    """The cluster of ``engine: spark``.

    ``master`` and ``settings`` are Spark's own, both by default what the environment says; ``folder``
    is one that driver and workers see, a path or a URI such as s3a://bucket/leadgauge; ``wait_seconds``: how
    long to go on without a single worker. Values may hold ``${NAME}``.
    """

    master: str | None = None
    folder: str | None = None
    settings: dict[str, Text] = {}
    wait_seconds: PositiveInt = 300


class Report(Block):
    """For whom the report is written, and what it compares.

    ``texts``: a gettext catalogue (.po) of the report's sentences, from the project file's folder.
    ``dimensions``: name and column of the leads, beside source and campaign. ``segments``: columns of
    the leads that differences are told between.
    """

    title: str | None = None
    audience: Literal["leadership", "marketing", "sales", "joint"] = "leadership"
    language: str = "en"
    texts: str | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    min_group: PositiveInt = 10
    history_days: PositiveInt = 730
    dimensions: dict[Identifier, str] = {}
    segments: list[str] = []
    sales_sources: Texts = []
    goals: Goals = Goals()


class Schedule(Block):
    """When Prefect starts the flows, in the project's time zone."""

    nightly: str = "30 4 * * *"
    retrain: str = "0 5 * * 0"
    review_monthly: str = "0 6 1 * *"
    review_quarterly: str = "30 6 1 1,4,7,10 *"


class Project(Block):
    """A whole project file."""

    project: Identifier
    timezone: TimeZoneName = "UTC"
    data_cutoff: Moment | None = None
    sources: Sources
    label: Label = Label()
    features: Features = Features()
    model: Model = Model()
    agreement: Agreement = Agreement()
    delivery: Delivery = Delivery()
    limits: Limits = Limits()
    engine: Literal["duckdb", "spark"] = "duckdb"
    spark: Spark = Spark()
    report: Report = Report()
    schedule: Schedule = Schedule()

    def moment(self, value: datetime) -> datetime:
        """Return a moment as naive UTC; one without an offset is in the project's time zone."""
        if value.tzinfo is None:
            value = value.replace(tzinfo=ZoneInfo(self.timezone))
        return value.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


def expand_environment(text: str) -> str:
    """Replace ``${NAME}`` by the environment's value, so that no secret stands in a project file.

    Raises:
        KeyError: the variable is not set.
    """
    return re.sub(r"\$\{([A-Z][A-Z0-9_]*)\}", lambda match: os.environ[match[1]], text)


def data_root(project_file: Path, data: Path | None) -> Path:
    """Return the folder that relative paths in the project file start from."""
    return (data or project_file.parent).resolve()
