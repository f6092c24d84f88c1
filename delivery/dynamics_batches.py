"""Requests to the Dataverse Web API as JSON lines: each line one ``$batch`` of at most 1,000 requests.

A line is ``{"requests": [{"method", "url", "headers", "body"}, ...]}``, with urls relative to ``/api/data/v9.2/``.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from delivery import rules
from delivery.cells import JOINED, Cells, once_or_each
from delivery.columns import joined, json_inner, json_numbers, over
from delivery.csv_files import NewFile, text_buffer
from features.project import DynamicsTarget

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
DECIMAL_FIELDS = {"closeprobability": 4, "expectedvalue": 2}
NUMBER_FIELDS = ("leadscore", *DECIMAL_FIELDS)
SCORE_URL = ("msdyn_predictivescores(msdyn_entityid='", "',msdyn_entitytype='lead')")
_BEGIN, _END = '{"requests":[', "]}\n"


class _Lines:
    """A file of batches; requests come one behind the other, and each batch is closed when the next one begins."""

    def __init__(self, path: Path) -> None:
        self._file = NewFile(path)
        self._count = 0
        self.close = self._file.close

    def add(self, pieces: Sequence[pa.Array | str], rows: int) -> None:
        """Write n requests, given as pieces of JSON that stand one behind the other."""
        places = np.arange(self._count, self._count + rows)
        kinds = np.where(places % MAX_REQUESTS, 0, np.where(places, 1, 2))
        fronts = pa.array([",", _END + _BEGIN, _BEGIN]).take(pa.array(kinds))
        requests = pc.binary_join_element_wise(
            fronts, *pieces, "", null_handling="replace", null_replacement="null"
        )
        start, ends, data = text_buffer(requests)
        self._file.write(data[start : int(ends[-1]) if rows else start])
        self._count += rows

    def finish(self) -> Path:
        """Close the last batch, and return the path."""
        self._file.write(_END.encode() if self._count else b"")
        self._file.close()
        return self._file.path


class LeadBatches:
    """Writes a PATCH for each lead; ``If-Match: *`` keeps Dataverse from creating a lead that it does not know."""

    def __init__(self, target: DynamicsTarget, folder: Path) -> None:
        """Take where to write."""
        self._lines = _Lines(folder / LEADS_NAME)
        self._target = target
        self.finish, self.close = self._lines.finish, self._lines.close

    def add(self, cells: Cells) -> None:
        """Write n leads."""
        before, after = lead_url(self._target)
        pieces = [f'{{"method":"PATCH","url":"{before}', cells.texts["lead_id"]]
        text = f'{after}","headers":{{"If-Match":"*"}},"body":{{'
        for name, (source, _) in FIELDS.items():
            number = name in NUMBER_FIELDS
            pieces += [
                f'{text}"{self._target.prefix}{name}":' + '"' * (not number),
                _value(name, source, cells),
            ]
            text = "," if number else '",'
        self._lines.add([*pieces, f"{text[:-1]}}}}}"], len(cells.texts["lead_id"]))


class ScoreBatches:
    """Writes a PATCH of ``msdyn_predictivescores`` for each lead, which fills the score that Dynamics itself shows.

    Without ``If-Match``: a PATCH by this key adds the score of a lead that has none yet.
    """

    def __init__(self, folder: Path) -> None:
        """Take where to write."""
        self._lines = _Lines(folder / SCORES_NAME)
        self.finish, self.close = self._lines.finish, self._lines.close

    def add(self, cells: Cells) -> None:
        """Write n leads."""
        before, after = SCORE_URL
        pieces = [
            f'{{"method":"PATCH","url":"{before}',
            cells.texts["lead_id"],
            f'{after}","headers":{{}},"body":{{"msdyn_score":',
            cells.texts["score"],
            ',"msdyn_scoretrend":',
            once_or_each(over(cells.texts["trend"], _codes(TREND_CODES))),
            ',"msdyn_grade":',
            once_or_each(over(cells.texts["grade"], _codes(GRADE_CODES))),
            "}}",
        ]
        self._lines.add(pieces, len(cells.texts["lead_id"]))


def lead_url(target: DynamicsTarget) -> tuple[str, str]:
    """Return what stands before and after the key in a lead's url."""
    if target.key_field == "leadid":
        return "leads(", ")"
    return f"leads({target.key_field}='", "')"


def _value(name: str, source: str, cells: Cells) -> pa.Array | pa.Scalar:
    """Return a field's JSON, of a text what stands between its quotes."""
    if source in JOINED:
        columns, nothing = JOINED[source]
        return joined([cells.texts[column] for column in columns], json_inner, nothing)
    column = cells.texts[source]
    if name in NUMBER_FIELDS:
        return over(column, json_numbers) if name in DECIMAL_FIELDS else column
    return once_or_each(over(column, json_inner))


def _codes(known: Mapping[str, int]) -> Callable[[pa.Array], pa.Array]:
    return lambda words: pa.array([str(known[word]) for word in words.to_pylist()], pa.string())
