"""A language in which every text is itself within guillemets, and what of a page stands outside of them."""

import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

from babel.dates import get_day_names, get_month_names
from babel.messages.pofile import write_po

from pipelines.texts import collected
from reports.report_facts import ReportFacts
from reports.voice import Voice

INNERMOST = re.compile(r"«[^«»]*»")
WORD = re.compile(r"[^\W\d_]{2,}")
READ_ALOUD = ("aria-label", "data-label", "data-choice", "alt", "title", "placeholder")
# Money and dates are written by the locale.
OF_THE_LOCALE = {
    *("EUR", "UTC", "und", "oder"),
    *get_month_names("wide", locale="de").values(),
    *get_day_names("wide", locale="de").values(),
}
# What comes from the company, from its data as they were read, or from the training, is said as it is.
FROM_THE_COMPANY = frozenset(
    {"title", "name", "column", "label", "level", "by", "reason", "reasons", "competitor", "owner"}
    | {"campaign", "source", "table", "evidence", "warnings", "why", "note", "segment"}
)
# A column, a table and levels of the company that happen to be named as words of ours are.
ALIKE = {"Owner", "leads", "events"}


@cache
def own_texts() -> frozenset[str]:
    """Return every text that can be translated."""
    ids = [one.id for one in collected()]
    return frozenset(form for one in ids for form in ([one] if isinstance(one, str) else one))


def names_in(facts: ReportFacts) -> set[str]:
    """Return the names and sentences of a report's facts that no translation touches."""
    document = json.loads(facts.model_dump_json())
    # the project file's own dimensions, as landing_page, are named by their keys
    keys = {*strings(document, frozenset({"dimension"}))} - own_texts()
    spoken = {key.replace("_", " ") for key in keys}
    named = {name[:1].upper() + name[1:] for name in spoken}
    return {*strings(document, FROM_THE_COMPANY), *spoken, *named} - own_texts()


def pseudo_voice(folder: Path) -> Voice:
    """Return the voice of this language: every text that can be translated is."""
    catalogue = collected()
    catalogue.locale = "de"
    for message in catalogue:
        if isinstance(message.id, str):
            message.string = f"«{message.id}»" if message.id else message.string
        else:
            message.string = tuple(f"«{form}»" for form in message.id)
    buffer = BytesIO()
    write_po(buffer, catalogue)
    path = folder / "pseudo.po"
    path.write_bytes(buffer.getvalue())
    return Voice.of("de", texts=path)


def outside(text: str) -> str:
    """Return what stands within no guillemets."""
    while text != (text := INNERMOST.sub(" ", text)):
        pass
    return re.sub(r"«[^«»]*…$", " ", text)  # cut for a picture


def not_translated(text: str, names: set[str]) -> bool:
    """Return whether words stand outside of guillemets that are neither names nor written by the locale."""
    left = " ".join(outside(text).split())
    if left in names or any(_cut(left, name) for name in names):
        return False
    for name in sorted(names, key=len, reverse=True):
        left = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", left)
    return bool(set(WORD.findall(left)) - OF_THE_LOCALE)


def _cut(text: str, name: str) -> bool:
    """Return whether a text is a name that was cut for a picture."""
    return text.endswith("…") and name.casefold().startswith(text[:-1].rstrip().casefold())


class Visible(HTMLParser):
    """Every piece of text of a page that a reader sees or hears."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in {"script", "style"}
        self.pieces += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  after any of them text is seen again
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.pieces.append(data.strip())


def left_in_english(page: str, names: set[str]) -> list[str]:
    """Return the pieces of a page that are not translated."""
    return sorted({piece for piece in Visible(page).pieces if not_translated(piece, names)})


def strings(value: object, keys: frozenset[str], key: str = "") -> Iterator[str]:
    """Yield every text that stands under one of these keys of a document."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings(inner, keys, name)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, keys, key)
    elif isinstance(value, str) and value and key in keys:
        yield value
