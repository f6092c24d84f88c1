"""The scored rows of a night: probability, grade, reasons and how sure the model may be."""

import numpy as np
import pandas as pd

from features.errors import DataError
from models.bundle import Bundle
from models.ranges_seen import confidence_by_ranges
from models.scorer import Floats
from models.uncertainty import told as how_sure
from models.words import phrase

FLOOR = 0.10
MOST_FOR, MOST_AGAINST = 3, 2
NO_STRONG_DRIVER = "no strong driver"
CHUNK = 20_000


def score(frame: pd.DataFrame, bundle: Bundle, *, amount: float | None = None) -> pd.DataFrame:
    """Return one scored row per row of the frame, in its order.

    Columns: ``lead_id`` str, ``close_probability`` float, ``score`` 1..99, ``grade`` A..D,
    ``reasons_for`` (at most three) and ``reasons_against`` (at most two) lists of str,
    ``probability_low`` and ``probability_high`` (see ``models.uncertainty``; NaN where there is no honest
    interval), ``confidence`` high, medium or low, ``confidence_note`` why it is not high (empty where
    nothing stands out), ``seen`` 0..1 (NaN for a model that did not learn it), ``expected_value``
    (probability x ``amount``; NaN without an amount),
    ``contributions`` a list of (concept, log-odds), the strongest first; those of the lead's concepts
    and the base add up to the margin of ``close_probability``.

    Raises:
        DataError: ``lead_id`` or a feature column is missing, or changed between number and text.
    """
    if "lead_id" not in frame.columns:
        raise DataError("the frame to score has no column lead_id; assemble it from open snapshots")
    starts = range(0, max(len(frame), 1), CHUNK)
    parts = [_score_chunk(frame.iloc[start : start + CHUNK], bundle, amount) for start in starts]
    return parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)


def _score_chunk(frame: pd.DataFrame, bundle: Bundle, amount: float | None) -> pd.DataFrame:
    parts = bundle.contributions(frame)
    # The margin of the prediction itself, so that probability() and score() never differ in a last digit.
    probability = bundle.probability(frame)
    concepts, summed = _by_concept(parts[:, :-1], bundle)
    reasons = _Reasons(frame, bundle, parts, concepts, summed)
    told = [reasons.of(row) for row in range(len(frame))]
    return pd.DataFrame(
        {
            "lead_id": frame["lead_id"].astype(str).to_numpy(),
            "close_probability": probability,
            "score": bundle.score(probability),
            "grade": pd.Series(bundle.grade(probability), dtype=object),
            "reasons_for": pd.Series([one[0] for one in told], dtype=object),
            "reasons_against": pd.Series([one[1] for one in told], dtype=object),
            **_sureness(frame, bundle, probability),
            "expected_value": probability * (np.nan if amount is None else amount),
            "contributions": pd.Series([_strongest(concepts, row) for row in summed], dtype=object),
        }
    )


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


def told(frame: pd.DataFrame, bundle: Bundle) -> list[dict[str, str]]:
    """Return for each row what each of its concepts says in words, strong or not: for a waterfall."""
    parts = bundle.contributions(frame)
    concepts, summed = _by_concept(parts[:, :-1], bundle)
    reasons = _Reasons(frame, bundle, parts, concepts, summed)
    return [
        {concept: reasons.words(row, code) for code, concept in enumerate(concepts)}
        for row in range(len(frame))
    ]


def _by_concept(parts: Floats, bundle: Bundle) -> tuple[list[str], Floats]:
    codes, unique = pd.factorize(
        np.array([feature.concept for feature in bundle.catalogue.features], dtype=object)
    )
    summed = np.zeros((len(parts), len(unique)))
    for position, code in enumerate(codes):
        summed[:, code] += parts[:, position]
    return [str(concept) for concept in unique], summed


def _strongest(concepts: list[str], summed: Floats) -> list[tuple[str, float]]:
    order = np.argsort(-np.abs(np.round(summed, 9)), kind="stable")
    return [(concepts[code], float(summed[code])) for code in order if abs(summed[code]) > 1e-9]


class _Reasons:
    """Tells one row at a time; the columns are unpacked once."""

    def __init__(
        self,
        frame: pd.DataFrame,
        bundle: Bundle,
        parts: Floats,
        concepts: list[str],
        summed: Floats,
    ) -> None:
        self.features = bundle.catalogue.features
        self.members = {
            code: [
                position
                for position, feature in enumerate(self.features)
                if feature.concept == concept
            ]
            for code, concept in enumerate(concepts)
        }
        # Ties are broken by the catalogue's order, not by the last digits of a sum.
        self.parts, self.summed = np.round(parts, 9), np.round(summed, 9)
        self.values = [frame[feature.name].astype(object).to_numpy() for feature in self.features]
        self.averages = {name: found["mean"] for name, found in bundle.training["ranges"].items()}

    def of(self, row: int) -> tuple[list[str], list[str]]:
        """Return the reasons for and against of one row."""
        found = self._told(row, 1.0, MOST_FOR), self._told(row, -1.0, MOST_AGAINST)
        return found if any(found) else ([NO_STRONG_DRIVER], [])

    def words(self, row: int, code: int) -> str:
        """Return what one concept of a row says, in the direction that it moves the row."""
        return self._words(row, code, 1.0 if self.summed[row, code] >= 0 else -1.0)

    def _told(self, row: int, sign: float, most: int) -> list[str]:
        strength = sign * self.summed[row]
        texts: list[str] = []
        for code in np.argsort(-strength, kind="stable"):
            if strength[code] < FLOOR or len(texts) == most:
                break
            text = self._words(row, int(code), sign)
            if text not in texts:
                texts.append(text)
        return texts

    def _words(self, row: int, code: int, sign: float) -> str:
        speaker = max(
            self.members[code], key=lambda position: (sign * self.parts[row, position], -position)
        )
        feature, value = self.features[speaker], self.values[speaker][row]
        known = None if pd.isna(value) else value if isinstance(value, str) else float(value)
        return phrase(feature, known, average=self.averages.get(feature.name))
