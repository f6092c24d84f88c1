"""``leadgauge texts``: every sentence of the report can be translated, and translations are kept."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po

from pipelines.cli import run_arguments
from pipelines.texts import collected, write_texts
from reports.voice import Voice


def test_sentences_labels_and_plurals_of_the_report_are_collected() -> None:
    found = {one.id for one in collected() if one.id}
    assert "The bottom line" in found
    assert "Close rate" in found
    assert ("{count} day", "{count} days") in found
    assert "the base rate" in found  # a constant, said later
    assert len(found) > 150


def test_a_catalogue_is_written_and_what_was_translated_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "de.po"
    write_texts("de", path)
    assert "still to be translated" in capsys.readouterr().out
    with path.open("rb") as file:
        catalogue = read_po(file, locale="de")
    catalogue["The bottom line"].string = "Das Fazit"
    with path.open("wb") as file:
        write_po(file, catalogue)
    write_texts("de", path)
    assert Voice.of("de", texts=path).say("The bottom line") == "Das Fazit"


def test_an_unknown_language_is_a_matter_of_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_arguments(["texts", "klingon", "--out", str(tmp_path / "k.po")]) == 2
    assert "there is no language 'klingon'" in capsys.readouterr().err
    assert not (tmp_path / "k.po").exists()
