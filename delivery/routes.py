"""Which leads sales gets tonight: the grades of the agreement, up to sales' capacity."""

from hashlib import sha256

import pandas as pd

from features.project import Agreement

SALES_READY = "sales_ready"
NURTURE = "nurture"


def route(scored: pd.DataFrame, agreement: Agreement) -> pd.Series:
    """Return ``sales_ready`` or ``nurture`` for each lead, with the frame's index.

    Among the leads of a sales-ready grade the best go to sales, up to ``capacity_per_day``: by expected value if every
    one of them has it, else by probability, since euros and probabilities cannot be held against each other. Equals are
    told apart by a hash of the lead's id, so that neither the order of the rows nor the age of an id decides.

    Args:
        scored: n leads with ``lead_id``, ``close_probability``, ``grade`` and ``expected_value``.
        agreement: what sales and marketing signed.
    """
    ready = scored["grade"].isin(agreement.sales_ready_grades)
    if agreement.capacity_per_day is not None:
        candidates = scored.loc[ready]
        by_value = len(candidates) > 0 and bool(candidates["expected_value"].notna().all())
        worth = candidates["expected_value" if by_value else "close_probability"].astype(float)
        ids = candidates["lead_id"].astype(str)
        lots = [sha256(lead_id.encode("utf-8", "surrogatepass")).hexdigest() for lead_id in ids]
        ranking = pd.DataFrame({"worth": worth.to_numpy(), "lot": lots, "lead_id": ids.to_numpy()})
        best = ranking.sort_values(["worth", "lot"], ascending=[False, True])["lead_id"]
        ready &= scored["lead_id"].astype(str).isin(set(best.head(agreement.capacity_per_day)))
    return ready.map({True: SALES_READY, False: NURTURE}).astype(object).rename("route")
