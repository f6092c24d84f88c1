"""One account: its people, its buying group, and the probability that anyone of it closes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import UsageError
from features.tables import TableSet
from pipelines.home import make_private
from pipelines.people import account_facts, file_name, people_of, routes_of
from pipelines.reading import tidy
from pipelines.settings import Request
from pipelines.standing import Standing, stand
from pipelines.steps import Steps
from pipelines.summary import Summary

if TYPE_CHECKING:
    from reports.person_facts import AccountFacts, Person
    from reports.voice import Voice


MOST_NAMES = 20_000  # that are compared with a name that is not there


def account(request: Request, steps: Steps) -> Summary:
    """Tell what is known and said of one account; with the option ``html`` on a page, too.

    Raises:
        UsageError: there is no such account.
        NotEnoughError: there is no champion.
        ProjectError: the column of the buying group's roles is none of the leads.
        DataError: the data break the contract, or do not fit the model.
    """
    from pipelines.report import voice_of
    from reports.account_words import account_headline

    account_id = str(request.options["account_id"])
    standing = stand(request, steps)
    facts, trouble = steps.run("look at the account", look_at, request, standing, account_id)
    written = []
    voice = voice_of(request)
    if request.options.get("html"):
        written.append(steps.run("write the page", write_page, request, facts))
    steps.run("tidy up", tidy, request)
    return Summary(
        project=request.project.project,
        command="account",
        run_id=request.run_id,
        as_of=standing.as_of,
        data_cutoff=standing.tables.data_cutoff,
        written=written,
        warnings=[*standing.tables.warnings, *trouble],
        facts={
            "account_id": account_id,
            "model_version": standing.champion.version,
            **_told(facts, voice),
        },
        headline=voice.say(
            "Account {account}: {told}",
            account=facts.account_id,
            told=account_headline(facts, voice),
        ),
    )


def look_at(
    request: Request, standing: Standing, account_id: str
) -> "tuple[AccountFacts, list[str]]":
    """Return what is known and said of an account, and what went wrong with the last publication, if anything.

    Raises:
        UsageError: there is no such account.
    """
    import pandas as pd

    from models.bundle import Bundle
    from models.reasons import score

    found, rows = people_of(request, standing, account_id=account_id)
    if not len(found):
        raise UsageError(
            _absent(standing.tables, account_id, f"{standing.as_of:%Y-%m-%d %H:%M} UTC")
        )
    scored = pd.DataFrame()
    if len(rows):
        scored = score(rows, Bundle.load(standing.bundle), contributions=False)
    routes = routes_of(request, standing.as_of, [str(lead) for lead in found["lead_id"]])
    facts = account_facts(request, standing, account_id, found, scored, routes)
    return facts, [] if routes.trouble is None else [routes.trouble]


def write_page(request: Request, facts: "AccountFacts") -> Path:
    """Write the account's page and return its path."""
    from pipelines.report import voice_of
    from reports.account_page import write_account_page

    folder = request.project_home.reports
    make_private(folder)
    name = f"account-{file_name(facts.account_id)}-{facts.as_of:%Y-%m-%d}.html"
    return write_account_page(facts, folder / name, voice_of(request))


def _told(facts: "AccountFacts", voice: "Voice") -> dict[str, Any]:
    from reports.account_words import account_basis, roles_sentence

    chance, roles = facts.chance, roles_sentence(facts, voice)
    return {
        "account_probability": None if chance is None else chance.probability,
        "independent_probability": None if chance is None else chance.independent,
        "open": facts.open,
        "won": facts.won,
        "lost": facts.lost,
        "won_amount": facts.won_amount,
        "roles_seen": facts.roles_seen,
        "roles_missing": facts.roles_missing,
        "published_at": facts.published_at,
        "basis": account_basis(facts, voice),
        "buying_group": [] if roles is None else [roles],
        "people": [_line(one) for one in facts.people],
    }


def _line(one: "Person") -> dict[str, Any]:
    return {
        "lead_id": one.lead_id,
        "state": one.state,
        "role": one.role,
        "grade": one.grade,
        "close_probability": one.probability,
        "route": one.route,
        "closed_at": one.closed_at,
        "last_activity": one.last_kind,
        "last_activity_at": one.last_at,
    }


def _absent(tables: TableSet, account_id: str, moment: str) -> str:
    """Say why there is no such account, with the nearest that there is."""
    import pyarrow.parquet as pq

    from features.nearest import nearest

    if "account_id" not in pq.read_schema(tables.path("leads")).names:
        return (
            "the leads have no account: map account_id under sources.leads.columns of the project file, then train "
            "again"
        )
    known = pq.read_table(tables.path("leads"), columns=["account_id"])["account_id"]
    names = sorted({str(name) for name in known.unique().to_pylist() if name is not None})[
        :MOST_NAMES
    ]
    close = nearest(account_id, names)
    meant = f"did you mean {' or '.join(close)}?" if close else "check its spelling"
    return f"no lead that was there at {moment} is of an account {account_id!r}; {meant}"
