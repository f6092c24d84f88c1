"""How many leads a company has, won and open, and how often they close."""

import pandas as pd

from reports.facts import Counts
from reports.lead_state import Maturity, lead_states


def lead_counts(
    leads: pd.DataFrame, outcomes: pd.DataFrame, scored: pd.DataFrame, *, maturity: Maturity
) -> Counts:
    """Return how many leads there are, won and open, and the close rate of mature ones.

    Args:
        leads: ``lead_id``, ``created_at``; naive UTC.
        outcomes: ``lead_id``, ``won``, ``closed_at``; at most one row per lead.
        scored: tonight's open leads: ``lead_id``; without any, those without an outcome are open.
        maturity: when a lead has had its time.
    """
    ended = outcomes.set_index("lead_id")
    state = lead_states(
        leads["created_at"],
        leads["lead_id"].map(ended["won"]),
        leads["lead_id"].map(ended["closed_at"]),
        maturity,
    )
    mature = int(state["mature"].sum())
    return Counts(
        leads=len(leads),
        won=int(state["won"].sum()),
        open=len(scored) or int((~state["ended"]).sum()),
        base_rate=float(state["closed"].sum()) / mature if mature else 0.0,
    )
