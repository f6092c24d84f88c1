"""The members of a model: what each says on its own. What is published is a weighted sum of their log-odds.

- ``base_rate``: the close rate by age;
- ``logistic``: a ridge regression;
- ``anchored``: extremely randomised trees on top of the regression, which carry on where straight lines end;
- ``rates``: plain trees of their own, which also cut at the close rates of levels.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.catalogue import Catalogue, Timing
from features.project import Model
from models import base_rate, boosting, logistic
from models.encoding import fit_encoder
from models.rates import fit_rates, in_time_order
from models.scorer import Floats, Spec, base_rate_contributions, encode, logistic_contributions

MEMBERS = ("base_rate", "logistic", "anchored", "rates")


@dataclass(frozen=True, order=True)
class Part:
    """One setting of one member. They sort from the simplest to the richest."""

    member: str
    strength: float = 0.0
    rounds: int = 0


def age_position(catalogue: Catalogue) -> int | None:
    """Return where the lead's age stands among the features."""
    for position, feature in enumerate(catalogue.features):
        if isinstance(feature, Timing) and feature.measure == "age_days":
            return position
    return None


def linear_margin(step: Spec, matrix: Floats, *, member: str) -> Floats:
    """Return the log-odds of the base rate or of the regression, (rows,)."""
    of = base_rate_contributions if member == "base_rate" else logistic_contributions
    return np.asarray(step["base"] + of(step, matrix).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class Learned:
    """Training rows as the members read them, and what was learned of the columns.

    ``matrix`` is (rows, features + rates); the rates in it stand as they stood at each row's moment.
    """

    features: list[Spec]
    rates: list[Spec]
    matrix: Floats
    label: Floats
    weight: Floats
    base: Spec
    settings: Model
    threads: int

    @classmethod
    def of(
        cls,
        rows: pd.DataFrame,
        catalogue: Catalogue,
        settings: Model,
        *,
        weight: Floats,
        gap_days: float,
        threads: int,
    ) -> "Learned":
        """Learn levels, rates and the base rate of some labelled snapshots."""
        label = rows["label"].to_numpy(dtype=np.float64)
        features = fit_encoder(rows, catalogue, label=label, weight=weight)
        rates = fit_rates(features, rows, label, weight)
        plain = encode(features, rows)
        ordered = in_time_order(rates, rows, label, weight, gap_days)
        return cls(
            features=features,
            rates=rates,
            matrix=np.column_stack([plain, ordered]),
            label=label,
            weight=weight,
            base=base_rate.fit_base_rate(plain, label, weight, age_feature=age_position(catalogue)),
            settings=settings,
            threads=threads,
        )

    def encode(self, rows: pd.DataFrame) -> Floats:
        """Return other rows as the members read them."""
        return encode([*self.features, *self.rates], rows)

    def regressions(self, strengths: Sequence[float]) -> dict[float, Spec]:
        """Return the regression at each strength."""
        return logistic.fit_logistic(
            self.features,
            self.matrix,
            self.label,
            self.weight,
            base=self.base,
            strengths=strengths,
        )

    def trees(self, member: str, anchor: Spec | None, seeds: int) -> boosting.Bag:
        """Return a bag of trees that is still to be trained."""
        start = None if anchor is None else linear_margin(anchor, self.matrix, member="logistic")
        columns = len(self.features) + (len(self.rates) if member == "rates" else 0)
        return boosting.Bag.of(
            boosting.Rows(
                self.matrix[:, :columns],
                self.label,
                self.weight,
                start,
                [at for at, spec in enumerate(self.features) if spec["type"] == "category"],
            ),
            seeds=seeds,
            seed=self.settings.seed,
            threads=self.threads,
            extremely_random=member == "anchored",
        )


def margins(
    learned: Learned,
    parts: Sequence[Part],
    sets: Sequence[Floats],
    *,
    anchor: float,
    seeds: int,
    enough: Callable[[Part, list[Floats]], bool],
) -> Iterator[tuple[Part, list[Floats]]]:
    """Fit each part and yield what it says of each set of encoded rows.

    ``anchor`` is the strength of the regression that the anchored trees start from. Parts of one
    bag are trained together, in the order of their rounds, until ``enough`` was heard of it.
    """
    yield Part("base_rate"), [linear_margin(learned.base, one, member="base_rate") for one in sets]
    strengths = sorted({part.strength for part in parts if part.member == "logistic"})
    bags = {
        member: sorted({part.rounds for part in parts if part.member == member})
        for member in ("anchored", "rates")
    }

    def grown(member: str, start: Spec | None) -> list[tuple[Part, list[Floats]]]:
        from_start = [
            linear_margin(start, one, member="logistic") if start else np.zeros(len(one))
            for one in sets
        ]
        said = []
        for at, added in learned.trees(member, start, seeds).staged(bags[member], sets):
            part = Part(member, rounds=at)
            said.append(
                (part, [first + more for first, more in zip(from_start, added, strict=True)])
            )
            if enough(*said[-1]):
                break
        return said

    # The plain trees need no regression: they grow on a core of their own meanwhile.
    with ThreadPoolExecutor(max_workers=2) as pool:
        plain = pool.submit(grown, "rates", None) if bags["rates"] else None
        fitted = learned.regressions(sorted({*strengths, anchor})) if parts else {}
        anchored = pool.submit(grown, "anchored", fitted[anchor]) if bags["anchored"] else None
        for strength in strengths:
            said = [linear_margin(fitted[strength], one, member="logistic") for one in sets]
            yield Part("logistic", strength=strength), said
        for stages in (anchored, plain):
            if stages is not None:
                yield from stages.result()


def weighted(margins_of: Mapping[Part, Floats], weights: Mapping[Part, float]) -> Floats:
    """Return the weighted sum of what the parts say."""
    return np.asarray(
        sum(weight * margins_of[part] for part, weight in weights.items()), dtype=np.float64
    )
