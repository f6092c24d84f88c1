"""Finds what speaks loudest for and against each row of a block."""

import numpy as np

from models.treeshap.compiling import compiled, inner
from models.treeshap.sides import Side, Strongest
from models.treeshap.trees import Floats, Integers

DIGITS = 1e9  # ties are broken by the order of groups and features, not by the last digits of a sum


@inner
def fill_side(
    parts: Floats, sums: Floats, groups: Integers, sign: float, floor: float, row: int, side: Side
) -> None:
    """Choose the strongest groups in one direction; ``sums`` and ``parts`` are rounded."""
    before, before_code = np.inf, -1
    for place in range(side.group.shape[1]):
        best, chosen = -np.inf, -1
        for code in range(len(sums)):
            strength = sign * sums[code]
            # Those chosen already are stronger, or as strong and earlier.
            waiting = strength < before or (strength == before and code > before_code)
            if waiting and strength > best and strength >= floor:
                best, chosen = strength, code
        if chosen < 0:
            return
        loudest, speaker = -np.inf, -1
        for feature in range(len(parts)):
            if groups[feature] == chosen and sign * parts[feature] > loudest:
                loudest, speaker = sign * parts[feature], feature
        side.group[row, place] = chosen
        side.total[row, place] = sums[chosen]
        side.feature[row, place] = speaker
        before, before_code = best, chosen


@compiled
def fill_strongest(
    added: Floats,
    extra: Floats,
    groups: Integers,
    scale: float,
    base: float,
    floor: float,
    first: int,
    rows: int,
    found: Strongest,
) -> None:
    """Fill in the rows from ``first`` on; ``added`` is (targets, rows of the block), ``extra`` may be empty."""
    most = 0
    for feature in range(len(groups)):
        most = max(most, groups[feature] + 1)
    parts, sums = np.empty(len(groups)), np.empty(most)
    for row in range(rows):
        margin = base
        for code in range(most):
            sums[code] = 0.0
        for feature in range(len(groups)):
            part = added[feature, row] if feature < len(added) else 0.0
            if len(extra):
                part += extra[first + row, feature]
            part *= scale
            margin += part
            sums[groups[feature]] += part
            parts[feature] = np.rint(part * DIGITS) / DIGITS
        for code in range(most):
            sums[code] = np.rint(sums[code] * DIGITS) / DIGITS
        found.margin[first + row] = margin
        fill_side(parts, sums, groups, 1.0, floor, first + row, found.in_favour)
        fill_side(parts, sums, groups, -1.0, floor, first + row, found.against)
