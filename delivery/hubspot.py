"""HubSpot, import of contacts: CSV parts, and for each the ``importRequest`` that maps its columns.

Source of the rules: HubSpot, "CRM imports API" (importOperations, columnMappings, columnType), "Set up import files"
(size, rows, encoding), "How should timestamps be formatted" (milliseconds since 1970).
"""

import json
import re
from datetime import UTC
from pathlib import Path
from typing import Any

import pyarrow as pa

from delivery import rules
from delivery.cells import Cells, once_or_each
from delivery.columns import over
from delivery.csv_checks import Checked, check_parts
from delivery.csv_files import CsvParts, write_file
from delivery.keys import Key, without_case
from delivery.neutral import TIMES
from delivery.problems import Problem
from delivery.receipt import from_iso
from features.errors import ProjectError
from features.project import HubSpotTarget

MAX_BYTES = 20_000_000  # what an account without a paid tier takes; paid ones take 512 MB
MAX_ROWS = 1_048_575  # and the header
CONTACT = "0-1"  # HubSpot's objectTypeId of a contact
REQUEST_SUFFIX = ".importRequest.json"
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


class Writer:
    """Writes CSV parts within HubSpot's limits, each with its ``importRequest``."""

    def __init__(self, target: HubSpotTarget, folder: Path) -> None:
        """Take where to write."""
        self._target = target
        self._parts = CsvParts(
            folder, _STEM, list(_rules(target)), max_bytes=MAX_BYTES, max_rows=MAX_ROWS
        )
        self.close = self._parts.close

    def add(self, cells: Cells) -> None:
        """Write n leads."""
        times = {name: once_or_each(over(cells.texts[name], _milliseconds)) for name in TIMES}
        self._parts.add([(cells.csv | times)[name] for name in ("lead_id", *FIELDS)])

    def finish(self) -> list[Path]:
        """Return the paths."""
        paths = []
        for part in self._parts.finish():
            body = json.dumps(_request(part.name, self._target), indent=2) + "\n"
            paths += [part, write_file(part.with_suffix(REQUEST_SUFFIX), [body.encode()])]
        return paths


def key(target: HubSpotTarget) -> Key:
    """Return what HubSpot takes as keys."""
    return Key(_key_rule(target), without_case, "HubSpot", _advice(target))


def check(folder: Path, target: HubSpotTarget) -> Checked:
    """Return what is wrong with a folder, read from the bytes, and its leads."""
    parts = sorted(folder.glob("*.csv"))
    checked = _check_parts(parts, target)
    problems = [] if parts else [Problem(folder.name, "a CSV part in the folder")]
    for part in parts:
        request = part.with_suffix(REQUEST_SUFFIX)
        problems += (
            _validate_request(request, target)
            if request.is_file()
            else [Problem(request.name, "this file")]
        )
    return Checked(checked.problems + problems, checked.keys)


def validate(path: Path, target: HubSpotTarget) -> list[Problem]:
    """Return what is wrong with a part, with an ``importRequest``, or with a whole folder, read from the bytes."""
    if path.is_dir():
        return check(path, target).problems
    if path.suffix == ".json":
        return _validate_request(path, target)
    return _check_parts([path], target).problems


def check_target(target: HubSpotTarget) -> None:
    """Stop if the project file has names that HubSpot cannot have.

    Raises:
        ProjectError: with all of them.
    """
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


def _check_parts(parts: list[Path], target: HubSpotTarget) -> Checked:
    return check_parts(parts, _rules(target), without_case, max_bytes=MAX_BYTES, max_rows=MAX_ROWS)


def _milliseconds(texts: pa.Array) -> pa.Array:
    moments = [from_iso(text).replace(tzinfo=UTC) for text in texts.to_pylist()]
    return pa.array([str(round(moment.timestamp() * 1000)) for moment in moments], pa.string())


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
