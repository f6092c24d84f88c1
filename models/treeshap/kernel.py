"""What all trees add for a block of rows: each step is done for the whole block before the next.

``masks[m, row]`` holds one bit for each feature of the path to a place in the tree: does the row follow
it? In a group's mask, above these, stand the bits of its splits: does the row go left?
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.treeshap.compiling import compiled, inner
from models.treeshap.tables import (
    ACTION,
    BIT,
    COUNT,
    DIVIDE,
    FIRST_ENTRY,
    FIRST_FEATURE,
    INTEGRATE,
    LOOK_UP,
    MASK,
    MASK_LEFT,
    MASK_RIGHT,
    NOTE,
    OF,
    Quadrature,
    Tables,
)
from models.treeshap.trees import (
    FEW_CATEGORIES,
    NUMBER,
    NUMBER_OR_ZERO_MISSING,
    WORD,
    Floats,
    Forest,
    Integers,
)

Masks = npt.NDArray[np.uint32]
ZERO = 1e-35  # LightGBM takes a number as near to zero as this for zero
NO_CATEGORY = 2**31 - 1


class Work(NamedTuple):
    """The work space of one thread; each array is (something, rows of a block).

    ``numbers`` and ``codes`` are the columns of the matrix as numbers and, where a column is
    ``categorical``, as categories; ``masks`` the masks and, last, the decisions at a split.
    """

    categorical: npt.NDArray[np.uint8]
    numbers: Floats
    codes: npt.NDArray[np.int32]
    masks: Masks
    product: Floats
    added: Floats


@inner
def read_block(matrix: Floats, first: int, rows: int, work: Work) -> None:
    """Turn the rows around, so that each column stands together; categories as LightGBM reads them."""
    for column in range(matrix.shape[1]):
        line, code = work.numbers[column], work.codes[column]
        for row in range(rows):
            value = matrix[first + row, column]
            line[row] = 0.0 if -ZERO <= value <= ZERO else value
        if work.categorical[column]:
            for row in range(rows):
                # Below zero, missing or not finite: in no set. A fraction is cut off.
                within = line[row] > -1.0 and line[row] < NO_CATEGORY
                code[row] = np.int32(line[row]) if within else np.int32(NO_CATEGORY)


@inner
def decide(forest: Forest, split: int, work: Work, rows: int, left: Masks) -> None:
    """Write for each row 1 where it goes left at a split, 0 where it goes right."""
    test, column = forest.test[split], forest.feature[split]
    numbers, codes = work.numbers[column], work.codes[column]
    threshold, missing_left = forest.threshold[split], forest.missing_left[split] != 0
    word = forest.word[split]
    if test == NUMBER:
        for row in range(rows):
            goes = (numbers[row] <= threshold) | (missing_left & np.isnan(numbers[row]))
            left[row] = np.uint32(goes)
    elif test == NUMBER_OR_ZERO_MISSING:
        for row in range(rows):
            missing = (numbers[row] == 0.0) | np.isnan(numbers[row])
            goes = (missing & missing_left) | ((not missing) & (numbers[row] <= threshold))
            left[row] = np.uint32(goes)
    elif test == FEW_CATEGORIES:
        for row in range(rows):
            code = np.uint64(min(codes[row], np.int32(WORD)))
            left[row] = np.uint32((np.uint64(word) >> code) & np.uint64(1))
    else:
        bits = forest.bits[forest.first_bit[split] :]
        for row in range(rows):
            left[row] = bits[min(codes[row], word)]


@inner
def divide(
    again: bool, bit: int, left: Masks, above: Masks, to_left: Masks, to_right: Masks, rows: int
) -> None:
    """Write the masks of a split's two children."""
    one, shift = np.uint32(1), np.uint32(bit)
    if again:
        for row in range(rows):
            to_left[row] = above[row] & ~((one - left[row]) << shift)
            to_right[row] = above[row] & ~(left[row] << shift)
    else:
        for row in range(rows):
            to_left[row] = above[row] | (left[row] << shift)
            to_right[row] = above[row] | ((one - left[row]) << shift)


@inner
def look_up(table: Floats, mask: Masks, rows: int, added: Floats) -> None:
    """Add what a group says of one feature."""
    for row in range(rows):
        added[row] += table[mask[row]]


@inner
def integrate(
    value: float,
    tables: Tables,
    step: Integers,
    target: Integers,
    quadrature: Quadrature,
    mask: Masks,
    rows: int,
    work: Work,
) -> None:
    """Add what one leaf says: the quadrature that ``tables.leaf_table`` tabulates, for each row."""
    d, first, product, one = step[COUNT], step[FIRST_FEATURE], work.product, np.uint32(1)
    for k in range((d + 1) // 2):
        t = quadrature.nodes[d, k]
        for row in range(rows):
            product[row] = value * quadrature.weights[d, k]
        for j in range(d):
            absent, shift = (1.0 - t) * tables.ratios[first + j], np.uint32(j)
            present = absent + t
            for row in range(rows):
                product[row] *= present if (mask[row] >> shift) & one else absent
        for j in range(d):
            ratio, shift = tables.ratios[first + j], np.uint32(j)
            followed, left_out = (1.0 - ratio) / ((1.0 - t) * ratio + t), -1.0 / (1.0 - t)
            line = work.added[target[tables.features[first + j]]]
            for row in range(rows):
                line[row] += product[row] * (followed if (mask[row] >> shift) & one else left_out)


@compiled
def add_trees(
    matrix: Floats,
    first: int,
    rows: int,
    target: Integers,
    forest: Forest,
    tables: Tables,
    quadrature: Quadrature,
    work: Work,
) -> None:
    """Write to ``work.added`` what all trees add for ``rows`` rows of the matrix from ``first`` on.

    ``target`` says for each column to which line of ``added`` its contributions go.
    """
    read_block(matrix, first, rows, work)
    for line in range(len(work.added)):
        for row in range(rows):
            work.added[line, row] = 0.0
    left = work.masks[len(work.masks) - 1]
    for tree in range(len(tables.first_step) - 1):
        for row in range(rows):
            work.masks[0, row] = 0
        for number in range(tables.first_step[tree], tables.first_step[tree + 1]):
            step = tables.steps[number]
            action, mask = step[ACTION], work.masks[step[MASK]]
            if action <= NOTE:
                decide(forest, step[OF], work, rows, left)
            if action == NOTE:
                shift = np.uint32(step[BIT])
                for row in range(rows):
                    mask[row] |= left[row] << shift
            elif action == LOOK_UP:
                size, place = 1 << step[BIT], step[FIRST_ENTRY]
                for at in range(step[FIRST_FEATURE], step[FIRST_FEATURE] + step[COUNT]):
                    line = work.added[target[tables.features[at]]]
                    look_up(tables.entries[place : place + size], mask, rows, line)
                    place += size
            elif action == INTEGRATE:
                value = forest.leaf_value[step[OF]]
                integrate(value, tables, step, target, quadrature, mask, rows, work)
            else:
                to_left, to_right = work.masks[step[MASK_LEFT]], work.masks[step[MASK_RIGHT]]
                divide(action != DIVIDE, step[BIT], left, mask, to_left, to_right, rows)
