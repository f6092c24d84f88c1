"""Can probabilities be believed: how far said and observed lie apart, and whether that is luck.

No limit on one figure does. A large sample finds a calibration error in every model that was ever
fitted, and a small one shows a slope of 0.5 or 2 for honest probabilities. So a model is refused
only if the error is beyond luck *and* of a size that matters (docs/decisions/0009).
"""

from dataclasses import dataclass

import numpy as np

from models.metrics import Integers, ece, ece_noise_95, recalibration
from models.scorer import Floats, expit

ECE_SLACK = 1.25  # times what honest probabilities stay under in 95 of 100 draws
SLOPES = (0.7, 1.4)
LEVEL = 0.4  # log-odds: wins half as likely again as said, or said half as likely again as won
SHARE_OF_PEER = (
    0.5  # of the best peer's error: then it is the world that moved, not the model that lies
)


@dataclass(frozen=True)
class Calibration:
    """One model's calibration on some rows.

    ``ece`` and ``ece_noise_95`` as in ``models.metrics``; slope and intercept of Cox's recalibration,
    None where they are not defined; ``level`` the shift in log-odds that makes as many wins expected
    as there were (below zero: too many were promised).
    """

    ece: float
    ece_noise_95: float
    calibration_slope: float | None
    calibration_intercept: float | None
    level: float

    @classmethod
    def of(cls, label: Floats, probability: Floats, clusters: Integers, seed: int) -> "Calibration":
        """Measure at least one row; rows of one cluster share their outcome."""
        slope, intercept = recalibration(label, probability)
        numbers = np.unique(clusters, return_inverse=True)[1].astype(np.int64)
        return cls(
            ece(label, probability),
            ece_noise_95(probability, numbers, seed=seed),
            slope,
            intercept,
            level(label, probability),
        )

    def fault(self, best_peer: float | None) -> str | None:
        """Return in what way the probabilities mislead, None where they do not.

        Args:
            best_peer: the least calibration error among the others on the same rows. Where the close
                rate leaps nobody is calibrated, and an error of half that is what can be had.
        """
        if self.ece <= ECE_SLACK * self.ece_noise_95:
            return None
        if best_peer is not None and self.ece <= SHARE_OF_PEER * best_peer:
            return None
        ways = [way for way in (self._level_fault(), self._slope_fault()) if way]
        if not ways:
            return None
        return (
            f"calibration error {self.ece:.4f}, chance alone stays under {self.ece_noise_95:.4f}; "
            + " and ".join(ways)
        )

    def _level_fault(self) -> str | None:
        if abs(self.level) <= LEVEL:
            return None
        word = "low" if self.level > 0 else "high"
        return f"the odds are {np.exp(abs(self.level)):.1f} times too {word}"

    def _slope_fault(self) -> str | None:
        slope = self.calibration_slope
        if slope is None or SLOPES[0] <= slope <= SLOPES[1]:
            return None
        word = "bold" if slope < 1 else "timid"
        return f"they are too {word} (slope {slope:.2f}, {SLOPES[0]} to {SLOPES[1]} is allowed)"


def level(label: Floats, probability: Floats) -> float:
    """Return the shift of all log-odds at which as many wins are expected as there were.

    Half a win and half a loss more keep rows of one class finite.
    """
    clipped, shift = np.clip(probability, 1e-12, 1 - 1e-12), 0.0
    margin = np.log(clipped) - np.log1p(-clipped)
    for _ in range(100):
        p = expit(margin + shift)
        slope = float((p - label).sum()) + float(expit(np.array([shift]))[0]) - 0.5
        step = float(np.clip(slope / (float((p * (1 - p)).sum()) + 0.25), -1, 1))
        shift -= step
        if abs(step) < 1e-9:
            break
    return shift
