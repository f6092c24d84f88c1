"""Running totals as of a moment, without joining every snapshot to every fact.

Facts and snapshots are laid on one line of time per key, facts at a moment after the snapshots
of that moment, and summed in one window: what a snapshot finds is what happened strictly before
it. It is an as-of join of running sums that every engine can do.
"""

from collections.abc import Sequence

import ibis
from ibis.expr import types as ir

KEYS = ("lead_id", "as_of")


def totals_before(
    snapshots: ir.Table,
    facts: ir.Table,
    *,
    key: str | None,
    time: str,
    values: Sequence[str],
    at: str = "as_of",
) -> ir.Table:
    """Sum ``values`` of the facts of the same ``key`` whose ``time`` lies strictly before ``at``.

    Args:
        snapshots: has ``lead_id``, ``as_of``, ``at`` and the key.
        facts: has the key, ``time`` and the values; null times never count.
        key: column that both share, or None for all facts.
        time: the facts' moment.
        values: numeric columns to sum.
        at: the snapshots' moment, ``as_of`` unless an earlier edge of a window is asked for.

    Returns:
        ``lead_id``, ``as_of`` and the sums (0 where there was nothing), a row per snapshot.
    """
    marks = snapshots.select(
        *KEYS,
        key_value=snapshots[key] if key else ibis.literal(0),
        happened_at=snapshots[at],
        is_fact=ibis.literal(0, "int8"),
        **{value: ibis.literal(0).cast("float64") for value in values},
    )
    facts = facts.filter(facts[time].notnull())
    lines = facts.select(
        **{name: ibis.null(snapshots[name].type()) for name in KEYS},
        key_value=facts[key] if key else ibis.literal(0),
        happened_at=facts[time],
        is_fact=ibis.literal(1, "int8"),
        **{value: facts[value].cast("float64") for value in values},
    )
    window = ibis.window(group_by="key_value", order_by=["happened_at", "is_fact"], rows=(None, 0))
    line = marks.union(lines)
    line = line.mutate(**{value: line[value].sum().over(window) for value in values})
    return line.filter(line.is_fact == 0).select(*KEYS, *values)
