"""What goes with closing: facts from a small trained model, and the words that they are told in."""

import ast
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import reports
from features.loop import LoopColumns
from models.bundle import Bundle
from models.conditions import Condition
from reports.closing import closing_facts
from reports.closing_facts import (
    ChangedCondition,
    ChangedStrength,
    ClosingFacts,
    ConditionFact,
    LevelFact,
    PullFact,
    StrengthFact,
)
from reports.closing_words import closing_findings, closing_sentences, level_sentence
from reports.condition_words import TEMPLATES, condition_sentence, condition_words
from reports.facts import Interval
from reports.material import Material
from reports.voice import Voice
from tests.models.company import Frames, company
from tests.models.conftest import RECIPES, fitted
from tests.reports.materials import VOICE, material

TEMPLATE_FILES = ("closing_words", "condition_words", "journey", "losses_words")


@pytest.fixture(scope="module")
def frames() -> Frames:
    return company(1200)


@pytest.fixture(scope="module")
def week(frames: Frames) -> pd.DataFrame:
    return frames.ladder[frames.ladder["age_days"] == 7].reset_index(drop=True)


@pytest.fixture(scope="module")
def bundle(frames: Frames) -> Bundle:
    return fitted(frames, RECIPES["logistic"], 0.0)


@pytest.fixture(scope="module")
def facts(bundle: Bundle, week: pd.DataFrame) -> ClosingFacts:
    return closing_facts(material(), bundle, week)


def visits(**changed: Any) -> Condition:
    condition = Condition(
        "pricing_7d",
        "event pricing",
        "visits to the pricing page",
        "what they did",
        "count",
        low=2.0,
        window_days=7,
    )
    return replace(condition, **changed)


def told(**changed: Any) -> ConditionFact:
    fields: dict[str, Any] = {
        "condition": visits(),
        "age_days": 7,
        "leads": 312,
        "wins": 80,
        "rate": 0.26,
        "alike_rate": 0.12,
        "ratio": Interval(value=2.11, low=1.62, high=2.84),
        "crude": 2.6,
        "found": True,
        "acted_on": True,
        "stake": 0.2,
    }
    return ConditionFact(**{**fields, **changed})


def closing(**changed: Any) -> ClosingFacts:
    fields: dict[str, Any] = {
        "step": "lightgbm",
        "age_days": 7,
        "leads": 1330,
        "wins": 252,
        "horizon_days": 90,
        "groups": [
            StrengthFact(name=name, label=name, group=name, strength=1, share=share, acted_on=acted)
            for name, share, acted in [("what they did", 0.6, True), ("who they are", 0.4, False)]
        ],
        "looked_at": 40,
        "apart": True,
    }
    return ClosingFacts(**{**fields, **changed})


def test_the_visits_that_tell_are_found_with_their_leads_and_rates(facts: ClosingFacts) -> None:
    found = {one.condition.concept: one for one in facts.conditions if one.found}
    visits = found["visits"]
    assert visits.acted_on
    assert visits.leads >= 10
    assert visits.rate == pytest.approx(visits.wins / visits.leads)
    assert visits.alike_rate < visits.rate
    assert visits.ratio.low > 1


def test_facts_are_of_leads_that_were_open_at_that_age(
    facts: ClosingFacts, week: pd.DataFrame
) -> None:
    assert (facts.age_days, facts.horizon_days) == (7, 30)
    assert (facts.leads, facts.wins) == (len(week), int(week["label"].sum()))


def test_facts_come_back_from_their_json_and_hold_no_lead(
    facts: ClosingFacts, week: pd.DataFrame
) -> None:
    written = facts.model_dump_json()
    assert ClosingFacts.model_validate_json(written) == facts
    assert not any(lead in written for lead in week["lead_id"].head(50))
    assert len(written) < 200_000


def test_the_levels_of_the_source_are_told_apart_where_the_project_file_names_no_segment(
    facts: ClosingFacts,
) -> None:
    assert {one.segment for one in facts.levels} == {"Lead Source"}
    assert {one.level for one in facts.levels} == {"web", "ads", "event", "partner"}
    assert all(one.leads >= 50 for one in facts.levels)
    assert not any(pull.concept == "source" for one in facts.levels for pull in one.pulls)


def test_segments_of_the_project_file_are_read_from_the_loop(
    bundle: Bundle, week: pd.DataFrame
) -> None:
    loop = material().loop
    leads = week["lead_id"].unique()
    rows = loop.reindex(range(len(leads))).assign(
        lead_id=leads,
        lead_region=["North", "South"] * (len(leads) // 2) + ["Isle"] * (len(leads) % 2),
    )
    columns = LoopColumns(segments={"Region": "lead_region"})
    told = closing_facts(material(rows, columns=columns), bundle, week)
    assert [(one.segment, one.level) for one in told.levels] == [
        ("Region", "North"),
        ("Region", "South"),
    ]


def test_a_model_that_tells_nothing_apart_says_so(frames: Frames, week: pd.DataFrame) -> None:
    base_rate = fitted(frames, RECIPES["base_rate"], 0.0)
    told = closing_facts(material(), base_rate, week)
    assert not told.tells_leads_apart
    assert closing_sentences(told, VOICE) == [
        "Nothing in the data tells leads that close apart from the others: no step above the base rate"
        " was better forward in time. So it is unknown what closing goes with."
    ]
    assert closing_findings(told, VOICE) == []


def test_without_a_model_it_is_unknown_and_said_what_to_do() -> None:
    told = closing_facts(material(), None, None)
    assert closing_sentences(told, VOICE) == [
        "There is no model yet, so it is unknown what closing goes with; `leadgauge check` says what is missing."
    ]


def test_without_leads_the_strengths_of_the_training_stand_in(bundle: Bundle) -> None:
    explanation = {
        "groups": [{"name": "what they did", "mean_contribution": 0.5, "share": 1.0}],
        "concepts": [{"name": "visits", "mean_contribution": 0.5, "share": 1.0}],
        "features": [{"concept": "visits", "label": "visit", "group": "what they did"}],
    }
    told = closing_facts(material(), bundle, None, explanation=explanation)
    assert told.tells_leads_apart
    assert [one.label for one in told.concepts] == ["visit"]
    assert closing_sentences(told, VOICE) == [
        "No lead's outcome is known long enough to hold leads against each other: what follows is"
        " what the model found in training.",
        "All that tells leads apart is what marketing and sales can act on (what they did).",
        "There is no review before this one that this could be compared with.",
    ]


def test_a_condition_is_told_in_one_sentence() -> None:
    assert condition_sentence(told(), VOICE) == (
        "Leads with 2 or more visits to the pricing page in their first week closed 2.1 times (1.6 to 2.8)"
        " as often as alike leads without; 312 leads."
    )


@pytest.mark.parametrize(
    ("condition", "age", "words"),
    [
        (
            visits(),
            14,
            "2 or more visits to the pricing page in the 7 days up to the end of their first 14 days",
        ),
        (visits(window_days=None), 0, "2 or more visits to the pricing page when they arrived"),
        (
            visits(window_days=30),
            0,
            "2 or more visits to the pricing page in the 30 days before they arrived",
        ),
        (
            visits(shape="recency", low=None, high=3.0),
            7,
            "visits to the pricing page in the last 3 days of their first week",
        ),
        (
            visits(shape="level", label="Lead Source", level="Fair", at_creation=True),
            7,
            "Lead Source “Fair” when they arrived",
        ),
        (visits(shape="level", label="Lead Source", level="Fair"), None, "Lead Source “Fair”"),
        (
            visits(shape="not_given", label="Phone"),
            7,
            "no Phone on record at the end of their first week",
        ),
        (
            visits(shape="number", label="Employees", low=10.0, high=1200.0),
            0,
            "Employees from 10 to below 1,200 when they arrived",
        ),
        (
            visits(shape="number", label="Employees", low=0.25),
            30,
            "Employees of 0.25 or more at the end of their first 30 days",
        ),
        (
            visits(shape="weekday", label="weekday of creation", low=1.0, at_creation=True),
            7,
            "weekday of creation “Monday” when they arrived",
        ),
        (
            visits(shape="record", label="Campaign", low=0.12),
            0,
            "Campaign whose earlier leads closed at 12% or more (as known when they arrived)",
        ),
    ],
)
def test_a_condition_says_when_it_was_looked_at(
    condition: Condition, age: int | None, words: str
) -> None:
    assert condition_words(condition, age, VOICE) == words


def test_every_condition_has_words_at_every_age() -> None:
    shapes = {shape for shape, _ in TEMPLATES}
    whole = {"count_whole", "recency_whole"}  # a window as long as the leads are old needs an age
    for shape in shapes:
        expected = {"week", "older"} | (set() if shape in whole else {"arrived", "undated"})
        assert {when for name, when in TEMPLATES if name == shape} == expected


def test_words_are_in_the_voice_of_the_report() -> None:
    german = Voice.of("de")
    weekday = visits(shape="weekday", label="Wochentag", low=1.0)
    assert "Montag" in condition_words(weekday, 0, german)
    assert "1.200" in condition_words(visits(low=1200.0), 7, german)


def test_what_the_section_says_in_its_order() -> None:
    level = LevelFact(
        segment="Industry",
        level="Retail",
        leads=120,
        wins=12,
        close_rate=Interval(value=0.1, low=0.06, high=0.17),
        pulls=[
            PullFact(concept="a", label="visits", group="what they did", more=0.2),
            PullFact(concept="b", label="Campaign", group="track record", more=-0.3),
        ],
    )
    weak = told(closer=Interval(value=1.2, low=0.9, high=1.5))
    said = closing_sentences(closing(conditions=[weak], levels=[level], compared=True), VOICE)
    assert said == [
        "Compared are 1,330 leads that were still open at the end of their first week; 252 of them"
        " closed within the 90 days after it.",
        "Of all that tells leads apart, 60% is what marketing and sales can act on (what they did);"
        " 40% they can only take as it is (who they are).",
        "Leads with 2 or more visits to the pricing page in their first week closed 2.1 times (1.6 to 2.8)"
        " as often as alike leads without; 312 leads.",
        "Among leads that were alike in all else that is known of them, too, it was 1.2 times (0.9 to 1.5),"
        " which may be chance: it comes together with other signs.",
        "Alike are leads of which the model says the same from what else they brought with them; for what"
        " sales did, also from what they had done. These figures say what goes together, and not that"
        " changing one changes the other.",
        "The conditions were chosen on one half of the accounts and measured on the other; ranges are 95% intervals.",
        "Industry “Retail”: 10% of 120 leads closed (6\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}17%). Compared with the other leads, more speaks"
        " for them in visits, and more against them in Campaign: how earlier leads closed.",
        "Nothing of this has changed beyond chance since the last review.",
    ]


def test_nothing_beyond_chance_is_said_to_be_so_and_is_no_finding() -> None:
    chance = closing(conditions=[told(found=False)])
    assert (
        "No condition on a single thing tells leads apart from alike leads beyond chance; 40 were looked at."
        in closing_sentences(chance, VOICE)
    )
    assert closing_findings(chance, VOICE) == []


def test_measured_on_the_leads_that_chose_it_is_said_to_be_likely_too_far_from_1() -> None:
    assert (
        "There are too few wins to choose conditions on some leads and measure them on others: both were"
        " done on the same leads, so these figures are likely further from 1 than the truth."
        in closing_sentences(closing(conditions=[told()], apart=False), VOICE)
    )


@pytest.mark.parametrize(
    ("age", "horizon", "sentence"),
    [
        (0, 90, "Compared are 1,330 leads as they arrived; 252 of them closed within 90 days."),
        (
            30,
            90,
            "Compared are 1,330 leads that were still open at the end of their first 30 days; 252 of them"
            " closed within the 90 days after it.",
        ),
        (
            None,
            None,
            "Compared are 1,330 leads; 252 of them closed. When what is known of them became known is not on record.",
        ),
    ],
)
def test_the_first_sentence_says_who_is_compared(
    age: int | None, horizon: int | None, sentence: str
) -> None:
    assert closing_sentences(closing(age_days=age, horizon_days=horizon), VOICE)[0] == sentence


def test_a_level_like_the_others_is_said_to_be() -> None:
    level = LevelFact(
        segment="Industry",
        level="Retail",
        leads=120,
        wins=12,
        close_rate=Interval(value=0.1, low=0.06, high=0.17),
    )
    assert level_sentence(level, VOICE) == (
        "Industry “Retail”: 10% of 120 leads closed (6\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}17%). In everything else they are much like the other leads."
    )


def again(bundle: Bundle, week: pd.DataFrame, earlier: Any) -> ClosingFacts:
    with_earlier: Material = material(earlier=earlier)
    return closing_facts(with_earlier, bundle, week)


def test_the_same_leads_and_model_have_not_changed(
    bundle: Bundle, week: pd.DataFrame, facts: ClosingFacts
) -> None:
    same = again(bundle, week, {"closing": json.loads(facts.model_dump_json())})
    assert same.compared
    assert (same.changed_strengths, same.changed_conditions) == ([], [])


def test_a_ratio_and_a_strength_that_moved_since_the_last_review_are_found(
    bundle: Bundle, week: pd.DataFrame, facts: ClosingFacts
) -> None:
    earlier = json.loads(facts.model_dump_json())
    for one in earlier["conditions"]:
        if one["condition"]["concept"] == "visits":
            one["ratio"] = {"value": 0.5, "low": 0.45, "high": 0.55}
    for one in earlier["concepts"]:
        one["strength"] *= 0.5 if one["name"] == "visits" else 1.2
    changed = again(bundle, week, {"closing": earlier})
    assert [one.condition.concept for one in changed.changed_conditions] == ["visits"]
    assert [one.label for one in changed.changed_strengths] == ["visit"]
    kinds = [one.kind for one in closing_findings(changed, VOICE)]
    assert kinds.count("changed") == 2


@pytest.mark.parametrize(
    "earlier",
    [
        None,
        {},
        {"closing": None},
        {"closing": {"concepts": "many"}},
        {"closing": {"concepts": [{"name": "visits"}], "conditions": [{"odds": 3}], "age_days": 7}},
    ],
)
def test_a_review_of_another_version_is_read_as_far_as_it_can_be(
    bundle: Bundle, week: pd.DataFrame, earlier: Any
) -> None:
    told = again(bundle, week, earlier)
    assert (told.changed_strengths, told.changed_conditions) == ([], [])


def test_changes_are_told_with_what_was_before() -> None:
    facts = closing(
        compared=True,
        changed_conditions=[
            ChangedCondition(
                condition=visits(),
                age_days=7,
                before=Interval(value=3.0, low=2.4, high=3.8),
                now=Interval(value=1.4, low=1.1, high=1.8),
                leads=300,
            )
        ],
        changed_strengths=[
            ChangedStrength(label="Campaign", group="track record", before=0.3, now=0.1),
            ChangedStrength(label="visits", group="what they did", before=0.1, now=0.2),
        ],
    )
    assert closing_sentences(facts, VOICE)[-3:] == [
        "Leads with 2 or more visits to the pricing page in their first week closed 1.4 times (1.1 to 1.8)"
        " as often as alike leads without; at the last review it was 3.0 times.",
        "Campaign: how earlier leads closed tells leads apart less than at the last review: its weight in the"
        " score is 0.10, it was 0.30.",
        "visits tells leads apart more than at the last review: its weight in the score is 0.20, it was 0.10.",
    ]


CAUSAL = re.compile(
    r"\b(because|caus\w+|driv\w+|leads? to|thanks to|due to|effects?|affects?|impacts?|influenc\w+|brings?)\b",
    re.IGNORECASE,
)


def templates(module: str) -> list[str]:
    """Return every text of a module but its docstrings."""
    tree = ast.parse((Path(reports.__file__).parent / f"{module}.py").read_text(encoding="utf-8"))
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documented
        and " " in node.value
    ]


@pytest.mark.parametrize("module", TEMPLATE_FILES)
def test_no_sentence_says_that_one_thing_makes_another(module: str) -> None:
    texts = templates(module)
    assert len(texts) > 5
    assert [one for one in texts if CAUSAL.search(one)] == []
