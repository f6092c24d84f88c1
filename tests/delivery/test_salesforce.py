"""Salesforce, Bulk API 2.0: the files to its rules, and a validator that knows the rules by itself."""

import csv
import json
from pathlib import Path

import pyarrow as pa
import pytest

from delivery import salesforce
from delivery.receipt import iso
from features.errors import ProjectError, StoppedError
from features.project import SalesforceTarget
from tests.delivery.drawn import GOLDEN, RECEIPT, night, write_crm

IDS = ["00Q5e00000AbCdE", "00Q5e00000AbCdFEAX", "00Q5e00000AbCdG"]
UPDATE = SalesforceTarget()
UPSERT = SalesforceTarget(
    operation="upsert", key_field="Lead_Number__c", line_ending="CRLF", prefix="LG_"
)


def changed(folder: Path, change: bytes, into: bytes) -> list[str]:
    [part, _] = write_crm(salesforce, night(IDS), UPDATE, folder)
    data = part.read_bytes()
    assert change in data
    part.write_bytes(data.replace(change, into, 1))
    return [str(problem) for problem in salesforce.validate(part, UPDATE)]


def refusal(ids: list[str], target: SalesforceTarget, folder: Path) -> str:
    with pytest.raises(StoppedError) as caught:
        write_crm(salesforce, night(ids), target, folder)
    assert not list(folder.iterdir())
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "ids", "target"),
    [("salesforce_update", IDS, UPDATE), ("salesforce_upsert", ["L-1", "L-2", "L-3"], UPSERT)],
)
def test_files_are_byte_for_byte_the_golden_ones(
    tmp_path: Path, name: str, ids: list[str], target: SalesforceTarget
) -> None:
    for path in write_crm(salesforce, night(ids), target, tmp_path):
        assert path.read_bytes() == (GOLDEN / name / path.name).read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        path.name for path in (GOLDEN / name).iterdir()
    }
    assert salesforce.validate(tmp_path, target) == []


def test_any_csv_reader_finds_key_and_api_names(tmp_path: Path) -> None:
    [part, _] = write_crm(salesforce, night(IDS), UPDATE, tmp_path)
    with part.open(encoding="utf-8", newline="") as file:
        first, second, third = csv.DictReader(file)
    assert first["Id"] == IDS[0]
    assert first["Lead_Score__c"] == "97"
    assert first["Lead_Score_Reason_1__c"] == 'source is Web, form "Demo"'
    assert second["Lead_Scored_At__c"] == iso(RECEIPT.scored_at) == "2026-01-15T04:41:07.250Z"
    assert third["Lead_Score_Reason_1__c"] == third["Lead_Expected_Value__c"] == "#N/A"


def test_the_job_of_an_update_names_no_external_id() -> None:
    job = json.loads((GOLDEN / "salesforce_update" / "job.json").read_text(encoding="utf-8"))
    assert job == {
        "object": "Lead",
        "operation": "update",
        "contentType": "CSV",
        "lineEnding": "LF",
        "columnDelimiter": "COMMA",
    }


def test_ids_that_are_no_record_ids_are_listed_with_what_to_set(tmp_path: Path) -> None:
    assert refusal(["L-1", "00Q5e00000AbCdE", "17"], UPDATE, tmp_path) == (
        "Salesforce: 2 of 3 lead ids cannot be keys: '17', 'L-1'. Expected a record id of 15 or 18 letters and digits. "
        "Nothing was published. Either take Salesforce's record id as lead_id, or, if these ids stand in a field of "
        "yours that is marked External ID, set delivery.salesforce.key_field to its API name "
        "(for example Lead_Number__c) and delivery.salesforce.operation to upsert."
    )


def test_external_ids_outside_the_pattern_are_listed_with_what_to_set(tmp_path: Path) -> None:
    assert refusal(["a/b", "L-2", "L-3"], UPSERT, tmp_path) == (
        "Salesforce: 1 of 3 lead ids cannot be keys: 'a/b'. Expected letters, digits, _ and -, beginning with a letter "
        "or digit, at most 255. Nothing was published. Either take another column as lead_id, or set "
        "delivery.salesforce.key_field to Id and delivery.salesforce.operation to update, "
        "if Salesforce's record id is at hand."
    )


@pytest.mark.parametrize(
    ("ids", "target"),
    [
        (["l-1", "L-1", "L-3"], UPSERT),
        (["00Q5e00000AbCdFEAX", "00q5e00000abcdfeax", "00Q5e00000AbCdG"], UPDATE),
    ],
)
def test_keys_that_differ_by_case_alone_are_one_key(
    tmp_path: Path, ids: list[str], target: SalesforceTarget
) -> None:
    assert f"1 lead ids are the same key to Salesforce: '{min(ids)} and" in refusal(
        ids, target, tmp_path
    )


def test_an_id_of_15_characters_is_the_same_record_as_its_18(tmp_path: Path) -> None:
    # The published example: 3 groups of 5, each telling which letters are upper case.
    assert salesforce.canonical_ids(pa.array(["001A0000006Vm9r"])).to_pylist() == [
        "001A0000006VM9RIAC"
    ]
    assert "are the same key" in refusal(
        ["001A0000006Vm9r", "001A0000006Vm9rIAC", IDS[0]], UPDATE, tmp_path
    )


def test_ids_of_15_characters_that_differ_by_case_are_two_records(tmp_path: Path) -> None:
    ids = ["00Q5e00000AbCdE", "00Q5e00000AbCde", "00Q5e00000abCdE"]
    [part, _] = write_crm(salesforce, night(ids), UPDATE, tmp_path)
    assert salesforce.validate(part, UPDATE) == []


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        (
            SalesforceTarget(key_field="Lead_Number__c"),
            "delivery.salesforce.key_field is 'Lead_Number__c', but operation update knows records by Id alone; "
            "take upsert as operation, or Id as key_field",
        ),
        (
            SalesforceTarget(prefix="9_"),
            "delivery.salesforce.prefix is '9_'; expected a letter, then letters, digits and single underscores, "
            "at most 23",
        ),
        (
            SalesforceTarget(object="Lead; drop"),
            "delivery.salesforce.object is 'Lead; drop'; expected a Salesforce API name such as Lead",
        ),
    ],
)
def test_names_that_salesforce_cannot_have_are_refused(
    tmp_path: Path, target: SalesforceTarget, problem: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        write_crm(salesforce, night(IDS), target, tmp_path)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("change", "into", "problem"),
    [
        (b"\n", b"\r\n", "expected lines that end with LF alone"),
        (b"\xc3\xb6", b"\xf6", "expected UTF-8"),
        (b"Id,", b"Id ,", "expected the columns Id,Lead_Score__c"),
        (b"Lead_Score__c", b"Lead_Points__c", "expected the columns Id,Lead_Score__c"),
        (
            b"00Q5e00000AbCdE,",
            b"00Q5e00000AbCd,",
            "line 2, column Id: '00Q5e00000AbCd'; expected a record id",
        ),
        (
            b"00Q5e00000AbCdG,",
            b"00Q5e00000AbCdE,",
            "line 4, column Id: '00Q5e00000AbCdE'; expected each key once; line 2",
        ),
        (b"#N/A", b"", "expected one line of at most 255 printable characters"),
        (
            b"replied",
            b"=replied",
            "line 3, column Lead_Score_Reason_1__c: '=replied to an e-mail yesterday'",
        ),
        (
            b"2026-01-15T04:30:00.000Z",
            b"15.01.2026 04:30",
            "expected a UTC time as YYYY-MM-DDThh:mm:ss.sssZ",
        ),
        (b",97,", b", 97,", "line 2, column Lead_Score__c: ' 97'; expected a whole number"),
        (b',"visited', b', "visited', "with no space beside a quote"),
    ],
)
def test_the_validator_finds_what_was_changed(
    tmp_path: Path, change: bytes, into: bytes, problem: str
) -> None:
    assert any(problem in found for found in changed(tmp_path, change, into))


def test_the_validator_finds_a_job_that_does_not_fit(tmp_path: Path) -> None:
    write_crm(salesforce, night(IDS), UPDATE, tmp_path)
    job = tmp_path / "job.json"
    job.write_text(job.read_text(encoding="utf-8").replace("LF", "CRLF"), encoding="utf-8")
    [problem] = salesforce.validate(tmp_path, UPDATE)
    assert '"lineEnding": "LF"' in str(problem)
    job.write_text("{", encoding="utf-8")
    assert "job.json" in str(salesforce.validate(job, UPDATE)[0])
    job.unlink()
    assert str(salesforce.validate(tmp_path, UPDATE)[0]).endswith("expected job.json in the folder")


def test_a_key_in_two_parts_is_found(tmp_path: Path) -> None:
    [part, _] = write_crm(salesforce, night(IDS), UPDATE, tmp_path)
    (tmp_path / "lead_update_002.csv").write_bytes(part.read_bytes())
    problems = salesforce.validate(tmp_path, UPDATE)
    assert len(problems) == 3
    assert str(problems[0]) == (
        "lead_update_002.csv, line 2, column Id: '00Q5e00000AbCdE'; "
        "expected each key once; lead_update_001.csv, line 2 has it too"
    )


def test_a_large_night_is_split_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(salesforce, "MAX_BYTES", 900)
    paths = write_crm(salesforce, night(IDS), UPDATE, tmp_path)
    assert [path.name for path in paths] == [
        "lead_update_001.csv",
        "lead_update_002.csv",
        "job.json",
    ]
    assert all(path.stat().st_size <= 900 for path in paths)
    assert salesforce.validate(tmp_path, UPDATE) == []
