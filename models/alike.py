"""How many times as often leads with something closed as alike leads without it.

Alike are leads of which the model says the same from what came before: a prognostic score (Hansen, "The prognostic
analogue of the propensity score", Biometrika 95, 2008). It says what goes together.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.conditions import Condition, Flags, Floats
from models.holm import holm
from models.risk_ratio import Codes, Ratio, risk_ratio

WINS_OF_A_HALF = 50  # fewer, and choosing and measuring share their leads
LEVEL = 0.05
HALF = 0.5
SAME_LEADS = 0.9


@dataclass(frozen=True)
class Alike:
    """A condition and what was measured of it.

    ``leads`` and ``wins`` are those with it; ``alike_rate`` is the rate that alike leads without it closed at;
    ``ratio`` how many times as often those with it closed. ``closer`` is the ratio among leads alike in everything
    else that the model knows, ``crude`` the one among all leads, None where they cannot be told. ``found``: beyond
    chance, corrected for everything that was looked at (Holm).
    """

    condition: Condition
    leads: int
    wins: int
    rate: float
    alike_rate: float
    ratio: Ratio
    closer: Ratio | None
    crude: Ratio | None
    found: bool = False

    @property
    def p_value(self) -> float:
        """The greater of the ratio's and the crude one's; 1 if they point apart.

        The model that says who is alike has learned from these very leads, from their luck, too. The crude ratio
        knows no model: what it cannot tell from chance is no finding.
        """
        if self.crude is None or self.crude.log_ratio * self.ratio.log_ratio <= 0:
            return 1.0
        return max(self.ratio.p_value, self.crude.p_value)


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
class Likeness:
    """Which leads are alike, as strata, (rows,): ``before`` in what came before a concept, ``closer`` in all else, too."""

    before: Codes
    closer: Codes


@dataclass(frozen=True)
class Question:
    """A condition, the rows that meet it and those that it can be told of, both (rows,)."""

    condition: Condition
    met: Flags
    known: Flags


def tell(
    leads: Leads,
    questions: Mapping[str, Sequence[Question]],
    likeness: Mapping[str, Likeness],
    *,
    min_group: int,
    concepts: int | None = None,
) -> Told:
    """Return for each concept the condition that tells most, measured on leads that did not choose it if there are enough.

    A condition that nearly the same leads meet as one that is told already is not asked.

    Args:
        leads: the leads.
        questions: by concept, the strongest concept first.
        likeness: by concept.
        min_group: fewest leads on either side of a condition.
        concepts: of how many the strongest were taken; all that could have been told are corrected for (Holm 1979).
    """
    apart, looked_at = leads.can_be_halved, 0
    everyone = np.ones_like(leads.halves)
    halves = (leads.halves, ~leads.halves) if apart else (everyone, everyone)
    chosen: list[tuple[Question, Ratio, Likeness]] = []
    for concept, asked in questions.items():
        alike = likeness[concept]
        best: tuple[Question, Ratio, Likeness] | None = None
        most = -1.0
        for question in _different(asked):
            if any(_same_leads(question.met, other.met) for other, _, _ in chosen):
                continue  # a stronger concept says it of these leads already
            choosing, measured = (
                _measured(leads, question, alike.before, half, min_group) for half in halves
            )
            if choosing is None or measured is None:
                continue
            looked_at += 1
            # of a condition and its opposite, equally strong, the one that fewer leads meet: most are the rule
            rank = round(choosing.strength, 9) + (1e-10 if question.met.mean() <= HALF else 0.0)
            if rank > most:
                best, most = (question, measured, alike), rank
        if best is not None:
            chosen.append(best)
    tests = max(concepts or 0, len(chosen) if apart else looked_at)
    told = [_alike(leads, *one, halves[1], min_group) for one in chosen]
    beyond = [chance < LEVEL for chance in holm([one.p_value for one in told], tests)]
    return Told(
        [replace(one, found=found) for one, found in zip(told, beyond, strict=True)],
        looked_at,
        apart,
    )


def measure(
    leads: Leads, question: Question, likeness: Likeness, *, min_group: int
) -> Alike | None:
    """Return one condition as measured on all leads; ``found`` is then not corrected for others. None as `risk_ratio`."""
    everyone = np.ones_like(leads.halves)
    ratio = _measured(leads, question, likeness.before, everyone, min_group)
    if ratio is None:
        return None
    told = _alike(leads, question, ratio, likeness, everyone, min_group)
    return replace(told, found=told.p_value < LEVEL)


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


def _alike(
    leads: Leads,
    question: Question,
    ratio: Ratio,
    likeness: Likeness,
    half: Flags,
    min_group: int,
) -> Alike:
    rate = ratio.wins / ratio.leads
    return Alike(
        question.condition,
        ratio.leads,
        ratio.wins,
        rate,
        min(1.0, rate / ratio.value),
        ratio,
        _measured(leads, question, likeness.closer, half, min_group),
        _measured(leads, question, np.zeros_like(likeness.before), half, min_group),
    )


def _same_leads(met: Flags, other: Flags) -> bool:
    """Whether two conditions are met by nearly the same leads: steps that always come together are one."""
    return bool((met & other).sum() >= SAME_LEADS * (met | other).sum())


def _different(questions: Sequence[Question]) -> list[Question]:
    """Drop what asks the same of the same rows in other words: the first is the plainest."""
    seen: dict[tuple[bytes, bytes], Question] = {}
    for question in questions:
        seen.setdefault((question.met.tobytes(), question.known.tobytes()), question)
    return list(seen.values())
