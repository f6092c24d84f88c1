"""The review of a month or a quarter: its files, what is kept for the next one, its run in MLflow, its readers."""

import json
import re
import subprocess
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest

from features.errors import DataError, UsageError
from pipelines.home import Home
from pipelines.report import audience_of, earlier_review, kind_of
from pipelines.settings import Request, make_request
from reports.facts import Audience
from reports.page import ORDER, render
from reports.periods import Period
from reports.report_facts import ReportFacts
from tests.pipelines.company import write_tiny
from tests.pipelines.conftest import Run, Trained

FEBRUARY, MARCH = "2026-02-03T05:30", "2026-03-03T05:30"
NOW = datetime.fromisoformat("2026-03-03T04:30")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("company"))


def asked(project: Path, home: Path, **options: str) -> Request:
    return make_request(project, None, Home(home), options={**options})


def keep(home: Path, name: str, as_of: str) -> Path:
    path = Home(home).project("tiny").root / "reviews" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"as_of": as_of, "told": name}))
    return path


def period(name: str) -> Period:
    year, _, number = name.partition("-")
    kind = "quarter" if "Q" in number else "month"
    return Period.numbered(kind, int(year), int(number.removeprefix("Q")), "UTC")  # type: ignore[arg-type]  # either


@pytest.mark.parametrize(
    ("kind", "about", "found"),
    [
        ("monthly", "2026-02", "2026-01"),
        ("monthly", "2026-01", "2025-12"),  # said again: held against the month before, not itself
        ("quarterly", "2025-Q4", "2025-Q3"),
        ("interim", "2025-Q4", "2026-01"),
    ],
)
def test_a_review_is_held_against_the_last_one_of_its_kind(
    project: Path, tmp_path: Path, kind: str, about: str, found: str
) -> None:
    keep(tmp_path, "2025-12", "2026-01-02T05:00:00")
    keep(tmp_path, "2026-01", "2026-02-02T05:00:00")
    keep(tmp_path, "2025-Q3", "2025-10-02T05:00:00")
    keep(tmp_path, "2026-03", "2026-04-02T05:00:00")  # later than the moment
    before = earlier_review(asked(project, tmp_path), NOW, period(about), kind)
    assert before is not None
    assert before["told"] == found


def test_a_review_of_the_same_moment_or_later_is_no_earlier_one(
    project: Path, tmp_path: Path
) -> None:
    keep(tmp_path, "2026-01", NOW.isoformat())
    assert earlier_review(asked(project, tmp_path), NOW, period("2026-02"), "monthly") is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"as_of": "2026-01', "JSONDecodeError: "),
        ("[]", "TypeError: "),
        ('{"title": "Acme"}', "KeyError: 'as_of'"),
        ('{"as_of": "yesterday"}', "ValueError: "),
    ],
)
def test_a_damaged_review_is_named_with_what_to_do(
    project: Path, tmp_path: Path, content: str, why: str
) -> None:
    path = keep(tmp_path, "2026-01", "2026-02-02T05:00:00")
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        earlier_review(asked(project, tmp_path), NOW, period("2026-02"), "monthly")
    told = str(caught.value)
    assert told.startswith(f"{path}: these facts of an earlier review cannot be read ({why}")
    assert told.endswith(
        "Put the file back from a backup, or move it away: then what changed since that review is not told"
    )


def test_an_unknown_kind_or_audience_is_a_matter_of_usage(project: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as kind:
        kind_of(asked(project, tmp_path, kind="yearly"))
    assert str(kind.value) == (
        "--kind: there is no 'yearly' review; expected interim, monthly, quarterly"
    )
    with pytest.raises(UsageError) as audience:
        audience_of(asked(project, tmp_path, audience="press"))
    assert str(audience.value) == (
        "--audience: there is no 'press'; expected leadership, marketing, sales, joint"
    )


@pytest.mark.parametrize("how", [[], ["--prefect"]], ids=["directly", "as a flow"])
@pytest.mark.parametrize("wrong", [["--kind", "yearly"], ["--audience", "press"]])
def test_what_is_asked_wrongly_is_said_before_any_work(
    in_process: Run, project: Path, tmp_path: Path, wrong: list[str], how: list[str]
) -> None:
    done = in_process("review", project, "--home", tmp_path, *wrong, *how)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"leadgauge: {wrong[0]}: there is no ")


def test_a_language_that_is_none_is_said_before_any_work(in_process: Run, tmp_path: Path) -> None:
    project = write_tiny(tmp_path / "company", report={"language": "klingon"})
    done = in_process("review", project, "--home", tmp_path / "home")
    assert done.returncode == 3
    assert "there is no language 'klingon'" in done.stderr


class Reviewed:
    """Two monthly reviews of the tiny company, one after the other."""

    def __init__(self, trained: Trained) -> None:
        self.trained = trained
        self.documents = [self.review("--kind", "monthly", "--as-of", at) for at in (FEBRUARY, MARCH)]  # fmt: skip

    def review(self, *options: str) -> dict[str, Any]:
        import contextlib
        import io

        from pipelines.cli import run_arguments

        common = ["review", str(self.trained.project), "--home", str(self.trained.home.root)]
        out = io.StringIO()
        with warnings.catch_warnings(), contextlib.redirect_stdout(out):
            assert run_arguments([*common, *options, "--json"]) == 0
        document = json.loads(out.getvalue())
        assert isinstance(document, dict)
        return document


@pytest.fixture(scope="module")
def reviewed(trained_once: Trained, mlflow_imported: None) -> Reviewed:  # noqa: ARG001  it is there
    return Reviewed(trained_once)


def facts_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(document["written"][1]).read_text())
    return found


@pytest.mark.slow
def test_page_facts_and_summary_are_named_after_their_period(reviewed: Reviewed) -> None:
    first, second = reviewed.documents
    for document, month in ((first, "2026-01"), (second, "2026-02")):
        assert [Path(path).name for path in document["written"]] == [
            f"review-{month}.html",
            f"review-{month}.json",
            f"review-{month}.md",
        ]
        assert all(Path(path).is_file() for path in document["written"])
        assert document["period"] == facts_of(document)["period"] == month
    assert second["command"] == "review"


@pytest.mark.slow
def test_the_facts_are_kept_and_the_next_review_is_held_against_them(reviewed: Reviewed) -> None:
    kept = reviewed.trained.home.project("tiny").root / "reviews"
    first, second = reviewed.documents
    assert json.loads((kept / "2026-01.json").read_text()) == facts_of(first)
    assert facts_of(first)["closing"]["compared"] is False
    assert facts_of(second)["closing"]["compared"] is bool(facts_of(first)["closing"]["concepts"])


@pytest.mark.slow
def test_the_review_is_a_run_in_mlflow_and_no_file_of_it_names_a_lead(
    reviewed: Reviewed, tmp_path: Path
) -> None:
    import mlflow

    document = reviewed.documents[1]
    client = mlflow.MlflowClient(f"sqlite:///{reviewed.trained.home.mlflow_database}")
    run = client.get_run(document["run_id"])
    assert run.info.status == "FINISHED"
    logged = {Path(file.path).name for file in client.list_artifacts(run.info.run_id, "review")}
    assert logged == {Path(path).name for path in document["written"]}
    folder = Path(client.download_artifacts(run.info.run_id, "review", str(tmp_path)))
    leads = pd.read_csv(reviewed.trained.project.parent / "leads.csv", dtype=str)
    ids = set(leads[leads.columns[0]])
    assert len(ids) > 100
    for path in folder.iterdir():
        words = set(re.findall(r"[\w-]+", without_scripts(path)))
        assert ids & words == set(), path.name


def without_scripts(path: Path) -> str:
    return re.sub(r"<script>.*?</script>|<style>.*?</style>", "", path.read_text(), flags=re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("audience", get_args(Audience))
def test_each_audience_reads_its_sections_in_its_order(reviewed: Reviewed, audience: Any) -> None:
    facts = ReportFacts.model_validate(facts_of(reviewed.documents[1]))
    shown = sections(render(facts.model_copy(update={"audience": audience})))
    assert [name for name in ORDER[audience] if name in shown] == shown
    assert {"bottom-line", "agreement", "hand-off", "goals", "honesty"} <= set(shown)


def sections(page: str) -> list[str]:
    return re.findall(r'<section[^>]* aria-labelledby="([^"]+)"', page)


@pytest.mark.slow
def test_a_review_for_sales_is_a_file_of_its_own_and_its_findings_are_told_as_numbered_lines(
    in_process: Run, reviewed: Reviewed
) -> None:
    trained = reviewed.trained
    done: subprocess.CompletedProcess[str] = in_process(
        *("review", trained.project, "--home", trained.home.root, "--as-of", MARCH),
        *("--kind", "monthly", "--audience", "sales"),
    )
    assert done.returncode == 0, done.stderr
    page = Path(reviewed.documents[1]["written"][0]).with_name("review-2026-02-sales.html")
    assert [name for name in ORDER["sales"] if name in sections(page.read_text())] == sections(
        page.read_text()
    )
    assert json.loads(page.with_suffix(".json").read_text())["audience"] == "sales"
    assert "The monthly review of 2026-03-03 is written." in done.stdout
    if reviewed.documents[1]["findings"]:
        assert "What stands out:\n 1. " in done.stdout
