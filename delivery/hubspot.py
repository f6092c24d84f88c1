"""HubSpot, import of contacts: CSV parts, and for each the ``importRequest`` that maps its columns.

Source of the rules: HubSpot, "CRM imports API" (importOperations, columnMappings, columnType), "Set up import files"
(size, rows, encoding), "How should timestamps be formatted" (milliseconds since 1970).
"""

import json
import re
from datetime import UTC
from pathlib import Path
from typing import Any

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
from delivery.receipt import from_iso
from features.errors import ProjectError
from features.project import HubSpotTarget

MAX_BYTES = 20_000_000  # what an account without a paid tier takes; paid ones take 512 MB
MAX_ROWS = 1_048_575  # and the header
CONTACT = "0-1"  # HubSpot's objectTypeId of a contact
REQUEST_SUFFIX = ".importRequest.json"
# An empty cell may leave a property as it is, so that yesterday's reason would stay: say that there is none.
NO_REASON = "no strong driver"
NONE_AGAINST = "none known"
_STEM = "contacts"
_MILLISECONDS = rules.matching(r"[1-9][0-9]{11,13}", "a time as milliseconds since 1970 UTC")
_JOINED = rules.line_of_text(limit=5 * 255)
FIELDS: dict[str, rules.Rule] = {
    "score": rules.SCORE,
    "grade": rules.GRADE,
    "close_probability": rules.PROBABILITY,
    "route": rules.ROUTE,
    "trend": rules.TREND,
    "reasons": _JOINED,
    "against": _JOINED,
    "confidence": rules.CONFIDENCE,
    "expected_value": rules.optional(rules.AMOUNT),
    "model_version": rules.LABEL,
    "data_as_of": _MILLISECONDS,
    "scored_at": _MILLISECONDS,
    "expires_at": _MILLISECONDS,
}
_KEYS = {
    "hs_object_id": rules.matching(r"[1-9][0-9]{0,18}", "a HubSpot Record ID of digits"),
    "email": rules.matching(rules.EMAIL, "an e-mail address"),
}
_OWN_KEY = rules.matching(
    rules.SAFE_ID, "letters, digits, _ and -, beginning with a letter or digit, at most 255"
)
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{0,99}")


def write(rows: pd.DataFrame, target: HubSpotTarget, folder: Path) -> list[Path]:
    """Write neutral rows as CSV parts within HubSpot's limits, each with its ``importRequest``; return the paths.

    Raises:
        ProjectError: names in the project file that HubSpot cannot have.
        StoppedError: ids that cannot be keys, with what to set.
    """
    _check_target(target)
    cells = texts(rows)
    refuse_keys(
        cells["lead_id"], _key_rule(target), str.casefold, crm="HubSpot", advice=_advice(target)
    )
    cells["reasons"] = joined(cells, REASONS)
    cells["against"] = joined(cells, AGAINST)
    for name in ("data_as_of", "scored_at", "expires_at"):
        known = {text: _milliseconds(text) for text in set(cells[name])}
        cells[name] = [known[text] for text in cells[name]]
    columns = [cells["lead_id"], *(cells[name] for name in FIELDS)]
    parts = write_parts(
        folder,
        _STEM,
        list(_rules(target)),
        zip(*columns, strict=True),
        max_bytes=MAX_BYTES,
        max_rows=MAX_ROWS,
    )
    paths = []
    for part in parts:
        body = json.dumps(_request(part.name, target), indent=2) + "\n"
        paths += [part, write_file(part.with_suffix(REQUEST_SUFFIX), [body.encode()])]
    return paths


def validate(path: Path, target: HubSpotTarget) -> list[Problem]:
    """Return what is wrong with a part, with an ``importRequest``, or with a whole folder, read from the bytes."""
    if path.is_dir():
        return _validate_folder(path, target)
    if path.suffix == ".json":
        return _validate_request(path, target)
    sheet = read_strictly(path, max_bytes=MAX_BYTES, max_rows=MAX_ROWS)
    problems = check_cells(sheet, _rules(target))
    return problems or check_unique(sheet, target.key_field, str.casefold)


def joined(cells: dict[str, list[str]], names: tuple[str, ...]) -> list[str]:
    """Return the reasons of each lead in one line, or words that say there is none."""
    lines = zip(*(cells[name] for name in names), strict=True)
    nothing = NO_REASON if names == REASONS else NONE_AGAINST
    return ["; ".join(filter(None, line)) or nothing for line in lines]


def _milliseconds(text: str) -> str:
    return str(round(from_iso(text).replace(tzinfo=UTC).timestamp() * 1000))


def _key_rule(target: HubSpotTarget) -> rules.Rule:
    return _KEYS.get(target.key_field, _OWN_KEY)


def _rules(target: HubSpotTarget) -> dict[str, rules.Rule]:
    return {
        target.key_field: _key_rule(target),
        **{target.prefix + name: rule for name, rule in FIELDS.items()},
    }


def _request(file_name: str, target: HubSpotTarget) -> dict[str, Any]:
    mappings = [
        {"columnObjectTypeId": CONTACT, "columnName": name, "propertyName": name}
        for name in _rules(target)
    ]
    mappings[0]["columnType"] = (
        "HUBSPOT_OBJECT_ID" if target.key_field == "hs_object_id" else "HUBSPOT_ALTERNATE_ID"
    )
    return {
        "name": f"leadgauge {file_name}",
        "importOperations": {CONTACT: "UPDATE"},  # a score never creates a contact
        "dateFormat": "YEAR_MONTH_DAY",
        "files": [
            {
                "fileName": file_name,
                "fileFormat": "CSV",
                "fileImportPage": {"hasHeader": True, "columnMappings": mappings},
            }
        ],
    }


def _advice(target: HubSpotTarget) -> str:
    return (
        f"delivery.hubspot.key_field is {target.key_field}. Set it to hs_object_id if lead_id is HubSpot's Record ID, "
        "to email if it is the contact's address, or to the internal name of a contact property of yours "
        "that has unique values and holds these ids."
    )


def _check_target(target: HubSpotTarget) -> None:
    names = (
        ("key_field", target.key_field, target.key_field),
        ("prefix", target.prefix, target.prefix + max(FIELDS, key=len)),
    )
    problems = [
        f"delivery.hubspot.{name} is {value!r}; expected lower-case letters, digits and _, beginning with a letter, "
        "as in a property's internal name of at most 100 characters"
        for name, value, whole in names
        if not _PROPERTY.fullmatch(whole)
    ]
    if problems:
        raise ProjectError("\n".join(problems))


def _validate_folder(folder: Path, target: HubSpotTarget) -> list[Problem]:
    parts = sorted(folder.glob("*.csv"))
    problems = [problem for part in parts for problem in validate(part, target)]
    if not parts:
        problems.append(Problem(folder.name, "a CSV part in the folder"))
    for part in parts:
        request = part.with_suffix(REQUEST_SUFFIX)
        problems += (
            _validate_request(request, target)
            if request.is_file()
            else [Problem(request.name, "this file")]
        )
    if problems:
        return problems
    return check_unique_across(parts, target.key_field, str.casefold)


def _validate_request(path: Path, target: HubSpotTarget) -> list[Problem]:
    try:
        request = json.loads(path.read_bytes())
    except ValueError as error:
        return [Problem(path.name, "JSON in UTF-8", value=str(error))]
    expected = _request(path.name.removesuffix(REQUEST_SUFFIX) + ".csv", target)
    return (
        []
        if request == expected
        else [Problem(path.name, json.dumps(expected), value=json.dumps(request))]
    )
