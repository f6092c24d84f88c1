"""What closing goes with, as numbers and names: conditions held against alike leads, the journey, the losses."""

from typing import Literal

from pydantic import NonNegativeFloat, NonNegativeInt

from models.conditions import Condition
from reports.facts import Fact, Finite, Interval, Maybe, Name, Share, Step


class Figure(Fact):
    """A measured number of either sign and its 95 % interval."""

    value: Finite
    low: Finite
    high: Finite


class StrengthFact(Fact):
    """A group of the catalogue or a concept: how much it moves scores (log-odds), and its share of all that does.

    ``acted_on``: marketing or sales can change it or choose more of it.
    """

    name: str
    label: Name
    group: Name
    strength: NonNegativeFloat
    share: Share
    acted_on: bool


class ConditionFact(Fact):
    """Leads that meet a condition, held against alike leads that do not.

    ``rate`` of those with it closed, ``alike_rate`` of alike leads without; ``ratio`` is how many times as often,
    with its 95 % interval. Alike are leads of which the model says the same from what came before; ``closer`` is the
    ratio among leads that are alike in all else, too (None: cannot be told), ``crude`` that among all leads. ``found``:
    beyond chance, and the crude ratio too, corrected for all that was looked at. ``stake``: the wins more or fewer
    than alike leads had, as a share of all.
    """

    condition: Condition
    age_days: NonNegativeInt | None
    leads: NonNegativeInt
    wins: NonNegativeInt
    rate: Share
    alike_rate: Share
    ratio: Interval
    closer: Interval | None = None
    crude: NonNegativeFloat | None = None
    found: bool
    acted_on: bool
    stake: Share


class PointsFact(Fact):
    """Leads as points of a chart, without ids: what a concept adds in log-odds, and values.

    In a swarm a value is its place among all leads' values, 0 to 1; in a curve the value itself.
    """

    concept: str
    label: Name
    group: Name
    contributions: list[Finite]
    values: list[Maybe]


class PullFact(Fact):
    """What speaks for (above 0) or against the leads of a level, compared with the others, in log-odds."""

    concept: str
    label: Name
    group: Name
    more: Finite


class LevelFact(Fact):
    """One level of a segment: its leads, how many closed, and what speaks for and against them."""

    segment: Name
    level: Name
    leads: NonNegativeInt
    wins: NonNegativeInt
    close_rate: Interval
    pulls: list[PullFact] = []


class ChangedStrength(Fact):
    """A concept whose strength rose or fell by more than a third since the review before."""

    label: Name
    group: Name
    before: NonNegativeFloat
    now: NonNegativeFloat


class ChangedCondition(Fact):
    """A condition whose ratio moved beyond chance since the review before, measured now as it was then."""

    condition: Condition
    age_days: NonNegativeInt | None
    before: Interval
    now: Interval
    leads: NonNegativeInt


class ClosingFacts(Fact):
    """What makes a lead close, as far as data can tell: what goes with closing.

    ``step`` is the model's, None without one. ``age_days``: all leads are seen as they were at that age, those that
    were still open (None: a flat export, where nobody knows when); ``wins`` closed within ``horizon_days`` of it (None: ever, in a flat export). ``looked_at`` conditions were asked,
    ``apart``: chosen and measured on different accounts. ``compared``: there is a review before this one.
    """

    step: Step | None
    age_days: NonNegativeInt | None = None
    leads: NonNegativeInt = 0
    wins: NonNegativeInt = 0
    horizon_days: NonNegativeInt | None = None
    groups: list[StrengthFact] = []
    concepts: list[StrengthFact] = []
    looked_at: NonNegativeInt = 0
    apart: bool = False
    conditions: list[ConditionFact] = []
    swarms: list[PointsFact] = []
    curves: list[PointsFact] = []
    levels: list[LevelFact] = []
    compared: bool = False
    changed_strengths: list[ChangedStrength] = []
    changed_conditions: list[ChangedCondition] = []

    @property
    def tells_leads_apart(self) -> bool:
        """Whether there is a model above the base rate, and something known of it."""
        return self.step not in (None, "base_rate") and bool(self.groups)


class JourneyPart(Fact):
    """How far leads of one end had got by themselves when sales first came in.

    ``contacted`` of ``leads`` have a first contact on record. ``own_share``: of what they did by themselves, the part
    before it (mean of leads that did anything); ``own_events`` before it and ``days`` from creation to it are medians;
    ``time_share`` is the median part of the time to the end that had passed. None: fewer than the smallest group, or not known.
    """

    leads: NonNegativeInt
    contacted: NonNegativeInt | None
    own_leads: NonNegativeInt | None = None
    own_share: Interval | None = None
    own_events: Maybe = None
    days: Maybe = None
    time_share: Maybe = None


class JourneyFacts(Fact):
    """Where buyers stand when sales comes in: of won leads, and of lost ones for comparison.

    None where there are too few leads. ``knows_contact`` and ``knows_events``: whether the data hold either at all.
    """

    won: JourneyPart | None = None
    lost: JourneyPart | None = None
    knows_contact: bool = False
    knows_events: bool = False
    knows_times: bool = True


class ReasonRow(Fact):
    """One reason among the lost leads of a group that have one; None: all reasons that too few leads share."""

    reason: Name | None
    leads: NonNegativeInt
    share: Interval


class ReasonsOf(Fact):
    """The reasons of one level of a segment or of one source; ``by`` None: of all lost leads."""

    by: Name | None
    level: Name | None
    lost: NonNegativeInt
    with_reason: NonNegativeInt
    reasons: list[ReasonRow]


class StandOut(Fact):
    """A reason that is commoner or rarer in a level than among the other lost leads, beyond chance (Holm)."""

    by: Name
    level: Name
    reason: Name
    leads: NonNegativeInt
    share: Share
    elsewhere: Share


class CompetitorRow(Fact):
    """A competitor that deals name: so many lost, so many won, and the share won (None: won deals name none)."""

    competitor: Name
    lost: NonNegativeInt
    won: NonNegativeInt | None
    won_share: Interval | None


class DiscountBand(Fact):
    """Deals with a discount above ``low`` and up to ``high`` percent; none at all has both 0.

    ``close_rate`` is that of deals with a discount on record, None where lost deals have none; ``amount`` and
    ``margin`` (percent) are means of the won deals.
    """

    low: NonNegativeFloat
    high: NonNegativeFloat
    deals: NonNegativeInt
    won: NonNegativeInt
    close_rate: Interval | None = None
    amount: Figure | None = None
    margin: Figure | None = None


class LossesFacts(Fact):
    """Why deals were lost, against whom, and what discounts go with.

    ``names_reasons`` and ``names_competitors``: any at all; ``reasons`` is None where too few lost leads have one. ``competitors_by_level``: whom
    the lost leads of a level went to, as reasons are told. ``discounts``: whether closing can be told by discount (``both``),
    only won deals carry one (``won``), or nobody knows any (``none``). ``offers``: deals with an amount,
    where those alone are looked at. ``won_filled`` and ``lost_filled`` are the
    shares of deals with one on record. ``margin_gap`` is the mean margin of the highest band less that without a discount, in percentage
    points, with its 95 % interval.
    """

    lost: NonNegativeInt = 0
    names_reasons: bool = False
    reasons: ReasonsOf | None = None
    by_level: list[ReasonsOf] = []
    stand_out: list[StandOut] = []
    names_competitors: bool = False
    competitors: list[CompetitorRow] = []
    competitors_by_level: list[ReasonsOf] = []
    discounts: Literal["both", "won", "none"] = "none"
    offers: NonNegativeInt | None = None
    won_filled: Share = 0.0
    lost_filled: Share = 0.0
    bands: list[DiscountBand] = []
    unknown_discounts: NonNegativeInt = 0
    margin_gap: Figure | None = None
