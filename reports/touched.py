"""The one rule by which a hand-off was touched in time, for all who tell of it."""

from datetime import timedelta

import pandas as pd

from reports.material import Material


def hand_offs(material: Material) -> pd.DataFrame:
    """Return one row per lead, in the order and with the index of the loop; a lead's last hand-off counts.

    Columns:

    - ``handed_at``: naive UTC, null if the lead was never handed over;
    - ``due``: its time is over (`features.agreement.Agreement.contact_within_hours` after the hand-off, at the data
      end or before), and sales had to touch it. A lead that was rejected or recycled, or that closed, before its time
      was over and without a contact in it was decided on: nobody owes it a call;
    - ``in_time``: contacted within its time, whether or not it is due yet. An acceptance alone is no contact;
    - ``waited``: from the hand-off to the first contact after it, null where there was none.

    An end of unknown time (a flat export) decides nothing.
    """
    loop = material.loop
    handed, contacted, rejected, recycled, closed = (
        pd.to_datetime(loop[name])
        for name in ("handed_at", "contacted_at", "rejected_at", "recycled_at", "closed_at")
    )
    allowed = timedelta(hours=material.project.agreement.contact_within_hours)
    until = handed + allowed
    waited = (contacted - handed).where(contacted >= handed)
    in_time = waited <= allowed
    # A recycling is the last one ever, and may be that of a hand-off before.
    decided = (rejected <= until) | ((recycled >= handed) & (recycled <= until)) | (closed <= until)
    over = until <= min(material.as_of, material.data_cutoff)
    return pd.DataFrame(
        {
            "handed_at": handed,
            "due": over & (in_time | ~decided),
            "in_time": in_time,
            "waited": waited,
        }
    )
