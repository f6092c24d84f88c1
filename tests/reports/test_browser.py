"""The page in a real browser: nothing fetched, nothing complained of, nothing wider than a phone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.page import write_report
from tests.reports.browser import CHROMIUM, Page, browser
from tests.reports.examples import SOURCES, example_facts, source
from tests.reports.test_page import hostile_facts

AXE = Path(__file__).with_name("assets") / "axe.min.js"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("report")
    long = [
        source(
            "AVeryLongSourceNameWithoutAnySpaceInItThatNobodyWouldWrite" * 2,
            99_000,
            88_000,
            7000,
            1e9,
        )
    ]
    facts = {
        "report": example_facts(),
        "no signal": example_facts(step="base_rate", tonight=[], warnings=[]),
        "hostile": hostile_facts(
            "</svg><script>document.title='owned'</script><img src='file:///x' onerror=alert(1)>"
        ),
        "long names": example_facts(sources=[*long, *SOURCES], title="x" * 80),
    }
    for name, told in facts.items():
        write_report(told, folder / f"{name}.html")
    return {name: (folder / f"{name}.html").as_uri() for name in facts}


KINDS = ("report", "no signal", "hostile", "long names")


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_page_itself_is_fetched_and_nothing_is_complained_of(
    tab: Page, pages: dict[str, str], kind: str
) -> None:
    tab.open(pages[kind], width=1200)
    assert tab.requests == [pages[kind]]
    assert tab.complaints == []
    assert tab.value("document.title") != "owned"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [320, 390, 768, 1200])
def test_nothing_is_wider_than_the_screen(
    tab: Page, pages: dict[str, str], kind: str, width: int
) -> None:
    tab.open(pages[kind], width=width)
    assert tab.value("document.documentElement.scrollWidth") <= width


def test_a_phone_gets_pictures_of_its_own_with_type_of_at_least_eleven_pixels(
    tab: Page, pages: dict[str, str]
) -> None:
    tab.open(pages["report"], width=390)
    smallest = tab.value(
        "Math.min(...[...document.querySelectorAll('figure > [role=img] > svg')].filter(s => s.clientWidth)"
        ".map(s => 12 * s.clientWidth / s.viewBox.baseVal.width))"
    )
    assert smallest >= 11
    assert (
        tab.value(
            "[...document.querySelectorAll('.wide')].every(e => getComputedStyle(e).display === 'none')"
        )
        is True
    )


@pytest.mark.parametrize(
    ("dark", "paper"), [(False, "rgb(252, 251, 248)"), (True, "rgb(19, 23, 26)")]
)
def test_the_page_follows_the_readers_light_or_dark(
    tab: Page, pages: dict[str, str], *, dark: bool, paper: str
) -> None:
    tab.open(pages["report"], width=1200, dark=dark)
    assert tab.value("getComputedStyle(document.body).backgroundColor") == paper


def test_on_paper_the_page_is_light_and_prints(tab: Page, pages: dict[str, str]) -> None:
    tab.open(pages["report"], width=1200, dark=True)
    tab.call(
        "Emulation.setEmulatedMedia",
        media="print",
        features=[{"name": "prefers-color-scheme", "value": "dark"}],
    )
    assert (
        tab.value("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()")
        == "#1c2125"
    )
    assert len(tab.call("Page.printToPDF")["data"]) > 10_000
    tab.call("Emulation.setEmulatedMedia", media="")


def column(tab: Page, number: int) -> list[str]:
    """Return what the first table that sorts shows in a column, row by row."""
    shown = "[...document.querySelector('table.sorts').tBodies[0].rows].filter(r => !r.hidden)"
    told = tab.value(f"{shown}.map(r => r.cells[{number}].innerText.trim().split('\\n')[0])")
    return [str(text) for text in told]


def test_a_table_is_sorted_by_the_column_that_is_asked_for_and_tells_how(
    tab: Page, pages: dict[str, str]
) -> None:
    tab.open(pages["report"], width=1200)
    heading = "document.querySelector('table.sorts thead th:nth-child(2)')"
    assert tab.value(f"{heading}.querySelector('button').innerText") == "Leads"
    tab.value(f"{heading}.querySelector('button').click()")
    assert tab.value(f"{heading}.getAttribute('aria-sort')") == "descending"
    leads = [int(text.replace(",", "")) for text in column(tab, 1)]
    assert leads[:-1] == sorted(leads[:-1], reverse=True)
    assert column(tab, 0)[-1] == "Other, small groups"  # the pool stays last
    tab.value(f"{heading}.querySelector('button').click()")
    assert tab.value(f"{heading}.getAttribute('aria-sort')") == "ascending"
    assert [int(text.replace(",", "")) for text in column(tab, 1)][:-1] == sorted(leads[:-1])


def test_the_heading_is_sorted_by_with_the_keyboard(tab: Page, pages: dict[str, str]) -> None:
    tab.open(pages["report"], width=1200)
    tab.value("document.querySelector('table.sorts thead th:nth-child(2) button').focus()")
    for kind in ("keyDown", "keyUp"):
        tab.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r")
    asked = "document.querySelector('table.sorts thead th:nth-child(2)').getAttribute('aria-sort')"
    assert tab.value(asked) == "descending"


def test_a_long_table_is_filtered_by_name(tab: Page, tmp_path: Path) -> None:
    rows = [source(f"Campaign {number}", 500 - number, 400, 30) for number in range(20)]
    write_report(example_facts(sources=rows), tmp_path / "long.html")
    tab.open((tmp_path / "long.html").as_uri(), width=1200)
    tab.value(
        "(() => { const i = document.querySelector('input[type=search]'); i.value = 'campaign 1';"
        " i.dispatchEvent(new Event('input')); })()"
    )
    assert len(column(tab, 0)) == 11  # 1, and 10 to 19
    assert tab.value("document.querySelector('output').innerText") == "11 of 20 rows"


def test_one_dimension_is_shown_at_a_time_and_its_chart_is_drawn_when_it_is_chosen(
    tab: Page, pages: dict[str, str]
) -> None:
    tab.open(pages["report"], width=1200)
    visible = "[...document.querySelectorAll('.choices > [data-choice]')].filter(e => e.offsetParent).map(e => e.dataset.choice)"
    assert tab.value(visible) == ["Source"]
    tab.value(
        "(() => { const s = document.querySelector('.choices select'); s.selectedIndex = 1;"
        " s.dispatchEvent(new Event('change')); })()"
    )
    assert tab.value(visible) == ["Campaign"]
    assert tab.value("document.querySelectorAll('[data-choice=Campaign] svg path').length") > 3


def test_a_dot_that_is_asked_tells_the_groups_own_figures(tab: Page, pages: dict[str, str]) -> None:
    tab.open(pages["report"], width=1200)
    tab.value(
        "echarts.getInstanceByDom(document.querySelector('[data-chart=chart-map-source]'))"
        ".dispatchAction({type: 'showTip', seriesIndex: 0, dataIndex: 0})"
    )
    told = str(tab.value("document.querySelector('[data-chart=chart-map-source]').innerText"))
    assert "Organic search\n3,120 leads, 268 wins\nclose rate 9.9% (8.8–11%)" in told


def test_without_script_every_table_is_there(tab: Page, pages: dict[str, str]) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    tab.open(pages["report"], width=1200)
    tab.call("Emulation.setScriptExecutionDisabled", value=False)
    hidden = "[...document.querySelectorAll('table')].filter(t => !t.offsetParent && !t.closest('details')).length"
    assert tab.value(hidden) == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("kind", ["report", "no signal"])
def test_axe_finds_no_serious_fault(
    tab: Page, pages: dict[str, str], kind: str, width: int, *, dark: bool
) -> None:
    tab.open(pages[kind], width=width, dark=dark)
    assert serious_faults(tab) == []


def serious_faults(tab: Page) -> list[str]:
    """Return what axe-core finds that is serious or critical, as rule and first place."""
    tab.value("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    tab.value(AXE.read_text(encoding="utf-8"))
    told = tab.promised(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        ".then(r => JSON.stringify(r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
        ".map(v => v.id + ': ' + v.nodes[0].target + ' ' + v.nodes[0].failureSummary)))"
    )
    return [str(fault) for fault in json.loads(told)]
