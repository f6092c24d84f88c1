"""The scored rows of a night: probability, grade, reasons and how sure the model may be."""

import numpy as np
import pandas as pd

from features.errors import DataError
from models.bundle import Bundle
from models.ranges_seen import confidence_by_ranges
from models.scorer import Floats, expit
from models.speaking import by_concept, reasons_of
from models.uncertainty import told as how_sure

CHUNK = 20_000


def score(
    frame: pd.DataFrame,
    bundle: Bundle,
    *,
    amount: float | None = None,
    contributions: bool = True,
) -> pd.DataFrame:
    """Return one scored row per row of the frame, in its order.

    Columns: ``lead_id`` str, ``close_probability`` float, ``score`` 1..99, ``grade`` A..D,
    ``reasons_for`` (at most three) and ``reasons_against`` (at most two) lists of str,
    ``probability_low`` and ``probability_high`` (see ``models.uncertainty``; NaN where there is no honest
    interval), ``confidence`` high, medium or low, ``confidence_note`` why it is not high (empty where
    nothing stands out), ``seen`` 0..1 (NaN for a model that did not learn it), ``expected_value``
    (probability x ``amount``; NaN without an amount); if ``contributions`` are asked for, a column of
    that name: a list of (concept, log-odds), the strongest first; those of the lead's concepts
    and the base add up to the margin of ``close_probability``.

    Raises:
        DataError: ``lead_id`` or a feature column is missing, or changed between number and text.
    """
    if "lead_id" not in frame.columns:
        raise DataError("the frame to score has no column lead_id; assemble it from open snapshots")
    starts = range(0, max(len(frame), 1), CHUNK)
    parts = [
        _score_chunk(frame.iloc[start : start + CHUNK], bundle, amount, contributions=contributions)
        for start in starts
    ]
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _score_chunk(
    frame: pd.DataFrame, bundle: Bundle, amount: float | None, *, contributions: bool
) -> pd.DataFrame:
    parts = bundle.contributions(frame)
    # What is explained is what is published; asking the trees again would cost as much and differ in the last bit.
    probability = expit(parts.sum(axis=1))
    concepts, summed = by_concept(parts[:, :-1], bundle)
    told_for, told_against = reasons_of(frame, bundle, parts, summed)
    rows = pd.DataFrame(
        {
            "lead_id": frame["lead_id"].astype(str).to_numpy(),
            "close_probability": probability,
            "score": bundle.score(probability),
            "grade": pd.Series(bundle.grade(probability), dtype=object),
            "reasons_for": pd.Series(told_for, dtype=object),
            "reasons_against": pd.Series(told_against, dtype=object),
            **_sureness(frame, bundle, probability),
            "expected_value": probability * (np.nan if amount is None else amount),
        }
    )
    if contributions:
        rows["contributions"] = pd.Series(
            [_strongest(concepts, row) for row in summed], dtype=object
        )
    return rows


def _sureness(
    frame: pd.DataFrame, bundle: Bundle, probability: Floats
) -> dict[str, Floats | pd.Series]:
    sure = how_sure(bundle, frame, probability)
    if sure is None:
        nothing = np.full(len(frame), np.nan)
        low, high, seen = nothing, nothing.copy(), nothing.copy()
        words, notes = confidence_by_ranges(frame, bundle), [""] * len(frame)
    else:
        low, high, seen, words, notes = sure.low, sure.high, sure.seen, sure.confidence, sure.note
    return {
        "probability_low": low,
        "probability_high": high,
        "confidence": pd.Series(words, dtype=object),
        "confidence_note": pd.Series(notes, dtype=object),
        "seen": seen,
    }


def _strongest(concepts: list[str], summed: Floats) -> list[tuple[str, float]]:
    order = np.argsort(-np.abs(np.round(summed, 9)), kind="stable")
    return [(concepts[code], float(summed[code])) for code in order if abs(summed[code]) > 1e-9]
