"""What a cell of a machine file may hold.

A spreadsheet runs text that begins with = + - @ as a formula (CWE-1236), and a tab or carriage return in front hides
it. A machine file cannot be defused, because an apostrophe would reach the CRM; so such text is refused.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from delivery.receipt import from_iso

GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
SAFE_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}"
EMAIL = r"[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,184}\.[A-Za-z]{2,}"

_FORMULA = "=+-@"
_SKIPPED = " \u00a0\u200b\u200c\u200d\u2060\u3000\ufeff"
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


@dataclass(frozen=True)
class Rule:
    """What a cell may hold: the test, and the words for a person."""

    expected: str
    accepts: Callable[[str], bool]

    def refused(self, cells: Iterable[str]) -> set[str]:
        """Return the cells that do not follow the rule; each text is looked at once."""
        return {cell for cell in set(cells) if not self.accepts(cell)}


def begins_a_formula(text: str) -> bool:
    """Whether a spreadsheet would run the text: = + - @, also full-width, or a control character in front."""
    bare = text.lstrip(_SKIPPED)
    if not bare:
        return False
    return bare[0] in "\t\r\n\x00" or unicodedata.normalize("NFKC", bare[0])[0] in _FORMULA


def matching(pattern: str, expected: str) -> Rule:
    """Return the rule that the whole cell matches the pattern."""
    compiled = re.compile(pattern)
    return Rule(expected, lambda text: compiled.fullmatch(text) is not None)


def one_of(*values: str) -> Rule:
    """Return the rule that the cell is one of the values."""
    return Rule("one of " + ", ".join(values), lambda text: text in values)


def line_of_text(limit: int = 255) -> Rule:
    """Return the rule for our own texts: one printable line that no spreadsheet runs."""

    def accepts(text: str) -> bool:
        whole = 0 < len(text) <= limit and text == text.strip()
        return whole and not begins_a_formula(text) and not _UNPRINTABLE.search(text)

    return Rule(
        f"one line of at most {limit} printable characters, no space around it, not beginning with = + - or @",
        accepts,
    )


def optional(rule: Rule, null: str = "") -> Rule:
    """Return the rule that also accepts the format's word for nothing."""
    return Rule(
        f"{rule.expected}, or {null or 'nothing'}", lambda text: text == null or rule.accepts(text)
    )


def _is_moment(text: str) -> bool:
    try:
        from_iso(text)
    except ValueError:
        return False
    return len(text) == len("2026-01-15T04:30:00.000Z")


MOMENT = Rule("a UTC time as YYYY-MM-DDThh:mm:ss.sssZ", _is_moment)
SCORE = matching(r"[1-9][0-9]?", "a whole number from 1 to 99")
PROBABILITY = matching(r"0\.[0-9]{4}|1\.0000", "a number from 0 to 1 with 4 decimals")
AMOUNT = matching(r"(0|[1-9][0-9]{0,14})\.[0-9]{2}", "an amount from 0 with 2 decimals")
GRADE = one_of("A", "B", "C", "D")
ROUTE = one_of("sales_ready", "nurture")
TREND = one_of("improving", "steady", "declining", "new")
CONFIDENCE = one_of("high", "medium", "low")
LABEL = matching(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}", "letters, digits and . _ : / -")
