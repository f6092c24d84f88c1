"""One row per lead with what its quality is told from: arrival, hand-off, end, time and money."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from reports.facts import Fact
from reports.lead_state import Maturity, group_names, lead_states
from reports.material import Material
from reports.periods import Period

MONTHS_BACK = 24
DAY = pd.Timedelta(days=1)


class Known(Fact):
    """What this company's data can tell at all; what is False is unknown, not zero."""

    handed_over: bool
    decided: bool
    contacted: bool
    amounts: bool
    arrivals: bool
    tonight: bool
    spend: bool
    closing_times: bool

    @classmethod
    def of(cls, material: Material) -> "Known":
        """Look at which kinds occur and which tables are filled."""
        kinds = set(material.columns.kinds)
        sales = {"contacted", *material.project.agreement.sales_kinds}
        return cls(
            handed_over="handed_over" in kinds,
            # where a rejection is never recorded, everything that was decided was accepted
            decided={"accepted", "rejected"} <= kinds,
            contacted=bool(kinds & sales),
            amounts=material.mean_amount is not None,
            arrivals=not material.arrivals.empty,
            tonight=not material.tonight.empty,
            spend=not material.spend.empty,
            closing_times=not material.flat,
        )


def quality_leads(material: Material) -> pd.DataFrame:
    """Return one row per lead, in the order of the loop.

    Columns: ``lead_id``, ``created_at``, ``source``, ``campaign`` (names as told), ``cluster`` (account, else
    lead), ``won, mature, closed, ended`` (see `reports.lead_state`), ``arrival`` and ``tonight`` (probabilities, NaN
    where there is none), ``amount`` (of wins), ``handed, accepted, rejected`` (bool), ``days_to_win``,
    ``days_to_contact`` (NaN where it did not happen).
    """
    loop = material.loop
    created = pd.to_datetime(loop["created_at"])
    closed_at = pd.to_datetime(loop["closed_at"])
    state = lead_states(created, loop["won"], closed_at, Maturity.of(material.project, material))
    accepted, rejected = pd.to_datetime(loop["accepted_at"]), pd.to_datetime(loop["rejected_at"])
    refused = rejected.notna() & ~(accepted > rejected)
    table = pd.DataFrame(
        {
            "lead_id": loop["lead_id"],
            "created_at": created,
            "source": group_names(loop["source"]),
            "campaign": group_names(loop["campaign"]),
            "cluster": _clusters(loop),
            "arrival": _looked_up(loop["lead_id"], material.arrivals),
            "tonight": _looked_up(loop["lead_id"], material.tonight),
            "handed": loop["first_handed_at"].notna(),
            "accepted": accepted.notna() & ~refused,
            "rejected": refused,
            "days_to_win": (closed_at - created) / DAY,
            "days_to_contact": (pd.to_datetime(loop["first_contact_at"]) - created) / DAY,
        }
    ).join(state)
    table["days_to_win"] = table["days_to_win"].where(table["won"])
    amount = pd.to_numeric(loop["amount"]).astype(float)
    table["amount"] = (
        amount.fillna(material.mean_amount).where(table["won"])
        if (material.mean_amount is not None)
        else float("nan")
    )
    return table


def last_quarters(material: Material, count: int) -> list[Period]:
    """Return the last whole quarters that the data cover, oldest first."""
    zone = material.project.timezone
    last = Period.last_complete("quarter", min(material.as_of, material.data_cutoff), zone)
    return [last.earlier(zone, back) for back in range(count - 1, -1, -1)]


def months_of(created_at: "pd.Series[Any]", material: Material) -> "pd.Series[Any]":
    """Return the month of creation (``2026-03``, in the project's time zone) in the last 24 whole months, else null."""
    zone = material.project.timezone
    last = Period.last_complete("month", min(material.as_of, material.data_cutoff), zone)
    first = last.earlier(zone, MONTHS_BACK - 1)
    local = created_at.dt.tz_localize(UTC).dt.tz_convert(ZoneInfo(zone))
    told = (created_at >= first.start) & (created_at < last.end)
    months: pd.Series[Any] = local.dt.strftime("%Y-%m")
    return months.where(told)


def within(created_at: "pd.Series[Any]", period: Period) -> "pd.Series[bool]":
    """Tell which of the moments lie in the period."""
    return (created_at >= period.start) & (created_at < period.end)


def _clusters(loop: pd.DataFrame) -> "pd.Series[Any]":
    """People of one account are not independent of each other."""
    account = loop["account_id"].astype("object")
    named = "a" + account.astype(str)
    return named.where(account.notna(), "l" + loop["lead_id"].astype(str)).astype("object")


def _looked_up(ids: "pd.Series[Any]", scored: pd.DataFrame) -> "pd.Series[Any]":
    if scored.empty:
        return pd.Series(float("nan"), index=ids.index)
    chances: pd.Series[Any] = ids.map(scored.set_index("lead_id")["close_probability"])
    return chances.astype(float)
