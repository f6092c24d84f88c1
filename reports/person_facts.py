"""What the pages of a lead and of an account are told: every number on them stands here first."""

from typing import Literal

from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from reports.facts import Fact, Finite, Maybe, Moment, Name, Sentence, Share

Grade = Literal["A", "B", "C", "D"]
State = Literal["open", "won", "lost"]


class Person(Fact):
    """One lead of an account. What is only said of open leads is None for the others.

    ``route`` is the publication's before the moment; ``last_at`` and ``last_kind`` are of the last event known.
    """

    lead_id: Name
    state: State
    created_at: Moment
    closed_at: Moment | None = None
    amount: Maybe = None
    role: Name | None = None
    probability: Share | None = None
    grade: Grade | None = None
    score: NonNegativeInt | None = None
    route: Name | None = None
    route_reason: Sentence | None = None
    last_at: Moment | None = None
    last_kind: Name | None = None


class Checked(Fact):
    """How honest the account's probability was forward in time, on accounts with several open leads.

    ``expected`` of ``accounts`` were to have a win, ``won`` had one; honest probabilities give between ``low`` and
    ``high`` in 95 of 100 cases. ``independent`` would have been expected if leads closed independently.
    """

    accounts: PositiveInt
    expected: NonNegativeFloat
    won: NonNegativeInt
    low: NonNegativeInt
    high: NonNegativeInt
    independent: NonNegativeFloat
    honest: bool


class AccountChance(Fact):
    """The probability that anyone of the account's open leads closes, and what it would be if they were independent."""

    probability: Share
    independent: Share
    scaled: bool
    checked: Checked | None = None


class AccountFacts(Fact):
    """One account at a moment (UTC). ``roles`` are None where the agreement names no buying group.

    ``closing_times`` is False for a flat export, where nobody knows a horizon. People: the open ones first, best first.
    """

    account_id: Name
    as_of: Moment
    horizon_days: PositiveInt
    closing_times: bool = True
    model_version: Name
    open: NonNegativeInt
    won: NonNegativeInt
    lost: NonNegativeInt
    won_amount: Maybe = None
    chance: AccountChance | None = None
    roles_seen: list[Name] | None = None
    roles_missing: list[Name] | None = None
    published_at: Moment | None = None
    people: list[Person] = []


class Part(Fact):
    """What one concept adds to the lead's log-odds, in its own words."""

    words: Sentence
    log_odds: Finite


class Happening(Fact):
    """Something that happened with the lead: when (UTC; None where nobody knows), what, and by whom if that is known."""

    at: Moment | None
    what: Sentence
    detail: Sentence = ""
    who: Name | None = None


class LeadFacts(Fact):
    """One open lead at a moment (UTC): what is said of it, why, where it stands, and its account.

    ``base_log_odds`` plus all parts is the log-odds of ``probability``. ``history``: None where nobody kept one.
    """

    person: Person
    as_of: Moment
    horizon_days: PositiveInt
    closing_times: bool = True
    model_version: Name
    probability: Share
    low: Maybe = None
    high: Maybe = None
    score: PositiveInt
    grade: Grade
    confidence: Literal["high", "medium", "low"]
    confidence_note: Sentence = ""
    reasons_for: list[Sentence] = []
    reasons_against: list[Sentence] = []
    base_log_odds: Finite
    parts: list[Part] = []
    published_at: Moment | None = None
    history: list[Happening] | None = None
    history_left_out: NonNegativeInt = 0
    account: AccountFacts | None = None
