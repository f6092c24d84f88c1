"""Why one lead has the score that it has: in words, and as a picture or a page of what adds up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import UsageError
from features.people import account_of
from features.tables import TableSet
from pipelines.history import Line, gather
from pipelines.home import make_private
from pipelines.people import Routes, account_facts, file_name, people_of, person, routes_of
from pipelines.reading import tidy
from pipelines.settings import Request
from pipelines.standing import Standing, stand
from pipelines.steps import Steps
from pipelines.summary import Summary

if TYPE_CHECKING:
    import pandas as pd

    from models.bundle import Bundle
    from reports.person_facts import AccountFacts, Happening, LeadFacts, Person

MOST_HAPPENINGS = 40  # the last ones; `leadgauge history` tells all


@dataclass(frozen=True)
class Explained:
    """One lead's score, its reasons, what each concept adds in log-odds, and where picture and page lie."""

    facts: dict[str, Any]
    written: list[Path]
    warnings: list[str]


def explain(request: Request, steps: Steps) -> Summary:
    """Explain one open lead; with the option ``html`` on a page, too.

    Raises:
        UsageError: there is no such lead, or it is not open.
        NotEnoughError: there is no champion.
        ProjectError: the column of the buying group's roles is none of the leads.
        DataError: the data break the contract, or do not fit the model.
    """
    lead_id = str(request.options["lead_id"])
    standing = stand(request, steps)
    found = steps.run("explain the lead", explain_lead, request, standing, lead_id)
    steps.run("tidy up", tidy, request)
    return Summary(
        project=request.project.project,
        command="explain",
        run_id=request.run_id,
        as_of=standing.as_of,
        data_cutoff=standing.tables.data_cutoff,
        written=found.written,
        warnings=[*standing.tables.warnings, *found.warnings],
        facts={"lead_id": lead_id, "model_version": standing.champion.version, **found.facts},
        headline=_headline(lead_id, found.facts, standing.catalogue.horizon_days),
    )


def explain_lead(request: Request, standing: Standing, lead_id: str) -> Explained:
    """Score one open lead and its account, and draw what adds up to its score.

    Raises:
        UsageError: it is not open.
    """
    from models.bundle import Bundle
    from models.reasons import score

    account_id = account_of(standing.tables, lead_id)
    model = Bundle.load(standing.bundle)
    found, rows = people_of(request, standing, account_id=account_id, lead_id=lead_id)
    row = rows[rows["lead_id"].astype(str) == lead_id].reset_index(drop=True) if len(rows) else rows
    if not len(row):
        raise UsageError(_absent(standing.tables, lead_id, standing.as_of))
    facts = _why(row, model)
    routes = routes_of(request, standing.as_of, [str(lead) for lead in found["lead_id"]])
    scored = score(rows, model, contributions=False)
    account = (
        None
        if account_id is None
        else account_facts(request, standing, account_id, found, scored, routes)
    )
    written = [_draw(request, standing, lead_id, facts)]
    trouble = [] if routes.trouble is None else [routes.trouble]
    if request.options.get("html"):
        happened = gather(request.at(standing.as_of), standing.tables, lead_id)
        trouble += happened.warnings
        mine = found[found["lead_id"].astype(str) == lead_id].to_dict("records")[0]
        one = person(request, standing, mine, scored, routes)
        page = lead_facts(standing, one, facts, routes, account, happened.lines)
        written.append(_write_page(request, standing, lead_id, page))
    return Explained({**facts, **_account_told(account)}, written, trouble)


def _why(row: "pd.DataFrame", model: "Bundle") -> dict[str, Any]:
    """Return the score of one row, its reasons, and what each concept adds in log-odds."""
    from models.reasons import score
    from models.speaking import told

    scored = score(row, model).iloc[0]
    parts = [(str(concept), float(value)) for concept, value in scored["contributions"]]
    words = told(row, model)[0]
    return {
        "close_probability": float(scored["close_probability"]),
        "score": int(scored["score"]),
        "grade": str(scored["grade"]),
        "probability_low": _known(scored["probability_low"]),
        "probability_high": _known(scored["probability_high"]),
        "confidence": str(scored["confidence"]),
        "confidence_note": str(scored["confidence_note"]),
        "seen": _known(scored["seen"]),
        "reasons_for": list(scored["reasons_for"]),
        "reasons_against": list(scored["reasons_against"]),
        "base_log_odds": float(model.margin(row)[0]) - sum(value for _, value in parts),
        "contributions": [
            {"concept": concept, "words": words[concept], "log_odds": value}
            for concept, value in parts
        ],
    }


def lead_facts(
    standing: Standing,
    one: "Person",
    facts: dict[str, Any],
    routes: Routes,
    account: "AccountFacts | None",
    lines: Sequence[Line],
) -> "LeadFacts":
    """Return what the page of a lead says; ``lines``: its history in the order of time."""
    from reports.person_facts import LeadFacts, Part

    history, left_out = happenings(lines)
    return LeadFacts(
        person=one,
        as_of=standing.as_of,
        horizon_days=standing.catalogue.horizon_days,
        closing_times=not standing.tables.flat,
        model_version=standing.champion.version,
        probability=facts["close_probability"],
        low=facts["probability_low"],
        high=facts["probability_high"],
        **{name: facts[name] for name in ("score", "grade", "confidence", "confidence_note")},
        reasons_for=facts["reasons_for"],
        reasons_against=facts["reasons_against"],
        base_log_odds=facts["base_log_odds"],
        parts=[
            Part(words=part["words"], log_odds=part["log_odds"]) for part in facts["contributions"]
        ],
        published_at=routes.published_at,
        history=history,
        history_left_out=left_out,
        account=account,
    )


def happenings(lines: Sequence[Line]) -> "tuple[list[Happening], int]":
    """Return a lead's last happenings, the newest first, and how many earlier ones there are."""
    from reports.person_facts import Happening

    newest = [
        Happening(at=line.at, what=line.what, detail=line.detail, who=line.actor or None)
        for line in reversed(lines)
    ]
    return newest[:MOST_HAPPENINGS], len(newest[MOST_HAPPENINGS:])


def _account_told(account: "AccountFacts | None") -> dict[str, Any]:
    if account is None or account.chance is None:
        return {}
    return {
        "account_id": account.account_id,
        "account_open_leads": account.open,
        "account_probability": account.chance.probability,
    }


def _draw(request: Request, standing: Standing, lead_id: str, facts: dict[str, Any]) -> Path:
    """Draw the waterfall from the average lead to this one."""
    from pipelines.report import voice_of
    from reports.waterfall import waterfall_figure

    parts = [(str(part["words"]), float(part["log_odds"])) for part in facts["contributions"]]
    base = float(facts["base_log_odds"])
    margin = base + sum(value for _, value in parts)
    picture = _place(request, standing, lead_id, "png")
    figure = waterfall_figure(parts, base, margin, voice=voice_of(request))
    figure.savefig(picture, metadata={"Software": None})
    picture.chmod(0o600)
    return picture


def _write_page(request: Request, standing: Standing, lead_id: str, facts: "LeadFacts") -> Path:
    from pipelines.report import voice_of
    from reports.lead_page import write_lead_page

    return write_lead_page(facts, _place(request, standing, lead_id, "html"), voice_of(request))


def _place(request: Request, standing: Standing, lead_id: str, ending: str) -> Path:
    folder = request.project_home.reports
    make_private(folder)
    return folder / f"lead-{file_name(lead_id)}-{standing.as_of:%Y-%m-%d}.{ending}"


def _known(value: float) -> float | None:
    """Return a number as JSON takes it: None for one that there is not."""
    return None if math.isnan(value) else float(value)


def _headline(lead_id: str, facts: dict[str, Any], horizon_days: int) -> str:
    from delivery.people import of_a_hundred

    told = f"Lead {lead_id}: {100 * facts['close_probability']:.1f} % to close within {horizon_days} days"
    if facts["probability_low"] is not None:
        ends = [f"{facts[name]:.4f}" for name in ("probability_low", "probability_high")]
        told += f" (of leads like it, {of_a_hundred(*ends)} closed)"
    told += f", score {facts['score']}, grade {facts['grade']}, confidence {facts['confidence']}"
    return f"{told} ({facts['confidence_note']})." if facts["confidence_note"] else f"{told}."


def _absent(tables: TableSet, lead_id: str, as_of: datetime) -> str:
    """Say why a lead is not among the open ones."""
    import pandas as pd

    moment = f"{as_of:%Y-%m-%d %H:%M} UTC"
    leads = pd.read_parquet(tables.path("leads"), columns=["lead_id"])
    if not leads["lead_id"].astype(str).eq(lead_id).any():
        return (
            f"no lead has the id {lead_id!r} at {moment}: check its spelling, whether it was created by then, "
            f"whether it is on the suppression list, and {tables.folder / 'quarantine.csv'}"
        )
    outcomes = pd.read_parquet(tables.path("outcomes"), columns=["lead_id", "won", "closed_at"])
    mine = outcomes[outcomes["lead_id"].astype(str) == lead_id]
    if len(mine):
        end = mine.iloc[0]
        word = "won" if bool(end["won"]) else "lost"
        when = "" if pd.isna(end["closed_at"]) else f" on {end['closed_at']:%Y-%m-%d}"
        return f"lead {lead_id!r} is not open at {moment}: it was {word}{when}. Say an earlier moment with --as-of"
    return (
        f"lead {lead_id!r} is not open at {moment}: it counts as lost by the project file "
        "(label.lost_after_days, label.unmatched). Say an earlier moment with --as-of"
    )
