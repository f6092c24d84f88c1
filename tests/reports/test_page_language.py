"""Another language reaches every word of the page: each text is translated to itself within guillemets, none is left without."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import reports
from reports.account_page import render_account
from reports.agreement import agreement_words
from reports.agreement_facts import agreement_facts
from reports.build import Parts
from reports.closing_facts import ClosingFacts
from reports.drivers import drivers_table
from reports.facts import Audience
from reports.goals_facts import goals_facts
from reports.hand_off_facts import hand_off_facts
from reports.journey import journey_facts
from reports.lead_page import render_lead
from reports.leaks_facts import leaks_facts
from reports.losses import losses_facts
from reports.one_page import one_page
from reports.page import render
from reports.quality_facts import quality_facts
from reports.report_facts import ReportFacts
from reports.voice import Voice
from tests.reports.examples import example_facts
from tests.reports.materials import (
    drawn_arrivals,
    drawn_loop,
    drawn_project,
    drawn_spend,
    drawn_tonight,
    material,
)
from tests.reports.persons import account, lead
from tests.reports.pseudo import (
    ALIKE,
    left_in_english,
    names_in,
    not_translated,
    own_texts,
    pseudo_voice,
    strings,
)
from tests.reports.test_builders import explanation
from tests.reports.test_closing import closing, told

ROOM = Path(reports.__file__).parent
PICTURED = ("name", "tip", "data", "formatter")  # texts of a chart's option


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Voice:
    return pseudo_voice(tmp_path_factory.mktemp("texts"))


@pytest.fixture(scope="module")
def facts(voice: Voice) -> ReportFacts:
    """Return the made-up company's facts with everything that can be drawn of the loop."""
    return with_loop(example_facts(), voice)


def with_loop(plain: ReportFacts, voice: Voice) -> ReportFacts:
    loop = drawn_loop(600)
    random = np.random.default_rng(1)
    lost = loop["won"].eq(other=False).fillna(value=False).to_numpy(dtype=bool)
    won = loop["won"].fillna(value=False).to_numpy(dtype=bool)
    loop.loc[lost, "reason"] = random.choice(["Zeta", "Eta"], int(lost.sum()))
    loop.loc[lost, "competitor"] = random.choice(["Acme", "Bolt"], int(lost.sum()))
    loop["discount"] = np.where(won, random.uniform(0, 20, len(loop)), np.nan)
    loop["own_events"], loop["own_events_after"] = 3.0, 1.0
    drawn = material(
        loop,
        arrivals=drawn_arrivals(loop),
        tonight=drawn_tonight(loop),
        spend=drawn_spend({("Search", "Search 1"): 900.0, ("Fair", "Fair 1"): 400.0}),
        project=drawn_project(report={"goals": {"close_rate": 0.3}}),
    )
    parts = Parts(
        agreement=agreement_facts(drawn),
        hand_off=hand_off_facts(drawn),
        leaks=leaks_facts(drawn),
        quality=quality_facts(drawn),
        closing=drawn_closing(),
        journey=journey_facts(drawn),
        losses=losses_facts(drawn),
        goals=goals_facts(drawn),
    )
    return plain.model_copy(
        update={
            **vars(parts),
            "findings": parts.findings(voice),
            "agreement_words": agreement_words(drawn.project.agreement, voice),
            "drivers": drivers_table(explanation(), voice=voice),
        }
    )


def drawn_closing() -> ClosingFacts:
    return closing(conditions=[told(), told(acted_on=False), told(found=False)])


@pytest.mark.parametrize("audience", get_args(Audience))
def test_every_word_of_the_page_is_said_in_the_readers_language(
    facts: ReportFacts, voice: Voice, audience: Any
) -> None:
    page = render(facts.model_copy(update={"audience": audience}), voice)
    assert set(left_in_english(page, names_in(facts))) <= ALIKE


def test_the_page_of_a_company_without_a_signal_is_translated_too(voice: Voice) -> None:
    facts = example_facts(step="base_rate", drivers=[], gains=[], tonight=[], closing_times=False)
    assert set(left_in_english(render(facts, voice), names_in(facts))) <= ALIKE


def test_what_charts_say_is_translated(facts: ReportFacts, voice: Voice) -> None:
    names = names_in(facts)
    page = render(facts, voice)
    said = [text for option in charts(page) for text in strings(option, frozenset(PICTURED))]
    assert len(said) > 20
    assert [text for text in said if not_translated(text, names) and text != "{b}"] == []


def charts(page: str) -> Iterator[Any]:
    for piece in page.split('<script type="application/json" id="chart-')[1:]:
        yield json.loads(piece.partition(">")[2].partition("</script>")[0])


def test_the_page_for_a_mail_is_translated(facts: ReportFacts, voice: Voice) -> None:
    names = names_in(facts)
    lines = one_page(facts, voice).replace("\\", "").splitlines()
    assert [line for line in lines if not_translated(line, names)] == []


def test_the_pages_about_people_are_translated(voice: Voice) -> None:
    from_the_crm = {"Novák & Söhne", "Champion", "User", "Economic buyer", "Anna Weiss", "by the night"}  # fmt: skip
    of_the_model = {
        *("pricing page: 4 in the last 7 days", "no webinar so far", "other words"),
        "earlier leads with this Lead Source closed at 14 % (average 9.2 %)",
        "Number of Employees: 12 was rare in training",
    }
    kinds = {"Pricing page", "Visits to the blog"}
    names = from_the_crm | kinds | of_the_model | {one[:1].upper() + one[1:] for one in of_the_model}  # fmt: skip
    assert left_in_english(render_lead(lead(), voice), names) == []
    assert left_in_english(render_account(account(), voice), names) == []


def test_a_driver_is_told_in_the_readers_language(voice: Voice) -> None:
    found = drivers_table(explanation(), voice=voice, min_group=1)
    assert [one.words for one in found if not_translated(one.words, set())] == []
    labels = {level.label for one in found for level in one.levels}
    assert "«not recorded»" in labels
    assert "«Lead Source: how earlier leads closed»" in {one.label for one in found}


def test_what_templates_and_constants_say_is_collected() -> None:
    assert {
        "How likely it is to close",  # lead.html.j2
        "How likely it is that anyone of it closes",  # account.html.j2
        "Last activity",  # person_parts.html.j2
        "This page is about people: keep it as private as the CRM. It loads nothing and tells nobody that it was read.",
        "{count} earlier happenings are not shown.",  # many(), in a template
        "is missing",
        "{company}: which leads close",
    } <= own_texts()


SAYERS = {"say": 1, "text": 1, "many": 2}


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, int]]:
    """Yield each call that says something, and how many of its arguments are texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SAYERS:
                yield node, SAYERS[name]


def is_a_text(node: ast.expr) -> bool:
    """Return whether it is one literal, or a constant that is said later (also one of two, or one of a table)."""
    if isinstance(node, ast.Starred):
        node = node.value
    if isinstance(node, ast.IfExp):
        return is_a_text(node.body) and is_a_text(node.orelse)
    if isinstance(node, ast.Call):  # TABLE.get(key, OTHER)
        return isinstance(node.func, ast.Attribute) and node.func.attr == "get"
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript)


@pytest.mark.parametrize(
    "path", sorted(ROOM.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOM))
)
def test_no_sentence_is_put_together_from_pieces(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    pieced = [
        f"{path.name}:{call.lineno}: {ast.unparse(argument)}"
        for call, texts in calls(tree)
        for argument in call.args[:texts]
        if not is_a_text(argument)
    ]
    assert pieced == []


@pytest.mark.parametrize(
    "path", sorted(ROOM.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOM))
)
def test_no_text_stands_within_an_f_string_where_it_is_not_collected(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    within = [
        f"{path.name}:{call.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for call, texts in calls(node)
        if any(isinstance(argument, ast.Constant) for argument in call.args[:texts])
    ]
    assert within == []
