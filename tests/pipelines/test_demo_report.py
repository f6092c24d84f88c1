"""The demo's report: the planted truths of the simulated company are found, and the page stands up in a browser."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulation import planted
from tests.reports.browser import CHROMIUM, Page, browser
from tests.reports.test_browser import serious_faults

pytestmark = pytest.mark.slow

SECTIONS = (
    *("bottom-line", "findings", "agreement", "hand-off", "leaks", "quality", "closing", "journey"),
    *("losses", "goals", "honesty", "tonight", "data", "method"),
)
VIEWS = [(1440, False), (1440, True), (390, False), (390, True)]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report that `leadgauge demo` ends with."""
    folder = tmp_path_factory.mktemp("demo")
    command = [str(Path(sys.executable).with_name("leadgauge")), "demo", "--json"]
    ran = subprocess.run(
        [*command, "--home", str(folder / "home"), "--folder", str(folder / "company")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return Path(json.loads(ran.stdout)["written"][0])


@pytest.fixture(scope="module")
def facts(page: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    return document


def found(facts: dict[str, Any], kind: str, subject: str) -> dict[str, Any]:
    """Return the finding of this kind about this subject."""
    mine = [one for one in facts["findings"] if one["kind"] == kind and one["subject"] == subject]
    assert len(mine) == 1, [(one["kind"], one["subject"]) for one in facts["findings"]]
    return dict(mine[0])


def test_the_source_with_many_leads_and_no_wins_is_found(facts: dict[str, Any]) -> None:
    finding = found(facts, "source_without_wins", planted.WINLESS_SOURCE)
    assert finding["figures"]["leads"] > 200
    assert finding["figures"]["wins"] <= 2
    assert planted.WINLESS_SOURCE in finding["sentence"]


def test_the_team_that_leaks_is_found_and_no_other(facts: dict[str, Any]) -> None:
    leaking = [one["subject"] for one in facts["findings"] if one["kind"] == "team_leaks"]
    assert leaking == [planted.LEAKING_TEAM]


def test_the_campaign_whose_mix_changed_is_found_with_what_grew(facts: dict[str, Any]) -> None:
    finding = found(facts, "mix_shift", planted.FADED_CAMPAIGN)
    figures = finding["figures"]
    assert figures["quarter"] == planted.FADED_QUARTER
    assert figures["to"] < figures["from"]
    assert abs(figures["within"]) < abs(figures["mix"]) / 2
    assert (figures["by"], figures["level"]) == ("Seniority", "Student")


def test_the_message_that_works_is_found(facts: dict[str, Any]) -> None:
    finding = found(facts, "value_works", planted.WORKING_MESSAGE)
    assert finding["figures"]["low"] > 1.2
    works = {one["subject"] for one in facts["findings"] if one["kind"] == "value_works"}
    assert works == {planted.WORKING_MESSAGE}


def test_the_hindsight_trap_is_found_and_left_out(facts: dict[str, Any]) -> None:
    finding = found(facts, "hindsight", planted.HINDSIGHT_COLUMN)
    assert planted.HINDSIGHT_COLUMN in finding["sentence"]
    assert planted.HINDSIGHT_COLUMN in {one["column"] for one in facts["left_out"]}


def test_no_finding_claims_a_cause(facts: dict[str, Any]) -> None:
    words = ("because", "causes", "thanks to", "leads to", "due to", "as a result")
    said = " ".join(one["sentence"] for one in facts["findings"]).lower()
    assert [word for word in words if word in said] == []


def test_no_lead_is_named(page: Path) -> None:
    ids = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    assert "00Q" not in json.dumps(ids)
    assert '"00Q' not in page.read_text(encoding="utf-8")


def test_the_page_is_small_enough_to_send(page: Path) -> None:
    assert page.stat().st_size < 3_000_000


def test_the_one_page_summary_says_the_bottom_line(page: Path) -> None:
    summary = page.with_suffix(".md").read_text(encoding="utf-8")
    assert summary.startswith("# Lead quality at the simulated company: which leads close")
    assert len(summary.split()) < 500
    assert planted.WINLESS_SOURCE in summary


needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser() as opened:
        yield opened


@needs_browser
@pytest.mark.parametrize(("width", "dark"), VIEWS)
def test_the_page_opens_whole_in_a_browser(
    tab: Page, page: Path, tmp_path: Path, width: int, *, dark: bool
) -> None:
    tab.open(page.as_uri(), width=width, dark=dark)
    assert tab.value("[...document.querySelectorAll('main h2')].map(h => h.id)") == list(SECTIONS)
    assert tab.requests == [page.as_uri()]
    assert tab.complaints == []
    assert tab.value("document.documentElement.scrollWidth") <= width
    undrawn = "[...document.querySelectorAll('[data-chart]')].filter(c => c.offsetParent && !c.querySelector('svg')).length"
    assert tab.value(undrawn) == 0
    tab.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 100_000
    assert serious_faults(tab) == []


@needs_browser
def test_every_figure_of_the_page_is_a_number(tab: Page, page: Path) -> None:
    tab.open(page.as_uri(), width=1440)
    shown = str(tab.value("document.querySelector('main').innerText"))
    for nonsense in ("NaN", "undefined", "None(?! of)", "{", r"\binf\b"):
        assert re.findall(f".{{0,60}}{nonsense}.{{0,60}}", shown) == []


@needs_browser
def test_the_page_prints_to_a_file_of_many_pages(tab: Page, page: Path) -> None:
    tab.open(page.as_uri(), width=1440, dark=True)
    assert len(tab.call("Page.printToPDF")["data"]) > 100_000
