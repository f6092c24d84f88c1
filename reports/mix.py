"""Did quality move because the mix of the leads moved, or within its groups?

Quality is the mean score at arrival: what the champion says of each lead from what was known when it came. Whether
a lead closes is one bit, and known a horizon later; its score is known at once and scatters far less.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt

from models.holm import holm
from reports.facts import Fact, Finite, Interval, Name, Share
from reports.intervals import share_interval
from reports.kitagawa import Floats, cell_sums, drawn_parts
from reports.material import Material
from reports.mix_trials import OTHER, About, Look, Scored, Trial, trials_of

MOST_ROWS = 24
DRAWS, FEWEST_DRAWS = 200, 40
WEIGHTS = 4_000_000  # leads times draws, beyond which there are fewer draws
NOTABLE = 0.1  # a change by less than a tenth is no news, however sure
SURE = 0.05


class Signed(Fact):
    """A difference and its 95 % interval, as a share (0.01 is one percentage point)."""

    value: Finite
    low: Finite
    high: Finite


class MixRow(Fact):
    """One quarter of all leads, a source or a campaign against everything before it.

    ``before`` and ``after`` are mean scores at arrival; ``mix`` and ``within`` add up to ``change``; they are by the
    column ``by``, of which ``level`` went from ``level_before`` to ``level_after`` of the leads. ``closed_before``
    and ``closed_after`` are realised close rates where the quarter's leads have had their time. ``moved``: the mix,
    by at least a tenth of the quality, or what the leads became ("within"), each surely so after Holm's correction
    for everything that was looked at.
    """

    about: About
    subject: Name
    period: Name
    leads_before: NonNegativeInt
    leads_after: NonNegativeInt
    before: Interval
    after: Interval
    change: Signed
    mix: Signed | None = None
    within: Signed | None = None
    by: Name | None = None
    level: Name | None = None
    level_before: Share | None = None
    level_after: Share | None = None
    closed_before: Interval | None = None
    closed_after: Interval | None = None
    moved: Literal["mix", "within"] | None = None


class MixFacts(Fact):
    """What was compared: ``looked_at`` comparisons of ``subjects`` (all leads, sources, campaigns) by ``columns``.

    ``missing``: why nothing is told.
    """

    rows: list[MixRow] = Field(default=[])
    looked_at: NonNegativeInt = 0
    subjects: NonNegativeInt = 0
    columns: list[Name] = Field(default=[])
    missing: Literal["arrivals", "leads"] | None = None


def mix_facts(material: Material, leads: pd.DataFrame) -> MixFacts:
    """Return how the quality of all leads, of each source and each campaign moved in the last four whole quarters.

    A quarter is held against all earlier leads of its subject that have a score at arrival; both sides need thirty
    leads. Told are the quarters in which the mix by some column moved quality, or in which leads were won more or less
    often than before, each surely after Holm's correction for all looks, and all leads in any case.

    Args:
        material: whose arrivals are the quality, and whose dimensions and segments the mix is told by.
        leads: of `reports.lead_quality.quality_leads`.
    """
    if material.arrivals.empty:
        return MixFacts(missing="arrivals")
    scored = Scored.of(material, leads)
    columns = [column.label for column in scored.columns]
    trials = list(trials_of(material, scored, material.min_group))
    if not trials:
        return MixFacts(missing="leads", columns=columns)
    random = np.random.default_rng(material.project.model.seed)
    rows = [_row(scored, one, random) for one in _told(trials)]
    rows.sort(key=lambda row: (row.about != "all", row.moved is None, -abs(row.change.value)))
    return MixFacts(
        rows=rows[:MOST_ROWS],
        looked_at=sum(len(trial.looks) + (trial.became is not None) for trial in trials),
        subjects=len({(trial.about, trial.subject) for trial in trials}),
        columns=columns,
    )


@dataclass(frozen=True)
class Told:
    """A trial that is told: whether its mix surely moved (by the look that moved most), and whether the wins did."""

    trial: Trial
    look: Look | None
    mix: bool
    wins: bool


def _told(trials: list[Trial]) -> list[Told]:
    """Judge all looks together, and keep those that are sure, and all leads."""
    adjusted = iter(
        holm([p for trial in trials for p in (trial.p, *(look.p for look in trial.looks))])
    )
    told = []
    for trial in trials:
        least = NOTABLE * trial.before
        sure_wins = next(adjusted) <= SURE
        judged = [(look, next(adjusted) <= SURE and abs(look.mix) >= least) for look in trial.looks]
        sure = [look for look, is_sure in judged if is_sure]
        look = max(sure or trial.looks, key=lambda one: abs(one.mix), default=None)
        one = Told(trial, look, bool(sure), sure_wins)
        if trial.about == "all" or one.mix or one.wins:
            told.append(one)
    return told


def _row(scored: Scored, told: Told, random: np.random.Generator) -> MixRow:
    trial, look = told.trial, told.look
    parts = {} if look is None else _told_parts(look, random)
    before, after = (scored.leads.iloc[trial.rows[trial.side == side]] for side in (0, 1))
    return MixRow(
        about=trial.about,
        subject=trial.subject,
        period=trial.period.name,
        leads_before=len(before),
        leads_after=len(after),
        before=_mean(before),
        after=_mean(after),
        change=_signed(trial.change, trial.error),
        moved=_moved(told),
        **parts,
        **_realised(trial),
    )


def _moved(told: Told) -> Literal["mix", "within"] | None:
    """Return what surely moved.

    A move of the scores within the groups is not enough: the model tells late leads by more of their forerunners than
    early ones. What the leads became decides.
    """
    look = told.look
    if told.mix and look is not None and abs(look.mix) > abs(look.within):
        return "mix"
    return "within" if told.wins else None


def _told_parts(look: Look, random: np.random.Generator) -> dict[str, Any]:
    leads = len(look.sides.side)
    draws = max(FEWEST_DRAWS, min(DRAWS, WEIGHTS // leads))
    drawn = drawn_parts(look.sides, draws, random)
    counts, _ = cell_sums(look.sides)
    share = counts / counts.sum(axis=1, keepdims=True)
    level = _level_that_moved(look.by_level, share, look.mix, look.names)
    return {
        "mix": _signed(look.mix, float(np.std(drawn.mix, ddof=1))),
        "within": _signed(look.within, float(np.std(drawn.within, ddof=1))),
        "by": look.label,
        "level": look.names[level],
        "level_before": float(share[0, level]),
        "level_after": float(share[1, level]),
    }


def _level_that_moved(by_level: Floats, share: Floats, mix: float, names: list[str]) -> int:
    """Return the level that grew and adds most to the mix part; where none grew so, the one that adds most."""
    adds = by_level * np.sign(mix)
    grew = (share[1] > share[0]) & (adds > 0) & (np.array(names) != OTHER)
    return int(np.argmax(np.where(grew, adds, -np.inf))) if grew.any() else int(np.argmax(adds))


def _realised(trial: Trial) -> dict[str, Interval | None]:
    if trial.became is None:
        return {}
    wins, leads, wins_after, leads_after = trial.became
    return {
        "closed_before": share_interval(wins, leads),
        "closed_after": share_interval(wins_after, leads_after),
    }


def _mean(leads: pd.DataFrame) -> Interval:
    """Return the mean score and its interval, accounts taken as wholes."""
    value = float(leads["arrival"].mean())
    off = (leads["arrival"] - value).groupby(leads["cluster"]).sum()
    reach = 1.96 * float(np.sqrt((off**2).sum() * len(off) / max(len(off) - 1, 1))) / len(leads)
    return Interval(value=value, low=max(0.0, value - reach), high=min(1.0, value + reach))


def _signed(value: float, error: float) -> Signed:
    return Signed(value=value, low=value - 1.96 * error, high=value + 1.96 * error)
