"""The budget what-if: its optimum, its limits, and what it says where money or times are missing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.budget import LEAST, MOST, POWER, BudgetFacts, budget_facts, rate_ratio, spread
from reports.budget_words import budget_findings, budget_sentences
from reports.lead_quality import quality_leads
from reports.material import Material
from tests.reports.materials import VOICE, drawn_loop, drawn_spend, drawn_tonight, material

COSTS = {("Search", "Search 1"): 1000.0, ("Fair", "Fair 1"): 3000.0}


def company(
    costs: dict[tuple[str, str], float] = COSTS, count: int = 3000, **changed: object
) -> Material:
    loop = drawn_loop(count)
    return material(loop, tonight=drawn_tonight(loop), spend=drawn_spend(costs), **changed)


def facts_of(told: Material) -> BudgetFacts:
    return budget_facts(told, quality_leads(told))


@given(
    groups=st.lists(st.tuples(st.floats(1e-4, 1), st.floats(1, 1e5)), min_size=2, max_size=7),
)
@settings(deadline=None, max_examples=60)
def test_the_same_money_is_spent_within_the_limits_and_no_swap_would_do_better(
    groups: list[tuple[float, float]],
) -> None:
    rates, spend = np.array(groups).T
    multiple = spread(rates, spend)
    assert float(multiple @ spend) == pytest.approx(float(spend.sum()), rel=1e-6)
    assert np.all((multiple >= LEAST - 1e-9) & (multiple <= MOST + 1e-9))
    worth = POWER * rates * multiple ** (POWER - 1)  # wins of the next euro
    can_grow, can_shrink = multiple < MOST - 1e-6, multiple > LEAST + 1e-6
    if can_grow.any() and can_shrink.any():
        assert worth[can_grow].max() <= worth[can_shrink].min() * (1 + 1e-4)


def test_sources_that_are_alike_keep_their_money() -> None:
    multiple = spread(np.array([0.02, 0.02]), np.array([100.0, 50.0]))
    assert multiple == pytest.approx([1, 1])


def test_money_goes_to_where_a_win_is_cheap_and_the_gain_is_sure() -> None:
    facts = facts_of(company())
    rows = {row.name: row for row in facts.rows}
    assert rows["Search"].spend_then == pytest.approx(2 * rows["Search"].spend_now)
    assert rows["Fair"].spend_then < rows["Fair"].spend_now
    assert sum(row.spend_then for row in facts.rows) == pytest.approx(facts.spend)
    assert facts.gain is not None
    assert facts.gain.low > 0
    finding = budget_findings(facts, VOICE)[0]
    assert (finding.kind, finding.figures["raised"], finding.figures["cut"]) == (
        "budget_spread",
        "Search",
        "Fair",
    )


def test_the_rule_is_tried_on_the_time_before() -> None:
    check = facts_of(company()).check
    assert check is not None
    assert (check.raised, check.cut, check.held) == (["Search"], ["Fair"], True)
    assert check.ratio.low < 3 < check.ratio.high


def test_a_rule_that_failed_before_is_no_finding_and_says_so() -> None:
    facts = facts_of(company())
    assert facts.check is not None
    failed = facts.model_copy(update={"check": facts.check.model_copy(update={"held": False})})
    assert budget_findings(failed, VOICE) == []
    assert any("Do not follow it." in sentence for sentence in budget_sentences(failed, VOICE))


def test_where_equal_money_has_equal_wins_next_to_nothing_is_gained() -> None:
    facts = facts_of(company({("Search", "Search 1"): 1000.0, ("Fair", "Fair 1"): 1000.0}))
    assert facts.gain is not None
    assert facts.wins_now is not None
    assert facts.gain.value < 0.02 * facts.wins_now.value


def test_a_quarter_with_enough_wins_stands_for_itself_and_one_with_few_for_a_year() -> None:
    many, few = facts_of(company(count=9000)), facts_of(company(count=2000))
    assert many.start is not None
    assert few.start is not None
    assert (many.start.month, many.start.year) == (7, 2026)
    assert (few.start.month, few.start.year) == (10, 2025)


def test_without_scores_the_window_ends_where_leads_have_had_their_time() -> None:
    loop = drawn_loop(3000)
    facts = facts_of(material(loop, spend=drawn_spend(COSTS)))
    assert facts.end is not None
    assert (facts.end.year, facts.end.month) == (2026, 7)


def test_with_one_source_the_money_is_spread_over_its_campaigns() -> None:
    facts = facts_of(company({("Search", "Search 1"): 500.0, ("Search", "Search 2"): 2000.0}))
    assert (facts.by, [row.name for row in facts.rows]) == ("campaign", ["Search 2", "Search 1"])


@pytest.mark.parametrize(
    ("changed", "missing", "said"),
    [
        ({"costs": {}}, "spend", "there is no table of spend"),
        ({"flat": True}, "closing_times", "without closing times"),
        (
            {"costs": {("Elsewhere", "Nowhere"): 10.0}},
            "groups",
            "fewer than two sources or campaigns",
        ),
        ({"count": 60}, "wins", "fewer than ten wins"),
    ],
)
def test_what_cannot_be_told_says_what_would_tell(
    changed: dict[str, object], missing: str, said: str
) -> None:
    facts = facts_of(company(**changed))  # type: ignore[arg-type]
    assert (facts.missing, facts.rows) == (missing, [])
    assert said in budget_sentences(facts, VOICE)[0]


def test_the_limits_are_said_in_words() -> None:
    said = budget_sentences(facts_of(company()), VOICE)
    assert said[-1] == (
        "Its limits: nothing gets more than 2 times or less than 0.5 times its money; wins are taken to grow with "
        "the money to the power of 0.7, so the next euro counts for less than the last; leads of new money are taken "
        "to be like those of old, and every win to be worth the same. None of this was tried: move in steps, and watch."
    )


def test_a_ratio_of_wins_per_money_holds_its_own_value_and_widens_with_few_wins() -> None:
    many, few = rate_ratio(200, 100, 100, 100), rate_ratio(4, 2, 2, 2)
    assert many.value == pytest.approx(2)
    assert few.value == pytest.approx(2)
    assert few.low < many.low < 2 < many.high < few.high
