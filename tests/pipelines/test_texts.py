"""``leadgauge texts``: every sentence of the report can be translated, and translations are kept."""

import json
from pathlib import Path

import pytest
import yaml
from babel.messages.pofile import read_po, write_po

from pipelines.cli import run_arguments
from pipelines.texts import collected, write_texts
from reports.report_facts import ReportFacts
from reports.voice import Voice
from tests.pipelines.conftest import Run, Trained
from tests.reports.pseudo import ALIKE, left_in_english, names_in, not_translated, pseudo_voice


def test_sentences_labels_and_plurals_of_the_report_are_collected() -> None:
    found = {one.id for one in collected() if one.id}
    assert "The bottom line" in found
    assert "Close rate" in found
    assert ("{count} day", "{count} days") in found
    assert "the base rate" in found  # a constant, said later
    assert "Account {account}: {told}" in found  # said on the console
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


@pytest.mark.slow
def test_a_report_of_real_facts_is_said_in_the_language_of_the_texts(
    trained_once: Trained, in_process: Run, tmp_path: Path
) -> None:
    pseudo_voice(tmp_path)
    document = yaml.safe_load(trained_once.project.read_text())
    document["report"] = {**document.get("report", {}), "language": "de", "texts": "pseudo.po"}
    project = tmp_path / trained_once.project.name
    project.write_text(yaml.safe_dump(document))
    done = in_process(
        *("report", project, "--home", trained_once.home.root, "--as-of", "2026-01-15", "--json"),
        *("--data", trained_once.project.parent),
    )
    assert done.returncode == 0, done.stderr
    page, facts, mail = (Path(path) for path in json.loads(done.stdout)["written"])
    names = names_in(ReportFacts.model_validate_json(facts.read_text()))
    assert set(left_in_english(page.read_text(), names)) <= ALIKE
    lines = mail.read_text().replace("\\", "").splitlines()
    assert [line for line in lines if not_translated(line, names)] == []
