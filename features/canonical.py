"""The canonical tables as Ibis sees them, on whichever engine holds them."""

from dataclasses import dataclass
from datetime import datetime

import ibis
from ibis.expr import types as ir


@dataclass(frozen=True)
class Canonical:
    """One company's tables, typed and checked (see docs/architecture.md for their columns).

    ``cutoff`` is naive UTC: nothing at or after it is in the tables. ``flat`` data have
    outcomes without a closing time: the status is the label, at age 0 only. ``stood_at``: the
    moment inside the data that was asked for, None at their end.
    """

    leads: ir.Table
    outcomes: ir.Table
    events: ir.Table
    accounts: ir.Table
    history: ir.Table
    cutoff: datetime
    flat: bool
    stood_at: datetime | None = None

    @classmethod
    def of(
        cls,
        connection: ibis.BaseBackend,
        *,
        cutoff: datetime,
        flat: bool,
        stood_at: datetime | None = None,
    ) -> "Canonical":
        """Return the tables of a connection that has one table or view of each name."""
        names = ("leads", "outcomes", "events", "accounts", "history")
        return cls(
            **{name: connection.table(name) for name in names},
            cutoff=cutoff,
            flat=flat,
            stood_at=stood_at,
        )

    def closed_leads(self) -> ir.Table:
        """Leads with their end: ``won`` (null if open), ``closed_at``."""
        ends = self.outcomes.select("lead_id", "won", "closed_at")
        return self.leads.left_join(ends, "lead_id").drop("lead_id_right")

    @property
    def known_events(self) -> ir.Table:
        """Events with ``known_at``: when they had both happened and been recorded."""
        known_at = ibis.greatest(self.events.occurred_at, self.events.recorded_at)
        return self.events.mutate(known_at=known_at.fill_null(self.events.occurred_at))


def moment(value: datetime) -> ir.TimestampScalar:
    """Return a naive UTC moment as a literal."""
    return ibis.literal(value, type="timestamp(6)")
