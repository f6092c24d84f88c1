"""How often a cron line comes round."""

from datetime import datetime, timedelta


def days_between_runs(cron: str) -> int:
    """Return about how many days lie between two runs of a cron line of five fields; at least 1."""
    _, _, day, month, weekday = cron.split()
    begin = datetime(2024, 1, 1)  # noqa: DTZ001  any years do, four with a leap day
    days = [begin + timedelta(days=number) for number in range(4 * 365 + 1)]
    in_month = _matches(day, 1, 31)
    in_week = {number % 7 for number in _matches(weekday, 0, 7)}
    either = day.startswith("*") or weekday.startswith("*")
    hits = 0
    for moment in days:
        by_day, by_week = moment.day in in_month, moment.isoweekday() % 7 in in_week
        due = (by_day and by_week) if either else (by_day or by_week)
        hits += due and moment.month in _matches(month, 1, 12)
    return max(1, round(len(days) / max(hits, 1)))


_NAMES = {
    name: number
    for names in (
        ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
        (
            *("", "jan", "feb", "mar", "apr", "may", "jun"),
            *("jul", "aug", "sep", "oct", "nov", "dec"),
        ),
    )
    for number, name in enumerate(names)
    if name
}


def _matches(field: str, low: int, high: int) -> set[int]:
    """Return the numbers that one field of a cron line names; one that cannot be read names all."""
    found: set[int] = set()
    try:
        for part in field.lower().split(","):
            span, _, step = part.partition("/")
            first, _, last = span.partition("-")
            begin = low if first == "*" else _number(first)
            end = high if first == "*" or (step and not last) else _number(last or first)
            found |= set(range(begin, end + 1, int(step or 1)))
    except ValueError:
        return set(range(low, high + 1))
    return found


def _number(text: str) -> int:
    return _NAMES[text] if text in _NAMES else int(text)
