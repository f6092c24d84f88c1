"""Living through it: each lead's states day by day, until it is won or lost."""

from dataclasses import dataclass

import numpy as np

from simulation.arrays import Floats, Ints, Texts, draw_position
from simulation.intent import FAST, MAX_AGE_DAYS, SLOW, Law, Leads, first_state_shares, pressure
from simulation.scenario import DAY

_FAR = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Journeys:
    """What became of each lead, also beyond the end of the data.

    ``created`` and ``closed`` are seconds since 1970-01-01 UTC; ``offset`` is the time from creation
    to the first closing moment, 1 to 86,400 seconds. ``lead``, ``day`` and ``state`` are the lead
    days: one entry per lead and day that it was open, ordered by lead and day.
    """

    created: Ints
    offset: Ints
    closed: Ints
    won: Texts
    lead: Ints
    day: Ints
    state: Ints

    @property
    def day_start(self) -> Ints:
        """When each lead day begins: at the lead's creation or its last closing moment."""
        begun: Ints = self.created[self.lead] + self.offset[self.lead] + (self.day - 1) * DAY
        later: Ints = np.maximum(begun, self.created[self.lead])
        return later

    @property
    def day_end(self) -> Ints:
        """When each lead day ends: at its closing moment."""
        end: Ints = self.created[self.lead] + self.offset[self.lead] + self.day * DAY
        return end

    @property
    def last_state(self) -> Ints:
        """The state that each lead was in when it closed."""
        end = np.searchsorted(self.lead, np.arange(len(self.created)), side="right")
        last: Ints = self.state[end - 1]
        return last

    def state_at(self, moment: Ints) -> tuple[Ints, Ints]:
        """Return age in closing moments and state of each lead at its moment; -1 where it is not open then."""
        passed = np.maximum(-(-(moment - self.created - self.offset) // DAY), 0)
        is_open = (self.created <= moment) & (self.closed >= moment)
        first = np.searchsorted(self.lead, np.arange(len(self.created)))
        state = np.full(len(self.created), -1, dtype=np.int64)
        state[is_open] = self.state[(first + passed)[is_open]]
        return np.where(is_open, passed, -1), state


def first_states(warmth: Floats, random: np.random.Generator) -> Ints:
    """Draw the state of the first day."""
    edges = np.cumsum(first_state_shares(warmth), axis=1)
    return draw_position(edges[:, :3], random)


def live(
    law: Law, leads: Leads, first: Ints, created: Ints, offset: Ints, random: np.random.Generator
) -> Journeys:
    """Draw every lead's path from its first state to its end."""
    count = len(first)
    closed, won = np.full(count, _FAR, dtype=np.int64), np.zeros(count, dtype=bool)
    active, state = np.arange(count), first.copy()
    slow, fast = np.cumsum(SLOW, axis=1)[:, :3], np.cumsum(FAST, axis=1)[:, :3]
    paths: list[tuple[Ints, Ints, Ints]] = []
    for age in range(MAX_AGE_DAYS):
        paths.append((active, np.full(len(active), age, dtype=np.int64), state))
        some = leads.take(active)
        win, loss = pressure(law, some, paths[-1][1])
        win, loss = win * law.win_by_state[state], loss * law.loss_by_state[state]
        draw = random.random((len(active), 2))
        closes = draw[:, 0] < -np.expm1(-(win + loss))
        ended = active[closes]
        closed[ended] = created[ended] + offset[ended] + age * DAY
        won[ended] = (draw[:, 1] * (win + loss) < win)[closes]
        active, state, quick = active[~closes], state[~closes], some.momentum[~closes, None]
        if not len(active):
            break
        edges = (1 - quick) * slow[state] + quick * fast[state]
        state = draw_position(edges, random)
    lead, day, states = (np.concatenate(column) for column in zip(*paths, strict=True))
    order = np.argsort(lead, kind="stable")
    return Journeys(created, offset, closed, won, lead[order], day[order], states[order])
