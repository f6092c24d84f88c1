"""How many times as often leads with something closed as alike leads without it.

Alike is what the model says about everything else: leads are compared within strata of a prognostic score (Hansen,
"The prognostic analogue of the propensity score", Biometrika 95, 2008), and the strata joined by the risk ratio of
Mantel and Haenszel with the variance of Greenland and Robins (Biometrics 41, 1985). It says what goes together.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.conditions import Condition, Flags
from models.scorer import Floats

Codes = npt.NDArray[np.intp]
MOST_STRATA = 10
LEADS_PER_STRATUM = 20
FEWEST_WINS = 5  # on the side that is told
WINS_OF_A_HALF = 50  # fewer, and choosing and measuring share their leads
LEVEL = 0.05
Z = 1.959963984540054


@dataclass(frozen=True)
class Ratio:
    """A risk ratio over strata: its logarithm, the standard error of that, and the side with the condition."""

    log_ratio: float
    error: float
    leads: int
    wins: int

    @property
    def strength(self) -> float:
        """How many standard errors it lies from 1."""
        return abs(self.log_ratio) / self.error

    @property
    def p_value(self) -> float:
        """Two-sided, of a ratio of 1."""
        return math.erfc(self.strength / math.sqrt(2))

    def end(self, side: float) -> float:
        """Return the ratio so many standard errors away."""
        return math.exp(min(700.0, self.log_ratio + side * self.error))


@dataclass(frozen=True)
class Alike:
    """A condition and what was measured of it.

    ``leads`` and ``wins`` are those with it; ``alike_rate`` is the rate that alike leads without it closed at;
    ``ratio``, ``low`` and ``high`` how many times as often those with it closed, with the 95 % interval. ``found``:
    beyond chance, corrected for everything that was looked at (Holm). ``error`` is that of the ratio's logarithm.
    """

    condition: Condition
    leads: int
    wins: int
    rate: float
    alike_rate: float
    ratio: float
    low: float
    high: float
    error: float
    found: bool


@dataclass(frozen=True)
class Told:
    """The conditions that tell most, in the order of their concepts, and how they were come by.

    ``looked_at`` questions were asked. ``apart``: they were chosen on one half of the accounts and measured on the
    other; else chosen and measured on the same leads.
    """

    conditions: list[Alike]
    looked_at: int
    apart: bool


@dataclass(frozen=True)
class Leads:
    """The leads that are compared: whether each closed, and which accounts they belong to, both (rows,)."""

    label: Floats
    groups: Codes
    halves: Flags

    @classmethod
    def of(cls, frame: pd.DataFrame) -> "Leads":
        """Take them from snapshots with ``label`` and ``group_id``, one row per lead.

        An account is on the side that a hash of its id says, whichever other leads there are.
        """
        codes, names = pd.factorize(frame["group_id"].astype(str))
        sides = np.array(
            [
                hashlib.blake2b(name.encode(), digest_size=1).digest()[0] % 2 == 0
                for name in names.tolist()
            ],
            dtype=bool,
        )
        return cls(frame["label"].to_numpy(dtype=np.float64), codes, sides[codes])

    @property
    def can_be_halved(self) -> bool:
        """Whether each half has wins enough to choose, or to measure, by itself."""
        ours, all_ = float(self.label[self.halves].sum()), float(self.label.sum())
        return min(ours, all_ - ours) >= WINS_OF_A_HALF


@dataclass(frozen=True)
class Question:
    """A condition, the rows that meet it and those that it can be told of, both (rows,)."""

    condition: Condition
    met: Flags
    known: Flags


def strata_of(rest: Floats, most: int = MOST_STRATA) -> Codes:
    """Return each row's stratum, (rows,): up to ten of equal mass by what the model says of everything else.

    Fewer where there are few leads. Equal values always lie together.
    """
    wanted = max(1, min(most, len(rest) // LEADS_PER_STRATUM))
    if wanted == 1:
        return np.zeros(len(rest), dtype=np.intp)
    edges = np.unique(np.quantile(rest, np.linspace(0, 1, wanted + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, rest, side="left"), dtype=np.intp)


def risk_ratio(
    met: Flags, label: Floats, strata: Codes, groups: Codes, *, min_group: int
) -> Ratio | None:
    """Return the Mantel-Haenszel risk ratio of the leads that meet a condition against those that do not.

    Its variance is that of Greenland and Robins (1985), or, where it is greater, the one that lets the leads of one
    account hang together (a sandwich over accounts). None with fewer than ``min_group`` leads or five wins among
    those that meet it, fewer than ``min_group`` leads or no win among the others, or no stratum with both.

    Args:
        met: whether each row meets it, (rows,).
        label: 1 for closed, else 0, (rows,).
        strata: small whole numbers, (rows,).
        groups: the account of each row, (rows,).
        min_group: fewest leads on either side.
    """
    leads, wins = int(met.sum()), int(label[met].sum())
    if leads < min_group or wins < FEWEST_WINS or len(met) - leads < min_group:
        return None
    size = int(strata.max()) + 1
    with_, all_ = np.bincount(strata[met], minlength=size), np.bincount(strata, minlength=size)
    closed_with = np.bincount(strata[met], weights=label[met], minlength=size)
    closed = np.bincount(strata, weights=label, minlength=size)
    whole = np.maximum(all_, 1)
    without, closed_without = all_ - with_, closed - closed_with
    above = float((closed_with * without / whole).sum())
    below = float((closed_without * with_ / whole).sum())
    if above <= 0 or below <= 0:
        return None
    spread = (closed * with_ * without - closed_with * closed_without * all_) / whole**2
    variance = float(spread.sum()) / (above * below)
    ratio = above / below
    # what each lead adds to the logarithm, were the ratio the same in all strata
    expected = closed / np.maximum(ratio * with_ + without, 1e-12)
    told = np.where(
        met,
        (without / whole)[strata] / above * (label - np.minimum(1, ratio * expected)[strata]),
        -(with_ / whole)[strata] / below * (label - expected[strata]),
    )
    together = float((np.bincount(groups, weights=told) ** 2).sum())
    return Ratio(math.log(ratio), math.sqrt(max(variance, together, 1e-12)), leads, wins)


def tell(
    leads: Leads,
    questions: Mapping[str, Sequence[Question]],
    strata: Mapping[str, Codes],
    *,
    min_group: int,
    concepts: int | None = None,
) -> Told:
    """Return for each concept the condition that tells most, measured on leads that did not choose it if there are enough.

    Args:
        leads: the leads.
        questions: by concept.
        strata: of the leads, by concept: alike in everything but that.
        min_group: fewest leads on either side of a condition.
        concepts: of how many the strongest were taken; all that could have been told are corrected for (Holm 1979).
    """
    apart = leads.can_be_halved
    chosen: list[tuple[Question, Ratio]] = []
    looked_at = 0
    for concept, asked in questions.items():
        best: tuple[Question, Ratio] | None = None
        most = -1.0
        for question in _different(asked):
            halves = (leads.halves, ~leads.halves) if apart else (np.ones_like(leads.halves),)
            seen = [_measured(leads, question, strata[concept], half, min_group) for half in halves]
            if seen[0] is None or seen[-1] is None:
                continue
            looked_at += 1
            # of a condition and its opposite, equally strong, the one that leads close with more often
            rank = round(seen[0].strength, 9) + (1e-10 if seen[0].log_ratio > 0 else 0.0)
            if rank > most:
                best, most = (question, seen[-1]), rank
        if best is not None:
            chosen.append(best)
    tests = max(len(chosen), concepts or 0) if apart else max(looked_at, concepts or 0)
    found = holm([ratio.p_value for _, ratio in chosen], tests)
    return Told(
        [
            _alike(question.condition, ratio, beyond)
            for (question, ratio), beyond in zip(chosen, found, strict=True)
        ],
        looked_at,
        apart,
    )


def measure(leads: Leads, question: Question, strata: Codes, *, min_group: int) -> Alike | None:
    """Return one condition as measured on all leads; ``found`` is then not corrected for others. None as `risk_ratio`."""
    ratio = _measured(leads, question, strata, np.ones_like(leads.halves), min_group)
    return None if ratio is None else _alike(question.condition, ratio, ratio.p_value < LEVEL)


def holm(p_values: Sequence[float], tests: int | None = None) -> list[bool]:
    """Return which of these are beyond chance at 5 % for all together (Holm, Scandinavian Journal of Statistics 6, 1979).

    ``tests``: how many were made, if these are the strongest of more.
    """
    total = max(len(p_values), tests or 0)
    beyond = [False] * len(p_values)
    for place, position in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        if p_values[position] * (total - place) >= LEVEL:
            break
        beyond[position] = True
    return beyond


def _measured(
    leads: Leads, question: Question, strata: Codes, half: Flags, min_group: int
) -> Ratio | None:
    rows = half & question.known
    if not rows.any():
        return None
    return risk_ratio(
        question.met[rows],
        leads.label[rows],
        strata[rows],
        leads.groups[rows],
        min_group=min_group,
    )


def _alike(condition: Condition, ratio: Ratio, found: bool) -> Alike:
    rate, times = ratio.wins / ratio.leads, math.exp(ratio.log_ratio)
    return Alike(
        condition,
        ratio.leads,
        ratio.wins,
        rate,
        min(1.0, rate / times),
        times,
        ratio.end(-Z),
        ratio.end(Z),
        ratio.error,
        found,
    )


def _different(questions: Sequence[Question]) -> list[Question]:
    """Drop what asks the same of the same rows in other words: the first is the plainest."""
    seen: dict[tuple[bytes, bytes], Question] = {}
    for question in questions:
        seen.setdefault((question.met.tobytes(), question.known.tobytes()), question)
    return list(seen.values())
