"""What sales and marketing signed, as a project file says it."""

from typing import Annotated, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from features.blocks import Block, Grade, Share, Text, Texts


class Criterion(Block):
    """Something that is asked of a lead: a column of the leads, and the values that meet it."""

    column: str
    values: Texts


class Qualified(Block):
    """What marketing may call a qualified lead.

    Of the four that are named, ``at_least`` so many must be met; None: all of them.
    """

    grades: list[Grade] = ["A", "B", "C", "D"]
    budget: Criterion | None = None
    authority: Criterion | None = None
    need: Criterion | None = None
    timeframe: Criterion | None = None
    at_least: PositiveInt | None = None

    @property
    def criteria(self) -> dict[str, Criterion]:
        """Those that are named, in the order of BANT."""
        named = {name: getattr(self, name) for name in ("budget", "authority", "need", "timeframe")}
        return {name: criterion for name, criterion in named.items() if criterion is not None}

    @property
    def needed(self) -> int:
        """How many of them must be met."""
        return len(self.criteria) if self.at_least is None else self.at_least

    @model_validator(mode="after")
    def _not_more_than_named(self) -> Self:
        if self.at_least is not None and self.at_least > len(self.criteria):
            raise ValueError(
                f"at_least asks for {self.at_least} of budget, authority, need and timeframe, "
                f"and {len(self.criteria)} of them are named"
            )
        return self


class BuyingGroup(Block):
    """Who takes part in a purchase: the leads' column that tells it, and the roles that a deal needs."""

    column: str
    roles: Texts


class Agreement(Block):
    """What sales and marketing signed.

    Columns are those of the leads, by their own name or by the feature's. ``old_score``: the column
    with the score or rule in use until now.
    """

    qualified: Qualified = Qualified()
    consent: Criterion | None = None
    disqualified: list[Criterion] = []
    sales_ready_grades: list[Grade] = ["A", "B"]
    sales_ready_probability: Share | None = None
    capacity_per_day: PositiveInt | None = None
    team: str | None = None
    team_capacity: dict[Text, PositiveInt] = {}
    exploration_share: Share = 0.0
    hours_per_lead: PositiveFloat = 1.0
    contact_within_hours: PositiveFloat = 24.0
    silent_after_days: PositiveInt = 14
    rest_days: PositiveInt = 30
    recycle_reasons: Texts = []
    drop_reasons: Texts = []
    drop_after_days: PositiveInt | None = None
    may_overrule: Texts = []
    overrule_days: PositiveInt = 30
    sales_kinds: Texts = ["call", "meeting"]
    nurture_kinds: Texts = []
    buying_group: BuyingGroup | None = None
    old_score: str | None = None
    grade_shares: Annotated[list[Share], Field(min_length=3, max_length=3)] = [
        0.1,
        0.2,
        0.3,
    ]

    @model_validator(mode="after")
    def _shares_leave_room(self) -> Self:
        if sum(self.grade_shares) >= 1:
            raise ValueError(
                "grade_shares are the shares of A, B and C; D is the rest, so they sum to less than 1"
            )
        if self.team_capacity and self.team is None:
            raise ValueError("team_capacity needs team: the leads' column that names the team")
        return self


class Goals(Block):
    """What the company wants to reach; what is not said is proposed from the past.

    ``close_rate`` and ``touched_in_time`` are shares, ``cycle_days`` days from creation to the win,
    ``value_per_lead`` and ``cost_per_win`` in the report's currency.
    """

    close_rate: Share | None = None
    cycle_days: PositiveFloat | None = None
    value_per_lead: PositiveFloat | None = None
    cost_per_win: PositiveFloat | None = None
    touched_in_time: Share | None = None
