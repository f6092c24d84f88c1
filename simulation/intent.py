"""The law of the simulated world: intent as a Markov chain, closing as competing daily hazards.

Each day an open lead is in one of four states of intent. At one moment of the day (``first_close``
and every 24 hours after it) it may be won or lost, with hazards that depend on its state, on what
does not change about it, on its age and on the calendar; if it stays open, its state moves.
The probability to be won within a horizon follows from the state by backward recursion, without
simulation: the leads' true probabilities.
"""

from dataclasses import dataclass, replace

import numpy as np

from simulation.arrays import Floats, Ints
from simulation.market import WIN_SEASON
from simulation.scenario import HORIZON_DAYS, Scenario

STATES = ("cold", "curious", "evaluating", "deciding")
COLD, CURIOUS, EVALUATING, DECIDING = range(4)

MAX_AGE_DAYS = 365  # the company closes what is a year old
_STALE_AGE_DAYS = 180
_STALE_FACTOR = 3.0
_PATIENCE_DAYS = 28.0
_FRESH_FACTOR = 0.5
_CERTAIN = 1e6  # a hazard that nothing survives
_CHUNK = 8192  # leads whose recursion fits into a processor's cache
_RAMP_DAYS = 60.0  # nobody buys on the first day
_WEEKEND = 0.08

_WIN = np.array([0.0006, 0.0028, 0.0130, 0.0230])
_LOSS = np.array([0.330, 0.240, 0.018, 0.007])
_WIN_SAME, _LOSS_SAME = 0.006, 0.09  # where no signal is wanted
_LOSS_FIT = -0.35  # those who fit are also lost more slowly

# Rows: from; columns: to. How quickly intent grows is the lead's ``momentum``, between the two.
SLOW = np.array(
    [
        [0.985, 0.015, 0, 0],
        [0.06, 0.925, 0.015, 0],
        [0.005, 0.045, 0.93, 0.02],
        [0, 0.01, 0.05, 0.94],
    ]
)
FAST = np.array(
    [[0.93, 0.07, 0, 0], [0.02, 0.90, 0.08, 0], [0, 0.015, 0.895, 0.09], [0, 0, 0.02, 0.98]]
)

_THRESHOLDS = np.array([0.25, 1.75, 3.30])  # of the first state's ordered logit


@dataclass(frozen=True)
class Law:
    """What all leads share: factors on the hazards by state, by age in days and by calendar day.

    ``level`` sets the base rate; ``win_by_day`` and ``close_by_day`` begin at ``first_day``, days since
    1970, and reach past the end of the data by a lead's longest life and a horizon.
    """

    first_day: int
    win_by_state: Floats
    loss_by_state: Floats
    win_by_age: Floats
    loss_by_age: Floats
    win_by_day: Floats
    close_by_day: Floats
    level: float = 0.0


@dataclass(frozen=True)
class Leads:
    """What is fixed about each lead, one entry each.

    ``fit``: log effect on the win hazard, already times the signal; ``momentum``: 0 to 1;
    ``warmth``: location of the first state's logit; ``first_day``: day since 1970 of the first
    closing moment.
    """

    fit: Floats
    momentum: Floats
    warmth: Floats
    first_day: Ints

    def take(self, rows: Ints) -> "Leads":
        """Return the leads at these positions."""
        return Leads(self.fit[rows], self.momentum[rows], self.warmth[rows], self.first_day[rows])


def first_state_shares(warmth: Floats) -> Floats:
    """Return the probability of each state on the first day, shape (leads, 4)."""
    above = 1 / (1 + np.exp(_THRESHOLDS[None, :] - warmth[:, None]))
    edges = np.concatenate([np.ones((len(warmth), 1)), above, np.zeros((len(warmth), 1))], axis=1)
    shares: Floats = edges[:, :-1] - edges[:, 1:]
    return shares


def momentum_of(fit: Floats) -> Floats:
    """Return how quickly intent grows, 0 to 1, from how well a lead fits."""
    return 1 / (1 + np.exp(0.6 - 0.9 * fit))


def law_of(scenario: Scenario) -> Law:
    """Return the law of a scenario, its level still to be found."""
    day = np.arange(scenario.first_day, scenario.last_day + MAX_AGE_DAYS + HORIZON_DAYS + 2)
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    weekend = (day + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    years = (day - (scenario.first_day + scenario.last_day) / 2) / 365.25
    age = np.arange(MAX_AGE_DAYS)
    # Sales gives up reluctantly at first, and resolutely once a lead is stale.
    patience = _FRESH_FACTOR + (1 - _FRESH_FACTOR) * np.minimum(age / _PATIENCE_DAYS, 1.0)
    loss_by_age = np.where(age < _STALE_AGE_DAYS, patience, _STALE_FACTOR)
    loss_by_age[-1] = _CERTAIN
    return Law(
        first_day=scenario.first_day,
        win_by_state=_WIN_SAME * (_WIN / _WIN_SAME) ** scenario.signal,
        loss_by_state=_LOSS_SAME * (_LOSS / _LOSS_SAME) ** scenario.signal,
        win_by_age=1 - np.exp(-(age + 1) / _RAMP_DAYS),
        loss_by_age=loss_by_age,
        win_by_day=np.exp(scenario.signal * np.array(WIN_SEASON)[month] + scenario.drift * years),
        close_by_day=np.where(weekend, _WEEKEND, 1.0),
    )


def pressure(law: Law, leads: Leads, age: Ints) -> tuple[Floats, Floats]:
    """Return what the states' win and loss hazards are multiplied by, one entry per lead.

    ``age`` counts whole days since the first closing moment.
    """
    day = leads.first_day - law.first_day + age
    at = np.minimum(age, MAX_AGE_DAYS - 1)
    win = np.exp(law.level + leads.fit) * law.win_by_day[day] * law.win_by_age[at]
    loss = np.exp(_LOSS_FIT * leads.fit) * law.loss_by_age[at]
    return win * law.close_by_day[day], loss * law.close_by_day[day]


def win_within(law: Law, leads: Leads, age: Ints, days: int = HORIZON_DAYS) -> Floats:
    """Return P(won within ``days`` closing moments | open and in the state), shape (leads, 4).

    Backward recursion over the absorbing chain: with ``c`` the probability to close at the day's
    moment, ``w`` to be won at it and ``T`` the lead's transition matrix,
    ``v(t) = w(t) + (1 - c(t)) T v(t + 1)``, ``v = 0`` beyond the horizon.
    """
    value = np.zeros((4, len(age)))
    for begin in range(0, len(age), _CHUNK):
        rows = np.arange(begin, min(begin + _CHUNK, len(age)))
        value[:, rows] = _recursion(law, leads.take(rows), age[rows], days)
    return value.T


def _recursion(law: Law, leads: Leads, age: Ints, days: int) -> Floats:
    value = np.zeros((4, len(age)))
    for ahead in reversed(range(days)):
        win_pressure, loss_pressure = pressure(law, leads, age + ahead)
        win = law.win_by_state[:, None] * win_pressure
        both = win + law.loss_by_state[:, None] * loss_pressure
        stays = np.exp(-both)
        onward = SLOW @ value + leads.momentum * ((FAST - SLOW) @ value)
        value = (1 - stays) * (win / both) + stays * onward
    return value


def level_for(scenario: Scenario, leads: Leads, sample: int = 1500) -> Law:
    """Return the law under which the mean true probability at creation is the base rate.

    Found by bisection on evenly spaced leads; more than ``sample`` of them change the third decimal only.
    """
    rows = np.unique(
        np.linspace(0, len(leads.fit) - 1, min(sample, len(leads.fit))).astype(np.int64)
    )
    some = leads.take(rows)
    shares = first_state_shares(some.warmth)
    law = law_of(scenario)
    low, high = -8.0, 8.0
    for _ in range(16):
        law = replace(law, level=(low + high) / 2)
        mean = (
            (shares * win_within(law, some, np.zeros(len(rows), dtype=np.int64))).sum(axis=1).mean()
        )
        low, high = (law.level, high) if mean < scenario.base_rate else (low, law.level)
    return law
