"""Odoo's predictive lead scoring, the open-source peer: naive Bayes on counts of categories.

Written anew from a description of what Odoo's CRM does (``crm.lead``, LGPL-3); none of its code is
here. One deliberate difference: an older generation scored the second and later leads of a team
without counts with the prior of the team before it, so that a team of losses alone got 98 %. Here
every lead is scored with the prior of its own table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from models.scorer import Floats, Spec, expit

SMOOTHING = 0.1  # of both counts, once, when a row is made
TAG_FLOOR = 50  # a tag seen less often says nothing
LOWEST, HIGHEST = 0.01, 99.99  # percent
MAX_LEVELS = 50
STAGE, TAG = "stage", "tag"
FALSE_IF_EMPTY = ("email_state", "phone_state")

Counts = tuple[float, float]  # won, lost


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline; ``sequence`` orders them, ``team`` is set if it is one team's own."""

    name: str
    sequence: int
    team: str | None = None
    won: bool = False


@dataclass(frozen=True)
class OdooLead:
    """A lead as Odoo sees it; ``won`` is None while it is open."""

    stage: str | None
    values: Mapping[str, str | None] = field(default_factory=dict)
    tags: Sequence[str] = ()
    team: str | None = None
    won: bool | None = None

    def factors(self, fields: Sequence[str]) -> Iterable[tuple[str, str]]:
        """Yield each (field, value) that counts; empty ones do not, but for the states of mail and phone."""
        for name in fields:
            value = self.values.get(name)
            if value is not None:
                yield name, value
            elif name in FALSE_IF_EMPTY:
                yield name, "False"
        for tag in self.tags:
            yield TAG, tag


@dataclass(frozen=True)
class Table:
    """One team's counts, or all teams': won and lost by field and value, and at the first stage.

    ``prior`` is None where nothing was counted at the first stage that all teams share.
    """

    prior: Counts | None
    counts: Mapping[str, Mapping[str, Counts]]

    def likelihoods(self, name: str) -> dict[str, Counts]:
        """Return P(value | won) and P(value | lost) of each value of a field; none where a class is empty.

        For the stage these are shares of the leads that got as far; for others, of all counts of the field.
        """
        values = self.counts.get(name, {})
        won, lost = (
            (self.prior or (0.0, 0.0))
            if name == STAGE
            else (sum(count[0] for count in values.values()), sum(c[1] for c in values.values()))
        )
        if won <= 0 or lost <= 0:
            return {}
        return {value: (count[0] / won, count[1] / lost) for value, count in values.items()}


class PredictiveScoring:
    """Odoo's scores for leads with teams, stages and tags; what the published test values check."""

    def __init__(
        self, leads: Iterable[OdooLead], stages: Sequence[Stage], fields: Sequence[str]
    ) -> None:
        """Count closed leads. Open ones are ignored: Odoo knows no censoring."""
        self.fields = list(fields)
        self.stages = {stage.name: stage for stage in stages}
        shared = [stage for stage in stages if stage.team is None]
        self._first = min(shared, key=lambda stage: stage.sequence).name if shared else None
        rows: dict[str | None, dict[tuple[str, str], list[float]]] = {}
        for lead in leads:
            if lead.won is not None:
                self._count(lead, rows.setdefault(lead.team, {}))
        self._teams = {
            team: self._table(_kept(counted)) for team, counted in rows.items() if team is not None
        }
        self._pooled = self._table(_sum(_kept(counted) for counted in rows.values()))

    def score(self, lead: OdooLead) -> float | None:
        """Return the probability in percent, two decimals; None where Odoo leaves the lead without a new score."""
        if lead.stage is None:
            return 0.0
        if self.stages[lead.stage].won:
            return 100.0
        table = self._table_of(lead)
        if table.prior is None:
            return None
        won, lost = table.prior
        margin = np.log(won) - np.log(lost)
        for name, value in self._factors(lead):
            seen = table.likelihoods(name).get(value)
            if seen is not None:
                margin += np.log(seen[0]) - np.log(seen[1])
        return float(_percent(np.array([margin]))[0])

    def field_scores(self, lead: OdooLead) -> dict[tuple[str, str], float]:
        """Return how much each value speaks for a win: above 0.5 for, below against.

        ``pw / (pw + pl)``; for the stage, 1 less the share of lost leads that came as far.
        """
        table, scores = self._table_of(lead), {}
        for name, value in self._factors(lead):
            seen = table.likelihoods(name).get(value)
            if seen is not None:
                scores[name, value] = (
                    1 - seen[1] if name == STAGE else seen[0] / (seen[0] + seen[1])
                )
        return scores

    def _factors(self, lead: OdooLead) -> list[tuple[str, str]]:
        here = [] if lead.stage is None else [(STAGE, lead.stage)]
        return [*here, *lead.factors(self.fields)]

    def _table_of(self, lead: OdooLead) -> Table:
        """The team's own table if it has one, else all teams'; the two are never blended."""
        return self._teams.get(lead.team, self._pooled) if lead.team is not None else self._pooled

    def _count(self, lead: OdooLead, counted: dict[tuple[str, str], list[float]]) -> None:
        keys = [(STAGE, name) for name in self._reached(lead)]
        for key in [*keys, *lead.factors(self.fields)]:
            row = counted.setdefault(key, [SMOOTHING, SMOOTHING])
            row[0 if lead.won else 1] += 1.0

    def _reached(self, lead: OdooLead) -> list[str]:
        """A won lead has been through every stage, a lost one through all up to where it stands."""
        if lead.won:
            return list(self.stages)
        if lead.stage is None:
            return []
        last = self.stages[lead.stage].sequence
        return [stage.name for stage in self.stages.values() if stage.sequence <= last]

    def _table(self, rows: Mapping[tuple[str, str], Counts]) -> Table:
        counts: dict[str, dict[str, Counts]] = {}
        for (name, value), count in rows.items():
            counts.setdefault(name, {})[value] = count
        prior = counts.get(STAGE, {}).get(self._first) if self._first is not None else None
        return Table(prior if prior is not None and min(prior) > 0 else None, counts)


def _kept(counted: Mapping[tuple[str, str], Sequence[float]]) -> dict[tuple[str, str], Counts]:
    """Drop rare tags. Odoo looks at each team's row, before the teams are added up."""
    return {
        key: (row[0], row[1])
        for key, row in counted.items()
        if key[0] != TAG or row[0] + row[1] >= TAG_FLOOR
    }


def _sum(tables: Iterable[Mapping[tuple[str, str], Counts]]) -> dict[tuple[str, str], Counts]:
    """Add up rows, smoothing included: a value seen in three teams carries it three times."""
    total: dict[tuple[str, str], Counts] = {}
    for rows in tables:
        for key, (won, lost) in rows.items():
            before = total.get(key, (0.0, 0.0))
            total[key] = (before[0] + won, before[1] + lost)
    return total


def _percent(margin: Floats) -> Floats:
    """Return the score: percent at two decimals, kept off both ends."""
    return np.clip(np.round(100 * expit(margin), 2), LOWEST, HIGHEST)


def low_cardinality(
    catalogue: Catalogue, frame: pd.DataFrame, max_levels: int = MAX_LEVELS
) -> list[str]:
    """Return the category features with one to ``max_levels`` different values in the training rows."""
    return [
        name for name in catalogue.categories if 0 < frame[name].nunique(dropna=True) <= max_levels
    ]


@dataclass(frozen=True)
class OdooScoring:
    """Odoo's scoring of our snapshots: one team, and no stage.

    Every lead stands at its first stage when it is scored, whose factor is 1 for both classes: what is left
    is the prior times the fields. Numbers are not read, as in Odoo. It is fed what was known at each
    snapshot, which flatters it: Odoo itself counts values as they are now, after the outcome.

    ``spec`` is JSON: ``prior`` [won, lost] and ``fields``, each with ``values``, ``won`` and ``lost``, smoothed.
    """

    spec: Spec

    @classmethod
    def fit(
        cls, frame: pd.DataFrame, label: Floats, weight: Floats, columns: Sequence[str]
    ) -> Self:
        """Count values among won and lost rows.

        Args:
            frame: training rows with the columns.
            label: 1 won, 0 lost, (rows,).
            weight: how many leads a row stands for, (rows,); see ``models.frames.learning_rows``.
            columns: category features to count; see ``low_cardinality``.
        """
        won, lost = weight * label, weight * (1 - label)
        fields: Spec = {}
        for name in columns:
            codes, values = _texts(frame[name])
            seen = codes >= 0
            count = len(values)
            fields[name] = {
                "values": [str(value) for value in values],
                "won": _counted(codes[seen], won[seen], count),
                "lost": _counted(codes[seen], lost[seen], count),
            }
        prior = [float(won.sum()) + SMOOTHING, float(lost.sum()) + SMOOTHING]
        return cls({"prior": prior, "fields": fields})

    def probability(self, frame: pd.DataFrame) -> Floats:
        """Return the probability of each row, (rows,), 0.0001 to 0.9999; values unseen or missing count for nothing."""
        won, lost = self.spec["prior"]
        margin = np.full(len(frame), np.log(won) - np.log(lost))
        for name, counted in self.spec["fields"].items():
            if not counted["values"]:
                continue
            codes, values = _texts(frame[name])
            known = pd.Index(counted["values"], dtype=object).get_indexer(values)
            wins, losses = np.array(counted["won"]), np.array(counted["lost"])
            ratio = np.log(wins / wins.sum()) - np.log(losses / losses.sum())
            # The last place is of values that are missing (code -1) and of those never counted.
            of_value = np.append(np.where(known >= 0, ratio[known], 0.0), 0.0)
            margin += of_value[codes]
        return _percent(margin) / 100


def _texts(column: pd.Series) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], pd.Index]:
    """Return a code for each row, -1 where missing, and the values that the codes stand for, as text."""
    codes, values = pd.factorize(column, use_na_sentinel=True)
    of_value, texts = pd.factorize(np.array([str(value) for value in values], dtype=object))
    return np.append(of_value, -1)[codes].astype(np.intp), pd.Index(texts, dtype=object)


def _counted(
    codes: np.ndarray[tuple[int], np.dtype[np.intp]], weight: Floats, count: int
) -> list[float]:
    sums = np.bincount(codes, weights=weight, minlength=count) + SMOOTHING
    return [float(value) for value in sums]
