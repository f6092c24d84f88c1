"""The column that a CRM finds its record by."""

from collections.abc import Callable, Sequence

from delivery.problems import listed
from delivery.rules import Rule
from features.errors import StoppedError


def refuse_keys(
    ids: Sequence[str], rule: Rule, same: Callable[[str], str], *, crm: str, advice: str
) -> None:
    """Stop if ids cannot be the keys of a CRM's records.

    Args:
        ids: the leads' ids.
        rule: what the CRM takes as a key.
        same: maps the spellings of one key to one text.
        crm: its name, for the message.
        advice: which key of the project file to set, and to what.

    Raises:
        StoppedError: with up to five of the ids, and how many there are.
    """
    refused = [key for key in ids if not rule.accepts(key)]
    if refused:
        raise StoppedError(
            f"{crm}: {len(refused)} of {len(ids)} lead ids cannot be keys: {listed(refused)}. "
            f"Expected {rule.expected}. Nothing was published. {advice}"
        )
    first: dict[str, str] = {}
    twice = [
        f"{first[same(key)]} and {key}" for key in ids if first.setdefault(same(key), key) != key
    ]
    if twice:
        raise StoppedError(
            f"{crm}: {len(twice)} lead ids are the same key to {crm}: {listed(twice)}. "
            f"Expected each record once, because every row of a repeated key fails. Nothing was published. {advice}"
        )
