"""Attributes of the lead and of its account, as they stood at the moment."""

from ibis.expr import types as ir

from features.canonical import Canonical
from features.catalogue import AccountAttribute, Attribute, Catalogue
from features.clock import before


def attributes(tables: Canonical, snapshots: ir.Table, catalogue: Catalogue) -> ir.Table | None:
    """Return ``lead_id``, ``as_of`` and the lead's attributes, changing ones by their history."""
    features = [feature for feature in catalogue.features if isinstance(feature, Attribute)]
    if not features:
        return None
    columns = {feature.name: tables.leads[feature.column] for feature in features}
    current = tables.leads.select("lead_id", **columns)
    rows = snapshots.select("lead_id", "as_of").left_join(current, "lead_id").drop("lead_id_right")
    for feature in features:
        if feature.changing:
            rows = _as_it_stood(rows, tables.history, feature)
    return rows


def account_attributes(
    tables: Canonical, snapshots: ir.Table, catalogue: Catalogue
) -> ir.Table | None:
    """Return ``lead_id``, ``as_of`` and the attributes of the lead's account."""
    features = [feature for feature in catalogue.features if isinstance(feature, AccountAttribute)]
    if not features:
        return None
    columns = {feature.name: tables.accounts[feature.column] for feature in features}
    owned = tables.leads.select("lead_id", "account_id").inner_join(
        tables.accounts.select("account_id", **columns), "account_id"
    )
    owned = owned.select("lead_id", *columns)
    return snapshots.select("lead_id", "as_of").left_join(owned, "lead_id").drop("lead_id_right")


def _as_it_stood(rows: ir.Table, history: ir.Table, feature: Attribute) -> ir.Table:
    """Replace today's value by the one before ``as_of``.

    The last change before the moment tells the value; without one, the first later change tells
    what it was until then; without any change, today's value always held.
    """
    changes = history.filter(history.field == feature.column).select(
        "lead_id", "old_value", "new_value", "changed_at"
    )
    seen = rows.select("lead_id", "as_of").inner_join(changes, "lead_id")
    past = before(seen.changed_at, seen.as_of)
    told = seen.group_by("lead_id", "as_of").aggregate(
        was__value=seen.new_value.argmax(seen.changed_at, where=past),
        until__value=seen.old_value.argmin(seen.changed_at, where=~past),
        has__changed=past.any(),
    )
    joined = rows.left_join(told, ["lead_id", "as_of"])
    kept = [name for name in rows.columns if name != feature.name]
    now = joined[feature.name]
    was = joined.has__changed.ifelse(joined.was__value, joined.until__value).try_cast(now.type())
    return joined.select(*kept, **{feature.name: joined.has__changed.isnull().ifelse(now, was)})
