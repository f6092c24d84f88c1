"""All files of a night, written together and checked together."""

import time
from pathlib import Path

import pyarrow.compute as pc
import pytest

from delivery.exports import validate_exports
from features.errors import StoppedError
from features.project import Delivery, DynamicsTarget, HubSpotTarget, SalesforceTarget
from tests.delivery.drawn import many, neutral_rows, night, write_exports

EVERYWHERE = Delivery(
    salesforce=SalesforceTarget(operation="upsert", key_field="Guid__c"),
    hubspot=HubSpotTarget(key_field="lead_guid"),
    dynamics=DynamicsTarget(),
)
IDS = [f"00aa00aa-bb11-cc22-dd33-44ee44ee44e{i}" for i in range(3)]


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_crm_of_the_project_file_gets_its_folder(tmp_path: Path) -> None:
    paths = write_exports(night(IDS), EVERYWHERE, tmp_path)
    assert sorted(content(tmp_path)) == sorted(
        path.relative_to(tmp_path).as_posix() for path in paths
    )
    assert sorted(content(tmp_path)) == [
        "dynamics/lead_batches.jsonl",
        "dynamics/leads_001.csv",
        "dynamics/predictive_score_batches.jsonl",
        "hubspot/contacts_001.csv",
        "hubspot/contacts_001.importRequest.json",
        "salesforce/job.json",
        "salesforce/lead_upsert_001.csv",
        "scores.csv",
        "scores.parquet",
        "top_leads.csv",
    ]
    assert validate_exports(tmp_path, EVERYWHERE) == []


def test_a_project_without_a_crm_gets_the_neutral_files(tmp_path: Path) -> None:
    write_exports(night(IDS), Delivery(), tmp_path)
    assert sorted(content(tmp_path)) == ["scores.csv", "scores.parquet", "top_leads.csv"]
    assert validate_exports(tmp_path, Delivery()) == []


def test_a_row_filter_before_the_writers_leaves_fewer_rows_and_nothing_else(tmp_path: Path) -> None:
    rows = night(IDS)
    write_exports(rows.filter(pc.not_equal(rows["trend"], "steady")), EVERYWHERE, tmp_path)
    assert validate_exports(tmp_path, EVERYWHERE) == []
    assert len((tmp_path / "scores.csv").read_bytes().splitlines()) == 3


def test_no_leads_give_files_with_headers_alone_and_that_is_a_success(tmp_path: Path) -> None:
    write_exports(night(IDS)[:0], EVERYWHERE, tmp_path)
    assert validate_exports(tmp_path, EVERYWHERE) == []
    for path in tmp_path.rglob("*.csv"):
        assert path.read_bytes().count(b"\n") == 1
    for path in tmp_path.rglob("*.jsonl"):
        assert path.read_bytes() == b""


def test_the_same_rows_give_the_same_bytes_whatever_their_order_was(tmp_path: Path) -> None:
    leads = many(200)
    for name, frame in (("a", leads), ("b", leads.sample(frac=1, random_state=5))):
        write_exports(neutral_rows(frame), EVERYWHERE, tmp_path / name)
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_a_crm_file_with_other_leads_than_the_scores_is_found(tmp_path: Path) -> None:
    write_exports(night(IDS), EVERYWHERE, tmp_path)
    part = tmp_path / "salesforce" / "lead_upsert_001.csv"
    part.write_bytes(b"".join(part.read_bytes().splitlines(keepends=True)[:-1]))
    assert [str(found) for found in validate_exports(tmp_path, EVERYWHERE)] == [
        "salesforce: '2 leads'; expected the 3 leads of scores.csv"
    ]


def test_one_crm_that_cannot_take_the_ids_stops_all(tmp_path: Path) -> None:
    delivery = Delivery(salesforce=SalesforceTarget())
    with pytest.raises(StoppedError, match="Salesforce: 3 of 3 lead ids cannot be keys"):
        write_exports(night(IDS), delivery, tmp_path)


def test_fifty_thousand_leads_take_seconds(tmp_path: Path) -> None:
    delivery = Delivery(hubspot=HubSpotTarget(key_field="lead_guid"))
    started = time.process_time()
    write_exports(neutral_rows(many(50_000)), delivery, tmp_path)
    assert validate_exports(tmp_path, delivery) == []
    assert time.process_time() - started < 20  # about 4 on a slow core


@pytest.mark.parametrize(
    ("name", "change", "into", "problem"),
    [
        (
            "hubspot/contacts_001.csv",
            b"visited",
            b"=isited",
            "line 2, column leadgauge_reasons: '=isited",
        ),
        (
            "hubspot/contacts_001.csv",
            b"medium",
            b"middle",
            "line 2, column leadgauge_confidence: 'middle'",
        ),
        ("hubspot/contacts_001.csv", b"visited the", b"visited\x00the", "no line break or NUL"),
        (
            "dynamics/leads_001.csv",
            b",medium",
            b",,medium",
            "line 2: '15 cells'; expected 14 cells",
        ),
        (
            "dynamics/lead_batches.jsonl",
            b"visited the",
            b"visited\\u0000the",
            "scorereasons: 'visited",
        ),
        ("dynamics/lead_batches.jsonl", b'"medium"', b'"medium" ', None),
    ],
)
def test_one_row_that_is_not_plain_is_looked_at_cell_by_cell(
    tmp_path: Path, name: str, change: bytes, into: bytes, problem: str | None
) -> None:
    write_exports(neutral_rows(many(50)), EVERYWHERE, tmp_path)
    path = tmp_path / name
    path.write_bytes(path.read_bytes().replace(change, into, 1))
    found = [str(problem) for problem in validate_exports(tmp_path, EVERYWHERE)]
    assert len(found) == (problem is not None)
    assert (problem or "") in "".join(found)
