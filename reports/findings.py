"""Findings: what the report has to say, each with its figures, so that a program can read what a person does."""

from typing import Literal

from pydantic import Field

from reports.facts import Fact, Finite, Name, Sentence

Section = Literal[
    "agreement", "hand_off", "leaks", "quality", "drivers", "losses", "goals", "honesty", "data"
]


class Finding(Fact):
    """One thing that the data say.

    ``kind`` names it for programs (``source_without_wins``, ``team_leaks``, ``mix_shift``, ``value_works``,
    ``hindsight`` and others); ``subject`` is what it is about. ``weight`` orders findings: about how much is at
    stake, 0 to 1. ``figures`` are the numbers and names of the sentence.
    """

    kind: str
    section: Section
    subject: Name
    sentence: Sentence
    weight: Finite = Field(ge=0, le=1)
    figures: dict[str, Finite | str] = Field(default={})
