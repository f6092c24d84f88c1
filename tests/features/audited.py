"""A company whose columns a test makes up, and what the hindsight audit says of them."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.canonical import Canonical
from features.hindsight import Suspect, audit, evidence_against
from features.hindsight_leads import ended_leads
from features.hindsight_rules import Evidence
from features.tables import AttributeColumn, TableCount, TableSet
from tests.features.drawn import FAR, Drawn, project

HOURS = 6  # between two leads
LEADS = 1500
WON = 0.2


@dataclass
class Ended:
    """Leads in order of creation, six hours apart: a fifth is won; each takes its own time to end.

    Open are those whose end lies beyond the cut-off. ``random`` draws what a test fills in.
    """

    size: int = LEADS
    seed: int = 3
    won_share: float = WON
    slow_days: float = 20.0
    won: NDArray[np.bool_] = field(init=False)
    created: pd.Series = field(init=False)
    life: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.won = self.random.random(self.size) < self.won_share
        start = FAR - timedelta(hours=HOURS * self.size)
        self.created = pd.Series(pd.date_range(start, periods=self.size, freq=f"{HOURS}h"))
        self.life = np.round(self.random.exponential(self.slow_days, self.size)) + 1.0

    @property
    def is_open(self) -> NDArray[np.bool_]:
        """Which leads have not ended at the cut-off."""
        return (self.created + pd.to_timedelta(self.life, unit="D") >= FAR).to_numpy()

    def hints(self, strength: float) -> NDArray[np.float64]:
        """Draw a number that an honest column could hold: ``strength`` higher for those to be won."""
        return self.random.normal(strength * self.won, 1.0)

    def some(self, share_won: float, share_lost: float) -> NDArray[np.bool_]:
        """Draw who has a value."""
        return self.random.random(self.size) < np.where(self.won, share_won, share_lost)


def only(rows: NDArray[np.bool_], values: Any) -> pd.Series:
    """Return ``values`` on those rows, nothing elsewhere."""
    told = pd.Series(values, index=range(len(rows)))
    return told.astype("float64" if told.dtype.kind in "if" else "object").where(rows)


def evidence(
    leads: Ended,
    columns: dict[str, Any],
    *,
    life_events: NDArray[np.float64] | None = None,
    flat: bool = False,
    **blocks: Any,
) -> dict[str, Evidence]:
    """Return the evidence against each column that has any; ``columns``: label, values in the leads' order."""
    frame, attributes = _table(leads, columns, flat=flat)
    frame["life_events"] = 0.0 if life_events is None else life_events
    ended = ended_leads(frame, project(**blocks), cutoff=FAR, flat=flat)
    found = evidence_against(frame, attributes, ended)
    return {attribute.label: why for attribute, why in found.items()}


def suspects(
    drawn: Drawn,
    leads: Ended,
    columns: dict[str, Any],
    *,
    accounts: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    history: list[dict[str, Any]] | None = None,
    flat: bool = False,
    **blocks: Any,
) -> dict[str, Suspect]:
    """Audit the tables of such a company, each lead with an account of its own."""
    tables, read = company(
        drawn, leads, columns, accounts=accounts, events=events, history=history, flat=flat
    )
    return {s.label: s for s in audit(tables, read, project(**blocks))}


def company(
    drawn: Drawn,
    leads: Ended,
    columns: dict[str, Any],
    *,
    accounts: dict[str, Any] | None = None,
    events: list[dict[str, Any]] | None = None,
    history: list[dict[str, Any]] | None = None,
    flat: bool = False,
) -> tuple[Canonical, TableSet]:
    """Return the canonical tables of such a company and what is known of its columns."""
    empty = drawn.tables(events=events or [], history=history or [])
    frame, attributes = _table(leads, columns, flat=flat)
    held, theirs = _table(leads, accounts or {}, flat=flat, table="accounts")
    ended = frame[frame["won"].notna()]
    tables = Canonical(
        leads=ibis.memtable(frame.drop(columns=["won", "closed_at"])),
        outcomes=ibis.memtable(ended[["lead_id", "won", "closed_at"]]).cast(
            {"won": "boolean", "closed_at": "timestamp(6)"}
        ),
        accounts=ibis.memtable(held[["account_id", *(a.column for a in theirs)]]),
        events=empty.events,
        history=empty.history,
        cutoff=FAR,
        flat=flat,
    )
    read = TableSet(
        folder=Path(),
        project="drawn",
        data_cutoff=FAR,
        flat=flat,
        tables={"leads": TableCount(read=leads.size, kept=leads.size)},
        attributes=[*attributes, *theirs],
    )
    return tables, read


def _table(
    leads: Ended,
    columns: dict[str, Any],
    *,
    flat: bool,
    table: Literal["leads", "accounts"] = "leads",
) -> tuple[pd.DataFrame, list[AttributeColumn]]:
    ids = [f"l{n}" for n in range(leads.size)]
    known = ~leads.is_open | flat
    ends = leads.created + pd.to_timedelta(leads.life, unit="D")
    frame = pd.DataFrame(
        {
            "lead_id": ids,
            "account_id": ids,
            "created_at": leads.created,
            "won": pd.Series(leads.won, dtype="object").where(known),
            "closed_at": pd.Series(pd.NaT, index=ends.index) if flat else ends.where(known),
        }
    )
    frame = frame.assign(**{f"{table}_{n}": values for n, values in enumerate(columns.values())})
    attributes = [
        AttributeColumn(
            table=table,
            column=f"{table}_{n}",
            label=label,
            type="number" if pd.api.types.is_numeric_dtype(frame[f"{table}_{n}"]) else "category",
            distinct=int(frame[f"{table}_{n}"].nunique()),
            filled=float(frame[f"{table}_{n}"].notna().mean()),
        )
        for n, label in enumerate(columns)
    ]
    return frame, attributes
