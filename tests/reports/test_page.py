"""The page as a file: it loads nothing, runs nothing, escapes everything, and says what the facts say."""

import itertools
import re
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from reports.facts import LeftOut, QuarantineRow, Suspect
from reports.page import policy, render, write_report
from reports.palette import DARK, LIGHT, TEXT
from reports.report_facts import ReportFacts
from tests.reports.examples import DRIVERS, SOURCES, example_facts, level, source

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</svg></style><iframe src=//evil.example>",
    "$\\frac{1}{0}$ & {{ 7 * 7 }} #0b5f6b",
    'font-family: evil; id="x" url(#y)',
    "=HYPERLINK(1) 展示会 مرحبا",
]
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Outline(HTMLParser):
    """Elements with their attributes, the visible text, and whether tags close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] not in {"style", "title", "script"}:
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def hostile_facts(text: str) -> ReportFacts:
    return example_facts(
        title=text,
        why=text,
        model_version=text,
        sources=[source(text, 500, 400, 30, 1000.0), *SOURCES],
        drivers=[
            DRIVERS[0].model_copy(
                update={"label": text, "words": text, "levels": [level(text, 40, 1.2, 4)]}
            )
        ],
        suspects=[Suspect(column=text, evidence=text, verdict=text)],
        left_out=[LeftOut(column=text, reason=text)],
        quarantine=[QuarantineRow(table=text, read=10, refused=1, reasons=[(text, 1)])],
        warnings=[text],
    )


@pytest.fixture(scope="module")
def page() -> str:
    return render(example_facts())


def without_scripts(page: str) -> str:
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_the_page_loads_nothing(page: str) -> None:
    outline = Outline(page)
    tags = {tag for tag, _ in outline.elements}
    assert not tags & {"iframe", "object", "embed", "img", "form", "base", "video", "audio"}
    assert re.search(r"https?:|//[a-z]|@import|url\((?!#)", without_scripts(page)) is None
    addresses = {
        a[key]
        for _, a in outline.elements
        for key in ("src", "href", "action", "data")
        if a.get(key)
    }
    assert {address for address in addresses if not str(address).startswith("#")} == {"data:,"}
    assert not [
        key for _, attributes in outline.elements for key in attributes if key.startswith("on")
    ]


def test_the_policy_lets_run_what_the_report_brings_and_nothing_else(page: str) -> None:
    policies = [
        str(a["content"])
        for a in Outline(page).all("meta")
        if a.get("http-equiv") == "Content-Security-Policy"
    ]
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert policies == [policy(scripts)]
    assert re.sub(r"'sha256-[\w+/=]+'", "HASH", policies[0]) == (
        "default-src 'none'; script-src HASH HASH; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'"
    )


def test_what_the_report_carries_is_what_its_list_says() -> None:
    folder = Path(str(files("reports"))) / "assets"
    told = (folder / "README.md").read_text(encoding="utf-8")
    digest = sha256((folder / "echarts.min.js").read_bytes()).hexdigest()
    assert f"`{digest}`" in told


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_text_wherever_they_stand(text: str, page: str) -> None:
    hostile = Outline(render(hostile_facts(text)))
    known = {tag for tag, _ in Outline(page).elements}
    assert {tag for tag, _ in hostile.elements} <= known
    assert not [
        key for _, attributes in hostile.elements for key in attributes if key.startswith("on")
    ]
    assert hostile.words.count(" ".join(text.split())) >= 8


def test_the_same_facts_give_the_same_bytes(page: str) -> None:
    assert render(example_facts()) == page


def test_every_id_is_unique_and_every_reference_leads_somewhere(page: str) -> None:
    ids = [str(attributes["id"]) for _, attributes in Outline(page).elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)|labelledby="([^"]+)"', page)) != set()
    shown = without_scripts(page)
    for found in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)|labelledby="([^"]+)"', shown):
        assert next(filter(None, found)) in ids


def test_headings_go_down_one_step_at_a_time_from_one_h1(page: str) -> None:
    levels = [int(tag[1]) for tag, _ in Outline(page).elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_a_caption_and_every_header_a_scope(page: str) -> None:
    outline = Outline(page)
    assert len(outline.all("table")) == len(outline.all("caption")) > 4
    assert {header.get("scope") for header in outline.all("th")} == {"row", "col"}


def test_every_picture_says_what_it_shows(page: str) -> None:
    said = [
        attributes["aria-label"]
        for _, attributes in Outline(page).elements
        if attributes.get("role") == "img"
    ]
    charts = [attributes for attributes in Outline(page).all("div") if "data-chart" in attributes]
    assert len(said) == len(Outline(page).all("svg")) + len(charts)
    assert len(charts) >= 2
    assert all(text and len(text) > 20 for text in said)


def test_numbers_in_the_text_are_those_of_the_facts(page: str) -> None:
    words = Outline(page).words
    for told in (
        "9,245 leads in the data",
        "Paid social 2,480 61 2.9% 2.2",
        "148,000 2,331",
        "A 129 21\N{EN DASH}64%",
        "Log loss 0.2412 0.2957 0.2611 0.2515 0.2412",
        "Wins in the first 20% 58.7% 20.0% 58.7% 54.1% 58.7%",
        "All leads 5,400 466 452 401\N{EN DASH}531 honest",
        "Grade A 540 205 151 162\N{EN DASH}248 too high by 10.0 points",
        "Grade: D 10,800 0.0120 0.0200 \N{EN DASH}",
        "6 of 157,451 rows read",
        "Model harbour-7. Data up to 20 November 2026, 00:00 UTC; as of 20 November 2026, 04:30 UTC.",
    ):
        assert told in " ".join(
            re.findall(r"\S+", words.replace("leads in the data 9,245", "9,245 leads in the data"))
        )


def test_nothing_but_what_was_left_out_of_small_groups_names_them(page: str) -> None:
    assert "Other, small groups" in page
    assert "too few" in page


def test_without_signal_the_page_shows_no_drivers_and_no_gains() -> None:
    outline = Outline(render(example_facts(step="base_rate")))
    assert "Nothing in the data tells good leads from bad ones" in outline.words
    assert "What leads that close have in common" not in outline.words
    assert "contacted best first" not in outline.words


EMPTY: dict[str, Any] = {
    key: []
    for key in (
        "calibration",
        "gains",
        "drivers",
        "sources",
        "tonight",
        "quarantine",
        "suspects",
        "left_out",
        "warnings",
    )
}


@pytest.mark.parametrize("absent", [*EMPTY, "everything"])
def test_a_report_without_some_facts_is_whole_without_them(absent: str) -> None:
    outline = Outline(render(example_facts(**(EMPTY if absent == "everything" else {absent: []}))))
    assert "The bottom line" in outline.words
    assert "None" not in outline.words.replace("None of", "")
    assert "nan" not in outline.words.split()


def test_long_lists_are_cut_and_say_so() -> None:
    left_out = [LeftOut(column=f"column {number}", reason="empty") for number in range(60)]
    words = Outline(render(example_facts(left_out=left_out))).words
    assert "column 24" in words
    assert "column 25" not in words
    assert "35 more stand in the JSON file next to this page." in words


def test_a_full_report_stays_under_three_megabytes() -> None:
    many = [source(f"source {'x' * 60} {number}", 500, 400, 30, 10.0) for number in range(200)]
    full = render(example_facts(sources=many, drivers=DRIVERS * 3))
    assert len(full.encode()) < 3_000_000


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "surface"])
@pytest.mark.parametrize("name", TEXT)
def test_text_stands_out_from_its_ground_as_wcag_aa_asks(
    palette: dict[str, str], ground: str, name: str
) -> None:
    light, dark = sorted((luminance(palette[name]), luminance(palette[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_pictures_follow_the_page_into_the_dark(page: str) -> None:
    for svg in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        colors = set(re.findall(r"#[0-9a-fA-F]{6}\b", svg))
        assert colors == set()
        assert "var(--" in svg


def test_writing_leaves_the_page_and_its_facts_and_nothing_else(tmp_path: Path) -> None:
    facts = example_facts()
    written = write_report(facts, tmp_path / "deep" / "report.html")
    assert written == [tmp_path / "deep" / "report.html", tmp_path / "deep" / "report.json"]
    assert sorted((tmp_path / "deep").iterdir()) == written
    assert written[0].read_text(encoding="utf-8") == render(facts)
    assert ReportFacts.model_validate_json(written[1].read_bytes()) == facts


def test_a_write_that_fails_leaves_the_old_page_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.html"
    write_report(example_facts(), path)
    before = path.read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("reports.page.os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_report(example_facts(title="Another"), path)
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report.html", "report.json"]
