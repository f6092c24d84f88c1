"""The catalogue: every feature is declared, with the words that its reason is told in.

A catalogue is built from the data once, at training, and travels with the model;
the night assembles what it says and nothing else.
"""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from features.blocks import Block, Identifier

Group = Literal[
    "who they are",
    "where they came from",
    "what they did",
    "what sales did",
    "their company",
    "track record",
    "timing",
]


class Declared(Block):
    """What every feature has.

    ``concept`` joins the features that say the same thing to a reader (visits in 7, 30 and
    90 days): their contributions are summed before reasons are ranked.
    ``label`` names the thing in words ("visits to the pricing page", "Lead Source").
    """

    name: Identifier
    group: Group
    concept: str
    label: str
    type: Literal["number", "category"] = "number"
    unit: str | None = None


class Attribute(Declared):
    """A column of the lead, known at creation or by its history.

    ``column`` is its name in the canonical leads table; ``changing`` ones are read through
    the history table as they stood at the moment.
    """

    kind: Literal["attribute"] = "attribute"
    column: Identifier
    changing: bool = False


class AccountAttribute(Declared):
    """A column of the lead's account."""

    kind: Literal["account_attribute"] = "account_attribute"
    column: Identifier


class EventCount(Declared):
    """Events of one kind (of any, if ``event`` is None) in the last ``days`` (ever, if None)."""

    kind: Literal["event_count"] = "event_count"
    event: str | None = None
    days: PositiveInt | None = None


class EventRecency(Declared):
    """Days since the last, or the first, event of one kind (of any, if None)."""

    kind: Literal["event_recency"] = "event_recency"
    event: str | None = None
    which: Literal["first", "last"] = "last"


class ActiveDays(Declared):
    """Days with at least one event in the last ``days`` (ever, if None)."""

    kind: Literal["active_days"] = "active_days"
    days: PositiveInt | None = None


class EventTrend(Declared):
    """Events of the last ``days`` less those of the ``days`` before them."""

    kind: Literal["event_trend"] = "event_trend"
    days: PositiveInt


class EdgeKind(Declared):
    """The kind of the lead's first or last event."""

    kind: Literal["edge_kind"] = "edge_kind"
    which: Literal["first", "last"]


class TimeBetween(Declared):
    """Days from the first event of one kind to the first of another; missing unless both happened in that order."""

    kind: Literal["time_between"] = "time_between"
    start: str
    end: str


class TrackRecord(Declared):
    """The smoothed close rate of earlier leads that shared this column's value.

    Counted are leads whose horizon ended before the moment, the lead itself excepted:
    ``(wins + strength * overall) / (leads + strength)``, with the overall rate known by then.
    """

    kind: Literal["track_record"] = "track_record"
    column: Identifier
    strength: float = 20.0


class AccountActivity(Declared):
    """What the rest of the lead's account did: people, events in the last ``days``, wins."""

    kind: Literal["account_activity"] = "account_activity"
    measure: Literal["people", "active_people", "events", "wins"]
    days: PositiveInt | None = None


class OwnerLoad(Declared):
    """How many leads of the same owner are open."""

    kind: Literal["owner_load"] = "owner_load"


class Timing(Declared):
    """The lead's age in days, or when it was created (weekday 1 to 7, hour 0 to 23, in the project's time zone)."""

    kind: Literal["timing"] = "timing"
    measure: Literal["age_days", "created_weekday", "created_hour"]


Feature = Annotated[
    Attribute
    | AccountAttribute
    | EventCount
    | EventRecency
    | ActiveDays
    | EventTrend
    | EdgeKind
    | TimeBetween
    | TrackRecord
    | AccountActivity
    | OwnerLoad
    | Timing,
    Field(discriminator="kind"),
]


class Catalogue(Block):
    """The features of one model, in the order of its columns.

    ``event_kinds`` are the kinds that were seen in training; ``left_out`` names each column
    that is no feature, with the reason.
    """

    project: str
    timezone: str
    horizon_days: PositiveInt
    features: list[Feature]
    event_kinds: list[str] = Field(default=[])
    left_out: dict[str, str] = Field(default={})

    @property
    def names(self) -> list[str]:
        """Names of the feature columns, in order."""
        return [feature.name for feature in self.features]

    @property
    def categories(self) -> list[str]:
        """Names of those that hold categories."""
        return [feature.name for feature in self.features if feature.type == "category"]
