"""Dynamics 365: parts for the wizard, batches for the Web API, and validators that know the rules by themselves."""

import json
from pathlib import Path
from typing import Any

import pytest

from delivery import dynamics, dynamics_batches
from features.errors import ProjectError, StoppedError
from features.project import DynamicsTarget
from tests.delivery.drawn import GOLDEN, night, write_crm

IDS = [f"00aa00aa-bb11-cc22-dd33-44ee44ee44e{i}" for i in range(3)]
BY_GUID = DynamicsTarget()
BY_NUMBER = DynamicsTarget(key_field="new_leadnumber", prefix="acme_")


def requests(path: Path) -> list[dict[str, Any]]:
    return [
        request
        for line in path.read_text(encoding="utf-8").splitlines()
        for request in json.loads(line)["requests"]
    ]


@pytest.mark.parametrize(
    ("name", "ids", "target"),
    [("dynamics", IDS, BY_GUID), ("dynamics_number", ["L-1", "L-2", "L-3"], BY_NUMBER)],
)
def test_files_are_byte_for_byte_the_golden_ones(
    tmp_path: Path, name: str, ids: list[str], target: DynamicsTarget
) -> None:
    for path in write_crm(dynamics, night(ids), target, tmp_path):
        assert path.read_bytes() == (GOLDEN / name / path.name).read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        path.name for path in (GOLDEN / name).iterdir()
    }
    assert dynamics.validate(tmp_path, target) == []


def test_a_lead_is_updated_and_never_created(tmp_path: Path) -> None:
    write_crm(dynamics, night(IDS), BY_GUID, tmp_path)
    first, _, third = requests(tmp_path / "lead_batches.jsonl")
    assert (first["method"], first["url"], first["headers"]) == (
        "PATCH",
        f"leads({IDS[0]})",
        {"If-Match": "*"},
    )
    assert first["body"]["new_leadscore"] == 97
    assert first["body"]["new_closeprobability"] == 0.9124
    assert third["body"]["new_expectedvalue"] is None


def test_a_lead_is_found_by_an_alternate_key(tmp_path: Path) -> None:
    write_crm(dynamics, night(["L-1", "L-2", "L-3"]), BY_NUMBER, tmp_path)
    assert requests(tmp_path / "lead_batches.jsonl")[0]["url"] == "leads(new_leadnumber='L-1')"


def test_predictive_scores_hold_codes_and_only_guids(tmp_path: Path) -> None:
    write_crm(dynamics, night(IDS), BY_GUID, tmp_path)
    found = requests(tmp_path / "predictive_score_batches.jsonl")
    assert [request["body"] for request in found] == [
        {"msdyn_score": 97, "msdyn_scoretrend": 0, "msdyn_grade": 0},
        {"msdyn_score": 61, "msdyn_scoretrend": 1, "msdyn_grade": 1},
        {"msdyn_score": 1, "msdyn_scoretrend": 3, "msdyn_grade": 3},
    ]
    assert (
        found[0]["url"]
        == f"msdyn_predictivescores(msdyn_entityid='{IDS[0]}',msdyn_entitytype='lead')"
    )


def test_a_batch_holds_at_most_a_thousand_requests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dynamics_batches.MAX_REQUESTS == 1_000
    monkeypatch.setattr(dynamics_batches, "MAX_REQUESTS", 2)
    write_crm(dynamics, night(IDS), BY_GUID, tmp_path)
    for name in ("lead_batches.jsonl", "predictive_score_batches.jsonl"):
        lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
        assert [len(json.loads(line)["requests"]) for line in lines] == [2, 1]
    assert dynamics.validate(tmp_path, BY_GUID) == []
    monkeypatch.setattr(dynamics_batches, "MAX_REQUESTS", 1)
    assert "with 1 to 1 requests" in str(dynamics.validate(tmp_path, BY_GUID)[0])


def test_the_wizards_file_has_a_byte_order_mark_only_where_text_goes_beyond_ascii(
    tmp_path: Path,
) -> None:
    [part, *_] = write_crm(dynamics, night(IDS), BY_GUID, tmp_path / "a")
    assert part.read_bytes().startswith(b"\xef\xbb\xbfleadid,")
    [part, *_] = write_crm(dynamics, night(IDS)[1:], BY_GUID, tmp_path / "b")
    assert part.read_bytes().startswith(b"leadid,")


def test_ids_that_are_no_guids_are_listed_with_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(StoppedError) as caught:
        write_crm(dynamics, night(["L-1", "L-2", "L-3"]), BY_GUID, tmp_path)
    assert str(caught.value) == (
        "Dynamics 365: 3 of 3 lead ids cannot be keys: 'L-1', 'L-2', 'L-3'. Expected the lead's GUID. Nothing was "
        "published. delivery.dynamics.key_field is leadid. Set it to leadid if lead_id is the lead's GUID, or to the "
        "logical name of a column of the lead table that is an alternate key and holds these ids."
    )


def test_names_that_dataverse_cannot_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        write_crm(dynamics, night(IDS), DynamicsTarget(key_field="LeadId", prefix="n_"), tmp_path)
    assert str(caught.value) == (
        "delivery.dynamics.key_field is 'LeadId'; expected leadid or a column's logical name, in lower case\n"
        "delivery.dynamics.prefix is 'n_'; expected the solution publisher's prefix of 2 to 8 lower-case letters and "
        "digits, and an underscore, such as new_"
    )


@pytest.mark.parametrize(
    ("name", "change", "into", "problem"),
    [
        ("leads_001.csv", b"00aa00aa-", b"00aa00aa", "column leadid: '00aa00aabb11-cc22"),
        ("leads_001.csv", b"44e1", b"44e0", "expected each key once; line 2 has it too"),
        (
            "leads_001.csv",
            b"97",
            b"0",
            "column new_leadscore: '0'; expected a whole number from 1 to 99",
        ),
        ("lead_batches.jsonl", b'"If-Match":"*"', b"", "a PATCH of one lead with If-Match"),
        (
            "lead_batches.jsonl",
            b'"new_leadscore":97',
            b'"new_leadscore":"97"',
            "\"'97' (not a whole number)\"",
        ),
        (
            "lead_batches.jsonl",
            b'"new_leadscore":97',
            b'"new_leadscore":true',
            "'True (not a whole number)'",
        ),
        ("lead_batches.jsonl", b"0.9124", b"0.91236", "'0.91236 (not a number of 4 decimals)'"),
        (
            "lead_batches.jsonl",
            b'"A"',
            b'"Z"',
            "column new_leadgrade: 'Z'; expected one of A, B, C, D",
        ),
        ("lead_batches.jsonl", b"replied", b"=replied", "column new_scorereasons: '=replied"),
        ("lead_batches.jsonl", b"44e1)", b"44e0)", "expected each lead once"),
        ("lead_batches.jsonl", b"}\n", b"\n", "expected JSON such as"),
        ("lead_batches.jsonl", b"\n", b"", "expected the last line to end with LF"),
        ("predictive_score_batches.jsonl", b'"msdyn_grade":0', b'"msdyn_grade":4', "grade 0 to 3"),
        (
            "predictive_score_batches.jsonl",
            b'"msdyn_score":97',
            b'"msdyn_score":0.97',
            "score 1 to 99",
        ),
        (
            "predictive_score_batches.jsonl",
            b"'lead'",
            b"'contact'",
            "a PATCH of a lead's msdyn_predictivescores",
        ),
        (
            "predictive_score_batches.jsonl",
            b"44e1'",
            b"44e9'",
            "one request for each row of the CSV parts",
        ),
    ],
)
def test_the_validator_finds_what_was_changed(
    tmp_path: Path, name: str, change: bytes, into: bytes, problem: str
) -> None:
    write_crm(dynamics, night(IDS), BY_GUID, tmp_path)
    path = tmp_path / name
    data = path.read_bytes()
    assert change in data
    path.write_bytes(data.replace(change, into, 1))
    assert any(problem in str(found) for found in dynamics.validate(tmp_path, BY_GUID))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write_crm(dynamics, night(IDS), BY_GUID, tmp_path)
    (tmp_path / "lead_batches.jsonl").unlink()
    assert [str(found) for found in dynamics.validate(tmp_path, BY_GUID)] == [
        "lead_batches.jsonl: expected this file"
    ]
