"""What sales does: hand-offs of the reserved kinds, calls, meetings, and what is written into the lead.

As in `behaviour`, it depends on intent, never on how the lead ends.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulation import market
from simulation.arrays import Ints, Texts, draw_position
from simulation.behaviour import NEVER, Occurrences, day_weights, emit, join, within
from simulation.intent import COLD, DECIDING, EVALUATING
from simulation.journeys import Journeys
from simulation.scenario import DAY

MARKETING = "Marketing"  # who hands over
KINDS = ("handed_over", "accepted", "rejected", "contacted", "recycled", "call", "meeting")
_HANDED, _ACCEPTED, _REJECTED, _CONTACTED, _RECYCLED, _CALL, _MEETING = range(7)

# By state: cold, curious, evaluating, deciding.
_HAND_OVER_A_DAY = np.array([0.012, 0.030, 0.220, 0.450])
_REJECTS = np.array([0.50, 0.30, 0.12, 0.05])
# Why, by the same states.
REFUSALS = ("No budget", "Wrong person", "No need now", "Cannot be reached")
_REFUSAL_SHARES = np.array(
    [
        [0.15, 0.25, 0.30, 0.30],
        [0.25, 0.20, 0.35, 0.20],
        [0.40, 0.22, 0.23, 0.15],
        [0.38, 0.30, 0.17, 0.15],
    ]
)
_CALLS = (0.050, 0.090, 0.150, 0.190)
_MEETINGS = (0.002, 0.010, 0.060, 0.120)
_RECYCLES_A_DAY = 0.12  # of accepted leads that went cold
PASSING = ("No response", "No budget", "Bad timing")  # reasons of a loss that may be gone next year
_RECYCLES_LOST = 0.85
_UPDATES = {EVALUATING: (0.35, "Next quarter"), DECIDING: (0.60, "This quarter")}


@dataclass(frozen=True)
class HandOff:
    """When each lead was handed over, accepted, rejected, first contacted: seconds, far away if never.

    ``refusal``: the reason that a rejection has, or would have had.
    """

    handed: Ints
    accepted: Ints
    rejected: Ints
    contacted: Ints
    refusal: Texts


def _first_per_lead(lead: Ints, at: Ints, count: int) -> Ints:
    first = np.full(count, NEVER)
    np.minimum.at(first, lead, at)
    return first


def _delay(median_days: Texts, spread: float, random: np.random.Generator) -> Ints:
    return (np.exp(random.normal(np.log(median_days), spread)) * DAY).astype(np.int64) + 60


def hand_off(journeys: Journeys, owner: Texts, random: np.random.Generator) -> HandOff:
    """Draw the hand-off of each lead; what would come after closing does not happen."""
    count = len(journeys.created)
    handing = np.flatnonzero(random.random(len(journeys.lead)) < _HAND_OVER_A_DAY[journeys.state])
    lead, first = np.unique(journeys.lead[handing], return_index=True)
    row = handing[first]
    handed, state = np.full(count, NEVER), np.zeros(count, dtype=np.int64)
    handed[lead] = within(journeys.day_start[row], journeys.day_end[row], random)
    state[lead] = journeys.state[row]
    reps = {rep.name: rep for rep in market.REPS}
    median = np.array([reps[name].median_response_days for name in owner])
    never = random.random(count) < np.array([reps[name].never_calls for name in owner])
    decided = handed + _delay(median * 0.5, 0.8, random)
    rejects = random.random(count) < _REJECTS[state]
    called = decided + _delay(median, 0.9, random)

    edges = np.cumsum(_REFUSAL_SHARES, axis=1)[state][:, :-1]

    def happens(at: Ints, where: Texts) -> Ints:
        return np.where(where & (at < journeys.closed), at, NEVER)

    return HandOff(
        handed=happens(handed, handed < NEVER),
        accepted=happens(decided, ~rejects),
        rejected=happens(decided, rejects),
        contacted=happens(called, ~rejects & ~never),
        refusal=np.array(REFUSALS, dtype=object)[draw_position(edges, random)],
    )


def _recycled(journeys: Journeys, steps: HandOff, random: np.random.Generator) -> Ints:
    """Draw when leads go back to marketing: soon after a rejection, or when an accepted one went cold."""
    cold = (journeys.state == COLD) & (journeys.day_start > steps.accepted[journeys.lead])
    row = np.flatnonzero(cold & (random.random(len(cold)) < _RECYCLES_A_DAY))
    later = _first_per_lead(journeys.lead[row], journeys.day_start[row], len(journeys.created))
    soon = steps.rejected + _delay(np.full(len(later), 0.3), 0.6, random)
    recycled = np.minimum(later, np.where(steps.rejected < NEVER, soon, NEVER))
    return np.where(recycled < journeys.closed, recycled, NEVER)


def recycled_when_lost(journeys: Journeys, reason: Texts, random: np.random.Generator) -> Ints:
    """Draw when lost leads go back to marketing: most of those whose reason may pass, within days."""
    goes = np.isin(reason.astype(str), PASSING) & (random.random(len(reason)) < _RECYCLES_LOST)
    return np.where(goes, journeys.closed + _delay(np.full(len(goes), 1.0), 0.7, random), NEVER)


def sales_events(
    journeys: Journeys, steps: HandOff, lost: Ints, random: np.random.Generator
) -> Occurrences:
    """Return hand-offs, and draw calls and meetings from the first contact on.

    ``lost``: when lost leads go back to marketing, whether they had gone before or not.
    """
    parts = []
    recycled = _recycled(journeys, steps, random)
    for kind, at in (
        (_RECYCLED, lost),
        (_HANDED, steps.handed),
        (_ACCEPTED, steps.accepted),
        (_REJECTED, steps.rejected),
        (_CONTACTED, steps.contacted),
        (_RECYCLED, recycled),
    ):
        lead = np.flatnonzero(at < NEVER)
        parts.append(Occurrences(lead, np.full(len(lead), kind), at[lead], KINDS))
    talks = emit(journeys, np.array([_CALLS, _MEETINGS]), day_weights(journeys), KINDS, random)
    talks = Occurrences(talks.lead, talks.kind + _CALL, talks.at, KINDS)
    parts.append(
        talks.take((talks.at > steps.contacted[talks.lead]) & (talks.at < recycled[talks.lead]))
    )
    return join(parts)


def _changes(lead: Ints, field: str, new: str, at: Ints) -> pd.DataFrame:
    return pd.DataFrame({"lead": lead, "Field": field, "New Value": new, "at": at})


def status_changes(journeys: Journeys, steps: HandOff) -> pd.DataFrame:
    """Return changes of the lead's status: lead, field, new value, when."""
    parts = []
    for value, at in (("Nurture", steps.rejected), ("Working - Contacted", steps.contacted)):
        lead = np.flatnonzero(at < NEVER)
        parts.append(_changes(lead, "Lead Status", value, at[lead]))
    for value, ended in (
        ("Closed - Converted", journeys.won),
        ("Closed - Not Converted", ~journeys.won),
    ):
        lead = np.flatnonzero(ended)
        parts.append(_changes(lead, "Lead Status", value, journeys.closed[lead]))
    return pd.concat(parts, ignore_index=True)


def timeframe_changes(journeys: Journeys, random: np.random.Generator) -> pd.DataFrame:
    """Draw changes of the timeframe: some leads that begin to evaluate or to decide say so."""
    parts = []
    for state, (share, value) in _UPDATES.items():
        begins = np.flatnonzero((journeys.state == state) & (journeys.day > 0))
        lead, first = np.unique(journeys.lead[begins], return_index=True)
        row = begins[first]
        kept = random.random(len(lead)) < share
        at = within(journeys.day_start[row], journeys.day_end[row], random)
        parts.append(_changes(lead[kept], "Timeframe", value, at[kept]))
    return pd.concat(parts, ignore_index=True)


def chain(changes: pd.DataFrame, initial: pd.Series) -> pd.DataFrame:
    """Return one field's changes with their old values, by time; those that change nothing are left out."""
    ordered = changes.sort_values(["lead", "at"], kind="stable", ignore_index=True)
    before = ordered.groupby("lead")["New Value"].shift()
    first = ~ordered["lead"].duplicated()
    ordered["Old Value"] = before.where(~first, ordered["lead"].map(initial))
    return ordered[ordered["Old Value"] != ordered["New Value"]]
