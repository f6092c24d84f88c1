"""What is said about the mix."""

from reports.facts import Finding
from reports.mix import MixFacts, MixRow
from reports.quality_names import points
from reports.voice import Voice, text

MOST_FINDINGS = 6
OPENINGS = {
    ("all", True): text(
        "In {period} the quality of all leads rose from {before} to {after} (mean score at arrival, {leads} leads)."
    ),
    ("all", False): text(
        "In {period} the quality of all leads fell from {before} to {after} (mean score at arrival, {leads} leads)."
    ),
    ("source", True): text(
        "In {period} the quality of the source “{subject}” rose from {before} to {after} (mean score at arrival, {leads} leads)."
    ),
    ("source", False): text(
        "In {period} the quality of the source “{subject}” fell from {before} to {after} (mean score at arrival, {leads} leads)."
    ),
    ("campaign", True): text(
        "In {period} the quality of “{subject}” rose from {before} to {after} (mean score at arrival, {leads} leads)."
    ),
    ("campaign", False): text(
        "In {period} the quality of “{subject}” fell from {before} to {after} (mean score at arrival, {leads} leads)."
    ),
}

WITHIN = {
    "all": text(
        "In {period}, {after} of all {leads} leads were won ({after_range}), of those before {before}."
    ),
    "source": text(
        "In {period}, {after} of the {leads} leads of the source “{subject}” were won ({after_range}), of those before {before}."
    ),
    "campaign": text(
        "In {period}, {after} of the {leads} leads of “{subject}” were won ({after_range}), of those before {before}."
    ),
}


def mix_sentence(row: MixRow, voice: Voice) -> str:
    """Say how one subject's quality moved: what its leads became, and how much lies in their mix."""
    if row.moved == "within":
        return " ".join([_within(row, voice), _scores(row, voice)])
    opening = voice.say(
        OPENINGS[row.about, row.change.value > 0],
        period=row.period,
        subject=row.subject,
        before=voice.percent(row.before.value),
        after=voice.percent(row.after.value),
        leads=voice.count(row.leads_after),
    )
    return " ".join([opening, _parts(row, voice), *_became(row, voice)])


def _became(row: MixRow, voice: Voice) -> list[str]:
    if row.closed_before is None or row.closed_after is None:
        return []
    return [
        voice.say(
            "Of its leads {after} were won, of those before {before}.",
            after=voice.percent(row.closed_after.value),
            before=voice.percent(row.closed_before.value),
        )
    ]


def _within(row: MixRow, voice: Voice) -> str:
    before, after = row.closed_before or row.before, row.closed_after or row.after
    return voice.say(
        WITHIN[row.about],
        period=row.period,
        subject=row.subject,
        leads=voice.count(row.leads_after),
        before=voice.percent(before.value),
        after=voice.percent(after.value),
        after_range=voice.share_range_rounded(after),
    )


def _scores(row: MixRow, voice: Voice) -> str:
    values = {"before": voice.percent(row.before.value), "after": voice.percent(row.after.value)}
    if row.mix is None:
        return voice.say("The mean score at arrival went from {before} to {after}.", **values)
    return voice.say(
        "The mean score at arrival went from {before} to {after}, of which {mix} points lie in the mix, told by {by}.",
        mix=points(row.mix.value, voice),
        by=row.by,
        **values,
    )


def _parts(row: MixRow, voice: Voice) -> str:
    if row.mix is None or row.within is None:
        return voice.say(
            "Whether its mix moved is unknown: name columns of the leads under report.segments."
        )
    return voice.say(
        "Of these {change} points, {mix} lie in the mix ({by}: “{level}” went from {before} to {after} of its leads) and {within} within groups.",
        change=points(row.change.value, voice),
        mix=points(row.mix.value, voice),
        within=points(row.within.value, voice),
        by=row.by,
        level=row.level,
        before=voice.percent(row.level_before or 0.0),
        after=voice.percent(row.level_after or 0.0),
    )


def mix_findings(facts: MixFacts, voice: Voice) -> list[Finding]:
    """Return what moved: of each subject the quarter that moved most, the mix told apart from the quality within."""
    strongest: dict[tuple[str, str], MixRow] = {}
    for row in facts.rows:
        key = (row.about, row.subject)
        if row.moved and (key not in strongest or _size(row) > _size(strongest[key])):
            strongest[key] = row
    findings = [_finding(row, voice) for row in strongest.values()]
    return sorted(findings, key=lambda finding: -finding.weight)[:MOST_FINDINGS]


def _ends(row: MixRow) -> tuple[float, float]:
    """Return quality before and after: what the leads became, where that is what moved, else their scores."""
    if row.moved == "within" and row.closed_before and row.closed_after:
        return row.closed_before.value, row.closed_after.value
    return row.before.value, row.after.value


def _size(row: MixRow) -> float:
    """Return how far quality moved against what it was; of a mix that moved, how far the mix moved it."""
    before, after = _ends(row)
    moved = row.mix.value if row.moved == "mix" and row.mix is not None else after - before
    return abs(moved) / max(before, 1e-9)


def _finding(row: MixRow, voice: Voice) -> Finding:
    before, after = _ends(row)
    fell = after < before
    figures: dict[str, float | str] = {
        "about": row.about,
        "campaign" if row.about == "campaign" else "subject": row.subject,
        "quarter": row.period,
        "from": before,
        "to": after,
        "leads": row.leads_after,
    }
    if row.mix is not None and row.within is not None:
        figures |= {
            "mix": row.mix.value,
            "within": row.within.value,
            "by": row.by or "",
            "level": row.level or "",
            "level_from": row.level_before or 0.0,
            "level_to": row.level_after or 0.0,
        }
    return Finding(
        kind="mix_shift" if row.moved == "mix" else "quality_fell" if fell else "quality_rose",
        section="quality",
        subject=row.subject or voice.say("All leads"),
        sentence=mix_sentence(row, voice),
        weight=min(1.0, (0.3 if fell else 0.2) + 0.6 * min(_size(row), 1.0)),
        figures=figures,
    )


def mix_sentences(facts: MixFacts, voice: Voice) -> list[str]:
    """Say how quality moved, how many places were looked at, and what quality is here."""
    if facts.missing == "arrivals":
        return [
            voice.say(
                "Whether quality moved is unknown: no model that tells leads apart has scored them at their arrival."
            )
        ]
    if facts.missing == "leads":
        return [
            voice.say(
                "Whether quality moved is unknown: no quarter of the last year has thirty leads, with thirty before it to compare with."
            )
        ]
    if not facts.looked_at:
        return [
            voice.say(
                "Whether quality moved by its mix is unknown: name columns of the leads under report.dimensions and report.segments in the project file."
            )
        ]
    notable = [row for row in facts.rows if row.moved]
    sentences = [finding.sentence for finding in mix_findings(facts, voice)]
    looked = {"count": voice.count(facts.looked_at), "subjects": voice.count(facts.subjects)}
    sentences.append(
        voice.say(
            "{count} looks were taken at all leads, sources and campaigns ({subjects} of them) in four quarters; only what is sure after a correction for so many looks is told.",
            **looked,
        )
        if notable
        else voice.say(
            "Quality moved nowhere by more than chance explains: {count} looks were taken at all leads, sources and campaigns ({subjects} of them) in four quarters.",
            **looked,
        )
    )
    sentences.append(
        voice.say(
            "Quality is the mean score at arrival here: what today's model says of the leads from what was known when they came. The model has seen more before a late lead than before an early one; a slow move that all leads share says little."
        )
    )
    return sentences
