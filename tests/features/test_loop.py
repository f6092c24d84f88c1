"""The loop table: every lead's way between marketing and sales, as it stood at a moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import ProjectError
from features.loop import STEPS, LoopColumns, write_loop
from tests.features.company import Company
from tests.features.looped import FAR, Looped

COLUMNS = (
    *("lead_id", "created_at", "account_id", "owner", "source", "campaign"),
    *("won", "closed_at", "amount", "reason", "competitor", "discount"),
    *("margin", "first_handed_at", "handed_at", "accepted_at", "rejected_at", "rejected_reason"),
    *(
        "rejected_by",
        "contacted_at",
        "recycled_at",
        "last_sales_at",
        "last_nurture_at",
        "first_contact_at",
    ),
    *(
        "with_sales",
        "came_back_at",
        "overruled_at",
        "overruled_to",
        "overruled_by",
        "overruled_reason",
    ),
    *("met_budget", "met_authority", "met_need", "met_timeframe", "consent", "disqualified_by"),
    *("own_events", "own_events_after"),
)


@pytest.fixture
def looped(tmp_path: Path) -> Looped:
    return Looped(tmp_path)


def one(looped: Looped, *columns: str, steps: str, **given: Any) -> tuple[Any, ...]:
    """Return columns of lead 1 after steps such as ``handed_over 03, call 04``: kind and day of January."""
    events = [
        {"lead_id": "1", "kind": kind, "occurred_at": f"2026-01-{day}", "actor": f"who {kind}"}
        for kind, day in (step.split() for step in steps.split(", ") if step)
    ]
    return looped.rows(*columns, events=events, **given)[0]


def test_the_columns_are_those_agreed_on_and_leads_come_in_order(looped: Looped) -> None:
    looped.settings = {"agreement": {"team": "Team"}}
    table = pq.read_table(looped.loop().path)
    assert table.column_names == [*COLUMNS[:6], "lead_team", *COLUMNS[6:]]
    assert table["lead_id"].to_pylist() == ["1", "2", "3"]


def test_a_company_without_anything_but_leads_has_a_loop(looped: Looped) -> None:
    found = looped.rows("lead_id", "won", "with_sales", "consent", "own_events")
    assert found == [(lead, None, False, None, None) for lead in "123"]
    assert looped.loop().columns == LoopColumns()


def test_leads_are_there_from_the_moment_after_their_creation(looped: Looped) -> None:
    assert looped.rows("lead_id", as_of="2026-01-02T10:00") == [("1",)]
    assert looped.rows("lead_id", as_of="2026-01-02T10:00:00.000001") == [("1",), ("2",)]


OUTCOMES = """
    lead_id | won   | closed_at  | amount | reason | competitor | discount | margin
    1       | true  | 2026-02-01 | 900    |        |            | 5        | 40
    2       | false | 2026-03-01 |        | price  | Acme       |          |
"""


def test_an_end_is_known_once_it_is_over(looped: Looped) -> None:
    columns = ("won", "amount", "reason", "competitor", "discount", "margin")
    nothing = (None,) * 6
    assert looped.rows(*columns, as_of="2026-02-02", outcomes=OUTCOMES) == [
        (True, 900, None, None, 5, 40),
        nothing,
        nothing,
    ]
    later = looped.rows(*columns, as_of="2026-04-01", outcomes=OUTCOMES)
    assert later[1] == (False, None, "price", "Acme", None, None)


def test_flat_data_know_the_end_at_once(looped: Looped) -> None:
    looped.flat = True
    flat = "lead_id | won\n1 | true\n2 | false"
    found = looped.rows("won", "closed_at", outcomes=flat)
    assert found == [(True, None), (False, None), (None, None)]
    looped.settings = {"label": {"unmatched": "lost"}}
    assert looped.rows("won", outcomes=flat) == [(True,), (False,), (False,)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("", (None,) * 5),
        ("handed_over 03", ("03", "03", None, None, None)),
        ("handed_over 03, accepted 04, contacted 05", ("03", "03", "04", None, "05")),
        ("handed_over 03, rejected 04", ("03", "03", None, "04", None)),
        ("handed_over 03, rejected 04, handed_over 06", ("03", "06", None, None, None)),
        ("accepted 02, handed_over 03", ("03", "03", None, None, None)),
        ("handed_over 03, accepted 03, call 03", ("03", "03", "03", None, "03")),
        ("call 02, handed_over 03, call 05, meeting 06", ("03", "03", None, None, "05")),
        ("call 02, meeting 06", (None, None, None, None, "02")),
        ("accepted 02, rejected 04", (None, None, "02", "04", None)),
    ],
)
def test_a_step_before_the_last_hand_off_is_no_step_of_it(
    looped: Looped, steps: str, expected: tuple[str | None, ...]
) -> None:
    columns = ("first_handed_at", "handed_at", "accepted_at", "rejected_at", "contacted_at")
    found = one(looped, *columns, steps=steps)
    assert tuple(time and time[8:10] for time in found) == expected


@pytest.mark.parametrize(
    ("steps", "with_sales", "came_back"),
    [
        ("", False, None),
        ("handed_over 03", True, None),
        ("accepted 03", True, None),
        ("contacted 03", True, None),
        ("call 03", True, None),
        ("handed_over 03, rejected 04", False, "04"),
        ("handed_over 03, recycled 05", False, "05"),
        ("handed_over 03, rejected 04, recycled 05", False, "05"),
        ("handed_over 03, rejected 03", False, "03"),
        ("handed_over 03, rejected 04, handed_over 05", True, None),
        ("handed_over 03, rejected 04, accepted 05", True, "04"),
        ("handed_over 03, accepted 04, mail 05", True, None),
        ("recycled 05, handed_over 06", True, None),
        ("rejected 04", False, "04"),
        ("call 03, recycled 05", False, "05"),
        ("recycled 05", False, None),
    ],
)
def test_a_lead_is_with_sales_until_it_comes_back(
    looped: Looped, steps: str, with_sales: bool, came_back: str | None
) -> None:
    found = one(looped, "with_sales", "came_back_at", steps=steps)
    assert (found[0], found[1] and found[1][8:10]) == (with_sales, came_back)


def test_the_last_rejection_tells_reason_and_actor(looped: Looped) -> None:
    events = """
        lead_id | kind        | occurred_at | recorded_at | actor | reason
        1       | handed_over | 2026-01-03  |             | Mia   |
        1       | rejected    | 2026-01-04  |             | Kim   | too small
        1       | rejected    | 2026-01-05  |             | Lee   |
        2       | rejected    | 2026-01-05  | 2026-01-06  | Kim   | no budget
        2       | rejected    | 2026-01-05  | 2026-01-07  | Lee   | no need
    """
    found = looped.rows("rejected_reason", "rejected_by", events=events)
    assert found == [(None, "Lee"), ("no need", "Lee"), (None, None)]


def test_sales_and_nurture_are_told_by_the_agreements_kinds(looped: Looped) -> None:
    looped.settings = {"agreement": {"sales_kinds": ["visit on site"], "nurture_kinds": ["mail"]}}
    steps = [
        {"lead_id": "1", "kind": kind, "occurred_at": f"2026-01-{day}"}
        for kind, day in (("visit on site", "05"), ("call", "06"), ("mail", "07"), ("mail", "08"))
    ]
    found = looped.rows("last_sales_at", "first_contact_at", "last_nurture_at", events=steps)
    assert found[0] == ("2026-01-05 00:00", "2026-01-05 00:00", "2026-01-08 00:00")
    assert looped.loop(events=steps).columns.kinds == ["mail", "visit on site"]


def test_an_event_is_known_once_it_has_happened_and_been_recorded(looped: Looped) -> None:
    events = """
        lead_id | kind     | occurred_at      | recorded_at
        1       | accepted | 2026-01-05 10:00 | 2026-01-07 10:00
        2       | accepted | 2026-01-07 10:00 | 2026-01-05 10:00
        3       | accepted | 2026-01-07 10:00 |
    """
    assert looped.rows("accepted_at", as_of="2026-01-07T10:00", events=events) == [(None,)] * 3
    assert looped.loop("2026-01-07T10:00", events=events).columns.kinds == []
    found = looped.rows("accepted_at", as_of="2026-01-07T10:01", events=events)
    assert [time[:10] for (time,) in found] == ["2026-01-05", "2026-01-07", "2026-01-07"]


OVERRULES = """
    lead_id | step      | occurred_at | recorded_at | actor | route       | reason
    1       | overruled | 2026-01-05  | 2026-01-05  | Kim   | nurture     | later
    1       | overruled | 2026-01-07  | 2026-01-07  | Lee   | sales_ready | asked for a call
    2       | overruled | 2026-01-05  | 2026-01-05  | Kim   | the moon    |
    3       | overruled | 2026-01-05  | 2026-01-09  | kim   | recycle     |
"""
OVERRULED = ("overruled_at", "overruled_to", "overruled_by", "overruled_reason")


def test_the_last_overruling_counts(looped: Looped) -> None:
    assert looped.rows(*OVERRULED, feedback=OVERRULES) == [
        ("2026-01-07 00:00", "sales_ready", "Lee", "asked for a call"),
        (None,) * 4,
        ("2026-01-05 00:00", "recycle", "kim", None),
    ]


def test_only_those_who_may_overrule(looped: Looped) -> None:
    looped.settings = {"agreement": {"may_overrule": ["Kim"]}}
    assert looped.rows(*OVERRULED, feedback=OVERRULES, as_of="2026-01-09") == [
        ("2026-01-05 00:00", "nurture", "Kim", "later"),
        (None,) * 4,
        (None,) * 4,
    ]


def test_the_crm_does_not_overrule(looped: Looped) -> None:
    events = "lead_id | kind | occurred_at | actor\n1 | overruled | 2026-01-05 | Kim"
    assert looped.rows("overruled_at", events=events)[0] == (None,)


AGREED = {
    "agreement": {
        "qualified": {
            "budget": {"column": "Budget", "values": ["Approved", "Planned"]},
            "timeframe": {"column": "size", "values": ["5", "7"]},
        },
        "consent": {"column": "consent", "values": [True]},
        "disqualified": [
            {"column": "Size", "values": [10]},
            {"column": "Budget", "values": ["none"]},
        ],
    }
}
BANT = """
    lead_id | created_at | budget   | size | consent
    1       | 2026-01-01 | approved | 5    | True
    2       | 2026-01-01 | None     | 10   | false
    3       | 2026-01-01 | None     |      |
    4       | 2026-01-01 |          | 7    |
"""


def test_criteria_are_met_not_met_or_unknown(looped: Looped) -> None:
    looped.settings = AGREED
    columns = ("met_budget", "met_authority", "met_need", "met_timeframe", "consent")
    assert looped.rows(*columns, leads=BANT) == [
        (True, None, None, True, True),
        (False, None, None, False, False),
        (False, None, None, None, None),
        (None, None, None, True, None),
    ]


def test_the_first_criterion_that_disqualifies_is_told(looped: Looped) -> None:
    looped.settings = AGREED
    found = looped.rows("disqualified_by", leads=BANT)
    assert found == [(None,), ("Size is 10",), ("Budget is None",), (None,)]


HISTORY = """
    lead_id | field | old_value | new_value | changed_at
    1       | team  | east      | west      | 2026-02-01
    1       | team  | west      | north     | 2026-03-01
    2       | size  | 8         | 10        | 2026-03-01
    3       | owner | Kim       | Lee       | 2026-03-01
"""


def test_columns_stand_as_they_stood(looped: Looped) -> None:
    looped.settings = {
        "agreement": {"team": "Team", "disqualified": [{"column": "size", "values": [8]}]}
    }
    leads = """
        lead_id | created_at | team  | size | owner
        1       | 2026-01-01 | north | 5    | Kim
        2       | 2026-01-01 | south | 10   | Kim
        3       | 2026-01-01 | south | 10   | Lee
    """
    columns = ("lead_team", "lead_size", "disqualified_by", "owner")

    def at(moment: str) -> list[tuple[Any, ...]]:
        return looped.rows(*columns, as_of=moment, leads=leads, history=HISTORY)

    assert at("2026-02-01")[0] == ("east", 5, None, "Kim")
    assert at("2026-02-02")[0] == ("west", 5, None, "Kim")
    assert at("2026-02-02")[1:] == [("south", 8, "Size is 8", "Kim"), ("south", 10, None, "Kim")]
    assert at("2026-03-02") == [
        ("north", 5, None, "Kim"),
        ("south", 10, None, "Kim"),
        ("south", 10, None, "Lee"),
    ]


def test_own_events_are_what_the_lead_did_before_sales_came_in_and_after(looped: Looped) -> None:
    looped.settings = {"agreement": {"nurture_kinds": ["mail_sent"]}}
    visits = [
        {"lead_id": lead, "kind": kind, "occurred_at": f"2026-01-{day}"}
        for lead, kind, day in (
            *(("1", "visit", "02"), ("1", "form", "03"), ("1", "mail_sent", "04")),
            *(("1", "handed_over", "04"), ("1", "call", "05"), ("1", "visit", "05")),
            *(("1", "overruled", "06"), ("2", "visit", "02"), ("2", "handed_over", "03")),
        )
    ]
    columns = ("own_events", "own_events_after")
    assert looped.rows(*columns, events=visits, journey=True) == [(2, 1), (1, 0), (0, 0)]
    assert looped.rows(*columns, events=visits, journey=True, as_of="2026-01-03T12:00")[0] == (2, 0)
    assert looped.rows(*columns, events=visits) == [(None, None)] * 3


def test_what_the_project_file_names_is_told_by_column(looped: Looped) -> None:
    looped.settings = {
        "agreement": {"team": "the owner", "buying_group": {"column": "role", "roles": ["boss"]}},
        "report": {"dimensions": {"channel": "CHANNEL"}, "segments": ["size", "Channel"]},
    }
    leads = """
        lead_id | created_at | owner | source | role | channel | size
        1       | 2026-01-01 | Kim   | web    | boss | ads     | 3
    """
    assert looped.loop(leads=leads).columns == LoopColumns(
        dimensions={"source": "source", "channel": "lead_channel"},
        segments={"Size": "lead_size", "Channel": "lead_channel"},
        team="lead_owner",
        role="lead_role",
        labels={
            "lead_owner": "the owner",
            "lead_role": "Role",
            "lead_channel": "Channel",
            "lead_size": "Size",
            "owner": "the owner",
            "source": "the source",
        },
    )


COMPANY = """
    id | created    | channel | Role     | ok   | note
    1  | 2026-01-01 | web     | Boss     | yes  | -
    2  | 2026-01-02 | fair    | Engineer | yes  | x
    3  | 2026-01-03 | web     | Boss     | yes  | -
"""


def test_columns_that_no_feature_is_made_of_can_be_agreed_on(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.settings |= {
        "features": {"leave_out": {"Role": "asked by sales"}},
        "agreement": {
            "qualified": {"authority": {"column": "role", "values": ["boss"]}},
            "consent": {"column": "ok", "values": ["yes"]},
        },
    }
    read = company.read(leads=COMPANY)
    assert {left.label: left.reason for left in read.left_out} == {
        "Role": "asked by sales",
        "ok": "one value only",
    }
    assert [attribute.label for attribute in read.attributes] == ["channel", "note"]
    table = pq.read_table(write_loop(read, company.project(), FAR, tmp_path / "loop").path)
    assert table["met_authority"].to_pylist() == [True, False, True]
    assert table["consent"].to_pylist() == [True] * 3


def test_the_history_of_a_column_that_is_left_out_is_read(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.settings |= {
        "features": {"leave_out": {"Role": "asked by sales"}},
        "agreement": {"team": "Role"},
    }
    columns = {"lead_id": "lead", "field": "field", "old_value": "was", "new_value": "is"}
    company.sources["history"] = {
        "path": "history.csv",
        "columns": {**columns, "changed_at": "at"},
    }
    history = "lead | field | was | is | at\n1 | Role | Intern | Boss | 2026-03-01"
    read = company.read(leads=COMPANY, history=history)
    moment = datetime.fromisoformat("2026-02-15")
    table = pq.read_table(write_loop(read, company.project(), moment, tmp_path / "loop").path)
    assert table["lead_role"].to_pylist() == ["Intern", "Engineer", "Boss"]


def test_every_name_that_is_no_column_is_told_at_once(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.sources["leads"]["drop"] = ["Role"]
    company.settings |= {
        "agreement": {
            "qualified": {"authority": {"column": "role", "values": ["boss"]}},
            "consent": {"column": "okay", "values": ["yes"]},
            "team": "created",
        },
        "report": {"dimensions": {"channel": "chanel"}, "segments": ["zzz"]},
    }
    read = company.read(leads=COMPANY)
    with pytest.raises(ProjectError) as error:
        write_loop(read, company.project(), FAR, tmp_path / "loop")
    assert str(error.value).splitlines() == [
        "agreement.qualified.authority.column: 'role' is under sources.leads.drop, so it is not read; what sales and "
        "marketing look at and the model must not goes under features.leave_out instead",
        "agreement.consent.column: the leads have no column 'okay'; did you mean ok?",
        "agreement.team: 'created' is the leads' created_at, which is no attribute; name another column",
        "report.dimensions.channel: the leads have no column 'chanel'; did you mean channel?",
        "report.segments.0: the leads have no column 'zzz'; there are ok, channel, note",
    ]


def test_a_column_that_was_left_out_before_it_was_named_must_be_read_again(tmp_path: Path) -> None:
    company = Company(tmp_path)
    read = company.read(leads=COMPANY)
    company.settings["agreement"] = {"team": "ok"}
    with pytest.raises(ProjectError) as error:
        write_loop(read, company.project(), FAR, tmp_path / "loop")
    assert str(error.value) == (
        "agreement.team: 'ok' was left out when the leads were read (one value only), before the project file named "
        "it here; read them again"
    )


def test_what_the_outcome_is_read_from_is_no_segment(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.sources["outcomes"] = {
        "path": "leads.csv",
        "columns": {"lead_id": "id", "status": "stage", "closed_at": "closed"},
    }
    company.settings["report"] = {"segments": ["Stage"]}
    read = company.read(
        leads="id | created | stage | closed\n1 | 2026-01-01 | won | 2026-02-01\n2 | 2026-01-01 | lost | 2026-02-01"
    )
    with pytest.raises(ProjectError) as error:
        write_loop(read, company.project(), FAR, tmp_path / "loop")
    assert str(error.value) == (
        "report.segments.0: the outcome is read from 'Stage': it tells how a lead ended, not what it is like; name "
        "another column"
    )


MANY = [str(number) for number in range(100, 120)]
PEOPLE = "lead_id | created_at | team\n" + "".join(
    f"{lead} | 2026-01-01 | north\n" for lead in MANY
)
START = datetime.fromisoformat("2026-01-01")
AS_OF = START + timedelta(days=20)
hours = st.integers(0, 40 * 24).map(lambda hour: START + timedelta(hours=hour))
kinds = st.sampled_from([*STEPS, "call", "mail", "visit", "overruled"])
people = st.sampled_from([None, "Kim", "Lee"])
events = st.lists(
    st.fixed_dictionaries(
        {
            "lead_id": st.sampled_from(MANY),
            "kind": kinds,
            "occurred_at": hours,
            "recorded_at": hours,
            "actor": people,
            "reason": st.sampled_from([None, "too small", "no budget"]),
        }
    ),
    min_size=40,
    max_size=120,
)
outcomes = st.lists(
    st.fixed_dictionaries(
        {
            "lead_id": st.sampled_from(MANY),
            "won": st.booleans(),
            "closed_at": hours,
            "amount": st.integers(1, 9),
        }
    ),
    max_size=20,
    unique_by=lambda row: row["lead_id"],
)
few: Callable[[Any], Any] = settings(max_examples=6, deadline=None)  # each has many leads


def table(looped: Looped, **given: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(looped.loop(**given).path).to_pylist()
    return rows


def new(factory: pytest.TempPathFactory) -> Looped:
    made = Looped(factory.mktemp("looped"))
    made.settings = {"agreement": {"nurture_kinds": ["mail"], "team": "team"}}
    return made


def known_at(row: dict[str, Any]) -> datetime:
    known: datetime = max(row["occurred_at"], row["recorded_at"])
    return known


@few
@given(told=events, ends=outcomes, said=events)
def test_nothing_at_or_after_the_moment_changes_the_table(
    tmp_path_factory: pytest.TempPathFactory,
    told: list[dict[str, Any]],
    ends: list[dict[str, Any]],
    said: list[dict[str, Any]],
) -> None:
    looped = new(tmp_path_factory)
    words = [{**row, "step": row["kind"], "route": "nurture"} for row in said]
    moved = PEOPLE.replace("north", "moved") + "9 | 2026-01-21 00:00 | north\n"
    history = [
        {"lead_id": lead, "field": "team", "old_value": "north", "new_value": "moved"}
        for lead in MANY
    ]
    history = [{**row, "changed_at": str(AS_OF)} for row in history]
    all_of_it = table(
        looped,
        as_of=AS_OF,
        leads=moved,
        events=told,
        outcomes=ends,
        feedback=words,
        history=history,
        journey=True,
    )
    until_then = table(
        looped,
        as_of=AS_OF,
        leads=PEOPLE,
        events=[row for row in told if known_at(row) < AS_OF],
        outcomes=[row for row in ends if row["closed_at"] < AS_OF],
        feedback=[row for row in words if known_at(row) < AS_OF],
        journey=True,
    )
    assert all_of_it == until_then


@few
@given(told=events, split=st.integers(0, 60))
def test_feedback_tells_what_the_crm_would_have_told(
    tmp_path_factory: pytest.TempPathFactory, told: list[dict[str, Any]], split: int
) -> None:
    looped = new(tmp_path_factory)
    steps = [row for row in told if row["kind"] in STEPS]
    others = [row for row in told if row["kind"] not in STEPS]
    words = [{**row, "step": row["kind"]} for row in steps[split:]]
    by_crm = looped.loop(AS_OF, leads=PEOPLE, events=[*others, *steps], journey=True)
    alone = pq.read_table(by_crm.path)
    with_words = looped.loop(
        AS_OF, leads=PEOPLE, events=[*others, *steps[:split]], feedback=words, journey=True
    )
    assert pq.read_table(with_words.path).equals(alone)
    assert with_words.columns == by_crm.columns


@pytest.mark.parametrize("step", [1, 5])
def test_the_order_of_rows_does_not_matter(looped: Looped, step: int) -> None:
    rows = [
        {
            "lead_id": "1",
            "kind": "rejected",
            "occurred_at": START + timedelta(days=1),
            "actor": ("Kim", "Lee", None)[number % 3],
            "reason": ("too small", None)[number % 2],
        }
        for number in range(0, 6 * step, step)
    ]
    found = table(looped, events=rows)
    assert (found[0]["rejected_by"], found[0]["rejected_reason"]) == ("Lee", "too small")
