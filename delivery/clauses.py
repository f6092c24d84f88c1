"""The clauses of the agreement in their order, as SQL over a night's leads and what is known of each.

The first clause that holds for a lead decides: which way it goes, and in which words. What holds for no clause before
the last is a candidate for sales, and a matter of places: :mod:`delivery.routes`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from features import sql
from features.agreement import Agreement
from features.loop import LoopColumns

SALES_READY, NURTURE, RECYCLE = "sales_ready", "nurture", "recycle"
DISQUALIFIED, SUPPRESSED = "disqualified", "suppressed"
ROUTES = (SALES_READY, NURTURE, RECYCLE, DISQUALIFIED, SUPPRESSED)

WITH_SALES, OVERRULED = "with_sales", "overruled"
NOT_QUALIFIED, GRADE, CHANCE = "not_qualified", "grade", "chance"
CANDIDATE = "candidate"
DRAWN_AMONG = (NOT_QUALIFIED, GRADE, CHANCE)  # and candidates without a place

# What is asked of the loop, and its type for where no loop is known.
STATE = {
    "created_at": "TIMESTAMP",
    "handed_at": "TIMESTAMP",
    "accepted_at": "TIMESTAMP",
    "contacted_at": "TIMESTAMP",
    "last_sales_at": "TIMESTAMP",
    "with_sales": "BOOLEAN",
    "rejected_at": "TIMESTAMP",
    "rejected_reason": "VARCHAR",
    "came_back_at": "TIMESTAMP",
    "overruled_at": "TIMESTAMP",
    "overruled_to": "VARCHAR",
    "overruled_by": "VARCHAR",
    "overruled_reason": "VARCHAR",
    "met_budget": "BOOLEAN",
    "met_authority": "BOOLEAN",
    "met_need": "BOOLEAN",
    "met_timeframe": "BOOLEAN",
    "consent": "BOOLEAN",
    "disqualified_by": "VARCHAR",
}
_NAMES = {"timeframe": "time frame"}


@dataclass(frozen=True)
class Clause:
    """One clause: SQL that tells whether it holds, which way the lead goes then, and why, in plain words."""

    name: str
    holds: str
    route: str
    reason: str


def clauses(agreement: Agreement, columns: LoopColumns | None, as_of: datetime) -> Iterator[Clause]:
    """Yield the clauses of an agreement, the one that is asked first in front.

    Args:
        agreement: what sales and marketing signed; what it does not speak of has no clause.
        columns: which steps are known to occur in the loop; None: no loop is known, and only the score decides.
        as_of: the night, naive UTC.
    """
    now = sql.moment(as_of)
    if columns is not None:
        yield from _set_aside(agreement, now)
        yield from _in_the_loop(agreement, columns, now)
    yield from _by_the_score(agreement, known=columns is not None)
    yield Clause(CANDIDATE, "true", sql.text(SALES_READY), "NULL")


def _set_aside(agreement: Agreement, now: str) -> Iterator[Clause]:
    """Yield who goes no further: no consent, a person's word, what disqualifies."""
    if agreement.consent is not None:
        reason = "if(consent, NULL, if(consent IS NULL, 'consent is not known', 'no consent'))"
        yield Clause("consent", "consent IS NOT TRUE", sql.text(SUPPRESSED), reason)
    sent = _spaced(
        sql.text("sent to"),
        "CASE overruled_to WHEN 'sales_ready' THEN 'sales' WHEN 'recycle' THEN 'marketing to recycle' "
        "WHEN 'disqualified' THEN 'the disqualified' ELSE 'nurture' END",
        f"('by ' || {_words('overruled_by', 60)})",
        f"('on ' || {_day('overruled_at')})",
    )
    yield Clause(
        OVERRULED,
        f"overruled_to IS NOT NULL AND overruled_at >= {_ago(now, agreement.overrule_days)} "
        # What sales or marketing did with the lead since is the later word.
        "AND NOT coalesce(came_back_at > overruled_at, false)",
        "overruled_to",
        f"{sent} || coalesce(': ' || {_words('overruled_reason', 100)}, '')",
    )
    by = _words("disqualified_by", 200)
    yield Clause(
        "disqualified",
        "disqualified_by IS NOT NULL",
        sql.text(DISQUALIFIED),
        f"CASE WHEN regexp_matches({by}, '^[\\pL\\pN]') THEN {by} "
        f"ELSE 'disqualified' || coalesce(': ' || {by}, '') END",
    )
    if agreement.drop_reasons:
        yield Clause(
            "dropped",
            f"rejected_at IS NOT NULL AND lower(trim(rejected_reason)) IN {_lower(agreement.drop_reasons)}",
            sql.text(DISQUALIFIED),
            _rejected(),
        )
    if agreement.drop_after_days is not None:
        yield Clause(
            "too_old",
            f"created_at < {_ago(now, agreement.drop_after_days)}",
            sql.text(DISQUALIFIED),
            sql.text(f"older than {_days(agreement.drop_after_days)}"),
        )


def _in_the_loop(agreement: Agreement, columns: LoopColumns, now: str) -> Iterator[Clause]:
    """Yield who is with sales, who has gone silent there, and who came back and rests."""
    heard = "greatest(last_sales_at, handed_at, accepted_at, contacted_at)"
    # Where sales writes nothing down, silence cannot be told from work.
    judged = {"accepted", "contacted", *agreement.sales_kinds} & set(columns.kinds)
    alive = f"{heard} >= {_ago(now, agreement.silent_after_days)}" if judged else "true"
    since = _day("coalesce(handed_at, accepted_at, contacted_at)")
    step = "CASE WHEN contacted_at IS NOT NULL THEN 'contacted' WHEN accepted_at IS NOT NULL THEN 'accepted' ELSE 'handed over' END"
    yield Clause(
        WITH_SALES,
        f"with_sales AND {alive}",
        sql.text(SALES_READY),
        f"'with sales' || coalesce(' since ' || {since}, '') || ': ' || {step}",
    )
    yield Clause(
        "silent",
        "with_sales",
        sql.text(RECYCLE),
        f"'gone silent: no word from sales' || coalesce(' since ' || {_day(heard)}, '')",
    )
    rest = f"INTERVAL {agreement.rest_days} DAY"
    until = f"'; rests until ' || {_day(f'came_back_at + {rest}')}"
    back = f"'back from sales on ' || {_day('came_back_at')}"
    yield Clause(
        "rests",
        f"came_back_at > {_ago(now, agreement.rest_days)}",
        sql.text(RECYCLE),
        f"if(rejected_at IS NULL, {back}, {_rejected()}) || {until}",
    )


def _by_the_score(agreement: Agreement, *, known: bool) -> Iterator[Clause]:
    """Yield who stays with marketing: not qualified, not of a sales-ready grade, or too unlikely."""
    yield Clause(
        NOT_QUALIFIED,
        f"NOT {_among('grade', agreement.qualified.grades)}",
        sql.text(NURTURE),
        "'grade ' || grade || ' is not qualified'",
    )
    names = list(agreement.qualified.criteria)
    if names and known:
        met = " + ".join(f"coalesce(met_{name}, false)::INTEGER" for name in names)
        missing = ", ".join(
            f"CASE WHEN met_{name} THEN NULL ELSE '{_NAMES.get(name, name)}' END" for name in names
        )
        yield Clause(
            NOT_QUALIFIED,
            f"{met} < {agreement.qualified.needed}",
            sql.text(NURTURE),
            f"'not qualified: ' || concat_ws(', ', {missing}) || ' not met or not known; ' || ({met})::VARCHAR "
            f"|| ' of the {agreement.qualified.needed} that are needed'",
        )
    yield Clause(
        GRADE,
        f"NOT {_among('grade', agreement.sales_ready_grades)}",
        sql.text(NURTURE),
        "'grade ' || grade || ' is not sales-ready'",
    )
    if agreement.sales_ready_probability is not None:
        yield Clause(
            CHANCE,
            f"NOT coalesce(chance >= {agreement.sales_ready_probability!r}, false)",
            sql.text(NURTURE),
            sql.text(f"the chance to close is below {percent(agreement.sales_ready_probability)}"),
        )


def percent(share: float) -> str:
    """Return a share of the agreement as it was written down: 0.125 as 12.5%."""
    return f"{100 * share:.4g}%"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _ago(now: str, days: int) -> str:
    return f"{now} - INTERVAL {days} DAY"


def _day(moment: str) -> str:
    return f"strftime({moment}, '%Y-%m-%d')"


def _among(column: str, values: Iterable[str]) -> str:
    return f"coalesce({column} IN {sql.texts(values)}, false)"


def _lower(values: Iterable[str]) -> str:
    return sql.texts(value.strip().lower() for value in values)


def _rejected() -> str:
    why = f"coalesce(' (' || {_words('rejected_reason', 80)} || ')', '')"
    return f"'rejected by sales on ' || {_day('rejected_at')} || {why}"


def _spaced(*parts: str) -> str:
    return f"concat_ws(' ', {', '.join(parts)})"


def _words(column: str, longest: int) -> str:
    """Return SQL for a person's text as one printable line of at most so many characters, null for nothing."""
    line = rf"trim(regexp_replace({column}, '[\pC\pZ\s]+', ' ', 'g'))"
    return f"nullif(trim(left({line}, {longest})), '')"
