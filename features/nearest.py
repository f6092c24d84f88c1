"""Hints for what somebody probably meant."""

import difflib
from collections.abc import Iterable


def nearest(wanted: str, known: Iterable[str], *, count: int = 3, alike: float = 0.6) -> list[str]:
    """Return up to ``count`` known names that look like the wanted one, upper and lower case alike.

    ``alike``: from 0 to 1, by ``difflib.SequenceMatcher.ratio``.
    """
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(name.casefold(), name)
    close = difflib.get_close_matches(wanted.casefold(), by_folded, n=count, cutoff=alike)
    return [by_folded[name] for name in close]


def hint(wanted: str, known: Iterable[str], *, what: str = "known are", limit: int = 12) -> str:
    """Say what was probably meant, or else what there is.

    >>> hint("colour", ["color", "size"])
    'did you mean color?'
    >>> hint("zzz", ["color", "size"])
    'known are color, size'
    """
    names = list(known)
    close = nearest(wanted, names)
    if close:
        return f"did you mean {' or '.join(close)}?"
    if not names:
        return f"{what} none"
    shown = ", ".join(names[:limit])
    return f"{what} {shown}" + (f" and {len(names) - limit} more" if len(names) > limit else "")
