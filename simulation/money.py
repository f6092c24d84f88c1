"""What deals are worth, what was offered, why others are lost and to whom, and what marketing spends."""

import numpy as np
import pandas as pd

from simulation import market
from simulation.arrays import Bools, Floats, Ints, Texts, draw_position, where_told
from simulation.intent import DECIDING
from simulation.scenario import DAY

LOSS_REASONS = ("No response", "No budget", "Bad fit", "Competitor", "Bad timing")
# By the state in which the lead was lost: cold, curious, evaluating, deciding.
_REASON_SHARES = np.array(
    [
        [0.52, 0.14, 0.26, 0.02, 0.06],
        [0.34, 0.22, 0.20, 0.08, 0.16],
        [0.10, 0.26, 0.10, 0.32, 0.22],
        [0.04, 0.24, 0.05, 0.50, 0.17],
    ]
)
_MEDIAN_DEAL = 14_000.0  # EUR, at 200 employees
_SIZE_POWER = 0.38
_DEAL_SD = 0.55

# None, up to 10 %, more: those who are close to a decision are offered a little more often, and no
# more than 10 %. So offers with a small discount close a little more often, and no offer closes by it.
_DISCOUNTS = ((0.0,), (2.5, 5.0, 7.5, 10.0), (12.5, 15.0, 17.5, 20.0, 25.0))
_OFFERED = np.array([[0.50, 0.32, 0.18], [0.39, 0.43, 0.18]])  # evaluating or before, deciding
_LIST_MARGIN, _MARGIN_SD = 46.0, 4.0  # percent of the list price

COMPETITORS = ("Halsenvex", "Tarlomont", "Zetkagard", "Own development")
# Whom a lead looks at beside us, by its size: below 1,000 employees, from there on.
_RIVALS = np.array([[0.22, 0.38, 0.22, 0.18], [0.52, 0.20, 0.10, 0.18]])
_LARGE = 1000
_NAMED_WHEN_WON = 0.35


def amounts(employees: Texts, spending: Texts, random: np.random.Generator) -> Texts:
    """Draw deal sizes in EUR before discount: log-normal, growing with the company's size."""
    middle = _MEDIAN_DEAL * spending * (employees / 200.0) ** _SIZE_POWER
    return np.round(middle * np.exp(random.normal(0, _DEAL_SD, len(employees))), 2)


def discounts(state: Ints, random: np.random.Generator) -> Floats:
    """Draw the discount of each offer in percent, by the state of intent it was made in."""
    edges = np.cumsum(_OFFERED, axis=1)[(state == DECIDING).astype(np.int64)][:, :-1]
    band = draw_position(edges, random)
    drawn = np.zeros(len(state))
    for at, steps in enumerate(_DISCOUNTS):
        drawn[band == at] = random.choice(steps, int((band == at).sum()))
    return drawn


def margins(discount: Floats, random: np.random.Generator) -> Floats:
    """Draw what is left of each price in percent: costs stay what they are at the list price."""
    costs = 100 - random.normal(_LIST_MARGIN, _MARGIN_SD, len(discount))
    return np.round(100 - costs / (1 - discount / 100), 1)


def competitors(employees: Texts, won: Bools, reason: Texts, random: np.random.Generator) -> Texts:
    """Draw whom we lost to, where that was the reason, and whom we won against, where sales wrote it down."""
    edges = np.cumsum(_RIVALS, axis=1)[(employees >= _LARGE).astype(np.int64)][:, :-1]
    rival = np.array(COMPETITORS, dtype=object)[draw_position(edges, random)]
    named = won & (random.random(len(won)) < _NAMED_WHEN_WON)
    return where_told(named | (~won & (reason == "Competitor")), rival)


def loss_reasons(state: Ints, random: np.random.Generator) -> Texts:
    """Draw why leads were lost, by the state they were in."""
    edges = np.cumsum(_REASON_SHARES, axis=1)[state][:, :-1]
    reasons: Texts = np.array(LOSS_REASONS, dtype=object)[draw_position(edges, random)]
    return reasons


def spend(leads: pd.DataFrame, created: Ints, random: np.random.Generator) -> pd.DataFrame:
    """Draw what each campaign cost each month that it ran: about its leads times its source's cost per lead."""
    month = (created // DAY).astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]")
    grouped = pd.DataFrame(
        {"Month": month, "Source": leads["Lead Source"], "Campaign": leads["Campaign"]}
    )
    bought = (
        grouped.groupby(["Month", "Source", "Campaign"], sort=True).size().reset_index(name="leads")
    )
    cost = bought["Source"].map({source.name: source.cost_per_lead for source in market.SOURCES})
    noise = np.exp(random.normal(0, 0.18, len(bought)))
    # Half of the money follows the month's leads, half is the plan: a bad month is a dear one.
    planned = bought.groupby("Campaign")["leads"].transform("mean")
    bought["Amount EUR"] = np.round(cost * (0.5 * bought["leads"] + 0.5 * planned) * noise, 2)
    return bought.drop(columns="leads")
