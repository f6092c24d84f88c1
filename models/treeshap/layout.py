"""Decides for one tree which splits are tabulated together.

An *item* is a split or a leaf; a tree's items stand in preorder, so that a subtree is a range. Its
*path* are the distinct features that are split above it. A subtree whose path features and splits
need few bits together is a *group*: what it adds for a row depends on those bits alone, and is looked
up once per feature for all its leaves. Splits above the groups are decided one by one.
"""

from typing import Any

import numpy as np

from models.treeshap.compiling import inner
from models.treeshap.trees import Floats, Forest, Integers

# The columns of the array of items. SPLIT and LEAF are positions in the forest (-1 where it is the
# other), PARENT a position among the items. PATH is the length of the path above, PLACE where a split's
# feature stands in the path below it, FRESH whether it is new there.
SPLIT, LEAF, PARENT, IS_LEFT, SIZE, DEPTH, PATH, PLACE, FRESH, IS_GROUP = range(10)
ITEM_FIELDS = 10
# A look-up costs about as much as this many table entries on their way through the cache, for each
# block of rows.
ENTRIES_PER_LOOKUP = 1024.0


@inner
def lay_out(forest: Forest, tree: int, items: Integers, stack: Integers) -> int:
    """Fill in a tree's items in preorder; return how many there are."""
    first, waiting = forest.first_split[tree], 1
    count: Any = np.int64(0)  # a plain 0 would compile all that it is passed to once more
    stack[0, 0], stack[0, 1], stack[0, 2] = 0, -1, 0
    while waiting:
        waiting -= 1
        node, item = stack[waiting, 0], items[count]
        item[PARENT], item[IS_LEFT] = stack[waiting, 1], stack[waiting, 2]
        item[SPLIT], item[LEAF], item[SIZE] = -1, -1, 1
        item[DEPTH], item[PATH], item[FRESH], item[IS_GROUP] = 0, 0, 0, 0
        if item[PARENT] >= 0:
            parent = items[item[PARENT]]
            item[DEPTH], item[PATH] = parent[DEPTH] + 1, parent[PATH] + parent[FRESH]
        if node < 0:
            item[LEAF] = first + tree - 1 - node  # a tree has one leaf more than splits
        else:
            item[SPLIT] = first + node
            find_place(forest.feature, items, count)
            for side in range(2):  # the left one is taken from the stack first
                child = forest.left[first + node] if side else forest.right[first + node]
                stack[waiting, 0], stack[waiting, 1], stack[waiting, 2] = child, count, side
                waiting += 1
        count += 1
    for place in range(count - 1, 0, -1):
        items[items[place, PARENT], SIZE] += items[place, SIZE]
    return int(count)


@inner
def find_place(feature: Integers, items: Integers, at: int) -> None:
    """Find a split's feature in its path, or append it."""
    items[at, PLACE], items[at, FRESH] = items[at, PATH], 1
    above = items[at, PARENT]
    while above >= 0:
        if feature[items[above, SPLIT]] == feature[items[at, SPLIT]]:
            items[at, PLACE], items[at, FRESH] = items[above, PLACE], 0
            return
        above = items[above, PARENT]


@inner
def bits_of(items: Integers, at: int) -> int:
    """Return how many bits tell apart what a subtree may add: one for each path feature and split."""
    bits: int = items[at, PATH] + (items[at, SIZE] - 1) // 2
    return bits


@inner
def note_bit(items: Integers, group: int, at: int) -> int:
    """Return the bit of a split inside its group: after the path's, in the order of the items."""
    bit: int = items[group, PATH]
    for earlier in range(group, at):
        if items[earlier, SPLIT] >= 0:
            bit += 1
    return bit


@inner
def features_of(feature: Integers, items: Integers, at: int, found: Integers) -> int:
    """Write the features of a subtree and of its path to ``found``, the path's first; return how many."""
    count, above = items[at, PATH], items[at, PARENT]
    while above >= 0:
        found[items[above, PLACE]] = feature[items[above, SPLIT]]
        above = items[above, PARENT]
    for place in range(at, at + items[at, SIZE]):
        if items[place, SPLIT] >= 0:
            found[count] = feature[items[place, SPLIT]]
            earlier = 0
            while found[earlier] != found[count]:
                earlier += 1
            if earlier == count:
                count += 1
    known: int = count
    return known


@inner
def choose_groups(
    feature: Integers, items: Integers, count: int, most_bits: int, found: Integers, best: Floats
) -> None:
    """Mark the subtrees that are tabulated, so that a row needs as few look-ups as can be."""
    for at in range(count - 1, -1, -1):
        bits, is_leaf = bits_of(items, at), items[at, SPLIT] < 0
        # A leaf whose path is too long for a table is no choice: any finite figure will do.
        together = float(bits * bits) if is_leaf else np.inf
        if bits <= most_bits:
            features = features_of(feature, items, at, found)
            together = features * (1.0 + (1 << bits) / ENTRIES_PER_LOOKUP)
        apart = np.inf
        if not is_leaf:
            apart = best[at + 1] + best[at + 1 + items[at + 1, SIZE]]
        if bits <= most_bits and together <= apart:
            items[at, IS_GROUP] = 1
        best[at] = min(together, apart)
