"""A past period under an agreement: whom sales would have got, night by night, by the score at arrival."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.grades import thresholds
from reports.lead_state import Maturity, lead_states
from reports.material import Material

DAY = np.timedelta64(1, "D")
EVERYBODY = ""


@dataclass(frozen=True)
class Waiting:
    """The leads that were open at some moment of the period, or came and went in the time before it.

    Sorted by ``created_at``. ``pool``: the team that has a capacity of its own, "" for all others. ``closed_at``: NaT
    while open. ``counts``: whether the lead belongs to the period, not to the time before that fills sales' days.
    ``sampled``: the share of all leads that has a score and so takes part.
    """

    leads: pd.DataFrame
    start: np.datetime64
    nights: NDArray[Any]
    sampled: float

    @classmethod
    def of(cls, material: Material) -> "Waiting | None":
        """Return those of a material, None where no lead of the period has a score or a time of creation."""
        period = material.period
        early = period.start - timedelta(days=material.project.label.horizon_days)
        loop = material.loop
        created, closed = pd.to_datetime(loop["created_at"]), pd.to_datetime(loop["closed_at"])
        states = lead_states(created, loop["won"], closed, Maturity.of(material.project, material))
        open_in_it = closed.isna() | (closed >= period.start)
        if (
            material.flat
        ):  # nobody knows when a lead closed: those that came in the period are taken
            open_in_it = created >= period.start
        leads = pd.DataFrame(
            {
                "lead_id": loop["lead_id"],
                "created_at": created,
                "closed_at": closed,
                "won": states["won"].to_numpy(dtype=bool),
                "open": ~states["ended"].to_numpy(dtype=bool),
                "counts": open_in_it,
                "pool": _pools(material),
            }
        )[(created >= early) & (created < period.end)]
        scored = leads.merge(material.arrivals[["lead_id", "close_probability"]], on="lead_id")
        if not scored["counts"].any():
            return None
        shares = material.project.agreement.grade_shares
        scored = scored.assign(grade=_graded(scored["close_probability"].round(12), shares))
        nights = np.arange(
            np.datetime64(early, "us") + DAY, np.datetime64(period.end, "us") + DAY, DAY
        )
        scored = scored.sort_values(["created_at", "lead_id"], ignore_index=True)
        return cls(scored, np.datetime64(period.start, "us"), nights, len(scored) / len(leads))

    def total(self) -> pd.DataFrame:
        """Return the period's own leads, whoever would have got them."""
        own: pd.DataFrame = self.leads[self.leads["counts"]]
        return own

    def taken(self, grades: Sequence[str], capacities: Mapping[str, float | None]) -> pd.DataFrame:
        """Return the period's leads that sales would have got, with ``within``: in the period's own nights.

        Each night the best of these grades that are open and were not taken before, as many as there are places;
        places are not carried over, except for fractions. Without a limit each lead goes to sales on its first
        night. The time before the period is replayed too, so that its first days begin with what was left; a lead
        that is open in the period may have gone to sales before.
        """
        rows = self.leads[self.leads["grade"].isin(list(grades))]
        parts = [
            self._by_pool(rows[rows["pool"] == pool], capacity)
            for pool, capacity in capacities.items()
        ]
        got = pd.concat(parts)
        own: pd.DataFrame = got[got["counts"]]
        return own

    def _by_pool(self, rows: pd.DataFrame, capacity: float | None) -> pd.DataFrame:
        created = rows["created_at"].to_numpy("datetime64[us]")
        closed = rows["closed_at"].to_numpy("datetime64[us]")
        first = np.searchsorted(self.nights, created, side="right")
        if capacity is None:
            inside = first < len(self.nights)
            night = self.nights[np.minimum(first, len(self.nights) - 1)]
            got = inside & (np.isnat(closed) | (closed >= night))
            unlimited: pd.DataFrame = rows[got]
            return unlimited.assign(within=night[got] > self.start)
        gone_by = np.searchsorted(self.nights, closed, side="right")
        gone_by[np.isnat(closed)] = len(self.nights)
        chance = rows["close_probability"].to_numpy(float)
        places = np.diff(
            np.floor(np.arange(len(self.nights) + 1) * capacity * self.sampled + 1e-9)
        ).astype(int)
        taken, at = _work(first, gone_by, chance, places)
        return rows.iloc[taken].assign(within=self.nights[at] > self.start)


def _work(
    first: NDArray[Any],
    gone_by: NDArray[Any],
    chance: NDArray[Any],
    places: NDArray[Any],
) -> tuple[list[int], list[int]]:
    """Return the places in their arrays of the leads that are taken, and the night of each."""
    waiting: list[tuple[float, int]] = []
    taken, at, next_lead = list[int](), list[int](), 0
    order = np.argsort(first, kind="stable")
    for night, room in enumerate(places):
        while next_lead < len(order) and first[order[next_lead]] <= night:
            lead = int(order[next_lead])
            heappush(waiting, (-float(chance[lead]), lead))
            next_lead += 1
        left = int(room)
        while left and waiting:
            _, lead = heappop(waiting)
            if gone_by[lead] <= night:  # it closed before anybody called
                continue
            left -= 1
            taken.append(lead)
            at.append(night)
    return taken, at


def _pools(material: Material) -> "pd.Series[Any]":
    column, own = material.columns.team, material.project.agreement.team_capacity
    if column is None or column not in material.loop or not own:
        return pd.Series(EVERYBODY, index=material.loop.index)
    team = material.loop[column].astype(str).str.removesuffix(".0")
    return team.where(team.isin(list(own)), EVERYBODY)


def _graded(chances: "pd.Series[float]", shares: Sequence[float]) -> NDArray[Any]:
    """Return the grades of scores at arrival among themselves, with the agreement's shares of A, B and C.

    The champion's own thresholds come from leads of all ages: of leads that have just come they would call nearly
    none an A, and a replay would tell nothing.
    """
    probability = np.asarray(chances, dtype=np.float64)
    least = thresholds(probability, shares)
    steps = [probability >= (np.inf if bound is None else bound) for bound in least.values()]
    return np.select(steps, [*least], default="D")
