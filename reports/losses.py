"""Why leads were lost, against whom, and what discounts go with: facts from what sales recorded."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from models.holm import holm
from reports.closing_facts import (
    CompetitorRow,
    LossesFacts,
    ReasonRow,
    ReasonsOf,
    StandOut,
)
from reports.discounts import discount_facts
from reports.facts import clean
from reports.intervals import share_interval
from reports.journey import recent_closed
from reports.material import Material

MOST_REASONS = 10
MOST_LEVELS = 8
MOST_COMPETITORS = 10
MOST_STAND_OUTS = 6
FEWEST_OF_A_LEVEL = 50  # lost leads with a reason, to compare a level with the others
SURE = 0.05


def losses_facts(material: Material) -> LossesFacts:
    """Return loss reasons overall, by segment and by source, competitors, and discounts.

    Leads that closed within ``report.history_days`` before the moment are taken; in a flat export all that did.
    """
    closed = recent_closed(material)
    won = closed["won"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    lost, least = closed[~won], material.min_group
    told = _told(lost)
    overall = _reasons(None, None, lost, least) if len(told) >= least else None
    by_level, stand_out = list[ReasonsOf](), list[StandOut]()
    if overall is not None:
        for by, column in _groupings(material, lost).items():
            by_level += list(_by_level(by, column, lost, least))
        stand_out = _stand_outs(material, told, overall)
    to_competitors = lost.assign(reason=lost["competitor"])
    competitors_by_level = [
        one
        for by, column in _groupings(material, lost).items()
        for one in _by_level(by, column, to_competitors, least)
        if one.reasons
    ]
    return LossesFacts(
        lost=len(lost),
        names_reasons=len(told) > 0,
        reasons=overall,
        by_level=by_level,
        stand_out=stand_out,
        names_competitors=bool(closed["competitor"].notna().any()),
        competitors=list(_competitors(closed, won, least)),
        competitors_by_level=competitors_by_level,
        **discount_facts(closed, won, min_group=least),
    )


def _told(lost: pd.DataFrame) -> pd.DataFrame:
    """Return the lost leads with a reason, which is cleaned."""
    told = lost[lost["reason"].notna()]
    told = told.assign(reason=told["reason"].map(lambda reason: clean(str(reason))))
    return told[told["reason"] != ""]


def _groupings(material: Material, lost: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the segments and the source, by their labels."""
    columns = dict(material.columns.segments)
    if "source" not in columns.values():
        columns[material.columns.labels.get("source", "source")] = "source"
    return {label: lost[name] for label, name in columns.items() if name in lost}


def _by_level(by: str, column: pd.Series, lost: pd.DataFrame, least: int) -> Iterator[ReasonsOf]:
    for level in _levels(column):
        rows = lost[(column == level).to_numpy(dtype=bool)]
        if len(_told(rows)) >= least:
            yield _reasons(by, str(level), rows, least)


def _levels(column: pd.Series) -> list[object]:
    """Return a column's levels, the commonest first, of equals the first by name."""
    counts = column.dropna().value_counts().reset_index()
    counts.columns = ["level", "leads"]
    counts = counts.assign(name=counts["level"].astype(str))
    ordered = counts.sort_values(["leads", "name"], ascending=[False, True], kind="stable")
    return ordered["level"].tolist()[:MOST_LEVELS]


def _reasons(by: str | None, level: str | None, lost: pd.DataFrame, least: int) -> ReasonsOf:
    """Count the reasons of lost leads; those that fewer than ``least`` share are one row, if they are enough together."""
    reasons = _told(lost)["reason"]
    counts = reasons.value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0])))
    shown = [(str(reason), int(leads)) for reason, leads in ordered if leads >= least][
        :MOST_REASONS
    ]
    rest = len(reasons) - sum(leads for _, leads in shown)
    rows = [_row(reason, leads, len(reasons)) for reason, leads in shown]
    if rest >= least:
        rows.append(_row(None, rest, len(reasons)))
    return ReasonsOf(by=by, level=level, lost=len(lost), with_reason=len(reasons), reasons=rows)


def _row(reason: str | None, leads: int, of: int) -> ReasonRow:
    return ReasonRow.model_validate(
        {"reason": reason, "leads": leads, "share": share_interval(leads, of)}
    )


def _stand_outs(material: Material, told: pd.DataFrame, overall: ReasonsOf) -> list[StandOut]:
    """Return where a reason is commoner or rarer than among the other lost leads, beyond chance for all together."""
    from scipy.stats import fisher_exact

    found: list[StandOut] = []
    chances: list[float] = []
    reasons = [row.reason for row in overall.reasons if row.reason is not None]
    for by, column in _groupings(material, told).items():
        for level in _levels(column):
            inside = (column == level).to_numpy(dtype=bool)
            ours, others = int(inside.sum()), int((~inside).sum())
            if min(ours, others) < FEWEST_OF_A_LEVEL:
                continue
            for reason in reasons:
                said = (told["reason"] == reason).to_numpy(dtype=bool)
                here, there = int((said & inside).sum()), int((said & ~inside).sum())
                if here < material.min_group:
                    continue
                table = [[here, ours - here], [there, others - there]]
                chances.append(float(fisher_exact(table).pvalue))
                found.append(
                    StandOut(
                        by=by,
                        level=str(level),
                        reason=reason,
                        leads=here,
                        share=here / ours,
                        elsewhere=there / others,
                    )
                )
    beyond = [one for one, chance in zip(found, holm(chances), strict=True) if chance < SURE]
    return sorted(beyond, key=lambda one: -abs(one.share - one.elsewhere) * one.leads)[
        :MOST_STAND_OUTS
    ]


def _competitors(
    closed: pd.DataFrame, won: "np.ndarray[tuple[int], np.dtype[np.bool_]]", least: int
) -> Iterator[CompetitorRow]:
    """Yield the competitors that at least ``least`` deals name, the most frequent first."""
    named = closed["competitor"].notna().to_numpy(dtype=bool)
    names = closed["competitor"].where(named, "").map(lambda name: clean(str(name)))
    named = named & (names != "").to_numpy(dtype=bool)
    wins_name_one = bool((named & won).any())
    counts = names[named].value_counts()
    ordered = sorted(counts.items(), key=lambda item: (-int(item[1]), str(item[0])))
    for name, deals in ordered[:MOST_COMPETITORS]:
        if deals < least:
            continue
        ours = named & (names == name).to_numpy(dtype=bool)
        wins = int((ours & won).sum())
        yield CompetitorRow(
            competitor=str(name),
            lost=int(deals) - wins,
            won=wins if wins_name_one else None,
            won_share=share_interval(wins, int(deals)) if wins_name_one else None,
        )
