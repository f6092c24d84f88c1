"""The report's language: numbers and dates by the locale, sentences from a catalogue of texts."""

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ProjectError
from reports.facts import Interval
from reports.voice import Voice

NARROW = "\N{NARROW NO-BREAK SPACE}"
NBSP = "\N{NO-BREAK SPACE}"
PO = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

msgid "as of {day}"
msgstr "Stand {day}"

msgid "{count} day"
msgid_plural "{count} days"
msgstr[0] "{count} Tag"
msgstr[1] "{count} Tage"

#, fuzzy
msgid "The bottom line"
msgstr "Die Unterseite"
"""


def german(folder: Path) -> Voice:
    path = folder / "de.po"
    path.write_text(PO, encoding="utf-8")
    return Voice.of("de", "EUR", path)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "12,346 | 4.2% | EUR 1,240 | 21 November 2026 | a, b and c"),
        ("de", "12.346 | 4,2 % | EUR 1.240 | 21. November 2026 | a, b und c"),
        ("fr", f"12{NARROW}346 | 4,2 % | EUR 1{NARROW}240 | 21 novembre 2026 | a, b et c"),
        ("es", "12.346 | 4,2 % | EUR 1.240 | 21 de noviembre de 2026 | a, b y c"),
    ],
)
def test_numbers_dates_and_lists_follow_the_locale(language: str, said: str) -> None:
    voice = Voice.of(language)
    told = " | ".join(
        [
            voice.count(12_345.6),
            voice.percent(0.042),
            voice.money(1240),
            voice.day(date(2026, 11, 21)),
            voice.listed(["a", "b", "c"]),
        ]
    )
    assert told.replace(NBSP, " ") == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0%"), (0.38, "38%"), (0.0995, "10%"), (0.042, "4.2%"), (0.0031, "0.31%"), (0.000038, "0.0038%"), (-0.042, "-4.2%")],
)  # fmt: skip
def test_a_share_has_the_places_that_make_it_readable(share: float, said: str) -> None:
    assert Voice.of().percent(share) == said


def test_ranges_name_their_unit_once() -> None:
    interval = Interval(value=0.4, low=0.213, high=0.64)
    assert Voice.of().share_range(interval) == "21–64%"
    assert Voice.of("de").share_range(interval).replace(NBSP, " ") == "21–64 %"
    assert Voice.of().share_range_rounded(interval).replace(NBSP, " ") == "21 to 64%"


def test_what_is_translated_is_said_and_the_rest_is_english(tmp_path: Path) -> None:
    voice = german(tmp_path)
    assert voice.say("as of {day}", day="1. Mai") == "Stand 1. Mai"
    assert voice.say("Not in the file: {day}", day="1. Mai") == "Not in the file: 1. Mai"
    assert voice.say("The bottom line") == "The bottom line"  # fuzzy: nobody has looked at it
    assert [voice.days(1), voice.days(1.5), voice.days(12)] == ["1 Tag", "1,5 Tage", "12 Tage"]


def test_a_moment_is_said_with_its_zone() -> None:
    assert Voice.of().minute(datetime(2026, 11, 20, 4, 30)) == "20 November 2026, 04:30 UTC"  # noqa: DTZ001
    assert Voice.of().month(date(2026, 3, 1)) == "March 2026"


@given(st.floats(min_value=0, max_value=1e12))
def test_counting_never_fails_and_never_shows_more_than_one_place(value: float) -> None:
    said = Voice.of().count(value)
    assert len(said.partition(".")[2]) <= 1


def test_languages_and_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no language 'klingon'"):
        Voice.of("klingon")
    with pytest.raises(ProjectError, match=r"missing\.po cannot be read .* `leadgauge texts`"):
        Voice.of("de", texts=tmp_path / "missing.po")
    broken = tmp_path / "broken.po"
    broken.write_bytes(b"\xff\xfe\x00 no text")
    with pytest.raises(ProjectError, match="no gettext catalogue"):
        Voice.of("de", texts=broken)


def test_a_translation_that_loses_a_value_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "de.po"
    path.write_text('msgid "as of {day}"\nmsgstr "Stand {tag}"\n', encoding="utf-8")
    with pytest.raises(ProjectError) as refused:
        Voice.of("de", texts=path)
    assert str(refused.value) == (
        f"report.texts: {path}: 1 translations name other values in braces than the English does, 'as of {{day}}' for one; "
        "keep the names in braces as they are"
    )
