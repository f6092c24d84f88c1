"""From what was measured on a column to a verdict, with its evidence in one line.

Each figure has two bars: one that condemns a column of any name, and a lower one for a column
whose name or values say that it is written after the fact. See docs/decisions/0006.
"""

from dataclasses import dataclass
from typing import Literal

from features.hindsight_figures import Auc, Fill, Pure
from features.hindsight_words import WordClass

Grade = Literal["condemned", "watch"]

ALONE = 0.85  # AUC of the column alone: honest columns of lead data stay below 0.8
BY_FILL = 0.75  # AUC of whether it is filled at all
FILL_GAP = 0.40  # filled among closed leads, and not among the open ones of the same time
PURE_WON = 0.25  # of the wins, in levels where hardly a lead is lost
PURE_LOST = (
    0.60  # of the losses, in levels where hardly a lead is won: a sieve has such a level, too
)
STATE = 0.95  # AUC for being closed or open, among leads of the same time
MOVES = 0.95  # rank correlation with the lead's lifetime or the number of its events
EQUAL = 0.5  # share of leads where it is the count of days until the end

NAMED_FILL = 0.62
NAMED_PURE = 0.10
NAMED_STATE = 0.90  # of names that speak of the end or of today; long cycles reach 0.88 honestly
NAMED_GAP = 0.25
NAMED_ALONE: dict[WordClass | Literal["values"], float] = {
    "outcome": 0.65,
    "state": 0.65,
    "elapsed": 0.65,
    "values": 0.65,
    "conversation": 0.68,
    "effort": 0.70,
    "money": 0.75,
    "judgement": 0.75,
}
PARTLY = 0.95  # filled: a judgement that fewer leads have was passed later than at creation
PARTLY_JUDGED = 0.65  # AUC that condemns such a judgement

WATCHED = 0.75  # AUC from which a column of any name is told
NAMED_WATCHED = 0.60
MOVES_WATCHED = 0.80

_SAYS: dict[WordClass, str] = {
    "outcome": "its name speaks of the end",
    "state": "its name says that it is as of the export",
    "judgement": "its name says that it is somebody's judgement",
    "conversation": "its name says that it is known after the conversation",
    "effort": "its name says that it counts contacts up to the export",
    "elapsed": "its name says that it measures time up to the end",
    "money": "its name speaks of the deal's amount, which is rewritten until the end",
}


@dataclass(frozen=True)
class Measured:
    """What is known of a column: names, words and figures."""

    label: str
    named: WordClass | None
    values: list[str]
    accumulates: bool
    filled: float
    alone: Auc
    where_filled: Auc
    fill: Auc
    fill_won: float
    fill_lost: float
    around: Fill
    won_pure: Pure
    lost_pure: Pure
    open_pure: Pure
    state: Auc
    state_level: str
    life_rank: float
    life_equal: float
    events_rank: float


@dataclass(frozen=True)
class Evidence:
    """Why a column is told: the line, and how grave it is. ``by_name``: the name lowered the bar."""

    grade: Grade
    line: str
    by_name: bool = False


def judge(column: Measured) -> Evidence | None:
    """Return the gravest evidence against a column, or None."""
    if line := _condemned(column):
        return Evidence("condemned", line)
    if (why := _says(column)) and (line := _condemned_by_name(column)):
        return Evidence("condemned", f"{why}, and {line}", by_name=True)
    if line := _watched(column):
        return Evidence("watch", line, by_name=why is not None)
    return None


def _condemned(column: Measured) -> str | None:
    if column.life_equal > EQUAL:
        return f"it is the number of days until the lead closed, in {column.life_equal:.0%} of leads more than by chance"
    if column.events_rank > MOVES:
        return f"it counts what the events hold of a lead's whole life (rank correlation {column.events_rank:.2f})"
    if abs(column.life_rank) > MOVES:
        return _moves_line(column)
    if column.fill.over(BY_FILL):
        return _fill_line(column)
    if column.around.gap_over(FILL_GAP):
        return _gap_line(column)
    if line := _pure_line(column, PURE_WON, PURE_LOST):
        return line
    if column.alone.over(ALONE):
        return _alone_line(column.alone)
    if column.state.over(STATE):
        return _state_line(column)
    return None


def _condemned_by_name(column: Measured) -> str | None:
    bar = _bar(column)
    if line := _pure_line(column, NAMED_PURE, NAMED_PURE):
        return line
    if column.alone.value > bar and column.alone.sure:
        return _alone_line(column.alone)
    if column.fill.value > NAMED_FILL and column.fill.sure:
        return _fill_line(column)
    if column.where_filled.value > bar and column.where_filled.sure:
        return _alone_line(column.where_filled, where="where it is filled ")
    if column.around.gap_over(NAMED_GAP):
        return _gap_line(column)
    if column.named not in ("outcome", "state"):
        return None
    if column.state.value > NAMED_STATE and column.state.sure:
        return _state_line(column)
    if column.open_pure.rows:
        return _stands(column.open_pure, "open", "closed")
    return None


def _watched(column: Measured) -> str | None:
    best = max(column.alone, column.where_filled, key=lambda auc: auc.value)
    if column.alone.over(WATCHED):
        return _alone_line(column.alone)
    if abs(column.life_rank) > MOVES_WATCHED:
        return _moves_line(column)
    why = _says(column)
    if column.named in ("outcome", "state") and not best.over(NAMED_WATCHED):
        return f"{why}, though so far it does not tell the outcome (AUC {column.alone.value:.2f})"
    if why is None and column.accumulates:
        why = "its name says that it is summed up until the export"
    if why and best.over(NAMED_WATCHED):
        where = "" if best is column.alone else "where it is filled "
        return f"{why}, and {_alone_line(best, where=where)}"
    return None


def _bar(column: Measured) -> float:
    """Return the AUC that condemns a column of these words: the lowest of those that apply."""
    bars = [NAMED_ALONE["values"]] if column.values else []
    if column.named == "judgement" and column.filled < PARTLY:
        bars.append(PARTLY_JUDGED)
    elif column.named:
        bars.append(NAMED_ALONE[column.named])
    return min(bars)


def _says(column: Measured) -> str | None:
    if column.named:
        return _SAYS[column.named]
    if column.values:
        listed = ", ".join(f"“{value}”" for value in column.values[:2])
        return f"its values tell how the contact went ({listed})"
    return None


def _alone_line(auc: Auc, where: str = "") -> str:
    leads = "later leads" if auc.later else "leads of the same time"
    return f"{where or 'alone '}it tells the outcome of {leads} with an AUC of {auc.value:.2f}"


def _fill_line(column: Measured) -> str:
    return (
        f"whether it is filled at all tells the outcome (AUC {column.fill.value:.2f}): "
        f"filled in {column.fill_won:.0%} of won and {column.fill_lost:.0%} of lost leads"
    )


def _gap_line(column: Measured) -> str:
    return f"filled in {column.around.closed:.0%} of closed leads, and in {column.around.open:.0%} of those of the same time still open"


def _moves_line(column: Measured) -> str:
    return (
        f"it moves with how long the lead took to close (rank correlation {column.life_rank:.2f})"
    )


def _pure_line(column: Measured, won: float, lost: float) -> str | None:
    """Return the line of the side that goes further over its bar, None if neither does."""
    sides = [(column.won_pure, won, "won", "lost"), (column.lost_pure, lost, "lost", "won")]
    over = [side for side in sides if side[0].share >= side[1]]
    if not over:
        return None
    pure, _, outcome, other = max(over, key=lambda side: (round(side[0].share, 1), side[0].rows))
    return f"{_stands(pure, outcome, other)}; with its like in {pure.share:.0%} of the {outcome}"


def _stands(pure: Pure, here: str, there: str) -> str:
    some = f"{pure.others:,} {there} {'lead' if pure.others == 1 else 'leads'}"
    return f"“{pure.level}” stands in {pure.rows:,} {here} leads and in {some if pure.others else f'no {there} one'}"


def _state_line(column: Measured) -> str:
    return f"it tells open leads from closed ones of the same time with an AUC of {column.state.value:.2f} (“{column.state_level}” where closed)"
