"""Salesforce, Bulk API 2.0 ingest: CSV parts and the body of the request that creates each part's job.

Source of the rules: Salesforce, "Bulk API 2.0 and Bulk API Developer Guide": Create a Job, Prepare CSV Files, Valid
Date Format in Records.
"""

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delivery import rules
from delivery.cells import Cells
from delivery.csv_checks import Checked, check_parts
from delivery.csv_files import CsvParts, text_buffer, write_file
from delivery.keys import Key, Same, without_case
from delivery.neutral import AGAINST, REASONS
from delivery.problems import Problem
from features.errors import ProjectError
from features.project import SalesforceTarget

MAX_BYTES = 100_000_000  # base64 adds about half, and an upload ends at 150 MB
NULL = "#N/A"  # an empty cell leaves the field as it is
JOB_NAME = "job.json"
FIELDS: dict[str, tuple[str, rules.Rule]] = {
    "Score": ("score", rules.SCORE),
    "Grade": ("grade", rules.GRADE),
    "Close_Probability": ("close_probability", rules.PROBABILITY),
    "Route": ("route", rules.ROUTE),
    "Score_Trend": ("trend", rules.TREND),
    **{
        f"Score_Reason_{i}": (name, rules.optional(rules.line_of_text(), NULL))
        for i, name in enumerate(REASONS, start=1)
    },
    **{
        f"Score_Against_{i}": (name, rules.optional(rules.line_of_text(), NULL))
        for i, name in enumerate(AGAINST, start=1)
    },
    "Score_Confidence": ("confidence", rules.CONFIDENCE),
    "Expected_Value": ("expected_value", rules.optional(rules.AMOUNT, NULL)),
    "Score_Model": ("model_version", rules.LABEL),
    "Score_Data_As_Of": ("data_as_of", rules.MOMENT),
    "Scored_At": ("scored_at", rules.MOMENT),
    "Score_Expires_At": ("expires_at", rules.MOMENT),
}
_RECORD_ID = rules.matching(
    r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", "a record id of 15 or 18 letters and digits"
)
_EXTERNAL_ID = rules.matching(
    rules.SAFE_ID, "letters, digits, _ and -, beginning with a letter or digit, at most 255"
)
_API_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*(?:__[cr])?")
_PREFIX = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*_?")
_LONGEST = 40  # characters of a custom field's name, without __c


_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)


class Writer:
    """Writes CSV parts of at most 100 MB, and ``job.json``."""

    def __init__(self, target: SalesforceTarget, folder: Path) -> None:
        """Take where to write."""
        self._target, self._folder = target, folder
        self._parts = CsvParts(
            folder,
            f"{target.object.lower()}_{target.operation}",
            list(_rules(target)),
            max_bytes=MAX_BYTES,
            ending=target.line_ending,
            null=NULL,
        )
        self.close = self._parts.close

    def add(self, cells: Cells) -> None:
        """Write n leads."""
        self._parts.add(
            [cells.csv[name] for name in ("lead_id", *(name for name, _ in FIELDS.values()))]
        )

    def finish(self) -> list[Path]:
        """Return the paths."""
        body = json.dumps(_job(self._target), indent=2) + "\n"
        return [*self._parts.finish(), write_file(self._folder / JOB_NAME, [body.encode()])]


def key(target: SalesforceTarget) -> Key:
    """Return what Salesforce takes as keys."""
    return Key(_key_rule(target), _same(target), "Salesforce", _advice(target))


def check(folder: Path, target: SalesforceTarget) -> Checked:
    """Return what is wrong with a folder, read from the bytes, and its leads."""
    parts = sorted(folder.glob("*.csv"))
    checked = _check_parts(parts, target)
    job = folder / JOB_NAME
    problems = [
        Problem(folder.name, f"{name} in the folder")
        for name, there in (("a CSV part", bool(parts)), (JOB_NAME, job.is_file()))
        if not there
    ]
    problems += _validate_job(job, target) if job.is_file() else []
    return Checked(checked.problems + problems, checked.keys)


def validate(path: Path, target: SalesforceTarget) -> list[Problem]:
    """Return what is wrong with a part, with ``job.json``, or with a whole folder of them, read from the bytes."""
    if path.is_dir():
        return check(path, target).problems
    if path.suffix == ".json":
        return _validate_job(path, target)
    return _check_parts([path], target).problems


def canonical_ids(ids: pa.Array) -> pa.Array:
    """Return the one spelling of record ids: 18 characters, upper case.

    A 15-character id tells records apart by case; the last three of an 18-character id say which of the first 15 are
    upper case, so that the 18 may be compared without case.
    """
    short = pc.equal(pc.binary_length(ids), 15)
    chosen = ids.filter(short)
    if len(chosen):
        start, ends, data = text_buffer(chosen)
        signs = np.frombuffer(data, dtype=np.uint8)[start : int(ends[-1])].reshape(-1, 15)
        upper = (signs >= ord("A")) & (signs <= ord("Z"))
        said = _LETTERS[upper.reshape(-1, 3, 5) @ (1 << np.arange(5))]
        whole = np.ascontiguousarray(np.concatenate([signs, said], axis=1))
        places = np.arange(len(whole) + 1, dtype=np.int32) * 18
        buffers = [None, pa.py_buffer(places), pa.py_buffer(whole)]
        ids = pc.replace_with_mask(
            ids, short, pa.Array.from_buffers(pa.string(), len(whole), buffers)
        )
    return pc.ascii_upper(ids)


def check_target(target: SalesforceTarget) -> None:
    """Stop if the project file has names that Salesforce cannot have.

    Raises:
        ProjectError: with all of them.
    """
    problems = [
        f"delivery.salesforce.{name} is {value!r}; expected a Salesforce API name such as {example}"
        for name, value, example in (
            ("object", target.object, "Lead"),
            ("key_field", target.key_field, "Id or Lead_Number__c"),
        )
        if not _API_NAME.fullmatch(value)
    ]
    longest = max(len(name) for name in FIELDS)
    if not _PREFIX.fullmatch(target.prefix) or len(target.prefix) + longest > _LONGEST:
        problems.append(
            f"delivery.salesforce.prefix is {target.prefix!r}; expected a letter, then letters, digits and single "
            f"underscores, at most {_LONGEST - longest}"
        )
    if target.operation == "update" and target.key_field != "Id":
        problems.append(
            f"delivery.salesforce.key_field is {target.key_field!r}, but operation update knows records by Id alone; "
            "take upsert as operation, or Id as key_field"
        )
    if problems:
        raise ProjectError("\n".join(problems))


def _check_parts(parts: list[Path], target: SalesforceTarget) -> Checked:
    return check_parts(
        parts, _rules(target), _same(target), ending=target.line_ending, max_bytes=MAX_BYTES
    )


def _same(target: SalesforceTarget) -> Same:
    return canonical_ids if target.key_field == "Id" else without_case


def _key_rule(target: SalesforceTarget) -> rules.Rule:
    return _RECORD_ID if target.key_field == "Id" else _EXTERNAL_ID


def _rules(target: SalesforceTarget) -> dict[str, rules.Rule]:
    fields = {f"{target.prefix}{name}__c": rule for name, (_, rule) in FIELDS.items()}
    return {target.key_field: _key_rule(target), **fields}


def _job(target: SalesforceTarget) -> dict[str, str]:
    job = {"object": target.object, "operation": target.operation}
    if target.operation == "upsert":
        job["externalIdFieldName"] = target.key_field
    return job | {
        "contentType": "CSV",
        "lineEnding": target.line_ending,
        "columnDelimiter": "COMMA",
    }


def _advice(target: SalesforceTarget) -> str:
    if target.key_field == "Id":
        return (
            "Either take Salesforce's record id as lead_id, or, if these ids stand in a field of yours that is marked "
            "External ID, set delivery.salesforce.key_field to its API name (for example Lead_Number__c) "
            "and delivery.salesforce.operation to upsert."
        )
    return (
        "Either take another column as lead_id, or set delivery.salesforce.key_field to Id "
        "and delivery.salesforce.operation to update, if Salesforce's record id is at hand."
    )


def _validate_job(path: Path, target: SalesforceTarget) -> list[Problem]:
    try:
        job = json.loads(path.read_bytes())
    except ValueError as error:
        return [Problem(path.name, "JSON in UTF-8", value=str(error))]
    expected = _job(target)
    return (
        [] if job == expected else [Problem(path.name, json.dumps(expected), value=json.dumps(job))]
    )
