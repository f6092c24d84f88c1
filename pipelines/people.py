"""The people of an account, scored where their lead is open, as the pages and the summaries tell them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.errors import DataError
from features.frames import open_frame
from features.people import people
from pipelines.reading import feature_batches
from pipelines.record import read_accounts
from pipelines.settings import Request
from pipelines.standing import Standing
from reports.person_facts import AccountChance, AccountFacts, Checked, Person

if TYPE_CHECKING:
    import pandas as pd

    from models.accounts import AccountScale

WHERE = {"open": 0, "won": 1, "lost": 2}


@dataclass(frozen=True)
class Routes:
    """The routes of the last publication before the moment, by lead; ``trouble``: why they could not be read."""

    published_at: datetime | None = None
    rows: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    trouble: str | None = None


def people_of(
    request: Request,
    standing: Standing,
    *,
    account_id: str | None = None,
    lead_id: str | None = None,
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return the leads of an account (or one lead that has none), and the feature rows of those that are open.

    Raises:
        ProjectError: the column of the buying group's roles is none of the leads.
    """
    import pandas as pd

    found = people(
        standing.tables,
        request.project,
        standing.as_of,
        account_id=account_id,
        lead_id=lead_id,
    )
    frame = open_frame(
        standing.tables,
        request.project,
        standing.catalogue,
        standing.as_of,
        request.work / "asked-for",
        leads=[str(lead) for lead in found["lead_id"]],
    )
    batches = list(feature_batches(frame, standing.catalogue))
    return found, pd.concat(batches, ignore_index=True) if batches else pd.DataFrame()


def routes_of(request: Request, as_of: datetime, leads: "list[str]") -> Routes:
    """Return what the last publication up to the moment says of these leads; nothing where there is none."""
    import pyarrow.parquet as pq

    from delivery.publication import SCORES, latest

    just_after = as_of + timedelta(microseconds=1)
    try:
        found = latest(request.home.root, request.project.project, before=just_after)
    except DataError as error:
        return Routes(trouble=str(error))
    if found is None or not leads:
        return Routes()
    path = found.folder / SCORES
    columns = [
        name for name in ("lead_id", "route", "route_reason") if name in pq.read_schema(path).names
    ]
    rows = pq.read_table(path, columns=columns, filters=[("lead_id", "in", leads)]).to_pylist()
    return Routes(found.as_of, {row.pop("lead_id"): row for row in rows})


def account_facts(
    request: Request,
    standing: Standing,
    account_id: str,
    found: "pd.DataFrame",
    scored: "pd.DataFrame",
    routes: Routes,
) -> AccountFacts:
    """Return what is known and said of an account.

    Args:
        request: the run.
        standing: the champion and the moment.
        account_id: the account.
        found: its leads, as ``features.people.people`` has them.
        scored: ``lead_id, close_probability, grade, score`` of the open ones.
        routes: of the last publication.
    """
    persons = [person(request, standing, row, scored, routes) for row in found.to_dict("records")]
    persons.sort(key=lambda one: (WHERE[one.state], -(one.probability or 0.0), one.lead_id))
    states = [one.state for one in persons]
    amounts = [one.amount for one in persons if one.state == "won" and one.amount is not None]
    seen, missing = _roles(request, persons)
    return AccountFacts(
        account_id=account_id,
        as_of=standing.as_of,
        horizon_days=standing.catalogue.horizon_days,
        closing_times=not standing.tables.flat,
        model_version=standing.champion.version,
        open=states.count("open"),
        won=states.count("won"),
        lost=states.count("lost"),
        won_amount=sum(amounts) if amounts else None,
        chance=account_chance(
            read_accounts(standing.evidence),
            [one.probability for one in persons if one.probability is not None],
        ),
        roles_seen=seen,
        roles_missing=missing,
        published_at=routes.published_at,
        people=persons,
    )


def person(
    request: Request,
    standing: Standing,
    row: Mapping[Any, Any],
    scored: "pd.DataFrame",
    routes: Routes,
) -> Person:
    """Return one lead of an account; a lead that is not scored is not open."""
    import pandas as pd

    lead_id = str(row["lead_id"])
    mine = scored[scored["lead_id"].astype(str) == lead_id] if len(scored) else scored
    is_open = len(mine) > 0
    won = not pd.isna(row["won"]) and bool(row["won"])
    told = {
        name: None if pd.isna(row[name]) else row[name]
        for name in ("role", "closed_at", "amount", "last_at", "last_kind")
    }
    if told["last_kind"] is not None:
        kind = str(told["last_kind"])
        told["last_kind"] = request.project.features.words.get(kind, kind)
    if standing.tables.flat or is_open:
        told["closed_at"] = None
    if is_open:
        first = mine.iloc[0]
        told |= {
            "probability": float(first["close_probability"]),
            "grade": str(first["grade"]),
            "score": int(first["score"]),
            "amount": None,
        }
        told |= routes.rows.get(lead_id, {})
    return Person(
        lead_id=lead_id,
        state="open" if is_open else "won" if won else "lost",
        created_at=row["created_at"],
        **told,
    )


def account_chance(scale: "AccountScale", leads: list[float]) -> AccountChance | None:
    """Return the probability that anyone of these open leads closes; None without any."""
    import numpy as np

    from models.accounts import AccountScale

    if not leads:
        return None
    tried = scale.tried
    checked = None
    if tried is not None and tried.accounts:
        checked = Checked(
            accounts=tried.accounts,
            expected=tried.expected,
            won=tried.won,
            low=tried.low,
            high=tried.high,
            independent=tried.unscaled,
            honest=tried.honest,
        )
    return AccountChance(
        probability=scale.probability(np.array(leads)),
        independent=AccountScale().probability(np.array(leads)),
        scaled=scale.scaled,
        checked=checked,
    )


def file_name(name: str) -> str:
    """Return an id as part of a file name: what is neither letter nor digit becomes a dash."""
    return "".join(sign if sign.isalnum() else "-" for sign in name)[:60]


def _roles(request: Request, persons: list[Person]) -> tuple[list[str] | None, list[str] | None]:
    """Return the roles of the buying group that somebody has, and those that nobody has."""
    group = request.project.agreement.buying_group
    if group is None:
        return None, None
    there = {one.role.strip().casefold() for one in persons if one.role}
    seen = [role for role in group.roles if role.strip().casefold() in there]
    return seen, [role for role in group.roles if role not in seen]
