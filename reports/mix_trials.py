"""Where the mix is looked at: every subject, quarter and column, each with how sure a move is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from reports.kitagawa import Codes, Floats, Sides, change_of, observed_parts
from reports.lead_quality import last_quarters, within
from reports.lead_state import UNKNOWN, group_names
from reports.material import Material
from reports.periods import Period
from reports.voice import text

OTHER = text("Other")
QUARTERS = 4
FEWEST = 30  # leads on each side of a comparison
MOST_SUBJECTS = 60
RARE = 0.03  # share of the leads below which a level is told with the others
BINS = 4  # of a number that leads are grouped by

About = Literal["all", "source", "campaign"]


@dataclass(frozen=True)
class Column:
    """A column that a mix can be told by: its label, the names of its levels, and each scored lead's code."""

    label: str
    names: list[str]
    codes: Codes


@dataclass(frozen=True)
class Scored:
    """The leads with a score at arrival, in one order: their frame and the columns that a mix can be told by."""

    leads: pd.DataFrame
    columns: list[Column]

    @cached_property
    def quality(self) -> Floats:
        """The score at arrival."""
        quality: Floats = self.leads["arrival"].to_numpy(float)
        return quality

    @cached_property
    def cluster(self) -> Codes:
        """The account, else the lead."""
        return pd.factorize(self.leads["cluster"])[0].astype(np.int64)

    @classmethod
    def of(cls, material: Material, leads: pd.DataFrame) -> "Scored":
        """Take the leads that have a score, and every dimension and segment that tells them apart."""
        scored = leads[leads["arrival"].notna()]
        columns: dict[str, Column] = {}
        for label, name in {**material.columns.dimensions, **material.columns.segments}.items():
            if name not in material.loop or name in columns:
                continue
            codes, names = pd.factorize(_levels(material.loop.loc[scored.index, name]), sort=True)
            if len(names) > 1:
                columns[name] = Column(label, list(names), codes.astype(np.int64))
        return cls(scored, list(columns.values()))


@dataclass(frozen=True)
class Look:
    """One column's word on one subject in one quarter: the mix part, and how sure it is that there is one."""

    label: str
    names: list[str]
    sides: Sides
    mix: float
    within: float
    by_level: Floats
    p: float


@dataclass(frozen=True)
class Trial:
    """One subject in one quarter against all its leads before.

    ``rows`` are places in `Scored`, ``side`` 0 (before) or 1 (in the quarter) of each. ``became`` tells wins and
    mature leads before and after, ``p`` how sure it is that they differ; None while the quarter's leads are young.
    """

    about: About
    subject: str
    period: Period
    rows: Codes
    side: Codes
    change: float
    error: float
    before: float
    became: tuple[int, int, int, int] | None
    p: float
    looks: list[Look]


def trials_of(material: Material, scored: Scored, min_group: int) -> Iterator[Trial]:
    """Yield every subject and quarter with thirty leads in it, and thirty before."""
    created = scored.leads["created_at"]
    subjects = list(_subjects(scored))
    for period in last_quarters(material, QUARTERS):
        inside = within(created, period).to_numpy()
        told = inside | (created < period.start).to_numpy()
        for about, subject, mask in subjects:
            rows = np.flatnonzero(mask & told).astype(np.int64)
            side = inside[rows].astype(np.int64)
            if min(side.sum(), len(side) - side.sum()) < FEWEST:
                continue
            yield _trial(scored, (about, subject, period), rows, side, min_group)


def _sides_of(scored: Scored, rows: Codes, side: Codes) -> Sides:
    return Sides(
        side=side,
        level=np.zeros(len(rows), dtype=np.int64),
        cluster=np.unique(scored.cluster[rows], return_inverse=True)[1].astype(np.int64),
        quality=scored.quality[rows],
    )


def _subjects(scored: Scored) -> Iterator[tuple[About, str, Any]]:
    yield "all", "", np.ones(len(scored.leads), dtype=bool)
    for about in ("source", "campaign"):
        names = scored.leads[about]
        sizes = names[names != UNKNOWN].value_counts()
        if len(sizes) > 1:
            codes, found = pd.factorize(names)
            place = {name: code for code, name in enumerate(found)}
            for name in sizes[sizes >= 2 * FEWEST].head(MOST_SUBJECTS).index:
                yield about, name, codes == place[name]


def _trial(
    scored: Scored,
    what: tuple[About, str, Period],
    rows: Codes,
    side: Codes,
    min_group: int,
) -> Trial:
    sides = _sides_of(scored, rows, side)
    change, error = change_of(sides)
    before = float(scored.quality[rows][side == 0].mean())
    became, p = _became(scored, rows, side)
    fewest = _fewest_clusters(sides)
    looks = [
        look
        for column in scored.columns
        if column.label not in _own_columns(what[0])
        and (look := _look(sides, column, rows, min_group, fewest)) is not None
    ]
    return Trial(*what, rows, side, change, error, before, became, p, looks)


def _own_columns(about: About) -> set[str]:
    """A campaign belongs to one source, and neither has a mix of itself."""
    return {"all": set(), "source": {"source"}, "campaign": {"source", "campaign"}}[about]


def _became(
    scored: Scored, rows: Codes, side: Codes
) -> tuple[tuple[int, int, int, int] | None, float]:
    """Return wins and mature leads before and after, and the p-value of a difference of the close rates.

    The p-value is the larger of Fisher's exact test, which is right for few wins, and of one that takes accounts as
    wholes.
    """
    from scipy.stats import fisher_exact

    mature = scored.leads["mature"].to_numpy(bool)[rows]
    if not mature[side == 1].all():
        return None, 1.0
    closed = scored.leads["closed"].to_numpy(float)[rows][mature]
    side, rows = side[mature], rows[mature]
    size, wins = np.bincount(side, minlength=2), np.bincount(side, closed, minlength=2)
    if size.min() < FEWEST:
        return None, 1.0
    sides = replace(_sides_of(scored, rows, side), quality=closed)
    change, error = change_of(sides)
    exact = float(fisher_exact([wins, size - wins])[1])
    wholes = _p_value(abs(change) / error, _fewest_clusters(sides)) if error > 0 else 1.0
    told = (int(wins[0]), int(size[0]), int(wins[1]), int(size[1]))
    return told, max(exact, wholes)


def _look(sides: Sides, column: Column, rows: Codes, min_group: int, fewest: int) -> Look | None:
    """Return what one column tells: the mix part is the change of the mean of its levels' qualities."""
    names, level = _common(column, rows, min_group)
    if len(names) < 2:
        return None
    sides = replace(sides, level=level)
    parts = observed_parts(sides)
    _, error = change_of(replace(sides, quality=parts.quality[level]))
    p = _p_value(abs(float(parts.mix)) / error if error > 1e-12 else 0.0, fewest)
    return Look(
        column.label, names, sides, float(parts.mix), float(parts.within), parts.by_level, p
    )


def _common(column: Column, rows: Codes, min_group: int) -> tuple[list[str], Codes]:
    """Return the levels that are told apart, the rare ones together at the end, and each lead's code."""
    codes = column.codes[rows]
    sizes = np.bincount(codes, minlength=len(column.names))
    kept = np.flatnonzero(sizes >= max(min_group, RARE * len(rows)))
    place = np.full(len(column.names), len(kept))
    place[kept] = np.arange(len(kept))
    names = [column.names[code] for code in kept]
    level = place[codes].astype(np.int64)
    return [*names, OTHER] if (level == len(kept)).any() else names, level


def _levels(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return names; numbers are told by the quarter of the leads that they lie in."""
    if not pd.api.types.is_numeric_dtype(column) or column.nunique() <= 2 * BINS:
        return group_names(column)
    bins = pd.qcut(column.astype(float), BINS, duplicates="drop")
    ends = {one: f"{one.left:,g}\N{EN DASH}{one.right:,g}" for one in bins.cat.categories}
    return bins.astype("object").map(ends).fillna(UNKNOWN).astype("object")


def _fewest_clusters(sides: Sides) -> int:
    return min(len(np.unique(sides.cluster[sides.side == one])) for one in (0, 1))


def _p_value(errors: float, fewest: int) -> float:
    """Return the two-sided p-value of so many standard errors; few clusters on a side widen it."""
    from scipy.stats import t

    return 2 * float(t.sf(errors, max(1, fewest - 1)))
