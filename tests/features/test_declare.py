"""A sensible catalogue comes by itself, and says what it left out and why."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from features.catalogue import Catalogue
from features.declare import as_trained, build_catalogue
from features.errors import ProjectError
from features.tables import AttributeColumn, LeftOutColumn, TableCount, TableSet
from tests.features.drawn import FAR, Drawn, project

LEADS = [
    {
        "lead_id": f"l{n}",
        "created_at": datetime(2026, 1, 1 + n % 20, n % 24),  # noqa: DTZ001  naive UTC
        "account_id": f"a{n // 2}",
        "owner": f"o{n % 3}",
        "source": "web" if n % 2 else "fair",
        "size": n,
    }
    for n in range(40)
]
EVENTS = [
    {"lead_id": lead["lead_id"], "kind": kind, "occurred_at": lead["created_at"]}
    for lead in LEADS
    for kind in ("visit", "sales call")
] + [{"lead_id": "l0", "kind": "rare", "occurred_at": LEADS[0]["created_at"]}]


def column(name: str, kind: Any, distinct: int, label: str | None = None) -> AttributeColumn:
    return AttributeColumn(
        column=name, label=label or name, type=kind, distinct=distinct, filled=1.0
    )


def read(*attributes: AttributeColumn, left_out: tuple[LeftOutColumn, ...] = ()) -> TableSet:
    return TableSet(
        folder=Path(),
        project="drawn",
        data_cutoff=FAR,
        tables={"leads": TableCount(read=40, kept=40)},
        attributes=list(attributes),
        left_out=list(left_out),
    )


def declare(drawn: Drawn, tables: TableSet, *, history: Any = (), **blocks: Any) -> Catalogue:
    canonical = drawn.tables(leads=LEADS, events=EVENTS, history=list(history))
    suspects = blocks.pop("suspects", {})
    return build_catalogue(canonical, tables, project(**blocks), suspects=suspects)


def test_columns_and_kinds_become_features_with_names_that_carry_their_window(drawn: Drawn) -> None:
    found = declare(drawn, read(column("size", "number", 40)), features={"windows_days": [7]})
    assert found.names == [
        "age_days",
        "created_hour",
        "created_weekday",
        "size",
        "source_record",
        "owner_record",
        "owner_open_leads",
        "account_people",
        "account_wins",
        "account_active_people_30d",
        "account_events_30d",
        "sales_call_7d",
        "sales_call_ever",
        "sales_call_days_since",
        "visit_7d",
        "visit_ever",
        "visit_days_since",
        "any_7d",
        "any_ever",
        "any_days_since",
        "active_days_7d",
        "trend_7d",
        "first_kind",
        "last_kind",
    ]
    groups = {feature.name: feature.group for feature in found.features}
    assert groups["sales_call_7d"] == "what sales did"
    assert groups["visit_7d"] == "what they did"
    assert found.event_kinds == ["rare", "sales call", "visit"]


def test_a_category_with_many_levels_is_told_by_its_track_record_alone(drawn: Drawn) -> None:
    attributes = read(column("source", "category", 51), column("owner", "category", 3))
    found = declare(drawn, attributes, features={"keep": {"source": "needed"}})
    assert "source" not in found.names
    assert "source_record" in found.names
    assert "owner" in found.names


def test_what_is_left_out_is_named_with_its_reason(drawn: Drawn) -> None:
    tables = read(
        column("status", "category", 4, label="Lead Status"),
        column("size", "number", 40),
        column("source", "category", 45),
        left_out=(LeftOutColumn(column="notes", label="Notes", reason="free text"),),
    )
    found = declare(
        drawn,
        tables,
        suspects={"size": "alone it tells the outcome"},
        features={"changing": ["Lead Status"], "leave_out": {"Phone": "personal"}},
    )
    assert found.left_out == {
        "Notes": "free text",
        "Phone": "left out: personal",
        "Lead Status": "changes after creation, and there is no history to tell what it was",
        "size": "looks like hindsight: alone it tells the outcome",
    }


def test_a_person_overrules_the_audit(drawn: Drawn) -> None:
    found = declare(
        drawn,
        read(column("size", "number", 40)),
        suspects={"size": "alone it tells the outcome"},
        features={"keep": {"size": "known from the form"}},
    )
    assert "size" in found.names


def test_a_column_with_a_history_is_read_as_it_stood(drawn: Drawn) -> None:
    change = {
        "lead_id": "l0",
        "field": "size",
        "old_value": "1",
        "new_value": "2",
        "changed_at": LEADS[0]["created_at"],
    }
    found = declare(drawn, read(column("size", "number", 40)), history=[change])
    changing = {f.name: f.changing for f in found.features if f.kind == "attribute"}
    assert changing == {"size": True}


def test_the_night_reads_columns_with_the_types_of_training(drawn: Drawn) -> None:
    attributes = (
        column("size", "number", 40, label="No. of Employees"),
        column("source", "category", 2),
    )
    found = declare(drawn, read(*attributes))
    night = as_trained(project(), found)
    # `source` is one of ours and always text
    assert night.sources.leads.types == {"No. of Employees": "number"}


def test_a_catalogue_survives_its_json(drawn: Drawn) -> None:
    found = declare(drawn, read(column("size", "number", 40)))
    assert Catalogue.model_validate_json(found.model_dump_json()) == found


def test_columns_that_no_table_has_are_refused_at_once_with_the_nearest_names(drawn: Drawn) -> None:
    tables = read(column("company_size", "number", 40, label="Company Size"))
    with pytest.raises(ProjectError) as caught:
        declare(
            drawn,
            tables,
            features={
                "leave_out": {
                    "Compny Size": "late",
                    "created_hour": "a feature",
                    "demo_90d": "one that may come",
                },
                "keep": {"nothing": "?"},
                "track_record": ["Company size"],
            },
        )
    assert str(caught.value) == (
        "features.keep.nothing: no table has a column 'nothing'; there are Company Size, company_size\n"
        "features.track_record: no table has a column 'Company size'; did you mean Company Size or company_size?\n"
        "features.leave_out.Compny Size: no table has a column 'Compny Size'; did you mean Company Size or company_size?"
    )
