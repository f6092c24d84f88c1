"""Names and values that a CRM gives to what is written down after the fact.

A word never condemns. It lowers the bar that the figures have to reach (`features/hindsight_rules.py`),
since a column called "Last Activity" is as of the export unless its history says otherwise.
"""

import re
from collections.abc import Iterable
from typing import Literal

WordClass = Literal["outcome", "state", "judgement", "conversation", "effort", "elapsed", "money"]

_EARLIER = re.compile(
    r"\b(prev|previous|previously|prior|past|earlier|former|historic|historical|before|years?)\b"
)
_OWN_BEHAVIOUR = re.compile(
    r"\b(web|website|site|page|pages|pageviews?|visits?|totalvisits|sessions?|views?|clicks?|downloads?)\b"
)
_SUMMED = re.compile(
    r"\b(pageviews?|visits?|totalvisits|sessions?|views|clicks|downloads)\b|\btime( spent)? (on|in|at)\b"
)
# What a person is, in words that a sales process uses too.
_PERSONAL = re.compile(
    r"\b(marital|employment|family|residence|residential|housing|citizenship|immigration|smoking|"
    r"education|civil|legal|tax|social|credit|consumer|price|confidence)\b"
)
_STEP = (
    r"(activity|activities|notable|contact|contacted|touch|touchpoint|call|called|email|mail|modified|"
    r"modification|updated?|event|status|stage|state|action|interaction|engagement|engaged|response|"
    r"reply|note|meeting|step|task|conversion|deal|seen|worked|disposition)"
)
_OBJECT = (
    r"(lead|prospect|opp|opportunity|deal|sales?|pipeline|crm|call|case|application|contract|quote|offer|"
    r"order|follow ?up|lifecycle|contact|customer|account|entry|ticket)"
)
_TOUCH = (
    r"(events?|touch(es|points?)?|contacts?|contacted|calls?|e?mails?|activities|activity|meetings?|"
    r"follow ?ups?|interactions?|messages?|notes?|tasks?|attempts?|changes?|steps?|stages?|entries)"
)
# In this order: the first that fits names the column.
_CLASSES: dict[WordClass, re.Pattern[str]] = {
    "elapsed": re.compile(
        r"\b(days?|hours?|weeks?|months?|time|elapsed|ratio|age|velocity)\b.*\b(to|in|until|till|through|of)\b.*"
        r"\b(close|closing|closed|conversion|convert|win|decision|stages?|pipeline|target|qualified|validated|"
        rf"identified|cycle)\b|\bsince (the )?(last|latest) {_STEP}\b|\b(lead|deal|opp|opportunity) age\b|"
        r"\b(sales )?cycle (length|time|days)\b|\bratio days\b|\b(target|expected|forecast) close\b"
    ),
    "state": re.compile(
        rf"\b(last|latest|recent|most recent|current|final)\b( \w+)? {_STEP}\b"
        rf"|\b{_OBJECT} (status|stage|state|phase|step|disposition)\b"
        r"|^(status|stage|stage name|phase|disposition|sub ?status|lifecycle ?stage|next step)$"
        rf"|^modified\b|\b(is )?(in)?active {_OBJECT}\b|^(is )?(in)?active$|\bforecast category\b"
    ),
    "money": re.compile(
        r"\b(weighted|forecast|forecasted|expected|final|deal|opportunity|opp|booked|contract|won|invoiced|"
        r"order|quote|quoted|proposal)\b.*\b(revenue|amount|value|price|size|mrr|arr|acv|tcv|sales|forecast)\b"
        r"|^(amount|revenue|deal ?size|discount)$"
    ),
    "outcome": re.compile(
        r"\b(closed|closing|won|lost|loss|converted|outcome|result|verdict|disqualified|disqualification|"
        r"unqualified|rejected|rejection|cancell?ed|cancellation|invoiced|enrolled|approved|declined)\b"
        r"|\b(close|win|conversion|contract|payment|invoice|signing|order|enrol?lment) "
        r"(date|time|value|amount|reason|probability|status|flag|number|no|id|requested|received|sent|signed)\b"
        r"|\b(signed|paid)( (date|on|at|amount|flag))?$|\bbecame (a )?(customer|client)\b"
        r"|^reason$|\bstatus reason\b|\breason code\b"
    ),
    "conversation": re.compile(
        r"\b(?<!loan )(?<!trial )(?<!contract )(?<!subscription )(?<!membership )(?<!credit )(?<!policy )"
        r"(?<!lease )(?<!stay )duration\b"
        r"|\b(talk|handle|handling|call|conversation|speaking) ?(time|length|seconds|secs|minutes|mins)\b"
        r"|\blength of (the )?(call|conversation)\b"
    ),
    "effort": re.compile(
        rf"\b(n|nb|num|number|no|nr|count|counts|total|sum|times)\b.*\b{_TOUCH}\b"
        rf"|\b{_TOUCH} (count|number|total|made|sent|held|logged|booked)\b|\b(push|reschedule) count\b"
        r"|^(touches|calls|e?mails|meetings|activities|interactions|attempts)$"
    ),
    "judgement": re.compile(
        r"\b(tags?|rating|score|scoring|grade|index|temperature|probability|likelihood|propensity|"
        r"priority|sentiment)\b|\b(lead|prospect|deal|opp|opportunity|contact|customer) "
        r"(quality|profile|rank|class|potential|fit)\b"
    ),
}
_SAID = re.compile(
    r"\b(closed|won|lost|converted|not interested|no interest|uninterested|already (a |an |our )?(student|customer|client|member|user|bought|purchased)"
    r"|unsubscribed|resubscribed|bounced|unreachable|not reachable|ringing|no answer|not answering|no response|not responding|switched off"
    r"|wrong number|invalid number|number not provided|hang ?up|hung up|voice ?mail|left message|call ?back|follow ?up|will revert"
    r"|not eligible|ineligible|not qualified|unqualified|disqualified|qualified out|junk|spam|duplicate|do not contact"
    r"|had a (phone )?conversation|phone conversation|approved|declined|rejected|refused|cancell?ed|withdrawn|signed|enrolled|admitted|dead|nurture|recycled)\b"
)
VALUE_SHARE = 0.05  # of the filled rows whose value is such a word
VALUE_LEVELS = 2  # different such values


def spaced(name: str) -> str:
    """Return a column's name in lower-case words: ``LeadQuality_2`` is ``lead quality 2``."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.sub(r"[^0-9a-zA-Z]+", " ", parted).lower().split())


def name_class(label: str) -> WordClass | None:
    """Return what sort of after-the-fact column the name speaks of, or None.

    What happened before the lead ("previous outcome"), what the lead did on its own ("page
    views") and what a person is ("marital status") is none of them.
    """
    words = spaced(label)
    if _EARLIER.search(words) or _PERSONAL.search(words):
        return None
    for name, pattern in _CLASSES.items():
        if pattern.search(words):
            own = _OWN_BEHAVIOUR.search(words) and name in ("effort", "elapsed", "conversation")
            return None if own else name
    return None


def accumulates(label: str) -> bool:
    """Return whether the name speaks of what a lead did on its own, summed up until the export."""
    words = spaced(label)
    return bool(_SUMMED.search(words)) and not _EARLIER.search(words)


def telling_values(values: Iterable[tuple[str, int]]) -> list[str]:
    """Return the values that speak of how a contact went or ended, the most frequent first.

    ``values``: each value and how many rows have it. Empty if they are too few to matter.
    """
    counted = list(values)
    said = [(value, n) for value, n in counted if _SAID.search(spaced(value))]
    rows = sum(n for _, n in counted)
    if len(said) < VALUE_LEVELS or sum(n for _, n in said) < VALUE_SHARE * rows:
        return []
    return [value for value, _ in sorted(said, key=lambda item: (-item[1], item[0]))]
