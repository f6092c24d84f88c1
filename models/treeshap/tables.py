"""Builds the steps of the kernel and the tables that it looks things up in.

For one leaf of value v whose path has d distinct features, let o_j in {0, 1} say whether a row follows
the path at all splits of feature j, and r_j be the product of the shares of training rows that do. The
path-dependent game of the leaf (Lundberg et al. 2020) is multilinear, so by Owen (1972) the exact
Shapley value of feature i is v (o_i - r_i) times the integral over t in [0, 1] of the product over
j != i of (1 - t) r_j + t o_j: a polynomial of degree d - 1, which Gauss-Legendre quadrature with
ceil(d / 2) nodes integrates without error. Since o is a pattern of bits, all 2^d results of a leaf are
tabulated (compare Nadel and Wettenstein 2025), and those of neighbouring leaves added together.
"""

from typing import Any, NamedTuple

import numpy as np

from models.treeshap.compiling import compiled, inner
from models.treeshap.layout import (
    DEPTH,
    FRESH,
    IS_GROUP,
    IS_LEFT,
    ITEM_FIELDS,
    LEAF,
    PARENT,
    PATH,
    PLACE,
    SIZE,
    SPLIT,
    bits_of,
    choose_groups,
    features_of,
    lay_out,
    note_bit,
)
from models.treeshap.trees import Floats, Forest, Integers

MOST_FEATURES = 32  # on one path: as many as a mask has bits

# What a step does: divide the rows by a split, by one whose feature was split above it already, note a
# split of a group, look a group up, integrate a leaf whose path is too long for a table.
DIVIDE, DIVIDE_AGAIN, NOTE, LOOK_UP, INTEGRATE = range(5)
# The columns of a step. DIVIDE reads MASK and sets BIT in MASK_LEFT and MASK_RIGHT, NOTE sets BIT in MASK;
# in LOOK_UP, BIT is the number of bits. OF is a split or a leaf. COUNT features begin at FIRST_FEATURE.
ACTION, MASK, BIT, MASK_LEFT, MASK_RIGHT, OF, COUNT, FIRST_FEATURE, FIRST_ENTRY = range(9)
STEP_FIELDS = 9


class Quadrature(NamedTuple):
    """Nodes and weights on [0, 1] that integrate degree d - 1 exactly, in line d."""

    nodes: Floats
    weights: Floats

    @classmethod
    def of(cls, most: int) -> "Quadrature":
        """Return the lines up to ``most`` features."""
        made = cls(np.zeros((most + 1, most // 2 + 1)), np.zeros((most + 1, most // 2 + 1)))
        for d in range(1, most + 1):
            count = (d + 1) // 2
            node, weight = np.polynomial.legendre.leggauss(count)
            made.nodes[d, :count], made.weights[d, :count] = (node + 1) / 2, weight / 2
        return made


class Tables(NamedTuple):
    """The steps of all trees; a group's table for its feature f and bits m is at ``entries[... + (f << bits) + m]``.

    ``ratios`` stand beside ``features`` and are those of leaves that are integrated.
    """

    steps: Integers
    first_step: Integers
    features: Integers
    ratios: Floats
    entries: Floats


class Needs(NamedTuple):
    """How much room tables need, and the longest path and greatest depth of a leaf."""

    steps: int
    features: int
    entries: int
    path: int
    depth: int


@inner
def path_ratios(
    split_count: Floats, leaf_count: Floats, items: Integers, at: int, ratios: Floats
) -> None:
    """Write for each path feature the share of training rows that follow all its splits."""
    for place in range(items[at, PATH]):
        ratios[place] = 1.0
    below = at
    while items[below, PARENT] >= 0:
        above = items[below, PARENT]
        if items[below, SPLIT] < 0:
            rows = leaf_count[items[below, LEAF]]
        else:
            rows = split_count[items[below, SPLIT]]
        ratios[items[above, PLACE]] *= rows / split_count[items[above, SPLIT]]
        below = above


@inner
def leaf_table(
    value: float, ratios: Floats, d: int, quadrature: Quadrature, products: Floats, table: Floats
) -> None:
    """Write the Shapley values of one leaf: for path feature j and bits m at ``table[(j << d) + m]``."""
    for place in range(d << d):
        table[place] = 0.0
    for k in range((d + 1) // 2):
        t = quadrature.nodes[d, k]
        products[0] = value * quadrature.weights[d, k]
        for j in range(d):
            absent = (1.0 - t) * ratios[j]
            for mask in range(1 << j):
                products[mask + (1 << j)] = products[mask] * (absent + t)
                products[mask] *= absent
        for j in range(d):
            # (o - r) / ((1 - t) r + t o) for o = 1 and o = 0; where r = 0, the product is 0 as well.
            followed = (1.0 - ratios[j]) / ((1.0 - t) * ratios[j] + t)
            left_out = -1.0 / (1.0 - t)
            for mask in range(1 << d):
                factor = followed if (mask >> j) & 1 else left_out
                table[(j << d) + mask] += products[mask] * factor


@inner
def leaf_masks(items: Integers, group: int, leaf: int, masks: Integers) -> None:
    """Write for each pattern of a group's bits which path features of one of its leaves a row follows."""
    above, d = items[group, PATH], items[leaf, PATH]
    # Path features carry their bit already; one that is first split in the group starts as followed.
    for pattern in range(1 << above):
        masks[pattern] = pattern + (1 << d) - (1 << above)
    size = 1 << above
    for split in range(group, group + items[group, SIZE]):
        if items[split, SPLIT] < 0:
            continue
        keep_right, keep_left = -1, -1
        if split < leaf < split + items[split, SIZE]:
            if leaf <= split + items[split + 1, SIZE]:
                keep_right = ~(1 << items[split, PLACE])
            else:
                keep_left = ~(1 << items[split, PLACE])
        for pattern in range(size):
            masks[size + pattern] = masks[pattern] & keep_left
            masks[pattern] &= keep_right
        size += size


@inner
def group_table(
    forest: Forest,
    items: Integers,
    group: int,
    quadrature: Quadrature,
    found: Integers,
    table: Floats,
) -> None:
    """Add up the tables of a group's leaves; ``found`` are the group's features."""
    bits = bits_of(items, group)
    products, own = np.empty(1 << bits), np.empty((bits + 1) << bits)
    ratios, masks = np.empty(bits + 1), np.empty(1 << bits, np.int64)
    for leaf in range(group, group + items[group, SIZE]):
        if items[leaf, LEAF] < 0:
            continue
        d = items[leaf, PATH]
        path_ratios(forest.split_count, forest.leaf_count, items, leaf, ratios)
        leaf_table(forest.leaf_value[items[leaf, LEAF]], ratios, d, quadrature, products, own)
        leaf_masks(items, group, leaf, masks)
        above = items[leaf, PARENT]
        while above >= 0:
            if items[above, FRESH]:
                position = 0
                while found[position] != forest.feature[items[above, SPLIT]]:
                    position += 1
                first, mine = position << bits, items[above, PLACE] << d
                for pattern in range(1 << bits):
                    table[first + pattern] += own[mine + masks[pattern]]
            above = items[above, PARENT]


@inner
def put(step: Integers, item: Integers) -> None:
    """Write which masks a step reads and writes: an item's own, and its children's one level deeper."""
    step[MASK] = 2 * item[DEPTH] + item[IS_LEFT]
    step[MASK_LEFT] = 2 * item[DEPTH] + 3
    step[MASK_RIGHT] = 2 * item[DEPTH] + 2


@compiled
def tabulate(forest: Forest, most_bits: int, quadrature: Quadrature, tables: Tables) -> Needs:
    """Fill in the tables of all trees, as far as there is room; return what room they need."""
    most = 0
    for tree in range(len(forest.first_split) - 1):
        most = max(most, 2 * (forest.first_split[tree + 1] - forest.first_split[tree]) + 1)
    items, stack = np.empty((most, ITEM_FIELDS), np.int64), np.empty((most + 1, 3), np.int64)
    found, best = np.empty(most + 1, np.int64), np.empty(most)
    number, feature, entry, path, depth = 0, 0, 0, 0, 0
    for tree in range(len(forest.first_split) - 1):
        count = lay_out(forest, tree, items, stack)
        choose_groups(forest.feature, items, count, most_bits, found, best)
        at: Any = np.int64(0)  # a plain 0 would compile all that it is passed to once more
        while at < count:
            item = items[at]
            path = max(path, item[PATH])
            depth = max(depth, item[DEPTH])
            if item[IS_GROUP] == 0 and item[SPLIT] >= 0:
                step = tables.steps[number]
                put(step, item)
                step[ACTION] = DIVIDE if item[FRESH] else DIVIDE_AGAIN
                step[BIT] = item[PLACE]
                step[OF] = item[SPLIT]
                number += 1
                at += 1
                continue
            for place in range(at, at + item[SIZE]):
                if items[place, SPLIT] >= 0:
                    step = tables.steps[number]
                    put(step, item)
                    step[ACTION] = NOTE
                    step[BIT] = note_bit(items, at, place)
                    step[OF] = items[place, SPLIT]
                    number += 1
            bits = bits_of(items, at)
            known = features_of(forest.feature, items, at, found)
            size = known << bits if item[IS_GROUP] else 0
            step = tables.steps[number]
            put(step, item)
            step[ACTION] = LOOK_UP if item[IS_GROUP] else INTEGRATE
            step[BIT] = bits
            step[OF] = item[LEAF]
            step[COUNT] = known
            step[FIRST_FEATURE] = feature
            step[FIRST_ENTRY] = entry
            if feature + known <= len(tables.features) and entry + size <= len(tables.entries):
                for place in range(known):
                    tables.features[feature + place] = found[place]
                if item[IS_GROUP]:
                    table = tables.entries[entry : entry + size]
                    group_table(forest, items, at, quadrature, found, table)
                else:
                    ratios = tables.ratios[feature:]
                    path_ratios(forest.split_count, forest.leaf_count, items, at, ratios)
            number += 1
            feature += known
            entry += size
            at += item[SIZE]
        tables.first_step[tree + 1] = number
    return Needs(number, feature, entry, path, depth)
