"""Salesforce, Bulk API 2.0 ingest: CSV parts and the body of the request that creates each part's job.

Source of the rules: Salesforce, "Bulk API 2.0 and Bulk API Developer Guide": Create a Job, Prepare CSV Files, Valid
Date Format in Records.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from delivery import rules
from delivery.csv_files import (
    check_cells,
    check_unique,
    check_unique_across,
    read_strictly,
    write_file,
    write_parts,
)
from delivery.keys import refuse_keys
from delivery.neutral import AGAINST, REASONS, texts
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


def write(rows: pd.DataFrame, target: SalesforceTarget, folder: Path) -> list[Path]:
    """Write neutral rows as CSV parts of at most 100 MB, and ``job.json``; return the paths.

    Raises:
        ProjectError: names in the project file that Salesforce cannot have.
        StoppedError: ids that cannot be keys, with what to set.
    """
    _check_target(target)
    cells = texts(rows)
    refuse_keys(
        cells["lead_id"], _key_rule(target), _same(target), crm="Salesforce", advice=_advice(target)
    )
    columns = [cells["lead_id"]] + [
        [cell or NULL for cell in cells[name]] for name, _ in FIELDS.values()
    ]
    parts = write_parts(
        folder,
        f"{target.object.lower()}_{target.operation}",
        list(_rules(target)),
        zip(*columns, strict=True),
        max_bytes=MAX_BYTES,
        ending=target.line_ending,
    )
    body = json.dumps(_job(target), indent=2) + "\n"
    return [*parts, write_file(folder / JOB_NAME, [body.encode()])]


def validate(path: Path, target: SalesforceTarget) -> list[Problem]:
    """Return what is wrong with a part, with ``job.json``, or with a whole folder of them, read from the bytes."""
    if path.is_dir():
        return _validate_folder(path, target)
    if path.suffix == ".json":
        return _validate_job(path, target)
    sheet = read_strictly(path, ending=target.line_ending, max_bytes=MAX_BYTES)
    problems = check_cells(sheet, _rules(target))
    return problems or check_unique(sheet, target.key_field, _same(target))


def canonical_id(record_id: str) -> str:
    """Return the one spelling of a record id: 18 characters, upper case.

    A 15-character id tells records apart by case; the last three of an 18-character id say which of the first 15 are
    upper case, so that the 18 may be compared without case.
    """
    if len(record_id) == 15:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
        for start in (0, 5, 10):
            bits = sum(
                1 << place
                for place, sign in enumerate(record_id[start : start + 5])
                if "A" <= sign <= "Z"
            )
            record_id += letters[bits]
    return record_id.upper()


def _same(target: SalesforceTarget) -> Callable[[str], str]:
    return canonical_id if target.key_field == "Id" else str.casefold


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


def _check_target(target: SalesforceTarget) -> None:
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


def _validate_folder(folder: Path, target: SalesforceTarget) -> list[Problem]:
    parts = sorted(folder.glob("*.csv"))
    problems = [problem for part in parts for problem in validate(part, target)]
    for name, there in (("a CSV part", bool(parts)), (JOB_NAME, (folder / JOB_NAME).is_file())):
        if not there:
            problems.append(Problem(folder.name, f"{name} in the folder"))
    if (folder / JOB_NAME).is_file():
        problems += _validate_job(folder / JOB_NAME, target)
    if problems:
        return problems
    return check_unique_across(parts, target.key_field, _same(target), target.line_ending)


def _validate_job(path: Path, target: SalesforceTarget) -> list[Problem]:
    try:
        job = json.loads(path.read_bytes())
    except ValueError as error:
        return [Problem(path.name, "JSON in UTF-8", value=str(error))]
    expected = _job(target)
    return (
        [] if job == expected else [Problem(path.name, json.dumps(expected), value=json.dumps(job))]
    )
