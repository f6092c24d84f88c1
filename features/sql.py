"""Names and values on their way into SQL: quoted here, and only here."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime


def identifier(name: str) -> str:
    """Quote a column or table name, so that it may hold anything."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """Quote a text value.

    >>> text("O'Neil")
    "'O''Neil'"
    """
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """Write text values as a list in brackets, for ``IN``; no values give a list that nothing is in."""
    listed = ", ".join(text(value) for value in values)
    return f"({listed or 'NULL'})"


def moment(value: datetime) -> str:
    """Write a naive moment."""
    return f"TIMESTAMP '{value.isoformat(sep=' ')}'"


def slug(name: str) -> str:
    """Turn a column's name into an identifier: lower case letters, digits and underscores.

    >>> slug("Lead Source (Größe)")
    'lead_source_grosse'
    >>> slug("2nd contact")
    'c_2nd_contact'
    """
    plain = (
        unicodedata.normalize("NFKD", name.replace("ß", "ss"))
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:90].strip("_")
    if not words:
        return "column"
    return words if words[0].isalpha() else f"c_{words}"


def slugs(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """Give every name its own slug, none of them in ``taken``; a second one of a kind gets ``_2``."""
    used = set(taken)
    given: dict[str, str] = {}
    for name in names:
        base = candidate = slug(name)
        number = 2
        while candidate in used:
            candidate = f"{base}_{number}"
            number += 1
        used.add(candidate)
        given[name] = candidate
    return given
