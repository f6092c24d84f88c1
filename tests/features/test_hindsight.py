"""Columns that know the outcome are found; honest ones, however good, are not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.hindsight import auc, audit
from features.tables import AttributeColumn, TableCount, TableSet
from tests.features.drawn import FAR, Drawn, project

N = 800
FOLDER = Path()


@pytest.fixture
def company() -> dict[str, list[dict[str, Any]]]:
    """A fifth of the leads is won; the last hundred are open. ``size`` honestly helps."""
    rng = np.random.default_rng(3)
    won = rng.random(N) < 0.2
    start = FAR - timedelta(days=400)
    leads = [
        {
            "lead_id": f"l{n}",
            "created_at": start + timedelta(hours=8 * n),
            "size": round(float(rng.normal(1.0 if won[n] else 0.0)), 3),
        }
        for n in range(N)
    ]
    outcomes = [
        {"lead_id": f"l{n}", "won": bool(won[n]), "closed_at": start + timedelta(hours=8 * n + 48)}
        for n in range(N - 100)
    ]
    return {"leads": leads, "outcomes": outcomes}


def suspects(
    drawn: Drawn, company: dict[str, Any], name: str, kind: Any, **blocks: Any
) -> list[dict[str, Any]]:
    tables = TableSet(
        folder=FOLDER,
        project="drawn",
        data_cutoff=FAR,
        tables={"leads": TableCount(read=N, kept=N)},
        attributes=[
            AttributeColumn(column=name, label=name.title(), type=kind, distinct=9, filled=0.5)
        ],
    )
    return [s.to_json() for s in audit(drawn.tables(**company), tables, project(**blocks))]


def with_source(company: dict[str, Any], value: Any) -> dict[str, Any]:
    """Rewrite ``source`` as today's export would show it, given each lead's end."""
    ends = {row["lead_id"]: row["won"] for row in company["outcomes"]}
    leads = [
        {**lead, "source": value(n, ends.get(lead["lead_id"]))}
        for n, lead in enumerate(company["leads"])
    ]
    return {**company, "leads": leads}


def test_an_honest_column_that_helps_is_no_suspect(drawn: Drawn, company: dict[str, Any]) -> None:
    assert suspects(drawn, company, "size", "number") == []


def test_a_column_written_with_the_outcome_is_found_by_what_it_says(
    drawn: Drawn, company: dict[str, Any]
) -> None:
    told = with_source(
        company, lambda n, won: ("signed" if n % 10 else "other") if won else "other"
    )
    (found,) = suspects(drawn, told, "source", "category")
    assert found["verdict"] == "left out"
    assert found["evidence"].startswith(
        "alone it tells the outcome of later leads with an AUC of 0.9"
    )


def test_a_column_filled_in_for_winners_is_found_by_being_filled(
    drawn: Drawn, company: dict[str, Any]
) -> None:
    told = with_source(company, lambda n, won: f"c{n % 7}" if won and n % 5 else None)
    (found,) = suspects(drawn, told, "source", "category")
    assert found["evidence"].startswith("whether it is filled at all tells the outcome (AUC 0.9")


def test_a_column_that_open_leads_do_not_have_yet_is_found(
    drawn: Drawn, company: dict[str, Any]
) -> None:
    told = with_source(company, lambda n, won: None if won is None else f"c{n % 7}")
    (found,) = suspects(drawn, told, "source", "category")
    assert found["evidence"] == "filled in 100% of won leads, and in 0% of those still open"


def test_a_person_can_overrule_it(drawn: Drawn, company: dict[str, Any]) -> None:
    told = with_source(company, lambda n, won: None if won is None else f"c{n % 7}")
    (found,) = suspects(drawn, told, "source", "category", features={"keep": {"Source": "known"}})
    assert found["verdict"] == "kept by the project file"


def test_nothing_is_judged_on_a_handful_of_wins(drawn: Drawn, company: dict[str, Any]) -> None:
    few = {**company, "outcomes": company["outcomes"][:60]}
    told = with_source(few, lambda _, won: "signed" if won else "other")
    assert suspects(drawn, told, "source", "category") == []


def test_auc_by_hand() -> None:
    scores = np.array([0.1, 0.4, 0.4, 0.8])
    # pairs: (0.4 over 0.1) 1, (0.4 = 0.4) 1/2, (0.8 over both) 2, of 4
    assert auc(scores, np.array([False, True, False, True])) == 3.5 / 4
    assert auc(scores, np.array([True, True, True, True])) == 0.5
