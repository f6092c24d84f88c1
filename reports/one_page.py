"""The report on one page of Markdown: for a mail, and for Prefect's pages."""

from reports.report_facts import ReportFacts
from reports.sentences import bottom_line, standing_out
from reports.voice import Voice

MOST_FINDINGS = 6


def one_page(facts: ReportFacts, voice: Voice) -> str:
    """Return the bottom line, what stands out and where the goals stand; no lead is named."""
    lines = [
        f"# {_plain(voice.say('{company}: lead quality', company=facts.title))}",
        "",
        voice.say("As of {day}.", day=voice.day(facts.as_of)),
        "",
        *(f"**{_plain(line)}**\n" for line in bottom_line(facts, voice)),
    ]
    findings = standing_out(facts, MOST_FINDINGS)
    if findings:
        lines += [f"## {voice.say('What stands out')}", ""]
        lines += [f"{place}. {_plain(one.sentence)}" for place, one in enumerate(findings, 1)]
        lines.append("")
    if facts.warnings:
        lines += [f"## {voice.say('Warnings')}", ""]
        lines += [f"- {_plain(warning)}" for warning in facts.warnings]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is: names come from forms that anybody may fill in."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|" else sign for sign in text)
