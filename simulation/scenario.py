"""What kind of company is simulated: its size, its period, and how much there is to learn."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

# Two and a half years: five half-years to validate on, two year ends, three summers.
START = date(2024, 4, 1)
END = date(2026, 9, 30)
LEADS = 6000
EVENTS_PER_LEAD = 22.0
HORIZON_DAYS = 90

_EPOCH = date(1970, 1, 1)
DAY = 86_400


@dataclass(frozen=True)
class Scenario:
    """The knobs of a simulated company.

    Attributes:
        leads: how many, created between ``start`` and ``end`` (both days included, UTC).
        seed: of every random draw; the same scenario gives the same company.
        start: first day of the period.
        end: last day of the period; the data speak for everything before the midnight after it.
        events_per_lead: mean number of web, mail and sales events per lead.
        signal: 1 is the usual world, 0 one in which nothing predicts closing, 2 one in which everything does twice
            as strongly (on the log-hazard scale).
        drift: change of the log win hazard per year.
        base_rate: mean true probability, over all leads at creation, to be won within the horizon.
        hindsight: whether leads.csv has a column that is filled in by closing.
        accounts: whether leads belong to accounts of one to six people.
    """

    leads: int = LEADS
    seed: int = 7
    start: date = START
    end: date = END
    events_per_lead: float = EVENTS_PER_LEAD
    signal: float = 1.0
    drift: float = 0.06
    base_rate: float = 0.095
    hindsight: bool = True
    accounts: bool = True

    def __post_init__(self) -> None:
        problems = [
            text
            for wrong, text in (
                (self.leads < 1, f"leads is {self.leads}, expected at least 1"),
                (self.start > self.end, f"start {self.start} lies after end {self.end}"),
                (
                    self.events_per_lead <= 0,
                    f"events_per_lead is {self.events_per_lead}, expected more than 0",
                ),
                (self.signal < 0, f"signal is {self.signal}, expected 0 or more"),
                (
                    not 0 < self.base_rate < 0.5,
                    f"base_rate is {self.base_rate}, expected between 0 and 0.5",
                ),
            )
            if wrong
        ]
        if problems:
            raise ValueError("this company cannot be simulated: " + "; ".join(problems))

    @property
    def first_day(self) -> int:
        """The first day, in days since 1970-01-01."""
        return (self.start - _EPOCH).days

    @property
    def last_day(self) -> int:
        """The last day, in days since 1970-01-01."""
        return (self.end - _EPOCH).days

    @property
    def cutoff(self) -> int:
        """The moment that the data end before, in seconds since 1970-01-01 UTC."""
        return (self.last_day + 1) * DAY

    @property
    def cutoff_time(self) -> datetime:
        """The moment that the data end before."""
        return datetime(self.end.year, self.end.month, self.end.day, tzinfo=UTC) + timedelta(days=1)

    def random(self, part: str) -> np.random.Generator:
        """Return the random numbers of one part, so that a change to one part leaves the others as they were."""
        return np.random.default_rng([self.seed, *part.encode()])
