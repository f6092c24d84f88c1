"""Requests to the Dataverse Web API as JSON lines: each line one ``$batch`` of at most 1,000 requests.

A line is ``{"requests": [{"method", "url", "headers", "body"}, ...]}``, with urls relative to ``/api/data/v9.2/``.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from delivery import rules
from delivery.csv_files import write_file
from delivery.problems import Problem
from features.project import DynamicsTarget

Cells = dict[str, list[str]]
Request = dict[str, Any]

MAX_REQUESTS = 1_000
LEADS_NAME = "lead_batches.jsonl"
SCORES_NAME = "predictive_score_batches.jsonl"
GRADE_CODES = {"A": 0, "B": 1, "C": 2, "D": 3}
TREND_CODES = {"improving": 0, "steady": 1, "declining": 2, "new": 3}
_JOINED = rules.line_of_text(limit=5 * 255)
FIELDS: dict[str, tuple[str, rules.Rule]] = {
    "leadscore": ("score", rules.SCORE),
    "leadgrade": ("grade", rules.GRADE),
    "closeprobability": ("close_probability", rules.PROBABILITY),
    "leadroute": ("route", rules.ROUTE),
    "scoretrend": ("trend", rules.TREND),
    "scorereasons": ("reasons", _JOINED),
    "scoreagainst": ("against", _JOINED),
    "scoreconfidence": ("confidence", rules.CONFIDENCE),
    "expectedvalue": ("expected_value", rules.optional(rules.AMOUNT)),
    "scoremodel": ("model_version", rules.LABEL),
    "scoredataasof": ("data_as_of", rules.MOMENT),
    "scoredat": ("scored_at", rules.MOMENT),
    "scoreexpiresat": ("expires_at", rules.MOMENT),
}
_NUMBERS: dict[str, Callable[[str], int | float]] = {
    "leadscore": int,
    "closeprobability": float,
    "expectedvalue": float,
}
_DECIMALS = {"closeprobability": 4, "expectedvalue": 2}
_KEYS = {"method", "url", "headers", "body"}
_SCORE_URL = re.compile(
    rf"msdyn_predictivescores\(msdyn_entityid='{rules.GUID}',msdyn_entitytype='lead'\)"
)


def write_lead_batches(cells: Cells, target: DynamicsTarget, folder: Path) -> Path:
    """Write a PATCH for each lead; ``If-Match: *`` keeps Dataverse from creating a lead that it does not know."""
    names = [target.prefix + name for name in FIELDS]
    values = [_values(name, cells[source]) for name, (source, _) in FIELDS.items()]
    urls = request_urls(LEADS_NAME, cells["lead_id"], target)
    requests = [
        {
            "method": "PATCH",
            "url": url,
            "headers": {"If-Match": "*"},
            "body": dict(zip(names, row, strict=True)),
        }
        for url, *row in zip(urls, *values, strict=True)
    ]
    return write_file(folder / LEADS_NAME, _lines(requests))


def write_score_batches(cells: Cells, folder: Path) -> Path:
    """Write a PATCH of ``msdyn_predictivescores`` for each lead, which fills the score that Dynamics itself shows.

    Without ``If-Match``: a PATCH by this key adds the score of a lead that has none yet.
    """
    urls = [_score_url(key) for key in cells["lead_id"]]
    bodies = [
        {
            "msdyn_score": int(score),
            "msdyn_scoretrend": TREND_CODES[trend],
            "msdyn_grade": GRADE_CODES[grade],
        }
        for score, trend, grade in zip(cells["score"], cells["trend"], cells["grade"], strict=True)
    ]
    requests = [
        {"method": "PATCH", "url": url, "headers": {}, "body": body}
        for url, body in zip(urls, bodies, strict=True)
    ]
    return write_file(folder / SCORES_NAME, _lines(requests))


def request_urls(name: str, keys: Sequence[str], target: DynamicsTarget) -> list[str]:
    """Return the urls of a file's requests, one for each lead."""
    if name == SCORES_NAME:
        return [_score_url(key) for key in keys]
    if target.key_field == "leadid":
        return [f"leads({key})" for key in keys]
    return [f"leads({target.key_field}='{key}')" for key in keys]


def batch_urls(path: Path) -> list[str]:
    """Return the urls that stand in a file that is known to be right."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [request["url"] for line in lines for request in json.loads(line)["requests"]]


def validate_batches(path: Path, target: DynamicsTarget) -> list[Problem]:
    """Return what is wrong with a JSON lines file, read from its bytes; a row of a problem is a line of the file."""
    problems: list[Problem] = []
    data = path.read_bytes()
    if data and not data.endswith(b"\n"):
        problems.append(Problem(path.name, "the last line to end with LF"))
    seen: set[str] = set()
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        requests = _read(line)
        if requests is None:
            expected = f'JSON such as {{"requests":[...]}} with 1 to {MAX_REQUESTS:,} requests'
            problems.append(Problem(path.name, expected, row=number, value=repr(line[:60])))
            continue
        problems += _wrong(path.name, number, requests, target)
        for url in (str(request.get("url")).casefold() for request in requests):
            if url in seen:
                problems.append(Problem(path.name, "each lead once", row=number, value=url))
            seen.add(url)
    return problems


def _values(name: str, cells: list[str]) -> list[Any]:
    as_number = _NUMBERS.get(name)
    if as_number is None:
        return [cell or None for cell in cells]
    return [as_number(cell) if cell else None for cell in cells]


def _score_url(key: str) -> str:
    return f"msdyn_predictivescores(msdyn_entityid='{key}',msdyn_entitytype='lead')"


def _lines(requests: Sequence[Request]) -> Iterator[bytes]:
    for start in range(0, len(requests), MAX_REQUESTS):
        batch = {"requests": requests[start : start + MAX_REQUESTS]}
        yield (json.dumps(batch, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _read(line: bytes) -> list[Request] | None:
    try:
        requests = json.loads(line)["requests"]
    except (ValueError, KeyError, TypeError):
        return None
    whole = isinstance(requests, list) and all(isinstance(request, dict) for request in requests)
    return requests if whole and 0 < len(requests) <= MAX_REQUESTS else None


def _wrong(
    name: str, number: int, requests: list[Request], target: DynamicsTarget
) -> Iterator[Problem]:
    if name == SCORES_NAME:
        expected = (
            "a PATCH of a lead's msdyn_predictivescores: score 1 to 99, trend 0 to 3, grade 0 to 3"
        )
        for request in requests:
            if not _is_score(request):
                yield Problem(name, expected, row=number, value=json.dumps(request))
        return
    fields = [target.prefix + field for field in FIELDS]
    key = rules.GUID if target.key_field == "leadid" else f"{target.key_field}='{rules.SAFE_ID}'"
    url = re.compile(rf"leads\({key}\)")
    named = [request for request in requests if _is_lead(request, url, fields)]
    if len(named) < len(requests):
        expected = (
            "each request a PATCH of one lead with If-Match: * and every column of the export"
        )
        yield Problem(
            name,
            expected,
            row=number,
            value=f"{len(requests) - len(named)} of {len(requests)} are not",
        )
    for column, (field, (_, rule)) in zip(fields, FIELDS.items(), strict=True):
        refused = rule.refused(_as_cell(field, request["body"][column]) for request in named)
        for cell in sorted(refused):
            yield Problem(name, rule.expected, row=number, column=column, value=cell)


def _is_score(request: Request) -> bool:
    body = request.get("body", {})
    return bool(
        set(request) == _KEYS
        and request["method"] == "PATCH"
        and request["headers"] == {}
        and _SCORE_URL.fullmatch(str(request["url"]))
        and set(body) == {"msdyn_score", "msdyn_scoretrend", "msdyn_grade"}
        and all(type(value) is int for value in body.values())
        and 1 <= body["msdyn_score"] <= 99
        and body["msdyn_scoretrend"] in TREND_CODES.values()
        and body["msdyn_grade"] in GRADE_CODES.values()
    )


def _is_lead(request: Request, url: re.Pattern[str], fields: list[str]) -> bool:
    return bool(
        set(request) == _KEYS
        and request["method"] == "PATCH"
        and request["headers"] == {"If-Match": "*"}
        and url.fullmatch(str(request["url"]))
        and list(request["body"]) == fields
    )


def _as_cell(field: str, value: object) -> str:
    """Return the text that a CSV cell would hold; a value of another JSON type becomes a text that no rule accepts."""
    if value is None:
        return ""
    if field == "leadscore":
        return str(value) if type(value) is int else f"{value!r} (not a whole number)"
    if field in _NUMBERS:
        decimals = _DECIMALS[field]
        right = isinstance(value, float) and round(value, decimals) == value
        return (
            f"{value:.{decimals}f}" if right else f"{value!r} (not a number of {decimals} decimals)"
        )
    return value if isinstance(value, str) else f"{value!r} (not text)"
