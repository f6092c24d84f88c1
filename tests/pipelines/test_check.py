"""``leadgauge check`` says what a night would stumble over, all of it at once."""

from pathlib import Path

import pytest
import yaml

from features.errors import ProjectError
from pipelines.check import check
from pipelines.cli import run_arguments
from pipelines.steps import DirectSteps
from tests.features.company import Company
from tests.pipelines import drawn_runs
from tests.pipelines.drawn_runs import request

WRONG = {
    "agreement": {
        "team": "squad",
        "qualified": {"budget": {"column": "Money", "values": ["yes"]}},
        "disqualified": [{"column": "created", "values": ["x"]}],
    },
    "report": {"dimensions": {"landing_page": "Page"}, "segments": ["team", "tema"]},
}
TOLD = """\
{file}: agreement.qualified.budget.column: the leads have no column 'Money'; there are team
  agreement.disqualified.0.column: 'created' is the leads' created_at, which is no attribute; name another column
  agreement.team: the leads have no column 'squad'; there are team
  report.dimensions.landing_page: the leads have no column 'Page'; there are team
  report.segments.1: the leads have no column 'tema'; did you mean team?"""


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = drawn_runs.company(tmp_path)
    made.settings.update(WRONG)
    return made


def test_every_column_that_is_none_is_told_with_its_key(company: Company) -> None:
    run = request(company)
    with pytest.raises(ProjectError) as caught:
        check(run, DirectSteps())
    assert str(caught.value) == TOLD.format(file=run.shown_file)


def test_a_wrong_column_in_the_agreement_is_a_mistake_of_the_project_file(
    company: Company, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = company.root / "company.yaml"
    document = company.project().model_dump(mode="json", exclude_unset=True)
    file.write_text(yaml.safe_dump(document))
    assert run_arguments(["check", str(file), "--home", str(tmp_path / "home")]) == 3
    assert "agreement.team: the leads have no column 'squad'" in capsys.readouterr().err


def test_columns_that_are_there_are_found_by_any_of_their_names(company: Company) -> None:
    company.settings["agreement"] = {"team": "Team"}
    company.settings["report"] = {"dimensions": {"desk": "team"}}
    found = check(request(company), DirectSteps()).facts
    assert found["enough"]["enough"] is False
