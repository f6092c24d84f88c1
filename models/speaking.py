"""Which of a lead's values speak for it and against it, and in which words."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bundle import Bundle
from models.scorer import Floats
from models.words import phrases

Places = npt.NDArray[np.intp]
FLOOR = 0.10  # log-odds: what adds less is no reason
MOST_FOR, MOST_AGAINST = 3, 2
SPARE = 3  # concepts may say the same words, and then the next one speaks
NO_STRONG_DRIVER = "no strong driver"
DIGITS = 9  # ties are broken by the catalogue's order, not by the last digits of a sum


def by_concept(parts: Floats, bundle: Bundle) -> tuple[list[str], Floats]:
    """Return the concepts in the catalogue's order, and what each adds to each row, (rows, concepts)."""
    codes, concepts = _concepts(bundle)
    summed = np.zeros((len(parts), len(concepts)))
    for position, code in enumerate(codes):
        summed[:, code] += parts[:, position]
    return concepts, summed


def reasons_of(
    frame: pd.DataFrame, bundle: Bundle, parts: Floats, summed: Floats
) -> tuple[list[list[str]], list[list[str]]]:
    """Return each row's reasons for it, at most three, and against it, at most two, the strongest first.

    Args:
        frame: the rows, with their features.
        bundle: the model.
        parts: contributions, (rows, features + 1), the base last.
        summed: the same by concept, (rows, concepts).
    """
    speaker = _Speaker(frame, bundle, parts)
    chosen = [
        speaker.strongest(sign * np.round(summed, DIGITS), sign, most)
        for sign, most in ((1.0, MOST_FOR), (-1.0, MOST_AGAINST))
    ]
    speaking, against = chosen
    for row in range(len(frame)):
        if not speaking[row] and not against[row]:
            speaking[row].append(NO_STRONG_DRIVER)
    return speaking, against


def told(frame: pd.DataFrame, bundle: Bundle) -> list[dict[str, str]]:
    """Return for each row what each of its concepts says in words, strong or not: for a waterfall."""
    parts = bundle.contributions(frame)
    concepts, summed = by_concept(parts[:, :-1], bundle)
    speaker, rows = _Speaker(frame, bundle, parts), np.arange(len(frame))
    said: list[dict[str, str]] = [{} for _ in range(len(frame))]
    for code, concept in enumerate(concepts):
        sign = np.where(np.round(summed[:, code], DIGITS) >= 0, 1.0, -1.0)
        words = speaker.words(rows, np.full(len(frame), code), sign)
        for row, word in enumerate(words):
            said[row][concept] = str(word)
    return said


def _concepts(bundle: Bundle) -> tuple[Places, list[str]]:
    names = np.array([feature.concept for feature in bundle.catalogue.features], dtype=object)
    codes, unique = pd.factorize(names)
    return codes, [str(concept) for concept in unique]


class _Speaker:
    """Tells many rows at once; each different value of a feature is put into words once."""

    def __init__(self, frame: pd.DataFrame, bundle: Bundle, parts: Floats) -> None:
        self.frame, self.features = frame, bundle.catalogue.features
        self.parts = np.round(parts, DIGITS)
        codes, concepts = _concepts(bundle)
        self.members = [np.flatnonzero(codes == code) for code in range(len(concepts))]
        self.averages = {name: found["mean"] for name, found in bundle.training["ranges"].items()}

    def strongest(self, strength: Floats, sign: float, most: int) -> list[list[str]]:
        """Return the words of the strongest concepts of each row, none twice, none below the floor."""
        texts: list[list[str]] = [[] for _ in range(len(strength))]
        order = np.argsort(-strength, axis=1, kind="stable")[:, : most + SPARE]
        for place in range(order.shape[1]):
            code = order[:, place]
            open_ = strength[np.arange(len(code)), code] >= FLOOR
            rows = np.array(
                [row for row in np.flatnonzero(open_) if len(texts[row]) < most], dtype=np.intp
            )
            if not len(rows):
                break
            words = self.words(rows, code[rows], np.full(len(rows), sign))
            for row, word in zip(rows.tolist(), words.tolist(), strict=True):
                if word not in texts[row]:
                    texts[row].append(word)
        return texts

    def words(self, rows: Places, codes: Places, sign: Floats) -> npt.NDArray[np.object_]:
        """Return what one concept of each row says, in the direction that is told."""
        said = np.empty(len(rows), dtype=object)
        for code in np.unique(codes):
            asked = np.flatnonzero(codes == code)
            members = self.members[code]
            pull = sign[asked, None] * self.parts[np.ix_(rows[asked], members)]
            spoken = members[np.argmax(pull, axis=1)]  # of equals the first
            for position in np.unique(spoken):
                mine = asked[spoken == position]
                feature = self.features[position]
                said[mine] = phrases(
                    feature,
                    self.frame[feature.name].iloc[rows[mine]],
                    average=self.averages.get(feature.name),
                )
        return said
