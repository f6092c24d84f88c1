"""The agreement of sales and marketing, in words, and what it would have meant in the last period."""

from reports import cells
from reports.agreement import agreement_sentences
from reports.agreement_facts import Meant
from reports.blocks import Block, Cell, Fold, Point, Points, Row, Section, Table, Words
from reports.report_facts import ReportFacts
from reports.voice import Voice


def agreement(facts: ReportFacts, voice: Voice) -> Section | None:
    """Return the clauses, and the agreement replayed with what-ifs."""
    told = facts.agreement
    if told is None:
        return None
    blocks: list[Block] = [Points([Point(clause) for clause in facts.agreement_words])]
    blocks += [Words(line) for line in agreement_sentences(told, voice)]
    if told.agreed is not None:
        rows = [told.agreed, *(one for one in told.what_if if one != told.agreed)]
        blocks.append(Fold(voice.say("What if it were otherwise"), [_table(rows, voice)]))
    return Section("agreement", voice.say("What sales and marketing agreed"), blocks)


def _table(rows: list[Meant], voice: Voice) -> Table:
    """Return the agreement, which stands first, beside what it could be."""
    told = []
    for place, one in enumerate(rows):
        name = voice.say("If it were") if place else voice.say("As agreed")
        capacity = (
            Cell(voice.say("no limit"))
            if one.capacity is None
            else cells.number(one.capacity, voice)
        )
        told.append(
            Row(
                name,
                [
                    Cell(voice.listed(list(one.grades))),
                    capacity,
                    cells.number(one.leads, voice),
                    cells.number(one.wins, voice),
                    Cell("–")
                    if one.share_of_wins is None
                    else cells.share(one.share_of_wins, voice),
                    cells.number(one.hours, voice, whole=True),
                ],
            )
        )
    columns = [
        voice.say("Grades"),
        voice.say("Leads a day"),
        voice.say("To sales"),
        voice.say("Wins among them"),
        voice.say("Share of all wins"),
        voice.say("Hours of sales"),
    ]
    caption = voice.say(
        "The last period, replayed by the score that each lead had when it came, the places of each day filled best first"
    )
    return Table(caption, voice.say("Agreement"), columns, told, broad=True)
