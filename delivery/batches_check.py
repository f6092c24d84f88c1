"""Check the JSON lines for the Dataverse Web API: a batch of plain requests by one pattern, any other by its JSON."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delivery import dynamics_batches, rules
from delivery.csv_checks import Checked
from delivery.csv_reader import blocks, split_lines
from delivery.dynamics_batches import (
    DECIMAL_FIELDS,
    FIELDS,
    GRADE_CODES,
    NUMBER_FIELDS,
    SCORE_URL,
    SCORES_NAME,
    TREND_CODES,
    lead_url,
)
from delivery.keys import Seen, repeats, without_case
from delivery.problems import Problem, Tally
from features.project import DynamicsTarget

Request = dict[str, Any]

_KEYS = {"method", "url", "headers", "body"}
_BETWEEN = ',{"method":'
_FIRST, _LAST = '{"requests":[{"method":', "]}"
_NOT_ENDED, _WRONG, _REPEATED = range(3)


_SCORE_URL = re.compile(rules.GUID.join(map(re.escape, SCORE_URL)))
_PLAIN_NUMBERS = {
    "leadscore": rules.SCORE.plain,
    "closeprobability": r"0\.[0-9]{1,4}|1\.0",
    "expectedvalue": r"null|(?:0|[1-9][0-9]{0,12})\.[0-9]{1,2}",
}
_SHORT = 5 * 255  # bytes of a request in which no text can be too long


def check_batches(path: Path, target: DynamicsTarget) -> Checked:
    """Return what is wrong with a JSON lines file, read from its bytes, and its leads.

    A row of a problem is a line of the file.
    """
    reader = _Batches(path, target)
    seen = Seen(without_case)
    for keys in reader:
        seen.add(keys)
    if not reader.tally.count and len(suspects := seen.suspects()):
        lines = np.cumsum(reader.requests)
        before, after = _around_key(path.name, target)
        for repeat in repeats(_Batches(path, target), without_case, suspects):
            row = int(np.searchsorted(lines, repeat.place, side="right")) + 1
            url = f"{before}{repeat.key}{after}".casefold()
            reader.tally.add(_REPEATED, [Problem(path.name, "each lead once", row=row, value=url)])
    return Checked(reader.tally.problems, seen)


class _Batches:
    """Iterates over the keys of a file's requests, line by line or many lines at once, and counts what is wrong."""

    def __init__(self, path: Path, target: DynamicsTarget) -> None:
        self._path, self._target = path, target
        self._plain = _plain_request(path.name, target)
        before, after = map(re.escape, _around_key(path.name, target))
        self._key = rf'^(?:{re.escape(_FIRST)})?"PATCH","url":"{before}(?P<key>[^"\')]*){after}"'
        self.tally = Tally()
        self.requests: list[int] = []  # of each line

    def __iter__(self) -> Iterator[pa.Array]:
        for data in blocks(self._path, b"\n"):
            if not data.endswith(b"\n"):
                expected = "the last line to end with LF"
                self.tally.add(_NOT_ENDED, [Problem(self._path.name, expected)])
                return
            lines = split_lines(data, b"\n")
            requests = self._plain_ones(lines)
            if requests is not None:
                yield pc.extract_regex(requests, self._key).field("key")
                continue
            for line in range(len(lines)):
                yield self._one_by_one(lines.slice(line, 1))

    def _plain_ones(self, lines: pa.Array) -> pa.Array | None:
        """Return all requests of the lines if each is plainly right, else None."""
        try:
            parts = pc.split_pattern(lines.cast(pa.string()), pattern=_BETWEEN)
        except pa.ArrowInvalid:  # not UTF-8
            return None
        requests, counts = pc.list_flatten(parts), pc.list_value_length(parts).to_numpy()
        ends = np.cumsum(counts)
        first, last = np.zeros(len(requests), dtype=bool), np.zeros(len(requests), dtype=bool)
        first[ends - counts] = last[ends - 1] = True
        right = (
            pc.match_substring_regex(requests, self._plain),
            pc.less_equal(pc.binary_length(requests), _SHORT),
            pc.equal(pc.starts_with(requests, _FIRST), pa.array(first)),
            pc.equal(pc.ends_with(requests, _LAST), pa.array(last)),
        )
        if counts.max() > dynamics_batches.MAX_REQUESTS or not all(
            pc.all(flags).as_py() for flags in right
        ):
            return None
        self.requests += counts.tolist()
        return requests

    def _one_by_one(self, line: pa.Array) -> pa.Array:
        """Return the keys of one line, of which at least one request is not plain or wrong."""
        plain = self._plain_ones(line)
        if plain is not None:
            return pc.extract_regex(plain, self._key).field("key")
        row, text = len(self.requests) + 1, line[0].as_py()
        requests = _read(text)
        self.requests.append(len(requests or ()))
        if requests is None:
            most = dynamics_batches.MAX_REQUESTS
            expected = f'JSON such as {{"requests":[...]}} with 1 to {most:,} requests'
            wrong = [Problem(self._path.name, expected, row=row, value=repr(text[:60]))]
        else:
            wrong = list(_wrong(self._path.name, row, requests, self._target))
        self.tally.add(_WRONG, wrong, len(wrong))
        before, after = _around_key(self._path.name, self._target)
        urls = [] if wrong else [str(request["url"]) for request in requests or ()]
        keys = [url.removeprefix(before).removesuffix(after) for url in urls]
        return pa.array(keys, pa.string())


def _around_key(name: str, target: DynamicsTarget) -> tuple[str, str]:
    return SCORE_URL if name == SCORES_NAME else lead_url(target)


def _url(name: str, target: DynamicsTarget) -> str:
    by_guid = name == SCORES_NAME or target.key_field == "leadid"
    return (rules.GUID if by_guid else rules.SAFE_ID).join(
        map(re.escape, _around_key(name, target))
    )


def _plain_request(name: str, target: DynamicsTarget) -> str:
    """Return the pattern, for RE2, of a request that is right in every field; it begins behind ``{"method":``."""
    if name == SCORES_NAME:
        headers = "{}"
        body = r'"msdyn_score":[1-9][0-9]?,"msdyn_scoretrend":[0-3],"msdyn_grade":[0-3]'
    else:
        headers = '{"If-Match":"*"}'
        body = ",".join(
            f'"{target.prefix}{field}":(?:{_plain_value(field, rule)})'
            for field, (_, rule) in FIELDS.items()
        )
    return (
        rf'^(?:{re.escape(_FIRST)})?"PATCH","url":"{_url(name, target)}","headers":{re.escape(headers)},'
        rf'"body":\{{{body}\}}\}}(?:{re.escape(_LAST)})?$'
    )


def _plain_value(field: str, rule: rules.Rule) -> str | None:
    if field in NUMBER_FIELDS:
        return _PLAIN_NUMBERS[field]
    return rules.PLAIN_JSON if rule.limit else f'"(?:{rule.plain})"'


def _read(line: bytes) -> list[Request] | None:
    try:
        requests = json.loads(line)["requests"]
    except (ValueError, KeyError, TypeError):
        return None
    whole = isinstance(requests, list) and all(isinstance(request, dict) for request in requests)
    return requests if whole and 0 < len(requests) <= dynamics_batches.MAX_REQUESTS else None


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
    url = re.compile(_url(name, target))
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
    if field in DECIMAL_FIELDS:
        decimals = DECIMAL_FIELDS[field]
        right = isinstance(value, float) and round(value, decimals) == value
        return (
            f"{value:.{decimals}f}" if right else f"{value!r} (not a number of {decimals} decimals)"
        )
    return value if isinstance(value, str) else f"{value!r} (not text)"
