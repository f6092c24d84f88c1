"""The report's language: sentences from a catalogue of texts, numbers and dates as the locale writes them.

Every sentence that a reader sees is written once, in English, as ``voice.say("... {name} ...", name=value)`` with a
literal template, so that the templates can be collected into a gettext catalogue (``leadgauge texts``), translated,
and given back as a ``.po`` file. Values are formatted before they are put in: ``voice.count``, ``voice.percent``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from string import Formatter
from typing import Literal, Self

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.messages.catalog import Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal, format_percent

from features.errors import ProjectError
from reports.facts import Interval

TIMES = "\N{MULTIPLICATION SIGN}"
TO = "\N{EN DASH}"
NBSP = "\N{NO-BREAK SPACE}"
ENGLISH = "en_GB"  # day before month, as in 21 November 2026


def text(template: str) -> str:
    """Mark a constant that is said later, with ``voice.say(constant)``."""
    return template


@dataclass(frozen=True)
class Voice:
    """A language, and the texts translated into it; what is not translated is said in English."""

    locale: Locale
    currency: str = "EUR"
    texts: NullTranslations = field(default_factory=NullTranslations)

    @classmethod
    def of(cls, language: str = "en", currency: str = "EUR", texts: Path | None = None) -> Self:
        """Return the voice of a language, as ``de`` or ``fr_CH``.

        Raises:
            ProjectError: there is no such language, or the file of texts cannot be read.
        """
        try:
            locale = Locale.parse(ENGLISH if language == "en" else language.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            raise ProjectError(
                f"report.language: there is no language {language!r}; expected for example en, de, fr_CH"
            ) from None
        return cls(locale, currency, NullTranslations() if texts is None else _read(texts, locale))

    @property
    def tag(self) -> str:
        """The language as HTML names it."""
        return "en" if str(self.locale) == ENGLISH else str(self.locale).replace("_", "-")

    def say(self, template: str, /, **values: object) -> str:
        """Return a template in this language with its values put in; a value is text, formatted already."""
        found = self.texts.gettext(template)
        return found.format(**values) if values else found

    def many(self, one: str, more: str, number: float, /, **values: object) -> str:
        """Return the template for this number, which is put in as ``{count}``; a fraction is always plural."""
        whole = int(number) if number == int(number) else 2
        return self.texts.ngettext(one, more, whole).format(count=self.count(number), **values)

    def count(self, value: float) -> str:
        """Write 12345 as 12,345; a fraction below ten keeps one place."""
        fine = value != round(value) and abs(value) < 9.95
        return format_decimal(value, format="#,##0.0" if fine else "#,##0", locale=self.locale)

    def whole(self, value: float) -> str:
        """Write 12345.6 as 12,346."""
        return format_decimal(value, format="#,##0", locale=self.locale)

    def number(self, value: float, places: int) -> str:
        """Write a number with so many places."""
        form = f"#,##0.{'0' * places}" if places else "#,##0"
        return format_decimal(value, format=form, locale=self.locale)

    def percent(self, share: float) -> str:
        """Write a share in percent, with the places that make it readable: 38%, 4.2%, 0.31%."""
        value = abs(100 * share)
        if value == 0 or value >= 9.95:
            return self._percent(share, 0)
        # two digits that tell something, however small
        return self._percent(
            share, 1 if value >= 0.95 else min(6, 1 - math.floor(math.log10(value)))
        )

    def percent_rounded(self, share: float) -> str:
        """Write a share in percent for a sentence: whole numbers wherever they are enough."""
        return self._percent(share, 0) if abs(100 * share) >= 1.5 else self.percent(share)

    def percent_fine(self, share: float) -> str:
        """Write a share in percent with one place, as figures that are compared are written."""
        return self._percent(share, 1)

    def points(self, difference: float) -> str:
        """Write a difference of probabilities in percentage points: 1.2 percentage points."""
        return self.say("{number} percentage points", number=self.number(100 * difference, 1))

    def times(self, ratio: float) -> str:
        """Write a ratio after a multiplication sign; two places below one tenth."""
        return f"{TIMES}{self.number(ratio, 1 if ratio >= 0.095 else 2)}"

    def money(self, amount: float) -> str:
        """Write an amount: EUR 1,240; EUR 1.3 million."""
        if abs(amount) >= 999_500:
            return self.say(
                "{currency} {number} million",
                currency=self.currency,
                number=self.number(amount / 1_000_000, 1),
            )
        return self.say(
            "{currency} {number}", currency=self.currency, number=self.whole(amount)
        ).replace(" ", NBSP)

    def days(self, value: float) -> str:
        """Write a length of time in days: 1 day, 12 days."""
        return self.many("{count} day", "{count} days", value)

    def share_range(self, interval: Interval) -> str:
        """Write an interval's ends in percent, joined by an en dash: 21 to 64%, with a dash for the word."""
        return self.between(interval.low, interval.high)

    def between(self, low: float, high: float) -> str:
        """Write two shares in percent, joined by an en dash."""
        return f"{self._plain(self.percent(low))}{TO}{self.percent(high)}"

    def share_range_rounded(self, interval: Interval) -> str:
        """Write an interval's ends in percent for a sentence; its spaces do not break."""
        return self.say(
            "{low} to {high}",
            low=self._plain(self.percent_rounded(interval.low)),
            high=self.percent_rounded(interval.high),
        ).replace(" ", NBSP)

    def whole_range(self, interval: Interval) -> str:
        """Write an interval's ends as whole numbers."""
        return f"{self.whole(interval.low)}{TO}{self.whole(interval.high)}"

    def day(self, moment: date) -> str:
        """Write a day: 21 November 2026."""
        return format_date(moment, "long", locale=self.locale)

    def month(self, moment: date) -> str:
        """Write a month: November 2026."""
        return format_skeleton("yMMMM", moment, locale=self.locale)

    def minute(self, moment: datetime) -> str:
        """Write a moment that is in UTC."""
        clock = format_time(moment, "HH:mm", locale=self.locale)
        return self.say("{day}, {time} UTC", day=self.day(moment), time=clock)

    def listed(
        self, items: Sequence[str], style: Literal["standard", "or", "unit"] = "standard"
    ) -> str:
        """Write a list: a, b and c."""
        return format_list(list(items), style=style, locale=self.locale) if items else ""

    @staticmethod
    def _plain(percent: str) -> str:
        """Return a written percentage without its sign, where the sign comes last."""
        return percent.removesuffix("%").rstrip() if percent.endswith("%") else percent

    def _percent(self, share: float, places: int) -> str:
        form = f"#,##0.{'0' * places}" if places else "#,##0"
        written = self.locale.percent_formats[None].pattern
        gap = NBSP if NBSP in written or "\N{NARROW NO-BREAK SPACE}" in written else ""
        return format_percent(share, format=f"{form}{gap}%", locale=self.locale)


def _read(path: Path, locale: Locale) -> GNUTranslations:
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=locale, abort_invalid=True)
    except OSError as error:
        raise ProjectError(
            f"report.texts: {path} cannot be read ({error.strerror}); `leadgauge texts` writes a catalogue to translate"
        ) from None
    except (PoFileError, ValueError, UnicodeDecodeError) as error:
        raise ProjectError(f"report.texts: {path} is no gettext catalogue: {error}") from None
    wrong = [message.id for message in catalogue if message.id and not _same_names(message)]
    if wrong:
        first = wrong[0] if isinstance(wrong[0], str) else wrong[0][0]
        raise ProjectError(
            f"report.texts: {path}: {len(wrong)} translations name other values in braces than the English does, "
            f"{first!r} for one; keep the names in braces as they are"
        )
    compiled = BytesIO()
    write_mo(compiled, catalogue)  # what is marked as fuzzy is left out
    return GNUTranslations(BytesIO(compiled.getvalue()))


def _same_names(message: Message) -> bool:
    """Return whether every translated form names the values of the English, and no others."""
    english = [message.id] if isinstance(message.id, str) else list(message.id)
    forms = [message.string] if isinstance(message.string, str) else list(message.string or ())
    known = {name for one in english for name in _names(one)}
    return all(not form or _names(form) <= known for form in forms) and all(
        not form or known - {"count"} <= _names(form) for form in forms
    )


def _names(template: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    except ValueError:
        return {"an open brace"}
