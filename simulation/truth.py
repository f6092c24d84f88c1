"""The true probabilities, for tests and benchmarks; no project file reads them."""

import numpy as np
import pandas as pd

from simulation.arrays import Floats, Ints, as_times
from simulation.intent import STATES, Law, Leads, first_state_shares, momentum_of, win_within
from simulation.journeys import Journeys
from simulation.profiles import ACCOUNT_SD, LEAD_SD, Profiles
from simulation.scenario import DAY, HORIZON_DAYS, Scenario

TRUTH_AGES_DAYS = (0, 14, 30, 60)
_NODES = 5  # of the Gauss-Hermite quadrature over what is hidden


def warmth_of(profiles: Profiles, hidden: Floats) -> Floats:
    """Return the location of the first state's logit, hidden part included."""
    return profiles.warmth + 0.30 * hidden


def fixed_leads(profiles: Profiles, offset: Ints, hidden: Floats) -> Leads:
    """Return what is fixed about each lead, given the hidden part of its fit."""
    fit = profiles.known_fit + hidden
    return Leads(
        fit, momentum_of(fit), warmth_of(profiles, hidden), (profiles.created + offset) // DAY
    )


def tell_truth(
    scenario: Scenario,
    law: Law,
    fixed: Leads,
    journeys: Journeys,
    profiles: Profiles,
    likelihood: Floats,
) -> pd.DataFrame:
    """Return the true probabilities of each lead while it was open.

    One row per lead and moment: ``Moment`` is ``created`` (age 0), ``age_14``, ``age_30``, ``age_60``
    and ``end`` (the data's end). With ``As Of`` (UTC):

    - ``True Probability``: P(won at or after As Of and less than 90 days later | open, everything that
      the simulation holds at that moment): what the tables tell of the lead, its hidden fit, its
      account's, and its present state of intent. The future is not in it. Exact (backward recursion).
    - ``Observable Probability``, at creation only: the same given only what the lead's own row, its
      sign-up answers and its visits before creation tell; the hidden part and the first state are
      integrated out (5-point Gauss-Hermite, the state by Bayes). No model of one lead's own data can
      do better at age 0. It knows values that the export lost (employees), and not what the
      account's other people did.
    - ``State``: the state of intent.
    - ``Won``: whether it happened; known here also where the data end earlier.
    """
    lead_ids = profiles.leads["Lead ID"].to_numpy()
    count = len(lead_ids)
    moments = [
        (f"age_{age}" if age else "created", journeys.created + age * DAY)
        for age in TRUTH_AGES_DAYS
    ]
    moments.append(("end", np.full(count, scenario.cutoff)))
    parts = []
    for name, moment in moments:
        age, state = journeys.state_at(moment)
        rows = np.flatnonzero((state >= 0) & (moment <= scenario.cutoff))
        value = win_within(law, fixed.take(rows), age[rows])
        end = moment[rows] + HORIZON_DAYS * DAY
        parts.append(
            pd.DataFrame(
                {
                    "Lead ID": lead_ids[rows],
                    "Moment": name,
                    "As Of": as_times(moment[rows]),
                    "State": np.array(STATES, dtype=object)[state[rows]],
                    "True Probability": value[np.arange(len(rows)), state[rows]],
                    "Observable Probability": np.nan,
                    "Won": journeys.won[rows] & (journeys.closed[rows] < end),
                }
            )
        )
    parts[0]["Observable Probability"] = _observable(scenario, law, journeys, profiles, likelihood)
    return pd.concat(parts, ignore_index=True)


def _observable(
    scenario: Scenario, law: Law, journeys: Journeys, profiles: Profiles, likelihood: Floats
) -> Floats:
    """Return P(won within the horizon) at creation, given what is known then."""
    spread = scenario.signal * np.hypot(ACCOUNT_SD, LEAD_SD)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    age = np.zeros(len(likelihood), dtype=np.int64)
    relative = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    above, below = np.zeros(len(age)), np.zeros(len(age))
    for node, weight in zip(nodes, weights, strict=True):
        some = fixed_leads(profiles, journeys.offset, np.full(len(age), node * spread))
        joint = weight * first_state_shares(some.warmth) * relative
        above += (joint * win_within(law, some, age)).sum(axis=1)
        below += joint.sum(axis=1)
    return above / below
