"""The pages of a lead and of an account: private, self-contained, escaped, and true to their facts."""

import math
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib.patches import Rectangle

from reports.account_page import render_account, write_account_page
from reports.account_words import account_basis, account_headline, roles_sentence
from reports.lead_page import lead_headline, render_lead, write_lead_page
from reports.person_facts import AccountChance, Happening, Part
from reports.person_page import Scale, route_words
from reports.voice import Voice
from reports.waterfall import SHOWN, waterfall_figure
from tests.reports.browser import CHROMIUM, Page, browser
from tests.reports.persons import AS_OF, BASE, PARTS, account, checked, lead, person
from tests.reports.test_browser import serious_faults
from tests.reports.test_page import HOSTILE, Outline

ENGLISH = Voice.of()
PAGES = {"lead": render_lead(lead()), "account": render_account(account())}


def hostile(text: str) -> dict[str, str]:
    one = person(
        text, probability=0.1, grade="A", score=9, role=text, route=text, route_reason=text,
        last_at=AS_OF, last_kind=text,
    )  # fmt: skip
    whole = account(account_id=text, roles_seen=[text], roles_missing=[text], people=[one])
    facts = lead(
        person=one,
        model_version=text,
        confidence_note=text,
        reasons_for=[text],
        reasons_against=[text],
        parts=[Part(words=text, log_odds=0.5)],
        history=[Happening(at=AS_OF, what=text, detail=text, who=text)],
        account=whole,
    )
    return {"lead": render_lead(facts), "account": render_account(whole)}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_runs_nothing_and_loads_nothing(page: str) -> None:
    outline = Outline(page)
    assert outline.all("script") == []
    assert [name for name, _ in outline.elements if name in {"iframe", "object", "embed"}] == []
    policy = next(
        meta for meta in outline.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    )
    assert str(policy["content"]).startswith(
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    )
    references = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert [one for one in references if not one.startswith(("data:", "#"))] == []
    assert "http://" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_from_the_data_stay_text(text: str) -> None:
    for kind, page in hostile(text).items():
        outline, plain = Outline(page), Outline(PAGES[kind])
        known = {name for name, _ in plain.elements}
        assert {name for name, _ in outline.elements} <= known | {"time", "ol", "b"}
        assert all(
            not name.startswith("on") for _, attributes in outline.elements for name in attributes
        )
        assert " ".join(text.split()) in outline.words


def test_the_lead_page_says_what_its_facts_say() -> None:
    words = Outline(PAGES["lead"]).words
    share = ENGLISH.percent(lead().probability)
    assert f"{share} to close within 90 days: grade A." in words
    assert "Of leads like it between 20% and 45% closed: the band." in words
    assert "Why not surer: Number of Employees: 12 was rare in training." in words
    assert "Route of the night of 3 March 2026: to sales (grade A, and a place was free)." in words
    assert "Role in the buying group: Champion." in words
    assert "Pricing page: 4 in the last 7 days" in words
    assert "3 March 2026, 05:00 UTC Handed over to sales by the night Anna Weiss" in words
    assert "5 January 2026, 09:00 UTC Visits to the blog" in words
    assert "at a time that nobody knows Won" in words
    assert "3 earlier happenings are not shown." in words
    assert "Its account, Novák & Söhne" in words
    assert "57 days old" in " ".join(reversed(re.findall(r"days old|\b57\b", words)))


def test_every_part_of_the_sum_stands_in_the_table_with_its_odds() -> None:
    rows = re.findall(r'<th scope="row">([^<]+)</th><td>×([\d.]+)</td>', PAGES["lead"])
    assert [float(odds) for _, odds in rows] == [round(math.exp(value), 2) for _, value in PARTS]


def test_what_is_not_known_of_a_lead_is_left_out_or_said_to_be_unknown() -> None:
    bare = lead(
        person=person("L-1", probability=0.1, grade="C", score=40),
        low=None,
        high=None,
        confidence="high",
        confidence_note="",
        reasons_for=[],
        reasons_against=[],
        parts=[],
        published_at=None,
        history=None,
        account=None,
    )
    words = Outline(render_lead(bare)).words
    assert "How far off it may be is not known." in words
    assert "Nothing speaks for it strongly." in words
    assert "Nothing speaks against it strongly." in words
    for absent in (
        "Why not surer",
        "Route of",
        "How it adds up",
        "What has happened",
        "Its account",
    ):
        assert absent not in words
    empty = Outline(render_lead(lead(history=[], history_left_out=0))).words
    assert "Nothing is known to have happened since it was created." in empty


def test_a_flat_export_promises_no_horizon() -> None:
    assert "within" not in lead_headline(lead(closing_times=False), ENGLISH)
    assert "within" not in account_headline(account(closing_times=False), ENGLISH)


def test_the_accounts_probability_says_what_it_rests_on() -> None:
    assert account_headline(account(), ENGLISH) == (
        "38% that at least one of its 2 open leads closes within 90 days."
    )
    assert account_basis(account(), ENGLISH) == [
        "If its leads closed independently of one another it would be 43%. People of one company share their fate, so "
        "it is scaled by what happened to earlier accounts with several open leads.",
        "Tried forward in time on 412 accounts with several open leads: 99 expected to have a win, 96 had one; honest "
        "probabilities give 82 to 117 in 95 of 100 cases.",
    ]


@pytest.mark.parametrize(
    ("changes", "last"),
    [
        (
            {"won": 130, "honest": False},
            "So it was too low for such accounts: take it as rough.",
        ),
        (
            {"won": 60, "honest": False},
            "So it was too high for such accounts: take it as rough.",
        ),
        (
            {"accounts": 5, "expected": 2.9, "won": 2, "low": 1, "high": 5},
            "It could be tried on 5 earlier accounts with several open leads only, which are too few to tell how well it "
            "holds. Take it as rough.",
        ),
    ],
)
def test_a_probability_that_did_not_hold_is_called_rough(
    changes: dict[str, float], last: str
) -> None:
    chance = AccountChance(
        probability=0.4, independent=0.4, scaled=False, checked=checked(**changes)
    )
    assert account_basis(account(chance=chance), ENGLISH)[-1] == last


def test_what_nobody_checked_is_said_so() -> None:
    chance = AccountChance(probability=0.4, independent=0.4, scaled=False)
    told = account_basis(account(chance=chance), ENGLISH)
    assert told == [
        "It is what the leads’ own probabilities give if each closes independently of the others, 40%; no other way has "
        "proved to be better.",
        "Nobody has checked this: training saw no account with several open leads whose outcome was known. Take it as "
        "rough.",
    ]
    assert account_basis(account(open=1, chance=chance), ENGLISH) == [
        "With a single open lead, the account’s probability is that lead’s own."
    ]


def test_an_account_without_open_leads_says_that_nothing_is_expected() -> None:
    closed = account(open=0, chance=None, people=[person("L-1", "lost")])
    assert account_headline(closed, ENGLISH) == (
        "No lead of this account is open, so nothing is expected of it now."
    )
    page = Outline(render_account(closed))
    assert "What this rests on" not in page.words
    assert not any("rail" in str(attributes.get("class")) for _, attributes in page.elements)


def test_roles_are_told_if_the_agreement_names_a_buying_group() -> None:
    assert roles_sentence(account(), ENGLISH) == (
        "Known of the buying group: Champion and User. Missing: Economic buyer."
    )
    everyone = account(roles_seen=["User"], roles_missing=[])
    assert roles_sentence(everyone, ENGLISH) == "Every role of the buying group is there: User."
    nobody = account(roles_seen=[], roles_missing=["User"])
    assert roles_sentence(nobody, ENGLISH) == (
        "No role of the buying group is known yet; missing: User."
    )
    silent = account(roles_seen=None, roles_missing=None)
    assert roles_sentence(silent, ENGLISH) is None
    assert "buying group" not in Outline(render_account(silent)).words


def test_of_a_large_account_the_first_are_shown_and_the_others_counted() -> None:
    people = [person(f"L-{number}", probability=0.1, grade="D") for number in range(75)]
    words = Outline(render_account(account(open=75, people=people))).words
    assert "L-59" in words
    assert "L-60" not in words
    assert "15 more of its leads are not shown." in words


def test_routes_are_words_and_unknown_ones_stay_as_they_are() -> None:
    assert route_words(ENGLISH, "sales_ready") == "to sales"
    assert route_words(ENGLISH, "on_hold") == "on hold"


def test_the_scale_holds_all_its_marks() -> None:
    assert Scale.of(0.342, 0.1, (0.27, 0.45)) == Scale(0.5, 68.4, 20.0, (54.0, 36.0))
    assert Scale.of(0.99, None).reach == 1.0
    assert Scale.of(0.0, 0.0).reach == 0.01


def test_the_waterfall_ends_where_the_lead_stands_and_sums_up_what_is_small() -> None:
    margin = BASE + sum(value for _, value in PARTS)
    figure = waterfall_figure(PARTS, BASE, margin)
    axes = figure.axes[0]
    assert len(axes.patches) == SHOWN + 1
    last = axes.patches[-1]
    assert isinstance(last, Rectangle)
    assert last.get_x() + last.get_width() == pytest.approx(margin)
    told = [text.get_text() for text in axes.texts]
    assert "3 more, together" in told
    assert "average lead 10%" in told
    assert f"this lead {ENGLISH.percent(1 / (1 + math.exp(-margin)))}" in told


def test_a_lead_that_nothing_tells_from_others_has_a_waterfall_all_the_same() -> None:
    axes = waterfall_figure([], -2.0, -2.0).axes[0]
    low, high = axes.get_xlim()
    assert low < -2.0 < high
    assert "nothing tells it from others" in [text.get_text() for text in axes.texts]


def test_pages_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    for path in (
        write_lead_page(lead(), folder / "lead.html"),
        write_account_page(account(), folder / "account.html"),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / "lead.html").read_text(encoding="utf-8") == PAGES["lead"]


def test_the_page_speaks_the_reports_language() -> None:
    page = render_account(account(), Voice.of("de", "CHF"))
    assert '<html lang="de">' in page
    assert "4. März 2026" in page


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_in_a_browser_nothing_is_fetched_complained_of_or_wider_than_the_screen(
    tab: Page, tmp_path: Path
) -> None:
    long = "AVeryLongNameWithoutAnySpaceInItThatNobodyWouldWrite" * 2
    pages = {**PAGES, **{f"long-{kind}": page for kind, page in hostile(long).items()}}
    pages |= {f"hostile-{kind}": page for kind, page in hostile(HOSTILE[1]).items()}
    for name, page in pages.items():
        path = tmp_path / f"{name}.html"
        path.write_text(page, encoding="utf-8")
        for width in (320, 390, 1440):
            tab.open(path.as_uri(), width=width)
            assert tab.requests == [path.as_uri()]
            assert tab.complaints == []
            assert tab.value("document.documentElement.scrollWidth") <= width, (name, width)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_in_a_browser_the_table_of_the_sum_opens_by_keyboard(tab: Page, tmp_path: Path) -> None:
    path = tmp_path / "lead.html"
    path.write_text(PAGES["lead"], encoding="utf-8")
    tab.open(path.as_uri(), width=390, dark=True)
    assert tab.value("getComputedStyle(document.body).backgroundColor") == "rgb(19, 23, 26)"
    tab.value("document.querySelector('summary').focus()")
    for kind in ("keyDown", "keyUp"):
        tab.call(
            "Input.dispatchKeyEvent",
            type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r",
        )  # fmt: skip
    assert tab.value("document.querySelector('details').open") is True


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_no_serious_fault(tab: Page, tmp_path: Path, kind: str, *, dark: bool) -> None:
    path = tmp_path / f"{kind}.html"
    path.write_text(PAGES[kind], encoding="utf-8")
    for width in (390, 1440):
        tab.open(path.as_uri(), width=width, dark=dark)
        assert serious_faults(tab) == []
