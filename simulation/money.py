"""What deals are worth, why others are lost, and what marketing spends."""

import numpy as np
import pandas as pd

from simulation import market
from simulation.arrays import Ints, Texts, draw_position
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
_NO_DISCOUNT = 0.45


def amounts(employees: Texts, spending: Texts, random: np.random.Generator) -> Texts:
    """Draw deal sizes in EUR before discount: log-normal, growing with the company's size."""
    middle = _MEDIAN_DEAL * spending * (employees / 200.0) ** _SIZE_POWER
    return np.round(middle * np.exp(random.normal(0, _DEAL_SD, len(employees))), 2)


def discounts(count: int, random: np.random.Generator) -> Texts:
    """Draw discounts in percent, in steps of 2.5."""
    drawn = np.round(random.beta(1.6, 3.5, count) * 30 / 2.5) * 2.5
    return np.where(random.random(count) < _NO_DISCOUNT, 0.0, drawn)


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
