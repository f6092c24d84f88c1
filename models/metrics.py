"""How good probabilities are: sharpness, honesty, and what they are worth to a team with little time."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.scorer import Floats, expit

Integers = npt.NDArray[np.int64]
BINS = 10
AGE_BANDS = (0, 1, 7, 30, 90, 180)


def log_loss(label: Floats, probability: Floats) -> float:
    """Return the mean negative log-likelihood (nats per row); probabilities are kept off 0 and 1 by 1e-15."""
    return float(log_losses(label, probability).mean())


def log_losses(label: Floats, probability: Floats) -> Floats:
    """Return the negative log-likelihood of each row."""
    p = np.clip(probability, 1e-15, 1 - 1e-15)
    return np.asarray(-(label * np.log(p) + (1 - label) * np.log1p(-p)), dtype=np.float64)


def clustered_mean(values: Floats, clusters: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the mean and its standard error when the rows of one cluster go together."""
    mean = float(values.mean())
    sums = np.bincount(pd.factorize(clusters)[0], weights=values - mean)
    return mean, float(np.sqrt((sums**2).sum()) / len(values))


def brier(label: Floats, probability: Floats) -> float:
    """Return the mean squared error of the probabilities (Brier 1950)."""
    return float(np.mean((probability - label) ** 2))


def auc(label: Floats, probability: Floats) -> float | None:
    """Return the area under the ROC curve; None if there is one class only."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, probability)) if 0 < label.sum() < len(label) else None


def average_precision(label: Floats, probability: Floats) -> float | None:
    """Return the average precision; None if nothing was won."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(label, probability)) if label.sum() > 0 else None


def mass_bins(probability: Floats, bins: int = BINS) -> npt.NDArray[np.intp]:
    """Return the bin of each row: equal numbers of rows, but rows of one probability are never parted."""
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]))
    return np.asarray(np.searchsorted(edges, probability, side="right"), dtype=np.intp)


def ece(label: Floats, probability: Floats, bins: int = BINS) -> float:
    """Return the expected calibration error: mean |observed - predicted| over bins of equal mass."""
    bin_of = mass_bins(probability, bins)
    gaps = np.bincount(bin_of, weights=label - probability)
    return float(np.abs(gaps).sum() / len(label))


def ece_noise_95(
    probability: Floats, clusters: Integers, *, seed: int, draws: int = 300, bins: int = BINS
) -> float:
    """Return what the calibration error of honest probabilities stays under in 95 of 100 draws of outcomes.

    Args:
        probability: (rows,).
        clusters: (rows,) 0..n-1. Rows of one cluster share their draw: a lead that is seen on twelve
            mornings within one horizon has one outcome, not twelve.
        seed: of the draws.
        draws: how many.
        bins: of equal mass.
    """
    errors = honest_errors(probability, clusters, seed=seed, draws=draws, bins=bins)
    return float(np.quantile(errors, 0.95))


def honest_errors(
    probability: Floats, clusters: Integers, *, seed: int, draws: int, bins: int = BINS
) -> Floats:
    """Return the calibration error of honest probabilities in each draw of outcomes, (draws,); see ``ece_noise_95``."""
    rng = np.random.default_rng(seed)
    order = np.argsort(mass_bins(probability, bins), kind="stable")
    sorted_p, sorted_cluster = probability[order], clusters[order]
    starts = np.flatnonzero(np.diff(mass_bins(probability, bins)[order], prepend=-1))
    count, errors = int(clusters.max()) + 1, np.empty(draws)
    for draw in range(draws):
        won = rng.random(count)[sorted_cluster] < sorted_p
        errors[draw] = np.abs(np.add.reduceat(won - sorted_p, starts)).sum() / len(order)
    return errors


def recalibration(label: Floats, probability: Floats) -> tuple[float | None, float | None]:
    """Return slope and intercept of the logistic regression of the outcome on the log-odds (Cox 1958).

    Honest probabilities have slope 1 and intercept 0; a slope below 1 means too extreme. The slope is
    None where all probabilities are the same (the intercept is then the one at slope 1), both where
    there is one class only.
    """
    if not 0 < label.sum() < len(label):
        return None, None
    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    margin = np.log(clipped) - np.log1p(-clipped)
    flat = bool(np.ptp(margin) < 1e-9)
    columns = np.ones((len(margin), 1)) if flat else np.column_stack([margin, np.ones(len(margin))])
    offset = margin if flat else np.zeros(len(margin))
    theta = np.zeros(1) if flat else np.array([1.0, 0.0])
    for _ in range(100):
        p = expit(columns @ theta + offset)
        curve = (columns * (p * (1 - p))[:, None]).T @ columns + 1e-12 * np.eye(len(theta))
        step = np.clip(np.linalg.solve(curve, columns.T @ (label - p)), -2, 2)
        theta = theta + step
        if np.abs(step).max() < 1e-10:
            break
    return (None, float(theta[0])) if flat else (float(theta[0]), float(theta[1]))


def wins_in_top(label: Floats, probability: Floats, share: float) -> float | None:
    """Return the share of all wins among the best-scored ``share`` of rows; ties count as if drawn by lot."""
    total = float(label.sum())
    if total == 0:
        return None
    room = share * len(label)
    values, inverse = np.unique(-probability, return_inverse=True)
    rows = np.bincount(inverse, minlength=len(values))
    wins = np.bincount(inverse, weights=label, minlength=len(values))
    taken = np.clip(room - (rows.cumsum() - rows), 0, rows) / rows
    return float((wins * taken).sum() / total)


def all_metrics(
    label: Floats, probability: Floats, clusters: Integers, *, seed: int, draws: int = 300
) -> dict[str, float | None]:
    """Return every metric of one model on one set of rows; None where it is not defined."""
    slope, intercept = recalibration(label, probability)
    top = wins_in_top(label, probability, 0.1)
    return {
        "log_loss": log_loss(label, probability),
        "brier": brier(label, probability),
        "auc": auc(label, probability),
        "average_precision": average_precision(label, probability),
        "ece": ece(label, probability),
        "ece_noise_95": ece_noise_95(probability, clusters, seed=seed, draws=draws),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "lift_top_10": None if top is None else top / 0.1,
        "wins_in_top_20": wins_in_top(label, probability, 0.2),
    }


def outcome_clusters(rows: pd.DataFrame, gap_days: float) -> Integers:
    """Return a number for each lead and horizon-long window: the rows in which one outcome is seen again."""
    days = (rows["as_of"] - rows["as_of"].min()) / pd.Timedelta(days=1)
    window = np.floor(days / max(gap_days, 1e-9)).astype(np.int64)
    return pd.MultiIndex.from_arrays([rows["lead_id"], window]).factorize()[0].astype(np.int64)


def wilson(wins: float, rows: float) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    if rows <= 0:
        return 0.0, 1.0
    z, share = 1.959963984540054, wins / rows
    centre = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = (
        z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    )
    return max(0.0, centre - half), min(1.0, centre + half)


def calibration_curve(
    label: Floats, probability: Floats, clusters: Integers
) -> list[dict[str, Any]]:
    """Return predicted against observed in ten bins of equal mass, with intervals for the independent outcomes in each."""
    points = []
    bin_of = mass_bins(probability)
    for number in np.unique(bin_of):
        inside = bin_of == number
        observed = float(label[inside].mean())
        outcomes = len(np.unique(clusters[inside]))
        low, high = wilson(observed * outcomes, outcomes)
        points.append(
            {
                "predicted": float(probability[inside].mean()),
                "observed": observed,
                "low": low,
                "high": high,
                "rows": int(inside.sum()),
                "outcomes": outcomes,
                "wins": int(label[inside].sum()),
            }
        )
    return points


def gains_curve(label: Floats, probability: Floats) -> list[dict[str, float]]:
    """Return, for every twentieth of rows from the best-scored down, the share of wins among them and the lift."""
    shares = [number / 20 for number in range(1, 21)]
    return [
        {"share": share, "wins": found, "lift": found / share}
        for share in shares
        if (found := wins_in_top(label, probability, share)) is not None
    ]


def auc_by_age(label: Floats, probability: Floats, age_days: Floats) -> list[dict[str, Any]]:
    """Return the AUC within bands of age; pooled over ages it is flattered by age itself."""
    bands = []
    band_of = np.searchsorted(AGE_BANDS, age_days, side="right")
    for number in np.unique(band_of):
        inside = band_of == number
        last = number >= len(AGE_BANDS)
        bands.append(
            {
                "from_days": AGE_BANDS[max(number - 1, 0)],
                "to_days": None if last else AGE_BANDS[number],
                "rows": int(inside.sum()),
                "wins": int(label[inside].sum()),
                "auc": auc(label[inside], probability[inside]),
            }
        )
    return bands
