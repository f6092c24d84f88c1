"""The audit of a company's tables: what is done about each suspect."""

from dataclasses import replace
from datetime import timedelta

import ibis
import numpy as np
import pytest

from features.hindsight import audit
from tests.features.audited import Ended, company, suspects
from tests.features.drawn import Drawn, project


@pytest.fixture
def leads() -> Ended:
    return Ended()


# Verdicts


def test_a_person_can_overrule_it(drawn: Drawn, leads: Ended) -> None:
    keep = {"keep": {"Note": "known from the form"}}
    found = suspects(drawn, leads, {"Note": leads.hints(3)}, features=keep)
    assert found["Note"].verdict == "kept by the project file"


def test_a_watched_column_that_is_kept_is_not_told_again(drawn: Drawn, leads: Ended) -> None:
    keep = {"keep": {"Interest": "asked in the form"}}
    assert suspects(drawn, leads, {"Interest": leads.hints(1.25)}, features=keep) == {}


def test_a_column_with_a_history_is_read_through_it(drawn: Drawn, leads: Ended) -> None:
    change = {"lead_id": "l1", "field": "leads_0", "changed_at": leads.created[1]}
    found = suspects(drawn, leads, {"Status": np.where(leads.won, "won", "x")}, history=[change])
    assert found["Status"].verdict == "changing, read through its history"


def test_an_accounts_column_is_told_with_what_to_do(drawn: Drawn, leads: Ended) -> None:
    kind = np.where(leads.won, "customer", "prospect")
    found = suspects(drawn, leads, {"Size": leads.hints(0.5)}, accounts={"Kind": kind})["Kind"]
    assert found.verdict == "watch"
    assert found.evidence.endswith(
        "; a column of accounts: name it under features.leave_out unless it was known before"
    )


def test_an_owner_who_gets_the_lead_by_closing_it_is_told(drawn: Drawn, leads: Ended) -> None:
    tables, read = company(drawn, leads, {"Size": leads.hints(0.5)})
    owner = [("closing desk" if won else f"rep {n % 5}") for n, won in enumerate(leads.won)]
    owners = ibis.memtable({"lead_id": [f"l{n}" for n in range(leads.size)], "owner": owner})
    named = tables.leads.inner_join(owners, "lead_id")
    (found,) = audit(replace(tables, leads=named), read, project())
    assert (found.column, found.verdict) == ("owner", "watch")
    assert found.evidence.endswith(
        "; name owner_record under features.leave_out unless leads keep their first owner"
    )


def test_those_left_out_are_told_first(drawn: Drawn, leads: Ended) -> None:
    columns = {"Interest": leads.hints(1.25), "Note": leads.hints(3)}
    assert list(suspects(drawn, leads, columns)) == ["Note", "Interest"]


def test_a_count_of_all_events_is_found_and_one_of_those_before_the_lead_is_not(
    drawn: Drawn,
) -> None:
    leads = Ended(size=600)
    after, before = leads.random.poisson(6, leads.size), leads.random.poisson(6, leads.size)
    events = [
        {"lead_id": f"l{n}", "kind": "visit", "occurred_at": leads.created[n] + timedelta(hours=h)}
        for n in range(leads.size)
        for h in [*range(1, after[n] + 1), *range(-before[n], 0)]
    ]
    columns = {"Handled": after.astype(float), "Seen": before.astype(float)}
    found = suspects(drawn, leads, columns, events=events)
    assert {label: s.evidence for label, s in found.items()} == {
        "Handled": "it counts what the events hold of a lead's whole life (rank correlation 1.00)"
    }


def test_nothing_is_judged_on_a_handful_of_wins(drawn: Drawn) -> None:
    leads = Ended(size=80)
    assert suspects(drawn, leads, {"Note": np.where(leads.won, "signed", "other")}) == {}


def test_leads_from_before_the_trusted_date_are_not_judged(drawn: Drawn, leads: Ended) -> None:
    """In the first half sales wrote the end into a field that has another use since."""
    old = np.arange(leads.size) < leads.size // 2
    note = np.where(old, leads.won, leads.random.random(leads.size) < 0.5)
    columns = {"Box": np.where(note, "yes", "no")}
    since = {"trusted_from": leads.created[leads.size // 2].to_pydatetime()}
    assert list(suspects(drawn, leads, columns)) == ["Box"]
    assert suspects(drawn, leads, columns, label=since) == {}


def test_every_column_of_a_large_company_is_judged_on_a_part_of_its_leads(
    drawn: Drawn, leads: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("features.hindsight_leads.MOST_LEADS", 500)
    assert list(suspects(drawn, leads, {"Note": leads.hints(3)})) == ["Note"]
