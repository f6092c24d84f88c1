"""What moves the score of leads of one age: by group of the catalogue, by concept, by level of a segment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from features.catalogue import Attribute, Feature, TrackRecord
from models.bundle import Bundle
from models.conditions import Flags
from models.scorer import Floats
from models.speaking import by_concept
from models.words import clean, display

CAME_FROM = "where they came from"
ACTED_ON = frozenset({"what they did", "what sales did", CAME_FROM})
STAGES = {"what they did": 1, "what sales did": 2}
PULL_FLOOR = 0.05  # log-odds: a smaller difference between levels is not told
PULL_ERRORS = 2.0  # nor one of fewer standard errors
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
    features: list[Feature]

    @classmethod
    def of(
        cls, bundle: Bundle, frame: pd.DataFrame, *, chosen: frozenset[str] = frozenset()
    ) -> "Explained":
        """Explain snapshots, each lead once (its first).

        What is the same for all of them, their age above all, moves none of them against the others: the mean is
        taken off.

        Args:
            bundle: the model.
            frame: the snapshots.
            chosen: columns of the leads that marketing chooses, as a message or a channel: they count among where
                leads came from.

        Raises:
            DataError: the rows do not fit the model.
        """
        once = frame.drop_duplicates("lead_id").reset_index(drop=True)
        parts = (
            bundle.contributions(once)[:, :-1]
            if len(once)
            else np.zeros((0, len(bundle.catalogue.features)))
        )
        # what a constant adds differs by lead only through what it comes together with
        parts[:, [_constant(once[name]) for name in bundle.catalogue.names]] = 0.0
        average = parts.mean(axis=0) if len(once) else 0.0
        features = [
            feature.model_copy(update={"group": CAME_FROM})
            if isinstance(feature, Attribute) and feature.column in chosen
            else feature
            for feature in bundle.catalogue.features
        ]
        return cls(bundle, once, np.asarray(parts - average, dtype=np.float64), features)

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

    def before(self, concept: str) -> Floats:
        """Return what the model says of each lead from what came before a concept, (rows,), in log-odds.

        Before what leads did lies what they brought with them; before what sales did, what leads did, too. What
        they brought with them is held against the rest of it. What else was done meanwhile is another sign of the
        same interest, and what came later may follow from it: neither makes leads alike.
        """
        stage = _stage(self.features[self.strongest_of(concept)])
        last = max(0, stage - 1)
        return self._others(
            concept, [place for place, one in enumerate(self.features) if _stage(one) <= last]
        )

    def rest(self, concept: str) -> Floats:
        """Return what everything but a concept adds to each lead, (rows,), in log-odds."""
        return self._others(concept, range(len(self.features)))

    def _others(self, concept: str, places: Sequence[int]) -> Floats:
        """Sum features of other concepts; the track record of a column is another way to say it, and left out with it."""
        ours = {
            feature.column
            for feature in self.features
            if feature.concept == concept and isinstance(feature, Attribute | TrackRecord)
        }
        others = [
            place
            for place in places
            if (one := self.features[place]).concept != concept
            and not (isinstance(one, Attribute | TrackRecord) and one.column in ours)
        ]
        return np.asarray(self.parts[:, others].sum(axis=1), dtype=np.float64)


def _constant(column: pd.Series) -> bool:
    codes, _ = pd.factorize(column, use_na_sentinel=False)
    return len(codes) > 0 and int(codes.max()) == 0


def _stage(feature: Feature) -> int:
    """Return when a feature comes about: 0 with the lead, 1 by what it does, 2 by what sales does."""
    return STAGES.get(feature.group, 0)


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


def pulls(explained: Explained, level: Flags, *, without: Sequence[str] = ()) -> list[Pull]:
    """Return which concepts speak for the leads of a level more than for the others, greatest difference first.

    At most two for and two against, none below 0.05 or within two standard errors. ``without``: concepts that are the level itself.
    """
    concepts, sums = explained.summed
    if not level.any() or level.all():
        return []
    more = sums[level].mean(axis=0) - sums[~level].mean(axis=0)
    error = np.sqrt(
        sum(sums[rows].var(axis=0) / max(1, int(rows.sum())) for rows in (level, ~level))
    )
    order = [int(at) for at in np.argsort(-np.abs(np.round(more, 9)), kind="stable")]
    least = np.maximum(PULL_FLOOR, PULL_ERRORS * error)
    told = [at for at in order if abs(more[at]) >= least[at] and concepts[at] not in without]
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
