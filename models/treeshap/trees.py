"""Reads the trees of LightGBM models from their text into one set of flat arrays.

The text is what ``Booster.model_to_string()`` and ``save_model`` write, format ``v3`` or ``v4``. All
numbers in it are written so that they read back exactly.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CATEGORICAL, DEFAULT_LEFT = 1, 2  # bits of LightGBM's decision_type; the missing type stands above
ZERO_MISSING, NAN_MISSING = 1, 2
NUMBER, NUMBER_OR_ZERO_MISSING, FEW_CATEGORIES, MANY_CATEGORIES = 0, 1, 2, 3
WORD = 63  # categories that fit one word; its last bit stays empty and stands for all others
VERSIONS = ("v3", "v4")
INTERNAL = ("split_feature", "decision_type", "left_child", "right_child", "internal_count")


class UnknownModelError(ValueError):
    """The kernel does not know something that this model has; LightGBM itself may."""


class UnexplainableError(ValueError):
    """The model has no contributions of this kind, neither here nor in LightGBM."""


class Forest(NamedTuple):
    """The splits and leaves of all trees of at least two leaves, one after the other, weights applied.

    A split sends a row left (1) or right (0). ``test`` says how: by a number, by a number where zero is
    missing, by a category below ``WORD`` (bit ``c`` of ``word``) or by any category (``bits``, 0 or 1 for
    each, from ``first_bit`` on). ``missing_left``: where a missing value goes. ``left`` and ``right`` are
    positions in the tree: 0 or more for a split, ``-1 - leaf`` for a leaf. Counts are training rows.
    """

    expected: float
    first_split: Integers
    feature: Integers
    test: Integers
    missing_left: Integers
    threshold: Floats
    word: Integers
    first_bit: Integers
    bits: npt.NDArray[np.uint8]
    left: Integers
    right: Integers
    split_count: Floats
    leaf_count: Floats
    leaf_value: Floats


def columns_of(text: str) -> int:
    """Return how many columns a model was trained on."""
    return int(_header(text, "max_feature_idx")) + 1


def read_forest(texts: Sequence[str], weights: Sequence[float], iterations: int | None) -> Forest:
    """Read the first ``iterations`` rounds of each model, all of them where None.

    Raises:
        UnexplainableError: linear leaves, several classes, or no counts of training rows.
        UnknownModelError: another format.
    """
    parts = [
        _Part.of(text, weight, iterations)
        for text, weight in zip(texts, weights, strict=True)
        if weight != 0
    ]
    bits = np.cumsum([0, *(len(part.bits) for part in parts)])
    for part, start in zip(parts, bits, strict=False):
        part.splits["first_bit"] = part.splits["first_bit"] + start
    splits = {
        name: np.concatenate(
            [np.zeros(0, kind), *(part.splits[name].astype(kind) for part in parts)]
        )
        for name, kind in _SPLIT_TYPES.items()
    }
    leaves = np.concatenate([np.zeros(0, np.int64), *(part.leaves for part in parts)])
    return Forest(
        expected=float(sum(part.expected for part in parts)),
        first_split=np.cumsum([0, *(leaves - 1)]).astype(np.int64),
        bits=np.concatenate([np.zeros(0, np.uint8), *(part.bits for part in parts)]),
        leaf_count=np.concatenate([np.zeros(0), *(part.leaf_count for part in parts)]),
        leaf_value=np.concatenate([np.zeros(0), *(part.leaf_value for part in parts)]),
        **splits,
    )


_SPLIT_TYPES: dict[str, Any] = {
    "feature": np.int64,
    "test": np.int64,
    "missing_left": np.int64,
    "threshold": np.float64,
    "word": np.int64,
    "first_bit": np.int64,
    "left": np.int64,
    "right": np.int64,
    "split_count": np.float64,
}


def _header(text: str, key: str) -> str:
    found = re.search(rf"^{key}=(.*)$", text.partition("\nTree=")[0], re.MULTILINE)
    if found is None:
        raise UnknownModelError(f"the text of the model has no line {key}=")
    return found[1].strip()


def _check(text: str) -> None:
    version = _header(text, "version")
    if version not in VERSIONS:
        raise UnknownModelError(f"the model is written in format {version}")
    if _header(text, "num_tree_per_iteration") != "1":
        raise UnexplainableError(
            "the model has several classes, so that there is no one margin to explain: train one against the rest"
        )
    if re.search(r"^is_linear=1", text, re.MULTILINE):
        raise UnexplainableError(
            "the leaves of the model hold linear regressions; train without linear_tree"
        )


@dataclass
class _Part:
    """The trees of one model."""

    expected: float
    leaves: Integers
    splits: dict[str, npt.NDArray[Any]]
    bits: npt.NDArray[np.uint8]
    leaf_count: Floats
    leaf_value: Floats

    @classmethod
    def of(cls, text: str, weight: float, iterations: int | None) -> "_Part":
        _check(text)
        blocks = text.partition("\nend of trees")[0].split("\nTree=")[1:][:iterations]
        trees = [dict(line.partition("=")[::2] for line in block.split("\n")) for block in blocks]
        grown = [tree for tree in trees if tree["num_leaves"] != "1"]
        constants = [float(tree["leaf_value"]) for tree in trees if tree["num_leaves"] == "1"]
        values = {name: _numbers(grown, name) for name in INTERNAL}
        count, value = _numbers(grown, "leaf_count"), _numbers(grown, "leaf_value") * weight
        leaves = np.array([int(tree["num_leaves"]) for tree in grown], dtype=np.int64)
        reached = values["internal_count"]
        if len(count) != leaves.sum() or len(reached) != (leaves - 1).sum() or (reached <= 0).any():
            raise UnexplainableError(
                "the model does not say how many training rows reached each of its splits; train it again"
            )
        splits, bits = _splits(grown, leaves, values)
        roots = values["internal_count"][np.cumsum(leaves - 1) - (leaves - 1)]
        means = count / np.repeat(roots, leaves) * value
        return cls(sum(constants) * weight + float(means.sum()), leaves, splits, bits, count, value)


def _numbers(trees: list[dict[str, str]], key: str) -> Floats:
    return np.array([float(one) for tree in trees for one in tree.get(key, "").split()])


def _splits(
    trees: list[dict[str, str]], leaves: Integers, values: dict[str, Floats]
) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.uint8]]:
    """Return the arrays of the splits, and the bits of those whose categories do not fit a word."""
    kind = values["decision_type"].astype(np.int64)
    by_category, missing = (kind & CATEGORICAL) != 0, (kind >> 2) & 3
    threshold = _numbers(trees, "threshold")
    default_left = (kind & DEFAULT_LEFT) != 0
    # Where the training data had no missing values, one that comes later is read as zero.
    missing_left = np.where(missing == 0, threshold >= 0, default_left)
    test = np.where(missing == ZERO_MISSING, NUMBER_OR_ZERO_MISSING, NUMBER)
    word, first_bit = np.zeros(len(kind), dtype=np.int64), np.zeros(len(kind), dtype=np.int64)
    many: list[npt.NDArray[np.uint8]] = []
    owner, start = np.repeat(np.arange(len(trees)), leaves - 1)[by_category], 0
    chosen = _category_sets(trees, owner, threshold[by_category].astype(np.int64))
    for split, inside in zip(np.flatnonzero(by_category), chosen, strict=True):
        if inside.bit_length() <= WORD:
            test[split], word[split] = FEW_CATEGORIES, inside
        else:
            size = inside.bit_length()
            packed = np.frombuffer(inside.to_bytes(size // 8 + 1, "little"), dtype=np.uint8)
            many.append(np.unpackbits(packed, count=size + 1, bitorder="little"))
            test[split], word[split], first_bit[split] = MANY_CATEGORIES, size, start
            start += size + 1
    return {
        "feature": values["split_feature"],
        "test": test,
        "missing_left": missing_left & ~by_category,
        "threshold": threshold,
        "word": word,
        "first_bit": first_bit,
        "left": values["left_child"],
        "right": values["right_child"],
        "split_count": values["internal_count"],
    }, np.concatenate([np.zeros(0, np.uint8), *many])


def _category_sets(trees: list[dict[str, str]], owner: Integers, number: Integers) -> list[int]:
    """Return the categories that go left at each categorical split (tree, number in it), bit by bit."""
    sets = {}
    for tree in np.unique(owner):
        bounds = [int(bound) for bound in trees[tree]["cat_boundaries"].split()]
        words = [int(word) for word in trees[tree]["cat_threshold"].split()]
        sets[tree] = [
            sum(word << 32 * place for place, word in enumerate(words[first:last]))
            for first, last in pairwise(bounds)
        ]
    return [sets[tree][at] for tree, at in zip(owner, number, strict=True)]
