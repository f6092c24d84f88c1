"""How often deals close, for how much and at which margin, by the discount they were given."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from reports.closing_facts import DiscountBand, Figure
from reports.intervals import share_interval

Floats = npt.NDArray[np.float64]
# Above the first and up to the second, in percent; the first band is no discount at all.
BANDS: Final = ((0.0, 0.0), (0.0, 5.0), (5.0, 10.0), (10.0, 20.0), (20.0, 100.0))
FILLED_ALIKE = 0.5  # lost deals must have a discount on record at least half as often as won ones
DRAWS = 2000
SEED = 7


def discount_facts(
    closed: pd.DataFrame, won: npt.NDArray[np.bool_], *, min_group: int
) -> dict[str, Any]:
    """Return the part of the losses' facts that is about discounts.

    Where lost deals carry amounts, only deals that got as far as one are looked at: what was lost before an offer had
    no discount to give. Whether deals close more often with a discount can be told only if lost deals have theirs on
    record about as often as won ones. Bands of fewer than ``min_group`` deals are left out.

    Args:
        closed: closed leads with ``discount`` and ``margin`` (percent) and ``amount``.
        won: which of them were won, (rows,).
        min_group: fewest deals of a band.
    """
    priced = closed["amount"].notna().to_numpy(dtype=np.bool_)
    offers = bool((priced & ~won).sum() >= min_group)
    if offers:
        closed, won = closed[priced], won[priced]
    discount = closed["discount"].to_numpy(dtype=np.float64)
    known = ~np.isnan(discount)
    if (known & won).sum() < min_group:
        return {}
    won_filled, lost_filled = _share(known, won), _share(known, ~won)
    both = (known & ~won).sum() >= min_group and lost_filled >= FILLED_ALIKE * won_filled
    deals = known if both else known & won
    bands = [
        _band(closed, low, high, inside, won, both=both)
        for low, high in BANDS
        if (inside := deals & _within(discount, low, high)).sum() >= min_group
    ]
    return {
        "discounts": "both" if both else "won",
        "offers": len(closed) if offers else None,
        "won_filled": won_filled,
        "lost_filled": lost_filled,
        "bands": bands,
        "unknown_discounts": int((~known & (won | both)).sum()),
        "margin_gap": _margin_gap(closed, discount, won, bands, min_group),
    }


def _share(known: npt.NDArray[np.bool_], rows: npt.NDArray[np.bool_]) -> float:
    return float(known[rows].mean()) if rows.any() else 0.0


def _within(discount: Floats, low: float, high: float) -> npt.NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        if high == 0:
            return np.asarray(discount <= 0)
        return np.asarray((discount > low) & (discount <= high))


def _band(
    closed: pd.DataFrame,
    low: float,
    high: float,
    inside: npt.NDArray[np.bool_],
    won: npt.NDArray[np.bool_],
    *,
    both: bool,
) -> DiscountBand:
    deals, wins = int(inside.sum()), int((inside & won).sum())
    return DiscountBand(
        low=low,
        high=high,
        deals=deals,
        won=wins,
        close_rate=share_interval(wins, deals) if both else None,
        amount=_mean(closed["amount"].to_numpy(dtype=np.float64)[inside & won]),
        margin=_mean(closed["margin"].to_numpy(dtype=np.float64)[inside & won]),
    )


def _mean(values: Floats, fewest: int = 10) -> Figure | None:
    """Return the mean of what is known with its 95 % bootstrap interval (percentiles); None of fewer than ten values."""
    known = values[~np.isnan(values)]
    if len(known) < fewest:
        return None
    low, high = np.quantile(_means(known), [0.025, 0.975])
    return Figure(value=float(known.mean()), low=float(low), high=float(high))


def _means(values: Floats, seed: int = SEED) -> Floats:
    """Return the means of resamples; many values are drawn from in portions, so that memory stays small."""
    random = np.random.default_rng(seed)
    portion = max(1, 1_000_000 // len(values))
    drawn = [
        values[random.integers(0, len(values), (min(portion, DRAWS - start), len(values)))].mean(1)
        for start in range(0, DRAWS, portion)
    ]
    return np.concatenate(drawn)


def _margin_gap(
    closed: pd.DataFrame,
    discount: Floats,
    won: npt.NDArray[np.bool_],
    bands: list[DiscountBand],
    min_group: int,
) -> Figure | None:
    """Return the mean margin of the highest band less that without a discount; None without both."""
    if len(bands) < 2 or bands[0].high != 0:
        return None
    margin = closed["margin"].to_numpy(dtype=np.float64)
    known = won & ~np.isnan(margin)
    none = margin[known & _within(discount, 0, 0)]
    most = margin[known & _within(discount, bands[-1].low, bands[-1].high)]
    if min(len(none), len(most)) < min_group:
        return None
    gaps = _means(most) - _means(none, SEED + 1)  # with one seed the draws would hang together
    low, high = np.quantile(gaps, [0.025, 0.975])
    return Figure(value=float(most.mean() - none.mean()), low=float(low), high=float(high))
