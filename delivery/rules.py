"""What a cell of a machine file may hold.

A spreadsheet runs text that begins with = + - @ as a formula (CWE-1236), and a tab or carriage return in front hides
it. A machine file cannot be defused, because an apostrophe would reach the CRM; so such text is refused.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from delivery.receipt import from_iso

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

GUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
SAFE_ID = r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}"
EMAIL = r"[A-Za-z0-9][A-Za-z0-9._%+'-]{0,63}@[A-Za-z0-9][A-Za-z0-9.-]{0,184}\.[A-Za-z]{2,}"

_FORMULA = "=+-@"
_SKIPPED = " \u00a0\u200b\u200c\u200d\u2060\u3000\ufeff"
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

# Text that is right beyond doubt, in ranges that RE2 knows: in front a letter, a digit or a sign that begins no
# formula, then what can be printed, at the end no space. Other text is looked at sign by sign.
_FIRST = r"\pLA-Za-z0-9!#$%&'()*,./:;<>?\[\]^_`{|}~"
_BEYOND_ASCII = (
    r"\x{A1}-\x{AC}\x{AE}-\x{167F}\x{2010}-\x{2027}\x{2030}-\x{205E}\x{2070}-\x{2FFF}\x{3001}-\x{D7FF}"
    r"\x{E000}-\x{FEFE}\x{FF01}-\x{10FFFF}"
)
_SIGNS = rf"!#-\[\]-~{_BEYOND_ASCII}"  # without the two that JSON escapes
_PLAIN_TEXT = rf'[{_FIRST}"\\](?:[ "\\{_SIGNS}]*["\\{_SIGNS}])?'
PLAIN_JSON = rf'"(?:[{_FIRST}]|\\["\\])(?:(?:[ {_SIGNS}]|\\["\\])*(?:[{_SIGNS}]|\\["\\]))?"'
_UNQUOTED = rf"!#-+\--\[\]-~{_BEYOND_ASCII}"  # and without the comma
PLAIN_CSV = (
    rf"[{_FIRST.replace(',', '')}\\](?:[ \\{_UNQUOTED}]*[\\{_UNQUOTED}])?"
    rf'|"(?:[{_FIRST}\\]|"")(?:(?:[ \\{_SIGNS}]|"")*(?:[\\{_SIGNS}]|""))?"'
)
_DAY = (
    r"20[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))|20(?:0[048]|[2468][048]|[13579][26])-02-29"
)
_PLAIN_MOMENT = rf"(?:{_DAY})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{{3}}Z"


@dataclass(frozen=True)
class Rule:
    """What a cell may hold: the test, and the words for a person.

    ``plain`` is a pattern, in RE2's language, of whole cells that are accepted if they have at most ``limit``
    characters. It spares the test of the millions of cells that are plainly right; the test alone refuses.
    """

    expected: str
    accepts: Callable[[str], bool]
    plain: str | None = None
    limit: int | None = None

    def refused(self, cells: Iterable[str]) -> set[str]:
        """Return the cells that do not follow the rule; each text is looked at once."""
        return {cell for cell in set(cells) if not self.accepts(cell)}

    def wrong(self, column: "pa.Array") -> "np.ndarray":
        """Return the places of a column's cells that do not follow the rule; null counts as an empty cell."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if isinstance(column, pa.DictionaryArray):
            bad = pc.is_in(column.indices, pa.array(self.wrong(column.dictionary), pa.int32()))
        else:
            # A receipt says the same in every row.
            once = len(column) and pc.all(pc.equal(column, column[0]), skip_nulls=False).as_py()
            refused = self.refused(self._doubtful(column[:1] if once else column))
            if not refused and not column.null_count:
                return np.empty(0, dtype=np.int64)
            bad = pc.is_in(column, pa.array(sorted(refused), column.type))
        if column.null_count:
            bad = pc.if_else(column.is_null(), not self.accepts(""), bad)
        return np.flatnonzero(bad.to_numpy(zero_copy_only=False))

    def _doubtful(self, column: "pa.Array") -> list[str]:
        import pyarrow.compute as pc

        if self.plain is None:
            return pc.unique(column.drop_null()).to_pylist()  # type: ignore[no-any-return]
        known = pc.match_substring_regex(column, f"^(?:{self.plain})$")
        if self.limit is not None and (pc.max(pc.binary_length(column)).as_py() or 0) > self.limit:
            known = pc.and_(known, pc.less_equal(pc.utf8_length(column), self.limit))
        return pc.unique(column.filter(pc.invert(known))).to_pylist()  # type: ignore[no-any-return]


def begins_a_formula(text: str) -> bool:
    """Whether a spreadsheet would run the text: = + - @, also full-width, or a control character in front."""
    bare = text.lstrip(_SKIPPED)
    if not bare:
        return False
    return bare[0] in "\t\r\n\x00" or unicodedata.normalize("NFKC", bare[0])[0] in _FORMULA


def matching(pattern: str, expected: str) -> Rule:
    """Return the rule that the whole cell matches the pattern."""
    compiled = re.compile(pattern)
    return Rule(expected, lambda text: compiled.fullmatch(text) is not None, pattern)


def one_of(*values: str) -> Rule:
    """Return the rule that the cell is one of the values."""
    plain = "|".join(map(re.escape, values))
    return Rule("one of " + ", ".join(values), lambda text: text in values, plain)


def line_of_text(limit: int = 255) -> Rule:
    """Return the rule for our own texts: one printable line that no spreadsheet runs."""

    def accepts(text: str) -> bool:
        whole = 0 < len(text) <= limit and text == text.strip()
        return whole and not begins_a_formula(text) and not _UNPRINTABLE.search(text)

    return Rule(
        f"one line of at most {limit} printable characters, no space around it, not beginning with = + - or @",
        accepts,
        _PLAIN_TEXT,
        limit,
    )


def optional(rule: Rule, null: str = "") -> Rule:
    """Return the rule that also accepts the format's word for nothing."""
    return Rule(
        f"{rule.expected}, or {null or 'nothing'}",
        lambda text: text == null or rule.accepts(text),
        f"{rule.plain}|{re.escape(null)}" if rule.plain else None,
        rule.limit,
    )


def _is_moment(text: str) -> bool:
    try:
        from_iso(text)
    except ValueError:
        return False
    return len(text) == len("2026-01-15T04:30:00.000Z")


MOMENT = Rule("a UTC time as YYYY-MM-DDThh:mm:ss.sssZ", _is_moment, _PLAIN_MOMENT)
SCORE = matching(r"[1-9][0-9]?", "a whole number from 1 to 99")
PROBABILITY = matching(r"0\.[0-9]{4}|1\.0000", "a number from 0 to 1 with 4 decimals")
AMOUNT = matching(r"(0|[1-9][0-9]{0,14})\.[0-9]{2}", "an amount from 0 with 2 decimals")
GRADE = one_of("A", "B", "C", "D")
ROUTE = one_of("sales_ready", "nurture", "recycle", "disqualified", "suppressed")
YES_NO = one_of("true", "false")
TREND = one_of("improving", "steady", "declining", "new")
CONFIDENCE = one_of("high", "medium", "low")
LABEL = matching(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}", "letters, digits and . _ : / -")
