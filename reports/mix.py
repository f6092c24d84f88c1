"""Did quality move because the mix of the leads moved, or within its groups?

Quality is the mean score at arrival: what the champion says of each lead from what was known when it came. Whether
a lead closes is one bit, and known a horizon later; its score is known at once and scatters far less.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt

from reports.facts import Fact, Finite, Interval, Name, Share
from reports.holm import holm
from reports.intervals import share_interval
from reports.kitagawa import Codes, Floats, Sides, change_of, drawn_parts, observed_parts
from reports.lead_quality import last_quarters, within
from reports.lead_state import UNKNOWN, group_names
from reports.material import Material
from reports.periods import Period
from reports.voice import text

OTHER = text("Other")
QUARTERS = 4
FEWEST = 30  # leads on each side of a comparison
MOST_SUBJECTS = 60
MOST_ROWS = 24
RARE = 0.03  # share of the leads below which a level is told with the others
DRAWS = 200
NOTABLE = 0.1  # a change by less than a tenth is no news, however sure
BINS = 4  # of a number that leads are grouped by

About = Literal["all", "source", "campaign"]


class Signed(Fact):
    """A difference and its 95 % interval, as a share (0.01 is one percentage point)."""

    value: Finite
    low: Finite
    high: Finite


class MixRow(Fact):
    """One quarter of all leads, a source or a campaign against everything before it.

    ``before`` and ``after`` are mean scores at arrival; ``mix`` and ``within`` add up to ``change``; they are by the
    column ``by``, of which ``level`` went from ``level_before`` to ``level_after`` of the leads. ``closed_before``
    and ``closed_after`` are realised close rates where the quarter's leads have had their time. ``notable``: sure
    after Holm's correction for everything that was looked at, and at least a tenth.
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
    notable: bool


class MixFacts(Fact):
    """What was compared: ``looked_at`` comparisons of ``subjects`` (all leads, sources, campaigns) by ``columns``.

    ``missing``: why nothing is told.
    """

    rows: list[MixRow] = Field(default=[])
    looked_at: NonNegativeInt = 0
    subjects: NonNegativeInt = 0
    columns: list[Name] = Field(default=[])
    missing: Literal["arrivals", "leads"] | None = None


@dataclass(frozen=True)
class Subject:
    """Leads whose quality is followed, and the columns that their mix can be told by."""

    about: About
    name: str
    rows: "pd.Index[Any]"
    columns: dict[str, "pd.Series[Any]"]


@dataclass(frozen=True)
class Trial:
    """One subject in one quarter: its leads before and in it, and how sure a change is."""

    subject: Subject
    period: Period
    before: pd.DataFrame
    after: pd.DataFrame
    change: float
    error: float
    p: float


def mix_facts(material: Material, leads: pd.DataFrame) -> MixFacts:
    """Return how the quality of all leads, of each source and each campaign moved in the last four whole quarters.

    A quarter is held against all earlier leads of its subject that have a score at arrival; both sides need thirty
    leads. Of the columns the one is told that leaves the least within its groups.

    Args:
        material: whose arrivals are the quality, and whose dimensions and segments the mix is told by.
        leads: of `reports.lead_quality.quality_leads`.
    """
    if material.arrivals.empty:
        return MixFacts(missing="arrivals")
    columns = _columns(material, leads)
    scored = leads[leads["arrival"].notna()]
    trials = [
        trial
        for subject in _subjects(scored, columns)
        for period in last_quarters(material, QUARTERS)
        if (trial := _trial(subject, period, scored)) is not None
    ]
    if not trials:
        return MixFacts(missing="leads", columns=list(columns))
    adjusted = holm([trial.p for trial in trials])
    told = [
        (trial, p <= 0.05 and abs(trial.change) >= NOTABLE * trial.before["arrival"].mean())
        for trial, p in zip(trials, adjusted, strict=True)
    ]
    told = [(trial, notable) for trial, notable in told if notable or trial.subject.about == "all"]
    told.sort(
        key=lambda one: (one[0].subject.about != "all", -abs(one[0].change) * len(one[0].after))
    )
    random = np.random.default_rng(material.project.model.seed)
    return MixFacts(
        rows=[
            _row(trial, notable, material.min_group, random) for trial, notable in told[:MOST_ROWS]
        ],
        looked_at=len(trials),
        subjects=len({(trial.subject.about, trial.subject.name) for trial in trials}),
        columns=list(columns),
    )


def _columns(material: Material, leads: pd.DataFrame) -> dict[str, "pd.Series[Any]"]:
    """Return the columns that a mix can be told by: label and each lead's level."""
    named = {**material.columns.dimensions, **material.columns.segments}
    columns: dict[str, pd.Series[Any]] = {}
    seen: set[str] = set()
    for label, column in named.items():
        if column not in material.loop or column in seen or material.loop.empty:
            continue
        seen.add(column)
        levels = _levels(material.loop[column])
        if (levels != levels.iloc[0]).any():
            columns[label] = levels.loc[leads.index]
    return columns


def _levels(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return names; numbers are told by the quarter of the leads that they lie in."""
    if not pd.api.types.is_numeric_dtype(column) or column.nunique() <= 2 * BINS:
        return group_names(column)
    bins = pd.qcut(column.astype(float), BINS, duplicates="drop")
    ends = {one: f"{one.left:,g}\N{EN DASH}{one.right:,g}" for one in bins.cat.categories}
    return bins.astype("object").map(ends).fillna(UNKNOWN).astype("object")


def _subjects(scored: pd.DataFrame, columns: dict[str, "pd.Series[Any]"]) -> Iterator[Subject]:
    yield Subject("all", "", scored.index, columns)
    finer = {label: levels for label, levels in columns.items() if label != "source"}
    finest = {label: levels for label, levels in finer.items() if label != "campaign"}
    for about, own in (("source", finer), ("campaign", finest)):
        for name in _most(scored[about]):
            yield Subject(about, name, scored.index[scored[about] == name], own)  # type: ignore[arg-type]


def _most(names: "pd.Series[Any]") -> list[str]:
    sizes = names[names != UNKNOWN].value_counts()
    return list(sizes[sizes >= 2 * FEWEST].head(MOST_SUBJECTS).index) if len(sizes) > 1 else []


def _trial(subject: Subject, period: Period, scored: pd.DataFrame) -> Trial | None:
    from scipy.stats import t

    rows = scored.loc[subject.rows]
    before, after = (
        rows[rows["created_at"] < period.start],
        rows[within(rows["created_at"], period)],
    )
    if min(len(before), len(after)) < FEWEST:
        return None
    change, error = change_of(_sides(before, after, None))
    freedom = max(1, min(before["cluster"].nunique(), after["cluster"].nunique()) - 1)
    # a model that says the same of every lead has no error, and no change
    p = 2 * float(t.sf(abs(change) / error, freedom)) if error > 0 else 1.0
    return Trial(subject, period, before, after, change, error, p)


def _row(trial: Trial, notable: bool, min_group: int, random: np.random.Generator) -> MixRow:
    chosen = _explaining(trial, min_group)
    parts: dict[str, Any] = {}
    if chosen is not None:
        label, levels, sides = chosen
        parts = _told_parts(sides, levels, random) | {"by": label}
    return MixRow(
        about=trial.subject.about,
        subject=trial.subject.name,
        period=trial.period.name,
        leads_before=len(trial.before),
        leads_after=len(trial.after),
        before=_mean(trial.before),
        after=_mean(trial.after),
        change=_signed(trial.change, trial.change + 1.96 * trial.error * np.array([-1, 1])),
        notable=notable,
        **parts,
        **_realised(trial, min_group),
    )


def _explaining(trial: Trial, min_group: int) -> tuple[str, list[str], Sides] | None:
    """Return the column that leaves the least within its groups, its levels, and the leads by them."""
    best: tuple[float, str, list[str], Sides] | None = None
    for label, levels in trial.subject.columns.items():
        rows = pd.concat([trial.before, trial.after]).index
        names, codes = _common(levels.loc[rows], min_group)
        if len(names) < 2:
            continue
        sides = _sides(trial.before, trial.after, codes)
        left = abs(float(observed_parts(sides).within))
        if best is None or left < best[0]:
            best = (left, label, names, sides)
    return best[1:] if best else None


def _common(levels: "pd.Series[Any]", min_group: int) -> tuple[list[str], Codes]:
    """Return the levels that are told apart, the rare ones together at the end, and each lead's code."""
    sizes = levels.value_counts()
    names = sorted(sizes[sizes >= max(min_group, RARE * len(levels))].index)
    place = {name: code for code, name in enumerate(names)}
    codes = levels.map(place).fillna(len(names)).to_numpy(np.int64)
    return [*names, OTHER] if (codes == len(names)).any() else names, codes


def _sides(before: pd.DataFrame, after: pd.DataFrame, codes: Codes | None) -> Sides:
    rows = pd.concat([before[["arrival", "cluster"]], after[["arrival", "cluster"]]])
    side = np.repeat(np.array([0, 1], dtype=np.int64), [len(before), len(after)])
    return Sides(
        side=side,
        level=np.zeros(len(rows), dtype=np.int64) if codes is None else codes,
        cluster=pd.factorize(rows["cluster"])[0].astype(np.int64),
        quality=rows["arrival"].to_numpy(float),
    )


def _told_parts(sides: Sides, names: list[str], random: np.random.Generator) -> dict[str, Any]:
    parts, drawn = observed_parts(sides), drawn_parts(sides, DRAWS, random)
    share = _shares(sides)
    level = _level_that_moved(parts.by_level, share, float(parts.mix), names)
    return {
        "mix": _signed(float(parts.mix), np.quantile(drawn.mix, [0.025, 0.975])),
        "within": _signed(float(parts.within), np.quantile(drawn.within, [0.025, 0.975])),
        "level": names[level],
        "level_before": float(share[0, level]),
        "level_after": float(share[1, level]),
    }


def _shares(sides: Sides) -> Floats:
    cells = np.bincount(sides.side * sides.levels + sides.level, minlength=2 * sides.levels)
    counts: Floats = cells.reshape(2, -1).astype(float)
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _level_that_moved(by_level: Floats, share: Floats, mix: float, names: list[str]) -> int:
    """Return the level that grew and adds most to the mix part; where none grew so, the one that adds most."""
    adds = by_level * np.sign(mix)
    grew = (share[1] > share[0]) & (adds > 0) & (np.array(names) != OTHER)
    return int(np.argmax(np.where(grew, adds, -np.inf))) if grew.any() else int(np.argmax(adds))


def _realised(trial: Trial, min_group: int) -> dict[str, Any]:
    before, after = trial.before[trial.before["mature"]], trial.after
    if not after["mature"].all() or min(len(before), len(after)) < min_group:
        return {}
    return {
        "closed_before": share_interval(int(before["closed"].sum()), len(before)),
        "closed_after": share_interval(int(after["closed"].sum()), len(after)),
    }


def _mean(leads: pd.DataFrame) -> Interval:
    """Return the mean score and its interval, accounts taken as wholes."""
    value = float(leads["arrival"].mean())
    off = (leads["arrival"] - value).groupby(leads["cluster"]).sum()
    reach = 1.96 * float(np.sqrt((off**2).sum() * len(off) / max(len(off) - 1, 1))) / len(leads)
    return Interval(value=value, low=max(0.0, value - reach), high=min(1.0, value + reach))


def _signed(value: float, ends: Floats) -> Signed:
    """A draw of few accounts may leave the value itself outside: the interval always holds it."""
    return Signed(value=value, low=min(value, float(ends[0])), high=max(value, float(ends[1])))
