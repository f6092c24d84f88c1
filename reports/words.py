"""Numbers as people read them."""

from datetime import date, datetime

from reports.facts import GradeRow, Interval

TIMES = "\N{MULTIPLICATION SIGN}"
TO = "\N{EN DASH}"
NBSP = "\N{NO-BREAK SPACE}"
# not %B: a report reads the same whatever locale a library has set
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def count(value: float) -> str:
    """Write 12345 as 12,345; a fraction below ten keeps one place."""
    if value != round(value) and abs(value) < 9.95:
        return f"{value:.1f}"
    return f"{value:,.0f}"


def count_whole(value: float) -> str:
    """Write 12345.6 as 12,346."""
    return f"{value:,.0f}"


def percent(share: float) -> str:
    """Write a share in percent, with the places that make it readable: 38%, 4.2%, 0.31%."""
    value = 100 * share
    if value == 0 or value >= 9.95:
        return f"{value:.0f}%"
    return f"{value:.1f}%" if value >= 0.95 else f"{value:.2g}%"


def percent_rounded(share: float) -> str:
    """Write a share in percent for a sentence: whole numbers wherever they are enough."""
    return f"{100 * share:.0f}%" if 100 * share >= 1.5 else percent(share)


def points(share: float) -> str:
    """Write a difference of probabilities in percentage points."""
    return f"{100 * share:.1f} percentage points"


def odds(multiplier: float) -> str:
    """Write an odds multiplier, two places below one tenth of the average."""
    return f"{TIMES}{multiplier:.1f}" if multiplier >= 0.095 else f"{TIMES}{multiplier:.2f}"


def money(amount: float, currency: str) -> str:
    """Write an amount: EUR 1,240; EUR 1.3 million."""
    if abs(amount) >= 999_500:
        return f"{currency} {amount / 1_000_000:,.1f} million"
    return f"{currency} {amount:,.0f}"


def share_range(interval: Interval) -> str:
    """Write an interval's ends in percent, joined by an en dash."""
    return f"{percent(interval.low).removesuffix('%')}{TO}{percent(interval.high)}"


def share_range_rounded(interval: Interval) -> str:
    """Write an interval's ends in percent for a sentence; its spaces do not break."""
    return f"{percent_rounded(interval.low).removesuffix('%')}{NBSP}to{NBSP}{percent_rounded(interval.high)}"


def grade_range(row: GradeRow) -> str:
    """Write the probabilities of a grade from its lowest to its highest lead."""
    return f"{percent(row.lowest).removesuffix('%')}{TO}{percent(row.highest)}"


def money_range(interval: Interval) -> str:
    """Write an interval's ends as amounts, without the currency."""
    return f"{interval.low:,.0f}{TO}{interval.high:,.0f}"


def day(moment: date) -> str:
    """Write a day: 21 November 2026."""
    return f"{moment.day} {moment:%B %Y}"


def minute(moment: datetime) -> str:
    """Write a moment that is in UTC."""
    return f"{day(moment)}, {moment:%H:%M} UTC"


def shortened(text: str, longest: int) -> str:
    """Cut a name for a picture."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
