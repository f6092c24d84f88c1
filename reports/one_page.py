"""The report on one page of Markdown: for a mail, and for Prefect's pages."""

import re
from collections.abc import Sequence

from reports.facts import Finding, shortened
from reports.goals import goal_name, goal_sentence, goal_value
from reports.goals_facts import Goal
from reports.page import TITLES
from reports.report_facts import ReportFacts
from reports.sections.goals import VERDICTS
from reports.sentences import bottom_line, standing_out
from reports.voice import Voice

MOST_FINDINGS = 6
MOST_WARNINGS = 3
LONGEST_WARNING = 160  # characters: the whole stands in the report
MOST_WORDS = 480
MARKS = "\\`*_~[]<>#|&"
BREAKS = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
OWN_LIST = ("goal_met", "goal_missed")  # the goals are listed anyway


def one_page(facts: ReportFacts, voice: Voice) -> str:
    """Return the bottom line, what stands out and where the goals stand, in under 500 words; no lead is named.

    Where that is too much, the least of what stands out is left out.
    """
    first = bottom_line(facts, voice)
    found = [one for one in facts.findings if one.kind not in OWN_LIST]
    found = standing_out(facts.model_copy(update={"findings": found}), len(found))
    found = [one for one in found if one.sentence not in first][:MOST_FINDINGS]
    page = _page(facts, first, found, voice)
    while found and len(page.split()) > MOST_WORDS:
        found = found[:-1]
        page = _page(facts, first, found, voice)
    return page


def goal_line(goal: Goal, voice: Voice) -> str:
    """Say in one line where a measure stands, its target and the verdict."""
    if goal.missing is not None or goal.current is None:
        return goal_sentence(goal, voice)
    told = {
        "name": goal_name(goal.measure, voice),
        "quarter": goal.judged,
        "value": goal_value(goal.measure, goal.current.value, voice),
        "low": goal_value(goal.measure, goal.current.low, voice),
        "high": goal_value(goal.measure, goal.current.high, voice),
    }
    if goal.target is None:
        return voice.say(
            "{name}: {value} ({low} to {high}) in {quarter}, without a target.", **told
        )
    target, verdict = goal_value(goal.measure, goal.target, voice), voice.say(VERDICTS[goal.status])
    if goal.agreed:
        return voice.say(
            "{name}: {value} ({low} to {high}) in {quarter}, target {target}: {verdict}.",
            target=target,
            verdict=verdict,
            **told,
        )
    return voice.say(
        "{name}: {value} ({low} to {high}) in {quarter}, proposed target {target}: {verdict}.",
        target=target,
        verdict=verdict,
        **told,
    )


def _page(facts: ReportFacts, first: Sequence[str], found: Sequence[Finding], voice: Voice) -> str:
    # Said before they are put into lines: texts within an f-string are not collected for translation.
    title = voice.say(TITLES[facts.audience], company=facts.title)
    dated = voice.say("As of {day}.", day=voice.day(facts.as_of))
    page = [f"# {_plain(title)}", _plain(dated), *(f"**{_plain(line)}**" for line in first)]
    if found:
        told = [f"{place}. {_plain(one.sentence)}" for place, one in enumerate(found, 1)]
        page += _list(voice.say("What stands out"), told)
    if facts.goals is not None and facts.goals.goals:
        told = [f"- {_plain(goal_line(goal, voice))}" for goal in facts.goals.goals]
        page += _list(voice.say("Goals"), told)
    if facts.warnings:
        shown = [shortened(one, LONGEST_WARNING) for one in facts.warnings[:MOST_WARNINGS]]
        told = [f"- {_plain(warning)}" for warning in shown]
        left = len(facts.warnings) - len(told)
        if left:
            more = voice.many(
                "{count} more stands in the report.", "{count} more stand in the report.", left
            )
            told.append(f"- {_plain(more)}")
        page += _list(voice.say("Warnings"), told)
    return "\n\n".join(page) + "\n"


def _list(heading: str, items: Sequence[str]) -> list[str]:
    return [f"## {_plain(heading)}", "\n".join(items)]


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is, in one line: names come from forms that anybody may fill in."""
    line = BREAKS.sub(" ", text)
    return "".join(f"\\{sign}" if sign in MARKS else sign for sign in line)
