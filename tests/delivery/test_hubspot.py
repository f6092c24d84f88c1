"""HubSpot, import of contacts: the files to its rules, and a validator that knows the rules by itself."""

import csv
import json
from datetime import UTC
from pathlib import Path

import pytest

from delivery import hubspot
from features.errors import ProjectError, StoppedError
from features.project import HubSpotTarget
from tests.delivery.drawn import GOLDEN, RECEIPT, night, write_crm

IDS = ["101", "102", "103"]
MAILS = ["ann@acme.test", "bob@acme.test", "cem@acme.test"]
RECORD = HubSpotTarget()
MAIL = HubSpotTarget(key_field="email")


@pytest.mark.parametrize(
    ("name", "ids", "target"), [("hubspot", IDS, RECORD), ("hubspot_email", MAILS, MAIL)]
)
def test_files_are_byte_for_byte_the_golden_ones(
    tmp_path: Path, name: str, ids: list[str], target: HubSpotTarget
) -> None:
    for path in write_crm(hubspot, night(ids), target, tmp_path):
        assert path.read_bytes() == (GOLDEN / name / path.name).read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        path.name for path in (GOLDEN / name).iterdir()
    }
    assert hubspot.validate(tmp_path, target) == []


def test_every_column_is_mapped_to_a_contact_property_and_one_is_the_key(tmp_path: Path) -> None:
    [part, request_path] = write_crm(hubspot, night(IDS), RECORD, tmp_path)
    request = json.loads(request_path.read_text(encoding="utf-8"))
    with part.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    [file_request] = request["files"]
    mappings = file_request["fileImportPage"]["columnMappings"]
    assert file_request["fileName"] == part.name
    assert request["importOperations"] == {"0-1": "UPDATE"}
    assert [mapping["columnName"] for mapping in mappings] == header
    assert {mapping["columnObjectTypeId"] for mapping in mappings} == {"0-1"}
    assert [mapping["columnType"] for mapping in mappings if "columnType" in mapping] == [
        "HUBSPOT_OBJECT_ID"
    ]
    assert all(mapping["propertyName"] == mapping["propertyName"].lower() for mapping in mappings)


def test_an_address_is_an_alternate_key(tmp_path: Path) -> None:
    [_, path] = write_crm(hubspot, night(MAILS), MAIL, tmp_path)
    [file] = json.loads(path.read_text(encoding="utf-8"))["files"]
    assert file["fileImportPage"]["columnMappings"][0] == {
        "columnObjectTypeId": "0-1",
        "columnName": "email",
        "propertyName": "email",
        "columnType": "HUBSPOT_ALTERNATE_ID",
    }


def test_times_are_milliseconds_since_1970(tmp_path: Path) -> None:
    [part, _] = write_crm(hubspot, night(IDS), RECORD, tmp_path)
    with part.open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    assert (
        int(row["leadgauge_scored_at"]) == RECEIPT.scored_at.replace(tzinfo=UTC).timestamp() * 1000
    )


def test_a_lead_without_reasons_says_so_because_an_empty_cell_would_leave_yesterdays(
    tmp_path: Path,
) -> None:
    [part, _] = write_crm(hubspot, night(IDS), RECORD, tmp_path)
    with part.open(encoding="utf-8", newline="") as file:
        first, second, third = csv.DictReader(file)
    assert second["leadgauge_against"] == "no call for 30 days; small company"
    assert first["leadgauge_against"] == "none known"
    assert third["leadgauge_reasons"] == "no strong driver"


@pytest.mark.parametrize(
    ("ids", "target", "text"),
    [
        (
            ["L-1", "101", "0102"],
            RECORD,
            "HubSpot: 2 of 3 lead ids cannot be keys: '0102', 'L-1'. Expected a HubSpot Record ID of digits. Nothing "
            "was published. delivery.hubspot.key_field is hs_object_id. Set it to hs_object_id if lead_id is HubSpot's "
            "Record ID, to email if it is the contact's address, or to the internal name of a contact property of yours "
            "that has unique values and holds these ids.",
        ),
        (
            ["A@x.de", "a@x.de", "b@x.de"],
            MAIL,
            "HubSpot: 1 lead ids are the same key to HubSpot: 'A@x.de and a@x.de'. Expected each record once, because "
            "every row of a repeated key fails. Nothing was published. delivery.hubspot.key_field is email. Set it to "
            "hs_object_id if lead_id is HubSpot's Record ID, to email if it is the contact's address, or to the internal "
            "name of a contact property of yours that has unique values and holds these ids.",
        ),
    ],
)
def test_ids_that_cannot_be_keys_are_listed_with_what_to_set(
    tmp_path: Path, ids: list[str], target: HubSpotTarget, text: str
) -> None:
    with pytest.raises(StoppedError) as caught:
        write_crm(hubspot, night(ids), target, tmp_path)
    assert str(caught.value) == text
    assert not list(tmp_path.iterdir())


def test_names_that_hubspot_cannot_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        write_crm(hubspot, night(IDS), HubSpotTarget(prefix="LG_", key_field="Mail"), tmp_path)
    assert str(caught.value).splitlines() == [
        f"delivery.hubspot.{name}; expected lower-case letters, digits and _, beginning with a letter, "
        "as in a property's internal name of at most 100 characters"
        for name in ("key_field is 'Mail'", "prefix is 'LG_'")
    ]


@pytest.mark.parametrize(
    ("change", "into", "problem"),
    [
        (b"\n", b"\r\n", "expected lines that end with LF alone"),
        (
            b"leadgauge_score,",
            b"Leadgauge_Score,",
            "expected the columns hs_object_id,leadgauge_score",
        ),
        (b"1768452067250", b"2026-01-15", "expected a time as milliseconds since 1970 UTC"),
        (b"1768452067250", b"1768452067", "expected a time as milliseconds since 1970 UTC"),
        (b"sales_ready", b"Sales Ready", "expected one of sales_ready, nurture"),
        (b"103,", b"101,", "expected each key once; line 2 has it too"),
        (b"no strong driver", b"", "expected one line"),
    ],
)
def test_the_validator_finds_what_was_changed(
    tmp_path: Path, change: bytes, into: bytes, problem: str
) -> None:
    [part, _] = write_crm(hubspot, night(IDS), RECORD, tmp_path)
    data = part.read_bytes()
    assert change in data
    part.write_bytes(data.replace(change, into, 1))
    assert any(problem in str(found) for found in hubspot.validate(tmp_path, RECORD))


def test_the_validator_finds_a_request_that_does_not_fit(tmp_path: Path) -> None:
    [_, request] = write_crm(hubspot, night(IDS), RECORD, tmp_path)
    request.write_text(
        request.read_text(encoding="utf-8").replace("UPDATE", "UPSERT"), encoding="utf-8"
    )
    [problem] = hubspot.validate(tmp_path, RECORD)
    assert '"importOperations": {"0-1": "UPDATE"}' in str(problem)
    request.unlink()
    assert (
        str(hubspot.validate(tmp_path, RECORD)[0])
        == "contacts_001.importRequest.json: expected this file"
    )


def test_each_part_has_its_own_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubspot, "MAX_ROWS", 2)
    paths = write_crm(hubspot, night(IDS), RECORD, tmp_path)
    assert [path.name for path in paths] == [
        "contacts_001.csv",
        "contacts_001.importRequest.json",
        "contacts_002.csv",
        "contacts_002.importRequest.json",
    ]
    assert hubspot.validate(tmp_path, RECORD) == []
