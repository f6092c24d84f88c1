"""What the audit cannot see is said, in one line for each group of columns."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from features.hindsight import audit
from features.hindsight_unseen import unseen
from tests.features.audited import Ended, company
from tests.features.drawn import Drawn, project


@pytest.fixture
def leads() -> Ended:
    return Ended(size=800)


def lines(drawn: Drawn, leads: Ended, columns: dict[str, Any], **more: Any) -> list[str]:
    tables, read = company(drawn, leads, columns, **more)
    found = audit(tables, read, project())
    return [f"{item.table}: {item.why}" for item in unseen(tables, read, project(), found)]


def test_columns_without_a_history_are_named_but_for_those_left_out(
    drawn: Drawn, leads: Ended
) -> None:
    columns = {"Size": leads.hints(0.5), "Note": leads.hints(3), "Source": leads.hints(0.1)}
    assert lines(drawn, leads, columns) == [
        "leads: no history of 2 columns (Size, Source): taken as known at creation; "
        "one overwritten since is seen only by how it tells the outcome"
    ]


def test_a_column_that_the_history_names_is_not_among_them(drawn: Drawn, leads: Ended) -> None:
    change = {"lead_id": "l1", "field": "leads_0", "changed_at": leads.created[1]}
    assert lines(drawn, leads, {"Size": leads.hints(0.5)}, history=[change]) == []


def test_a_flat_export_has_no_open_leads_to_hold_a_column_against(
    drawn: Drawn, leads: Ended
) -> None:
    told = lines(drawn, leads, {"Size": leads.hints(0.5)}, flat=True)
    assert told[1:] == [
        "leads: 0 open leads (40 are needed) to tell which columns only closing a lead fills in"
    ]


def test_a_moment_inside_the_data_does_not_see_the_export_of_then(
    drawn: Drawn, leads: Ended
) -> None:
    tables, read = company(drawn, leads, {"Size": leads.hints(0.5)})
    read = read.model_copy(update={"stood_at": datetime.fromisoformat("2029-06-01")})
    told = unseen(replace(tables, stood_at=read.stood_at), read, project(), [])
    assert [item.why for item in told][1:] == [
        "the columns are as of the export: leads open on 2029-06-01 already show what became of them"
    ]


def test_too_few_ends_to_judge_are_counted(drawn: Drawn) -> None:
    leads = Ended(size=60)
    won = int((leads.won & ~leads.is_open).sum())
    lost = int((~leads.won & ~leads.is_open).sum())
    assert lines(drawn, leads, {"Size": leads.hints(0.5)}) == [
        f"leads: nothing was judged: {won} won and {lost} lost leads, 20 of each are needed"
    ]


def test_accounts_live_on(drawn: Drawn, leads: Ended) -> None:
    told = lines(drawn, leads, {}, accounts={"Kind": np.where(leads.hints(0) > 0, "a", "b")})
    assert told == [
        "accounts: no history of 1 column (Kind): taken as known at creation, though accounts live on"
    ]


def test_accounts_that_no_lead_names_are_not_judged(drawn: Drawn, leads: Ended) -> None:
    accounts = {"Kind": np.where(leads.hints(0) > 0, "a", "b")}
    tables, read = company(drawn, leads, {}, accounts=accounts)
    tables = replace(tables, leads=tables.leads.drop("account_id"))
    assert audit(tables, read, project()) == []
    assert [item.why for item in unseen(tables, read, project(), [])] == [
        "no lead names its account (columns.account_id): nothing was judged"
    ]


def test_events_without_a_time_of_recording_are_told(drawn: Drawn, leads: Ended) -> None:
    call = {"lead_id": "l1", "kind": "call", "occurred_at": leads.created[1]}
    late = {**call, "recorded_at": leads.created[1] + timedelta(days=1)}
    assert lines(drawn, leads, {}, events=[call]) == [
        "events: no time of recording (columns.recorded_at): one entered later counts from when it happened"
    ]
    assert lines(drawn, leads, {}, events=[call, late]) == []
