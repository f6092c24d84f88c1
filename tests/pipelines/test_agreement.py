"""``leadgauge agreement``: the words, and what it would have meant, or why nobody knows."""

import json
from pathlib import Path

import pytest

from features.errors import UsageError
from pipelines.agreement import agreement, asked_grade
from pipelines.console import show
from pipelines.steps import DirectSteps
from pipelines.summary import Summary
from tests.pipelines import drawn_runs
from tests.pipelines.conftest import Run, Trained
from tests.pipelines.drawn_runs import request


def test_without_a_champion_the_words_alone_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = request(drawn_runs.company(tmp_path))
    told = agreement(run, DirectSteps())
    assert told.paragraphs[0] == (
        "1. Qualified: nothing is agreed about what a qualified lead is; every lead counts as one."
    )
    assert told.warnings == [
        "what it would have meant is unknown: project 'company' has no champion to grade leads with"
    ]
    show(told, as_document=False)
    printed = capsys.readouterr().out
    assert printed.count("12. Overruling: nothing is agreed about") == 1
    assert told.document()["agreement"] == told.paragraphs


@pytest.mark.parametrize(("said", "grade"), [("b", "B"), (" A", "A"), (None, None)])
def test_a_grade_is_taken_in_either_case(
    tmp_path: Path, said: str | None, grade: str | None
) -> None:
    run = request(drawn_runs.company(tmp_path))
    if said is not None:
        run.options["grade"] = said
    assert asked_grade(run) == grade


def test_what_is_no_grade_is_refused(tmp_path: Path) -> None:
    run = request(drawn_runs.company(tmp_path), grade="E")
    with pytest.raises(UsageError) as caught:
        agreement(run, DirectSteps())
    assert str(caught.value) == "--grade: there is no grade 'E'; expected A, B, C, D"


def test_paragraphs_are_printed_as_they_are_and_stay_out_of_the_document(
    capsys: pytest.CaptureFixture[str],
) -> None:
    summary = Summary(
        project="p", command="c", run_id="r", headline="Done", paragraphs=["[red] one.", "", "two."]
    )
    show(summary, as_document=False)
    assert capsys.readouterr().out == "\nDone\n\n[red] one.\n\ntwo.\n"
    assert "paragraphs" not in summary.document()


@pytest.mark.slow
def test_the_command_holds_the_agreement_against_the_last_quarter(
    in_process: Run, trained_once: Trained
) -> None:
    done = in_process(
            "agreement", trained_once.project, "--home", trained_once.home.root,
            "--capacity", "2", "--grade", "A", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["period"] == told["replay"]["period"]
    assert told["replay"]["missing"] is None
    by = {row[""]: row for row in told["sales_ready"][:2]}
    assert (by["asked"]["leads_a_day"], by["asked"]["grades"]) == (2, "A")
    assert by["asked"]["leads"] <= by["as agreed"]["leads"] <= told["replay"]["leads"]
    assert told["replay"]["leads"] > 0
    assert by["asked"]["wins"] <= told["replay"]["wins"]
