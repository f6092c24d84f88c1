"""A whole company: its tables as a CRM exports them, and the truth that no CRM knows."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from simulation import behaviour, money, selling
from simulation.arrays import Ints, where_told
from simulation.intent import Law, Leads, level_for
from simulation.journeys import Journeys, first_states, live
from simulation.profiles import Profiles, draw_profiles
from simulation.scenario import DAY, END, EVENTS_PER_LEAD, LEADS, START, Scenario
from simulation.tables import Tables
from simulation.truth import fixed_leads, tell_truth


@dataclass(frozen=True)
class Company:
    """A simulated company. Times are naive UTC ``datetime64[s]``, amounts EUR.

    All frames but ``truth`` hold what is known before ``scenario.cutoff_time``, current values as an
    export gives them. ``truth`` is described at `simulation.truth.tell_truth`.
    """

    scenario: Scenario
    leads: pd.DataFrame
    opportunities: pd.DataFrame
    web_events: pd.DataFrame
    mail_events: pd.DataFrame
    sales_activities: pd.DataFrame
    accounts: pd.DataFrame
    lead_history: pd.DataFrame
    spend: pd.DataFrame
    suppression: pd.DataFrame
    truth: pd.DataFrame


def simulate(
    leads: int = LEADS,
    *,
    seed: int = 7,
    start: date = START,
    end: date = END,
    events_per_lead: float = EVENTS_PER_LEAD,
    signal: float = 1.0,
    drift: float = Scenario.drift,
    base_rate: float = Scenario.base_rate,
    hindsight: bool = True,
    accounts: bool = True,
) -> Company:
    """Simulate a company; the arguments are those of `Scenario`.

    Raises:
        ValueError: a knob is out of its range.
    """
    scenario = Scenario(
        leads,
        seed,
        start,
        end,
        float(events_per_lead),
        float(signal),
        drift,
        base_rate,
        hindsight,
        accounts,
    )
    profiles = draw_profiles(scenario)
    law, fixed, journeys = _live(scenario, profiles)
    tables = Tables(scenario, profiles, journeys)
    first = journeys.state[journeys.day == 0]
    steps = selling.hand_off(
        journeys, profiles.leads["Lead Owner"].to_numpy(), scenario.random("hand-off")
    )
    reason = where_told(
        ~journeys.won, money.loss_reasons(journeys.last_state, scenario.random("loss reasons"))
    )
    recycled = selling.recycled_when_lost(journeys, reason, scenario.random("recycling"))
    sales = selling.sales_events(journeys, steps, recycled, scenario.random("sales"))
    nurture = behaviour.nurture_mails(
        recycled, scenario.events_per_lead / EVENTS_PER_LEAD, scenario.random("nurture")
    )
    scale = _scale(scenario, journeys, np.concatenate([sales.at, nurture.at]))
    pace = scenario.random("pace").gamma(behaviour.PACE_SHAPE, 1 / behaviour.PACE_SHAPE, leads)
    before = behaviour.before_counts(first, pace, scale, scenario.random("before"))
    said = behaviour.say(first, scenario.random("say"))
    history, current = tables.history(steps, said)
    return Company(
        scenario,
        leads=tables.leads(said, current),
        opportunities=tables.opportunities(reason),
        web_events=tables.events(
            behaviour.web_events(journeys, pace, before, scale, scenario.random("web"))
        ),
        mail_events=tables.events(
            behaviour.mail_events(journeys, nurture, scale, scenario.random("mail"))
        ),
        sales_activities=tables.sales_activities(sales, steps),
        accounts=tables.accounts(),
        lead_history=history,
        spend=money.spend(profiles.leads, profiles.created, scenario.random("spend")),
        suppression=tables.suppression(),
        truth=tell_truth(
            scenario, law, fixed, journeys, profiles, behaviour.log_likelihood(said, before, scale)
        ),
    )


def _live(scenario: Scenario, profiles: Profiles) -> tuple[Law, Leads, Journeys]:
    """Draw what the leads keep to themselves, and let them live."""
    random = scenario.random("lives")
    # The moment of the day at which a lead may close lies in working hours.
    moment = (np.clip(random.normal(13.0, 2.2, len(profiles.created)), 8, 18) * 3600).astype(
        np.int64
    )
    offset = np.maximum((moment - profiles.created) % DAY, 1)
    fixed = fixed_leads(profiles, offset, profiles.hidden_fit)
    law = level_for(scenario, fixed)
    first = first_states(fixed.warmth, random)
    return law, fixed, live(law, fixed, first, profiles.created, offset, random)


def _scale(scenario: Scenario, journeys: Journeys, others: Ints) -> float:
    """Return what the rates of visits and mail are multiplied by, so that with the others (their times) there are as many events as wanted."""
    known = journeys.day_start < scenario.cutoff
    expected = behaviour.expected_events(journeys, known, journeys.state[journeys.day == 0])
    wanted = scenario.events_per_lead * len(journeys.created) - (others < scenario.cutoff).sum()
    return float(max(wanted / expected, 0.05))
