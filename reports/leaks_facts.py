"""What falls between marketing and sales: leaks tonight, who touches hand-offs late, and what closed all the same."""

from datetime import timedelta
from typing import Literal

import pandas as pd
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from features.leaks import LEAKS, LOST_NOT_RECYCLED, NOT_TOUCHED, Leaks, Why, find_leaks
from models.holm import holm
from reports.facts import Fact, Interval, Maybe, Name
from reports.intervals import share_interval
from reports.lead_state import UNKNOWN, group_names
from reports.leaks_value import LateWins, Returned, late_wins, returned_leads
from reports.material import Material
from reports.touched import hand_offs

LeakName = Literal[
    "not_touched", "gone_silent", "high_not_handed", "lost_not_recycled", "recycled_not_mailed"
]
LOOK_BACK_DAYS = 90
FEW = 50
SURE = 0.05


class LeakTotal(Fact):
    """One leak tonight: how many leads, and what their open ones are expected to bring.

    ``leads`` is None where the data cannot tell, and ``unknown`` says why; and where some do, but fewer than may be
    told of: then ``fewer_than`` is that number, and nothing else is told. What is expected is None, too, where fewer
    of them have a score.
    """

    leak: LeakName
    leads: NonNegativeInt | None = None
    fewer_than: PositiveInt | None = None
    unknown: Why | None = None
    expected_wins: Maybe = None
    expected_value: Maybe = None


class LateRow(Fact):
    """An owner or a team: leads handed over in the last 90 days that were to be touched, and those not in time.

    ``above``: clearly above all others together (Fisher's exact test, by Holm over all rows at once); ``others`` is
    their share. ``few``: under 50 leads.
    """

    name: Name
    leads: PositiveInt
    late: NonNegativeInt
    share: Interval
    others: Maybe = None
    above: bool = False
    few: bool = False


class LeaksFacts(Fact):
    """What leaks.

    ``handed`` leads were handed over in the last ``look_back_days`` and were to be touched (`reports.touched`); of them
    ``late`` were not touched within ``contact_within_hours``. Both are None where the data cannot tell (``late_unknown``
    says why) or of too few. ``small_groups`` owners and teams are under ``min_group`` leads and not named.
    ``open_leaks`` open leads leak tonight in a way that is told, each counted once, or None for too few; ``at_stake``:
    what they are expected to be worth, ``at_stake_wins`` the same in wins. Leaks of too few leads are not in these, or
    the difference would tell them. ``returned`` is None where leads lost and not given back are unknown or too few;
    ``mean_amount`` is that of won deals, at which missing wins are valued.
    """

    contact_within_hours: PositiveFloat
    horizon_days: PositiveInt
    look_back_days: PositiveInt = LOOK_BACK_DAYS
    totals: list[LeakTotal] = []
    handed: NonNegativeInt | None = None
    late: Interval | None = None
    late_unknown: Why | None = None
    owners: list[LateRow] = []
    teams: list[LateRow] = []
    small_groups: NonNegativeInt = 0
    at_stake: Maybe = None
    at_stake_wins: Maybe = None
    open_leaks: NonNegativeInt | None = 0
    late_wins: LateWins | None = None
    returned: Returned | None = None
    mean_amount: Maybe = None


def leaks_facts(material: Material) -> LeaksFacts:
    """Return what leaks tonight and what has leaked of late; of fewer than ``min_group`` leads not even how many."""
    agreement = material.project.agreement
    found = find_leaks(
        material.loop,
        material.tonight,
        agreement,
        material.columns,
        material.as_of,
        handed=material.nights,
    )
    fewest = material.min_group
    totals = [_total(leak, found, fewest) for leak in LEAKS]
    told = {total.leak: total.leads for total in totals if total.leads}
    lost = told.get(LOST_NOT_RECYCLED)
    open_ = found.rows["lead_id"].isin(material.tonight["lead_id"])
    once = found.rows[open_ & found.rows["leak"].isin(told)].drop_duplicates("lead_id")
    facts = LeaksFacts(
        contact_within_hours=agreement.contact_within_hours,
        horizon_days=material.project.label.horizon_days,
        totals=totals,
        at_stake=_sum(once["expected_value"], fewest),
        at_stake_wins=_sum(once["close_probability"], fewest),
        open_leaks=None if 0 < len(once) < fewest else len(once),
        late_unknown=found.unknown.get(NOT_TOUCHED),
        returned=returned_leads(lost, material) if lost else None,
        mean_amount=material.mean_amount,
    )
    return facts if NOT_TOUCHED in found.unknown else _with_late(facts, material)


def _total(leak: str, found: Leaks, fewest: int) -> LeakTotal:
    rows = found.rows[found.rows["leak"] == leak]
    if 0 < len(rows) < fewest:
        return LeakTotal.model_validate({"leak": leak, "fewer_than": fewest})
    return LeakTotal.model_validate(
        {
            "leak": leak,
            "leads": found.counts[leak],
            "unknown": found.unknown.get(leak),
            "expected_wins": _sum(rows["close_probability"], fewest),
            "expected_value": _sum(rows["expected_value"], fewest),
        }
    )


def _sum(values: "pd.Series[float]", fewest: int) -> float | None:
    return float(values.sum()) if int(values.notna().sum()) >= fewest else None


def late_leads(material: Material) -> pd.DataFrame:
    """Return the leads that were to be touched (`reports.touched`): the loop's columns and ``late``, not in time."""
    told = hand_offs(material)
    return material.loop.assign(handed_at=told["handed_at"], late=~told["in_time"])[told["due"]]


def _with_late(facts: LeaksFacts, material: Material) -> LeaksFacts:
    due = late_leads(material)
    late = due[due["handed_at"] >= material.as_of - timedelta(days=LOOK_BACK_DAYS)]
    owners, small_owners = _rows(late, "owner", material.min_group)
    teams, small_teams = _rows(late, material.columns.team, material.min_group)
    told = len(late) >= material.min_group
    return facts.model_copy(
        update={
            "handed": None if 0 < len(late) < material.min_group else len(late),
            "late": share_interval(int(late["late"].sum()), len(late)) if told else None,
            "owners": owners,
            "teams": teams,
            "small_groups": small_owners + small_teams,
            "late_wins": late_wins(due, material),
        }
    )


def _rows(late: pd.DataFrame, column: str | None, min_group: int) -> tuple[list[LateRow], int]:
    """Return the groups that are large enough, those with the largest share first, and how many are not."""
    from scipy.stats import fisher_exact

    if column is None or column not in late or not len(late):
        return [], 0
    names = group_names(late[column])
    known = late[(names != UNKNOWN).to_numpy()]
    by_name = known["late"].groupby(names[names != UNKNOWN]).agg(["size", "sum"]).astype(int)
    large = by_name[by_name["size"] >= min_group]
    all_leads, all_late = len(late), int(late["late"].sum())
    chances, shares = list[float](), list[float | None]()
    for size, hits in large.itertuples(index=False):
        rest, rest_late = all_leads - size, all_late - hits
        table = [[hits, size - hits], [rest_late, rest - rest_late]]
        chances.append(float(fisher_exact(table, alternative="greater").pvalue))
        shares.append(rest_late / rest if rest >= min_group else None)
    rows = []
    for (name, size, hits), chance, others in zip(
        large.itertuples(), holm(chances), shares, strict=True
    ):
        share = share_interval(hits, size)
        assert share is not None  # noqa: S101  a group has leads
        rows.append(
            LateRow(
                name=str(name),
                leads=size,
                late=hits,
                share=share,
                others=others,
                above=others is not None and chance <= SURE,
                few=size < FEW,
            )
        )
    return sorted(rows, key=lambda row: (-row.share.value, -row.leads, row.name)), int(
        (by_name["size"] < min_group).sum()
    )
