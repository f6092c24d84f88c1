"""Whom sales would have called: policies that share one capacity, and what each of them caught.

An offer is a lead that is open on a night. Each night sales takes up as many leads as its capacity
allows, best first by the policy, none of them twice. A win is caught if the lead was won within the
horizon after the night on which it was taken up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.metrics import Integers
from models.scorer import Floats

LEADGAUGE = "leadgauge"
TIE_DRAWS = 200
BOOTSTRAP_DRAWS = 1000
EFFORTS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, np.inf)
EFFORT_DRAWS = 20


@dataclass(frozen=True)
class Taken:
    """What one policy did.

    ``share``: (offers,), in which share of the draws the offer was taken up; 0 or 1 where no two
    leads of a night stand equal.
    """

    share: Floats

    def of(self, values: Floats) -> Floats:
        """Return what each offer brought: (offers,), the value where it was taken up."""
        return self.share * values


def budgets(days: Floats, per_day: float) -> Integers:
    """Return how many leads sales takes up on each night, (nights,).

    Args:
        days: since the night before, (nights,).
        per_day: capacity; a fraction adds up over nights. What is not used is not carried over.
    """
    granted = np.floor(np.cumsum(days) * per_day + 1e-9)
    return np.diff(granted, prepend=0.0).astype(np.int64)


def work_through(
    offers: pd.DataFrame,
    budget: Integers,
    score: Floats,
    *,
    seed: int,
    draws: int = TIE_DRAWS,
) -> Taken:
    """Take up leads night by night, the highest ``score`` first.

    Args:
        offers: ``night`` (0 .. nights-1) and ``lead_id``; a lead stands on a night once.
        budget: (nights,), how many leads are taken up.
        score: (offers,); NaN comes last. Equals are drawn by lot: with one score for all this is
            chance, and what is returned is the mean over the draws.
        seed: of the lots.
        draws: how many; one is enough where nothing is equal.
    """
    lead = pd.factorize(offers["lead_id"])[0]
    night = offers["night"].to_numpy(dtype=np.int64)
    score = np.where(np.isnan(score), -np.inf, score)
    order = np.argsort(night, kind="stable")
    nights = np.split(order, np.searchsorted(night[order], np.arange(1, len(budget))))
    ranks = [np.unique(score[rows], return_inverse=True)[1] for rows in nights]
    tied = any(len(np.unique(rank)) < len(rank) for rank in ranks)
    draws = draws if tied else 1
    rng, count = np.random.default_rng(seed), np.zeros(len(offers))
    gone = np.zeros((draws, int(lead.max(initial=-1)) + 1), dtype=bool)
    for rows, rank, room in zip(nights, ranks, budget, strict=True):
        if not len(rows) or room < 1:
            continue
        key = rank + rng.random((draws, len(rows)))
        key[gone[:, lead[rows]]] = -1.0
        best = _highest(key, min(int(room), len(rows)))
        free = np.take_along_axis(key, best, axis=1) >= 0
        draw, place = np.nonzero(free)
        picked = rows[best[draw, place]]
        gone[draw, lead[picked]] = True
        count += np.bincount(picked, minlength=len(offers))
    return Taken(count / draws)


def _highest(key: Floats, room: int) -> npt.NDArray[np.intp]:
    """Return the columns of the ``room`` largest keys of each row."""
    if room == key.shape[1]:
        return np.broadcast_to(np.arange(room), key.shape)
    return np.argpartition(key, -room, axis=1)[:, -room:]


def reachable_wins(offers: pd.DataFrame) -> pd.DataFrame:
    """Return the leads that were won within the horizon of a night on which they were open.

    One row per lead: ``group_id``, ``amount`` (0 where it is not known). No policy catches more.
    """
    won = offers[offers["label"] == 1].drop_duplicates("lead_id")
    return won[["group_id"]].assign(amount=won["amount"].fillna(0.0).to_numpy(dtype=np.float64))


def figures(
    offers: pd.DataFrame,
    taken: Mapping[str, Taken],
    *,
    seed: int,
    draws: int = BOOTSTRAP_DRAWS,
) -> dict[str, dict[str, Any]]:
    """Return what each policy caught, with 95 % intervals, and how much more ``leadgauge`` did.

    Intervals are percentiles of a bootstrap over accounts (Efron 1979); who was taken up is held
    fixed, and all policies are drawn together, so that the differences are paired.

    Args:
        offers: ``lead_id, group_id, label, amount`` of each offer.
        taken: by policy; ``leadgauge`` is one of them.
        seed: of the bootstrap.
        draws: how many.
    """
    codes, groups = pd.factorize(offers["group_id"])
    label = offers["label"].to_numpy(dtype=np.float64)
    money = label * offers["amount"].fillna(0.0).to_numpy(dtype=np.float64)
    reached = reachable_wins(offers)
    at = pd.Index(groups).get_indexer(pd.Index(reached["group_id"]))
    columns = [
        np.bincount(at, minlength=len(groups)),
        np.bincount(at, weights=reached["amount"], minlength=len(groups)),
    ]
    for policy in taken.values():
        columns += [
            np.bincount(codes, weights=policy.of(values), minlength=len(groups))
            for values in (np.ones(len(label)), label, money)
        ]
    sums = np.column_stack(columns).astype(np.float64)
    rng, drawn = np.random.default_rng(seed), np.empty((draws, sums.shape[1]))
    for draw in range(draws):
        times = np.bincount(rng.integers(0, len(groups), len(groups)), minlength=len(groups))
        drawn[draw] = times @ sums
    totals = np.vstack([sums.sum(axis=0), drawn])
    worth = bool(offers["amount"].notna().any())
    parts = {
        name: _Totals.at(totals, 2 + 3 * position, worth=worth)
        for position, name in enumerate(taken)
    }
    return {name: part.figures(parts[LEADGAUGE], name) for name, part in parts.items()}


@dataclass(frozen=True)
class _Totals:
    """Totals of one policy: the first of each array is the figure, the others are its draws."""

    all_wins: Floats
    all_money: Floats
    worked: Floats
    wins: Floats
    money: Floats | None

    @classmethod
    def at(cls, totals: Floats, first: int, *, worth: bool) -> "_Totals":
        worked, wins, money = totals[:, first], totals[:, first + 1], totals[:, first + 2]
        return cls(totals[:, 0], totals[:, 1], worked, wins, money if worth else None)

    def figures(self, leadgauge: "_Totals", name: str) -> dict[str, Any]:
        told: dict[str, Any] = {"leads_worked": round(float(self.worked[0]), 2)}
        told |= _with_interval("wins_caught", self.wins)
        told |= _with_interval("share_of_wins", _ratio(self.wins, self.all_wins))
        told |= _with_interval("leads_per_win", _ratio(self.worked, self.wins))
        if self.money is not None:
            told |= _with_interval("revenue_caught", self.money)
            told |= _with_interval("share_of_revenue", _ratio(self.money, self.all_money))
        if name != LEADGAUGE:
            told |= _with_interval("leadgauge_more_wins", leadgauge.wins - self.wins)
            if self.money is not None and leadgauge.money is not None:
                told |= _with_interval("leadgauge_more_revenue", leadgauge.money - self.money)
        return told


def _ratio(above: Floats, below: Floats) -> Floats:
    ratio: Floats = np.full(len(above), np.inf)
    np.divide(above, below, out=ratio, where=below > 0)
    return ratio


def _with_interval(key: str, values: Floats) -> dict[str, Any]:
    """Return the figure and its interval; an end that is beyond all bounds is None."""
    ends = np.quantile(values[1:], [0.025, 0.975], method="inverted_cdf")
    told = [round(float(value), 4) if np.isfinite(value) else None for value in (values[0], *ends)]
    return {key: told[0], f"{key}_95": told[1:]}


def over_time(offers: pd.DataFrame, taken: Mapping[str, Taken], nights: int) -> dict[str, Floats]:
    """Return the wins that each policy had caught by each night, (nights,)."""
    night = offers["night"].to_numpy(dtype=np.int64)
    label = offers["label"].to_numpy(dtype=np.float64)
    return {
        name: np.bincount(night, weights=policy.of(label), minlength=nights).cumsum()
        for name, policy in taken.items()
    }


def by_effort(
    offers: pd.DataFrame, days: Floats, scores: Mapping[str, Floats], *, seed: int
) -> dict[str, list[dict[str, float]]]:
    """Return the share of wins caught for other capacities, from a fiftieth of the leads up to all on their first night.

    The capacity is spread evenly over the days, and goes unused on nights with fewer leads. Each point has ``leads`` (share of all that were open
    on a night, as they were really worked) and ``wins`` (share of those that could be caught).
    """
    leads, wins = offers["lead_id"].nunique(), len(reachable_wins(offers))
    label = offers["label"].to_numpy(dtype=np.float64)
    curves: dict[str, list[dict[str, float]]] = {}
    for name, score in scores.items():
        curves[name] = []
        for effort in EFFORTS:
            room = (
                budgets(days, effort * leads / max(float(days.sum()), 1e-9))
                if np.isfinite(effort)
                else np.full(len(days), leads)
            )
            taken = work_through(offers, room, score, seed=seed, draws=EFFORT_DRAWS)
            curves[name].append(
                {
                    "leads": float(taken.share.sum() / leads),
                    "wins": float(taken.of(label).sum() / wins) if wins else 0.0,
                }
            )
    return curves
