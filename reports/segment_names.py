"""How the groups by which calibration is judged are named: our own in the reader's language, the company's as they are."""

from reports.facts import Segment
from reports.voice import Voice, text

OWN = {"Age": text("Age"), "Grade": text("Grade"), "not recorded": text("not recorded")}


def grouping_name(by: str, voice: Voice) -> str:
    """Return what the leads are grouped by."""
    return voice.say(OWN[by]) if by in OWN else by


def group_name(one: Segment, voice: Voice) -> str:
    """Return the name of one group: a level of a column, a grade or an age of the lead."""
    if one.by == one.label:
        return voice.say("All leads")
    if one.by == "Age":
        return _age(one.label, voice)
    return voice.say(OWN[one.label]) if one.label in OWN else one.label


def _age(label: str, voice: Voice) -> str:
    """Say an age again as ``models.segments`` wrote it: day 0, 1 to 6 days, 180 days and more."""
    numbers = [int(word) for word in label.split() if word.isdigit()]
    if len(numbers) == 2:
        low, high = (voice.whole(number) for number in numbers)
        return voice.say("{low} to {high} days", low=low, high=high)
    if len(numbers) != 1:
        return label
    if label.endswith("more"):
        return voice.say("{count} days and more", count=voice.whole(numbers[0]))
    return voice.say("day {count}", count=voice.whole(numbers[0]))
