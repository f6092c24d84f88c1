"""The law of the simulated world: intent as a Markov chain, closing as competing daily hazards.

Each day an open lead is in one of four states of intent. At one moment of the day (``first_close``
and every 24 hours after it) it may be won or lost, with hazards that depend on its state, on what
does not change about it, on its age and on the calendar; if it stays open, its state moves.
The probability to be won within a horizon follows from the state by backward recursion, without
simulation: the leads' true probabilities.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.market import WIN_SEASON
from simulation.scenario import HORIZON_DAYS, Scenario

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STATES = ("cold", "curious", "evaluating", "deciding")
COLD, CURIOUS, EVALUATING, DECIDING = range(4)

MAX_AGE_DAYS = 365  # the company closes what is a year old
_STALE_AGE_DAYS = 180
_STALE_FACTOR = 3.0
_CERTAIN = 50.0  # a hazard that nothing survives
_RAMP_DAYS = 70.0  # nobody buys on the first day
_WEEKEND = 0.08

_WIN = np.log(np.array([0.0005, 0.0022, 0.0110, 0.0190]))
_LOSS = np.log(np.array([0.300, 0.190, 0.009, 0.004]))
_WIN_SAME, _LOSS_SAME = float(np.log(0.006)), float(np.log(0.090))  # where no signal is wanted
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
    """What all leads share: ``level`` sets the base rate, the rest comes from the scenario."""

    signal: float
    drift_per_day: float
    drift_from_day: float
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
    return edges[:, :-1] - edges[:, 1:]


def momentum_of(fit: Floats) -> Floats:
    """Return how quickly intent grows, 0 to 1, from how well a lead fits."""
    return 1 / (1 + np.exp(0.6 - 0.9 * fit))


def _calendar(law: Law, day: Ints) -> tuple[Floats, Floats]:
    """Return the log effect on winning and the factor on any closing, for days since 1970."""
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    season = law.signal * np.array(WIN_SEASON)[month]
    weekend = (day + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    return season + law.drift_per_day * (day - law.drift_from_day), np.where(weekend, _WEEKEND, 1.0)


def _loss_age_factor(age: Ints) -> Floats:
    return np.where(age < _STALE_AGE_DAYS, 1.0, _STALE_FACTOR)


def hazards(law: Law, leads: Leads, age: Ints, state: Ints) -> tuple[Floats, Floats]:
    """Return the win and the loss hazard at each lead's closing moment of the day.

    ``age`` counts whole days since the first closing moment; ``state`` may have a trailing axis.
    """
    extra = (None,) * (state.ndim - 1)
    calendar, factor = _calendar(law, leads.first_day + age)
    ramp = np.log1p(-np.exp(-(age + 1) / _RAMP_DAYS))
    win_level = _WIN_SAME + law.signal * (_WIN - _WIN_SAME)
    loss_level = _LOSS_SAME + law.signal * (_LOSS - _LOSS_SAME)
    win = (
        np.exp((law.level + leads.fit + calendar + ramp)[:, *extra] + win_level[state])
        * factor[:, *extra]
    )
    loss = np.exp((_LOSS_FIT * leads.fit)[:, *extra] + loss_level[state])
    loss = loss * (factor * _loss_age_factor(age))[:, *extra]
    return win, np.where((age >= MAX_AGE_DAYS - 1)[:, *extra], _CERTAIN, loss)


def win_within(law: Law, leads: Leads, age: Ints, days: int = HORIZON_DAYS) -> Floats:
    """Return P(won within ``days`` closing moments | open and in the state), shape (leads, 4).

    Backward recursion over the absorbing chain: with ``c`` the probability to close at the day's
    moment, ``w`` to be won at it and ``T`` the lead's transition matrix,
    ``v(t) = w(t) + (1 - c(t)) T v(t + 1)``, ``v = 0`` beyond the horizon.
    """
    states = np.broadcast_to(np.arange(4), (len(age), 4))
    value = np.zeros((len(age), 4))
    quick = leads.momentum[:, None]
    for ahead in reversed(range(days)):
        win, loss = hazards(law, leads, age + ahead, states)
        both = win + loss
        stays = np.exp(-both)
        onward = (1 - quick) * (value @ SLOW.T) + quick * (value @ FAST.T)
        value = (1 - stays) * win / both + stays * onward
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
    middle = (scenario.first_day + scenario.last_day) / 2
    low, high = -8.0, 8.0
    for _ in range(16):
        law = Law(scenario.signal, scenario.drift / 365.25, middle, (low + high) / 2)
        mean = (
            (shares * win_within(law, some, np.zeros(len(rows), dtype=np.int64))).sum(axis=1).mean()
        )
        low, high = (law.level, high) if mean < scenario.base_rate else (low, law.level)
    return law
