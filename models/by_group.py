"""What moves the score of leads of one age: by group of the catalogue, by concept, lead by lead for a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from features.catalogue import Feature
from models.bundle import Bundle
from models.conditions import Flags
from models.scorer import Floats
from models.speaking import Places, by_concept
from models.words import clean, display

ACTED_ON = frozenset({"what they did", "what sales did", "where they came from"})
MOST_POINTS = 400
MOST_SWARMS = 10
MOST_CURVES = 3
PULL_FLOOR = 0.05  # log-odds: a smaller difference between levels is not told
MOST_PULLS = 2


@dataclass(frozen=True)
class Strength:
    """How much a group or a concept moves scores: the mean of its absolute sum in log-odds, and its share of all.

    ``label`` and ``group`` are those of the concept's strongest feature; of a group both are its name.
    """

    name: str
    label: str
    group: str
    strength: float
    share: float

    @property
    def can_be_acted_on(self) -> bool:
        """Whether marketing or sales can change it or choose more of it."""
        return self.group in ACTED_ON


@dataclass(frozen=True)
class Points:
    """Leads as points, without ids: what a concept adds to each (log-odds, against the average), and a value.

    Of a swarm ``values`` are the places of the leads' own values among all, 0 to 1, None where they have none or
    have no order; of a curve the values themselves, rounded.
    """

    concept: str
    label: str
    group: str
    contributions: list[float]
    values: list[float | None]


@dataclass(frozen=True)
class Pull:
    """By how much more (in log-odds) a concept speaks for the leads of one level than for the others."""

    concept: str
    label: str
    group: str
    more: float


@dataclass(frozen=True)
class Explained:
    """Leads of one age and what each feature adds to them, (rows, features), in log-odds against their average."""

    bundle: Bundle
    frame: pd.DataFrame
    parts: Floats

    @classmethod
    def of(cls, bundle: Bundle, frame: pd.DataFrame) -> "Explained":
        """Explain snapshots, each lead once (its first).

        What is the same for all of them, their age above all, moves none of them against the others: the mean is
        taken off.

        Raises:
            DataError: the rows do not fit the model.
        """
        once = frame.drop_duplicates("lead_id").reset_index(drop=True)
        parts = (
            bundle.contributions(once)[:, :-1]
            if len(once)
            else np.zeros((0, len(bundle.catalogue.features)))
        )
        average = parts.mean(axis=0) if len(once) else 0.0
        return cls(bundle, once, np.asarray(parts - average, dtype=np.float64))

    @property
    def features(self) -> list[Feature]:
        """The model's features, in the order of the columns of ``parts``."""
        return self.bundle.catalogue.features

    @cached_property
    def weight(self) -> Floats:
        """Mean absolute contribution of each feature, (features,)."""
        return np.asarray(np.abs(self.parts).sum(axis=0) / max(1, len(self.parts)))

    @cached_property
    def summed(self) -> tuple[list[str], Floats]:
        """The concepts, and what each adds to each lead, (rows, concepts)."""
        return by_concept(self.parts, self.bundle)

    def strongest_of(self, concept: str, among: Sequence[int] | None = None) -> int:
        """Return the place of a concept's strongest feature; of equals the first."""
        places = [
            place
            for place, feature in enumerate(self.features)
            if feature.concept == concept and (among is None or place in among)
        ]
        return max(places, key=lambda place: (round(float(self.weight[place]), 9), -place))

    def rest(self, concept: str) -> Floats:
        """Return what everything but a concept adds to each lead, (rows,), in log-odds.

        The track record of a column is another way to say the column: they are left out together.
        """
        ours = {
            getattr(feature, "column", feature.name)
            for feature in self.features
            if feature.concept == concept
        }
        others = [
            place
            for place, feature in enumerate(self.features)
            if feature.concept != concept
            and not (
                feature.kind in ("attribute", "track_record")
                and getattr(feature, "column", None) in ours
            )
        ]
        return np.asarray(self.parts[:, others].sum(axis=1), dtype=np.float64)


def group_strengths(explained: Explained) -> list[Strength]:
    """Return the catalogue's groups by how much they move scores, strongest first."""
    names = [feature.group for feature in explained.features]
    unique = list(dict.fromkeys(names))
    sums = np.column_stack(
        [explained.parts[:, [name == group for name in names]].sum(axis=1) for group in unique]
    )
    return _ranked(sums, [(group, group, group) for group in unique])


def concept_strengths(explained: Explained) -> list[Strength]:
    """Return the concepts by how much they move scores, strongest first."""
    concepts, sums = explained.summed
    strongest = [explained.features[explained.strongest_of(concept)] for concept in concepts]
    return _ranked(
        sums,
        [
            (concept, display(feature.label), feature.group)
            for concept, feature in zip(concepts, strongest, strict=True)
        ],
    )


def swarms(explained: Explained, *, min_group: int) -> list[Points]:
    """Return the points of a beeswarm: of the ten strongest concepts, up to 400 leads each.

    They are taken evenly from the least to the greatest contribution. Leads with a level that fewer than ``min_group``
    share are left out.
    """
    concepts, sums = explained.summed
    found = []
    for strength in _moving(concept_strengths(explained))[:MOST_SWARMS]:
        feature = explained.features[explained.strongest_of(strength.name)]
        added = sums[:, concepts.index(strength.name)]
        column = explained.frame[feature.name]
        if feature.type == "category":
            shown, places = _common(column, min_group), np.full(len(column), np.nan)
        else:
            shown = np.ones(len(column), dtype=bool)
            places = _places(column.astype(np.float64))
        chosen = _evenly(added, shown)
        if len(chosen) >= min_group:
            found.append(_points(strength, added[chosen], places[chosen], digits=2))
    return found


def curves(explained: Explained, *, min_group: int) -> list[Points]:
    """Return the points of dependence pictures: value and contribution, of the three strongest numbers.

    Values that fewer than ``min_group`` leads reach, at either end, are left out, and so are numbers with one value.
    """
    concepts, sums = explained.summed
    numbers = [place for place, one in enumerate(explained.features) if one.type == "number"]
    found: list[Points] = []
    for strength in _moving(concept_strengths(explained)):
        ours = [at for at in numbers if explained.features[at].concept == strength.name]
        if len(found) == MOST_CURVES or not ours:
            continue
        feature = explained.features[explained.strongest_of(strength.name, ours)]
        values = explained.frame[feature.name].to_numpy(dtype=np.float64)
        known = np.sort(values[~np.isnan(values)])
        if len(known) < 2 * min_group or known[min_group - 1] == known[-min_group]:
            continue
        shown = (values >= known[min_group - 1]) & (values <= known[-min_group])
        added = sums[:, concepts.index(strength.name)]
        chosen = _evenly(values, shown)
        rounded = np.array([float(f"{value:.3g}") for value in values[chosen]])
        found.append(
            _points(strength, added[chosen], rounded, digits=6, label=display(feature.label))
        )
    return found


def pulls(explained: Explained, level: Flags, *, without: Sequence[str] = ()) -> list[Pull]:
    """Return which concepts speak for the leads of a level more than for the others, greatest difference first.

    At most two for and two against, none below 0.05. ``without``: concepts that are the level itself.
    """
    concepts, sums = explained.summed
    if not level.any() or level.all():
        return []
    more = sums[level].mean(axis=0) - sums[~level].mean(axis=0)
    order = [int(at) for at in np.argsort(-np.abs(np.round(more, 9)), kind="stable")]
    told = [at for at in order if abs(more[at]) >= PULL_FLOOR and concepts[at] not in without]
    kept = [
        *[at for at in told if more[at] > 0][:MOST_PULLS],
        *[at for at in told if more[at] < 0][:MOST_PULLS],
    ]
    return [_pull(explained, concepts[at], float(more[at])) for at in kept]


def _pull(explained: Explained, concept: str, more: float) -> Pull:
    feature = explained.features[explained.strongest_of(concept)]
    return Pull(concept, display(feature.label), feature.group, more)


def levels_of(column: pd.Series) -> Mapping[str, Flags]:
    """Return the rows of each level of a column, the commonest first; missing values are no level."""
    codes, levels = pd.factorize(column.astype(object), use_na_sentinel=True)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    return {clean(str(levels[code])): codes == code for code in np.argsort(-counts, kind="stable")}


def _ranked(sums: Floats, names: Sequence[tuple[str, str, str]]) -> list[Strength]:
    strength = np.abs(sums).sum(axis=0) / max(1, len(sums))
    total = float(strength.sum()) or 1.0
    ranked = []
    for at in np.argsort(-np.round(strength, 9), kind="stable"):
        name, label, group = names[at]
        ranked.append(
            Strength(name, label, group, float(strength[at]), float(strength[at] / total))
        )
    return ranked


def _moving(strengths: Sequence[Strength]) -> list[Strength]:
    return [one for one in strengths if one.strength > 1e-6]


def _common(column: pd.Series, min_group: int) -> Flags:
    codes, _ = pd.factorize(column.astype(object), use_na_sentinel=False)
    return np.asarray(np.bincount(codes)[codes] >= min_group)


def _places(values: pd.Series) -> Floats:
    """Return each value's place among all, 0 to 1, ties in their middle."""
    ranks = values.rank(method="average").to_numpy(dtype=np.float64)
    known = int(values.notna().sum())
    return np.asarray((ranks - 1) / max(1, known - 1), dtype=np.float64)


def _evenly(values: Floats, shown: Flags) -> Places:
    """Return up to 400 places of the rows that are shown, evenly from the least value to the greatest."""
    places = np.flatnonzero(shown)
    order = places[np.argsort(values[places], kind="stable")]
    if len(order) <= MOST_POINTS:
        return order
    return order[np.round(np.linspace(0, len(order) - 1, MOST_POINTS)).astype(np.intp)]


def _points(
    strength: Strength,
    added: Floats,
    values: Floats,
    *,
    digits: int,
    label: str | None = None,
) -> Points:
    return Points(
        strength.name,
        label or strength.label,
        strength.group,
        [round(float(one), 3) + 0.0 for one in added],
        [None if np.isnan(one) else round(float(one), digits) for one in values],
    )
