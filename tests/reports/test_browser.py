"""The page in a real browser: nothing fetched, nothing complained of, nothing wider than a phone."""

from collections.abc import Iterator

import pytest

from reports.page import write_report
from tests.reports.browser import CHROMIUM, Page, browser
from tests.reports.examples import SOURCES, example_facts, source
from tests.reports.test_page import hostile_facts

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
        "long names": example_facts(sources=[*long, *SOURCES], campaigns=long, title="x" * 80),
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
        "Math.min(...[...document.querySelectorAll('svg')].filter(s => s.clientWidth)"
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
