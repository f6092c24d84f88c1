"""How many leads a company has, won and open, and how often they close."""

from reports.facts import Counts
from reports.lead_state import Maturity, lead_states
from reports.material import Material


def lead_counts(material: Material) -> Counts:
    """Return how many leads there are, won and open, and the close rate of mature ones.

    Without any lead scored tonight, those without an outcome are open.
    """
    loop = material.loop
    maturity = Maturity.of(material.project, material)
    state = lead_states(loop["created_at"], loop["won"], loop["closed_at"], maturity)
    mature = int(state["mature"].sum())
    return Counts(
        leads=len(loop),
        won=int(state["won"].sum()),
        open=len(material.tonight) or int((~state["ended"]).sum()),
        base_rate=float(state["closed"].sum()) / mature if mature else 0.0,
    )
