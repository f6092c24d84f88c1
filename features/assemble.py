"""The one function that turns snapshots into feature rows, for training and for the night."""

from collections.abc import Sequence

from ibis.expr import types as ir

from features.attributes import account_attributes, attributes
from features.behaviour import absent, behaviour
from features.canonical import Canonical
from features.catalogue import Catalogue, Timing
from features.clock import wall_clock
from features.surroundings import surroundings

KEYS = ("lead_id", "as_of")


def assemble(
    tables: Canonical,
    snapshots: ir.Table,
    catalogue: Catalogue,
    *,
    around: Sequence[ir.Table] | None = None,
) -> ir.Table:
    """Return one row per snapshot: its own columns, then every feature in catalogue order.

    Numbers are float64 (null where missing), categories are strings. Only what is known strictly
    before each row's ``as_of`` moves a feature (see features/clock.py). Rows are ordered by
    ``lead_id`` and ``as_of``; the pair must be unique. ``around``: what surrounds the snapshots, where
    it is computed already (``features.surroundings``).
    """
    parts = [
        attributes(tables, snapshots, catalogue),
        account_attributes(tables, snapshots, catalogue),
        *behaviour(tables, snapshots, catalogue),
        *(surroundings(tables, snapshots, catalogue) if around is None else around),
    ]
    rows = _timed(snapshots, catalogue)
    # One chain of joins, not a nest of them: Ibis compiles it several times as fast.
    for number, part in enumerate(part for part in parts if part is not None):
        rows = rows.left_join(part, KEYS, rname="{name}__" + str(number))
    columns = {}
    for feature in catalogue.features:
        if feature.name in snapshots.columns:  # the age is both what a snapshot has and a feature
            continue
        column = rows[feature.name]
        if (value := absent(feature)) is not None:
            column = column.fill_null(value)
        columns[feature.name] = column.cast("float64" if feature.type == "number" else "string")
    return rows.select(*snapshots.columns, **columns).order_by(KEYS)


def _timed(snapshots: ir.Table, catalogue: Catalogue) -> ir.Table:
    """Add the timing features to the snapshots."""
    local = wall_clock(snapshots.created_at, catalogue.timezone)
    measures = {
        "age_days": snapshots.age_days,
        "created_weekday": local.day_of_week.index() + 1,
        "created_hour": local.hour(),
    }
    timing = [feature for feature in catalogue.features if isinstance(feature, Timing)]
    return snapshots.mutate(
        **{f.name: measures[f.measure] for f in timing if f.name not in snapshots.columns}
    )
