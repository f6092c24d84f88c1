"""The one page of Markdown for a mail: goals and what stands out, short, in plain characters, and about nobody."""

import re
from typing import Any

import pytest

from reports.facts import Finding, Interval
from reports.goals_facts import Goal, GoalsFacts
from reports.one_page import MARKS, goal_line, one_page
from tests.reports.examples import example_facts
from tests.reports.materials import VOICE

HOSTILE = "*Acme* <img src=x onerror=alert(1)> [x](http://evil.example) `a` ~b~ & _c_ | #d\n\n# e"


def interval(value: float, low: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high)


def goal(**changed: Any) -> Goal:
    fields: dict[str, Any] = {
        "measure": "close_rate",
        "quarters": [],
        "target": 0.12,
        "agreed": True,
        "judged": "2026-Q2",
        "current": interval(0.08, 0.06, 0.1),
        "status": "missed",
    }
    return Goal(**{**fields, **changed})


def goals(*told: Goal) -> GoalsFacts:
    return GoalsFacts(goals=list(told), horizon_days=90, contact_hours=24)


def finding(sentence: str, **changed: Any) -> Finding:
    fields: dict[str, Any] = {
        "kind": f"kind of {sentence[:20]}",
        "section": "quality",
        "subject": "Fair",
        "sentence": sentence,
        "weight": 0.5,
        "figures": {},
    }
    return Finding(**{**fields, **changed})


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (goal(), "Close rate: 8.0% (6.0% to 10%) in 2026-Q2, target 12%: missed."),
        (
            goal(
                measure="cycle_days",
                status="cannot tell",
                agreed=False,
                target=30,
                current=interval(31, 20, 40),
            ),
            "Days from lead to win: 31 days (20 days to 40 days) in 2026-Q2, proposed target 30 days: cannot tell yet.",
        ),
        (
            goal(target=None, status="unknown"),
            "Close rate: 8.0% (6.0% to 10%) in 2026-Q2, without a target.",
        ),
        (
            goal(measure="cost_per_win", missing="spend", current=None, status="unknown"),
            "Cost per win: unknown, for there is no table of spend in the project file.",
        ),
    ],
    ids=["agreed", "proposed", "no target", "unknown"],
)
def test_a_goal_is_one_line_with_target_and_verdict(one: Goal, said: str) -> None:
    assert goal_line(one, VOICE) == said


def test_every_goal_is_listed_and_a_missed_one_is_not_told_twice() -> None:
    told = goals(goal(), goal(measure="value_per_lead", status="met", current=interval(9, 8, 10), target=7))  # fmt: skip
    missed = finding("Close rate: goal missed in 2026-Q2.", kind="goal_missed", section="goals")
    page = one_page(example_facts(goals=told, findings=[missed, finding("Fairs close.")]), VOICE)
    _, _, listed = page.partition("## Goals\n\n")
    assert listed.splitlines()[:2] == [
        "- Close rate: 8.0% (6.0% to 10%) in 2026-Q2, target 12%: missed.",
        "- Value per lead: EUR\N{NO-BREAK SPACE}9 (EUR\N{NO-BREAK SPACE}8 to EUR\N{NO-BREAK SPACE}10) in 2026-Q2, "
        "target EUR\N{NO-BREAK SPACE}7: met.",
    ]
    assert "1. Fairs close." in page
    assert "goal missed in" not in page.partition("## What stands out")[2]


def test_markdown_and_html_in_names_are_shown_as_they_are() -> None:
    page = one_page(
        example_facts(title=HOSTILE, findings=[finding(HOSTILE)], warnings=[HOSTILE]), VOICE
    )
    assert re.findall(rf"(?<!\\)[{re.escape(MARKS[1:])}]", _without_own(page)) == []
    assert sum(line.startswith("#") for line in page.splitlines()) == 3
    assert "\\*Acme\\* \\<img src=x onerror=alert(1)\\> \\[x\\](http://evil.example)" in page


def _without_own(page: str) -> str:
    """Return the page without the headings and bold lines that are the page's own."""
    return re.sub(r"^#+ |^\*\*|\*\*$", "", page, flags=re.MULTILINE)


def test_the_page_stays_under_500_words_whatever_was_found() -> None:
    long = [finding(f"{number}. " + "many words " * 40, weight=1 - number / 50) for number in range(20)]  # fmt: skip
    page = one_page(example_facts(findings=long, goals=goals(*[goal()] * 5)), VOICE)
    assert 300 < len(page.split()) < 500
    assert "1. 0. many" in page  # the weightiest stay


def test_warnings_beyond_three_are_counted() -> None:
    page = one_page(example_facts(warnings=[f"Number {number}." for number in range(5)]), VOICE)
    assert page.endswith("- Number 2.\n- 2 more stand in the report.\n")


def test_a_long_warning_is_cut_so_that_findings_have_room() -> None:
    page = one_page(example_facts(warnings=["a warning " * 60]), VOICE)
    assert page.endswith("- " + "a warning " * 15 + "a warning…\n")


def test_the_page_is_titled_for_those_who_read_it() -> None:
    page = one_page(example_facts(audience="sales"), VOICE)
    assert page.startswith("# Harbour Software: sales’ review\n")


def test_without_findings_goals_and_warnings_the_bottom_line_stands_alone() -> None:
    page = one_page(example_facts(warnings=[]), VOICE)
    assert "##" not in page
    assert page.startswith("# Harbour Software: which leads close\n\nAs of 20 November 2026.\n\n**Of 100 leads, 9 close")  # fmt: skip
    assert page.endswith("**\n")
