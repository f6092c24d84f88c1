"""The data and what was left out of them, and the figures for the data scientist."""

from reports.blocks import Block, Cell, Heading, Point, Points, Row, Section, Table, Words
from reports.facts import Contender, Metrics, Suspect
from reports.report_facts import ReportFacts
from reports.segment_names import group_name, grouping_name
from reports.sentences import CONTENDERS, STEPS, data_in_short, groups
from reports.voice import Voice, text

MOST_ROWS = 25
MEASURES: tuple[tuple[str, str, int], ...] = (
    ("log_loss", text("Log loss"), 4),
    ("brier", text("Brier score"), 4),
    ("auc", text("AUC"), 3),
    ("average_precision", text("Average precision"), 3),
    ("ece", text("ECE"), 4),
    ("ece_noise_95", text("ECE by chance"), 4),
    ("calibration_slope", text("Calibration slope"), 2),
    ("calibration_intercept", text("Calibration intercept"), 2),
    ("lift_top_10", text("Lift of the first 10%"), 2),
    ("wins_in_top_20", text("Wins in the first 20%"), 3),
)
SUSPECTS = {
    "left out": text("left out"),
    "watch": text("watch"),
    "kept by the project file": text("kept by the project file"),
    "changing, read through its history": text("changing, read through its history"),
}


def data(facts: ReportFacts, voice: Voice) -> Section:
    """Return warnings, columns that know the outcome, columns left out, and rows set aside."""
    blocks: list[Block] = [Words(data_in_short(facts, voice))]
    if facts.warnings:
        blocks.append(Heading(voice.say("Warnings")))
        blocks.append(Points([Point(warning) for warning in facts.warnings]))
    if facts.suspects:
        blocks.append(Heading(voice.say("Columns that seem to know the outcome")))
        blocks.append(
            Points(
                [
                    Point(one.evidence, about=f"{one.column} ({suspect_verdict(one, voice)})")
                    for one in facts.suspects
                ]
            )
        )
    if facts.left_out:
        blocks.append(Heading(voice.say("Columns that the model does not use")))
        shown = facts.left_out[:MOST_ROWS]
        blocks.append(Points([Point(one.reason, about=one.column) for one in shown]))
        if len(facts.left_out) > MOST_ROWS:
            blocks.append(_more(len(facts.left_out) - MOST_ROWS, voice))
    refused = [row for row in facts.quarantine if row.refused]
    if refused:
        rows = [
            Row(
                row.table,
                [
                    Cell(voice.count(row.read), row.read),
                    Cell(voice.count(row.refused), row.refused),
                    Cell("; ".join(f"{why} ({voice.count(times)})" for why, times in row.reasons)),
                ],
            )
            for row in refused
        ]
        columns = [
            voice.say("Rows read"),
            voice.say("Set aside"),
            voice.say("Most frequent reasons"),
        ]
        blocks.append(
            Table(
                voice.say("Rows that were set aside"), voice.say("Table"), columns, rows, words=[2]
            )
        )
    return Section("data", voice.say("The data, and what was left out"), blocks)


def suspect_verdict(one: Suspect, voice: Voice) -> str:
    """Say what became of a column that seems to know the outcome."""
    return voice.say(SUSPECTS[one.verdict]) if one.verdict in SUSPECTS else one.verdict


def _more(count: int, voice: Voice) -> Words:
    told = voice.many(
        "{count} more stands in the JSON file next to this page.",
        "{count} more stand in the JSON file next to this page.",
        count,
    )
    return Words(told, "quiet")


def method(facts: ReportFacts, voice: Voice) -> Section:
    """Return the trial's figures, by contender and by group."""
    chosen = voice.say(
        "Chosen step of the ladder: {step}. {why}", step=voice.say(STEPS[facts.step]), why=facts.why
    )
    blocks: list[Block] = [Words(chosen), _trial(facts, voice)]
    if len(facts.segments) > 1:
        blocks.append(_errors(facts, voice))
    blocks.append(
        Words(
            voice.say(
                "Close rates and their intervals are Jeffreys intervals; costs use the Jeffreys interval of a Poisson count. "
                "Contributions are exact TreeSHAP values or their linear counterpart, in log-odds after calibration, summed by "
                "concept."
            ),
            "quiet",
        )
    )
    return Section("method", voice.say("For the data scientist"), blocks)


def _trial(facts: ReportFacts, voice: Voice) -> Table:
    contenders: list[Contender] = [
        name for name in facts.evaluation.contenders if name in CONTENDERS
    ]
    metrics = [facts.evaluation.contenders[name] for name in contenders]
    rows = [
        Row(voice.say(label), [_metric(one, key, places, voice) for one in metrics])
        for key, label, places in MEASURES
    ]
    caption = voice.say(
        "Forward in time, {first} to {last}: {rows} rows, {wins} wins. A perfectly calibrated forecast stays under “ECE by "
        "chance” in 95 of 100 draws of outcomes.",
        first=voice.day(facts.evaluation.first),
        last=voice.day(facts.evaluation.last),
        rows=voice.count(facts.evaluation.rows),
        wins=voice.count(facts.evaluation.wins),
    )
    named = [voice.say(CONTENDERS[name]) for name in contenders]
    return Table(caption, voice.say("Measure"), named, rows)


def _metric(metrics: Metrics, key: str, places: int, voice: Voice) -> Cell:
    value = getattr(metrics, key)
    if value is None:
        return Cell("–")
    return Cell(
        voice.percent_fine(value) if key == "wins_in_top_20" else voice.number(value, places), value
    )


def _errors(facts: ReportFacts, voice: Voice) -> Table:
    rows = []
    for by, segments in groups(facts.segments):
        for one in segments:
            told = ((one.ece, 4), (one.ece_noise_95, 4), (one.slope, 2))
            cells = [
                Cell("–") if value is None else Cell(voice.number(value, places), value)
                for value, places in told
            ]
            name = group_name(one, voice)
            if by:
                name = f"{grouping_name(by, voice)}: {name}"
            rows.append(Row(name, [Cell(voice.count(one.rows), one.rows), *cells]))
    caption = voice.say(
        "Calibration by group, over all evaluated rows. No slope where the probabilities are too few, or too much alike, to "
        "tell one."
    )
    columns = [
        voice.say("Rows"),
        voice.say("ECE"),
        voice.say("ECE by chance"),
        voice.say("Slope"),
    ]
    return Table(caption, voice.say("Group"), columns, rows)
