"""The gate: may the challenger take the champion's place?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models.metrics import Integers, ece, ece_noise_95, log_losses, recalibration
from models.scorer import Floats

MARGIN = 0.02
DRAWS = 1000
SLOPES = (0.7, 1.4)
ECE_SLACK = 1.25
ENOUGH_WINS = 20


@dataclass(frozen=True)
class Difference:
    """Challenger less another in mean log loss on the same rows; below zero the challenger is better."""

    against: str
    mean: float
    low: float
    high: float
    rows: int
    won: int

    @property
    def words(self) -> str:
        """The difference and its interval."""
        return f"log loss {self.mean:+.5f} (90 % interval {self.low:+.5f} to {self.high:+.5f})"


@dataclass(frozen=True)
class Verdict:
    """Promoted or not, why, and the figures."""

    promoted: bool
    reasons: list[str]
    differences: list[Difference]
    figures: dict[str, float | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return asdict(self)


def decide(
    label: Floats,
    challenger: Floats,
    *,
    baselines: Mapping[str, Floats],
    groups: npt.NDArray[Any],
    clusters: Integers,
    champion: Floats | None = None,
    unseen_by_champion: npt.NDArray[np.bool_] | None = None,
    is_base_rate: bool = False,
    margin: float = MARGIN,
    seed: int = 7,
) -> Verdict:
    """Judge on one later period that all were measured on, row by row.

    Args:
        label: 0 or 1, (rows,).
        challenger: its probabilities, (rows,), out of fold.
        baselines: probabilities of what it must beat, by name: ``base_rate``, and others if there are.
        groups: account of each row; the bootstrap draws accounts, not rows.
        clusters: independent outcomes, as ``models.metrics.outcome_clusters`` numbers them.
        champion: probabilities of the model in use; None if there is none yet.
        unseen_by_champion: rows that the champion was not trained on. If they hold at least 20 wins only
            these are compared; otherwise all, and the verdict says that they favour the champion.
        is_base_rate: the challenger is a base rate itself, which cannot beat itself.
        margin: how much worse than the champion, as a share of its log loss, is still as good.
        seed: of the bootstrap.

    The first model is promoted if it is no worse than each baseline, since what stands in its place
    otherwise is nothing. One that takes another's place has to be surely better than the baselines (the
    upper end of the 90 % interval of the difference in loss below zero), the upper end of its
    difference to the champion has to be below the margin. Both have to be calibrated: error within a quarter
    of what chance alone makes, or a calibration slope between 0.7 and 1.4.
    """
    told = _Told()
    for name, baseline in baselines.items():
        found = _difference(name, label, challenger, baseline, groups, seed)
        told.differences.append(found)
        if is_base_rate:
            continue
        if champion is None and found.mean > 0:
            told.refusals.append(f"no better than {name}: {found.words}")
        elif champion is not None and found.high >= 0:
            told.refusals.append(f"not surely better than {name}: {found.words}")
    if champion is not None:
        rows = _fair_rows(label, unseen_by_champion)
        if unseen_by_champion is not None and not unseen_by_champion[rows].all():
            told.notes.append("the champion was trained on some of these rows, which favours it")
        found = _difference(
            "champion", label[rows], challenger[rows], champion[rows], groups[rows], seed
        )
        told.differences.append(found)
        allowed = margin * float(log_losses(label[rows], champion[rows]).mean())
        if found.high >= allowed:
            told.refusals.append(
                f"may be worse than the champion: {found.words}; {allowed:+.5f} is allowed"
            )
    return told.verdict(_calibration(label, challenger, clusters, seed), first=champion is None)


@dataclass
class _Told:
    """What is gathered on the way to a verdict."""

    differences: list[Difference] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def verdict(self, figures: dict[str, float | None], *, first: bool) -> Verdict:
        """Add what the calibration says and close."""
        if not _calibrated(figures):
            self.refusals.append(
                f"not calibrated: error {figures['ece']:.4f} where chance alone stays under {figures['ece_noise_95']:.4f},"
                f" and slope {figures['calibration_slope']} is not between {SLOPES[0]} and {SLOPES[1]}"
            )
        well = (
            "the first model: nothing to replace" if first else "as good as the champion or better"
        )
        reasons = [*(self.refusals or [well]), *self.notes]
        return Verdict(not self.refusals, reasons, self.differences, figures)


def _fair_rows(label: Floats, unseen: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.bool_]:
    everything = np.ones(len(label), dtype=bool)
    if unseen is None or label[unseen].sum() < ENOUGH_WINS:
        return everything
    return unseen


def _difference(
    name: str, label: Floats, challenger: Floats, other: Floats, groups: npt.NDArray[Any], seed: int
) -> Difference:
    """Return the mean difference of log losses with a 90 % bootstrap interval over accounts."""
    gap = log_losses(label, challenger) - log_losses(label, other)
    codes = np.unique(groups.astype(str), return_inverse=True)[1]
    sums, counts = np.bincount(codes, weights=gap), np.bincount(codes).astype(np.float64)
    rng, means = np.random.default_rng(seed), np.empty(DRAWS)
    for draw in range(DRAWS):
        times = np.bincount(rng.integers(0, len(sums), len(sums)), minlength=len(sums))
        means[draw] = (times @ sums) / (times @ counts)
    low, high = np.quantile(means, [0.05, 0.95])
    return Difference(
        name, float(gap.mean()), float(low), float(high), len(label), int(label.sum())
    )


def _calibration(
    label: Floats, probability: Floats, clusters: Integers, seed: int
) -> dict[str, float | None]:
    slope, intercept = recalibration(label, probability)
    return {
        "ece": ece(label, probability),
        "ece_noise_95": ece_noise_95(probability, clusters, seed=seed),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
    }


def _calibrated(figures: dict[str, float | None]) -> bool:
    error, noise, slope = figures["ece"], figures["ece_noise_95"], figures["calibration_slope"]
    within = error is not None and noise is not None and error <= ECE_SLACK * noise
    return within or (slope is not None and SLOPES[0] <= slope <= SLOPES[1])
