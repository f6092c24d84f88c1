"""Dynamics 365 Sales: CSV parts for the import wizard, and JSON lines for the Dataverse Web API.

Each JSON line is one ``$batch`` of at most 1,000 requests. Leads are updated by PATCH with ``If-Match: *``, which never
creates a lead, and one refused lead does not take the others with it; ``UpsertMultiple`` would do both.

Source of the rules: Microsoft Learn, "Import data" (8 MB), "Execute batch operations using the Web API", "Update and
delete table rows" (If-Match), "Use an alternate key", "Populate predictive scores using custom scoring model".
"""

import re
from pathlib import Path

import pyarrow.compute as pc

from delivery import rules
from delivery.batches_check import check_batches
from delivery.cells import Cells, neutral_batches
from delivery.csv_checks import Checked, check_parts
from delivery.csv_files import CsvParts
from delivery.dynamics_batches import FIELDS, LEADS_NAME, SCORES_NAME, LeadBatches, ScoreBatches
from delivery.keys import Key, without_case
from delivery.neutral import AGAINST, REASONS
from delivery.problems import Problem
from features.errors import ProjectError
from features.project import DynamicsTarget

MAX_BYTES = 8_000_000  # the wizard takes 8 MB
_STEM = "leads"
_LEAD_ID = rules.matching(rules.GUID, "the lead's GUID")
_OWN_KEY = rules.matching(
    rules.SAFE_ID, "letters, digits, _ and -, beginning with a letter or digit, at most 255"
)
_LOGICAL_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_PREFIX = re.compile(r"[a-z][a-z0-9]{1,7}_")


class Writer:
    """Writes parts for the wizard and batches for the Web API; predictive scores only where ids are GUIDs."""

    def __init__(self, target: DynamicsTarget, folder: Path, *, mark: bool) -> None:
        """Take where to write.

        ``mark``: the wizard wants a byte order mark for text beyond ASCII; machines do better without it.
        """
        names = list(_rules(target))
        self._parts = CsvParts(folder, _STEM, names, max_bytes=MAX_BYTES, mark=mark)
        self._batches: list[LeadBatches | ScoreBatches] = [LeadBatches(target, folder)]
        if target.key_field == "leadid":
            self._batches.append(ScoreBatches(folder))

    def add(self, cells: Cells) -> None:
        """Write n leads."""
        names = ("lead_id", *(name for name, _ in FIELDS.values()))
        self._parts.add([cells.csv[name] for name in names])
        for batches in self._batches:
            batches.add(cells)

    def finish(self) -> list[Path]:
        """Return the paths."""
        return [*self._parts.finish(), *(batches.finish() for batches in self._batches)]

    def close(self) -> None:
        """Close the files; once is enough."""
        for file in (self._parts, *self._batches):
            file.close()


def beyond_ascii(scores: Path) -> bool:
    """Whether a reason of a ``scores.parquet`` holds a sign beyond ASCII, as the words for none do not."""
    names = (*REASONS, *AGAINST)
    return any(
        not pc.all(pc.string_is_ascii(batch[name].dictionary), min_count=0).as_py()
        for batch in neutral_batches(scores, columns=names)
        for name in names
    )


def key(target: DynamicsTarget) -> Key:
    """Return what Dynamics takes as keys."""
    return Key(_key_rule(target), without_case, "Dynamics 365", _advice(target))


def check(folder: Path, target: DynamicsTarget) -> Checked:
    """Return what is wrong with a folder, read from the bytes, and its leads."""
    parts = sorted(folder.glob("*.csv"))
    checked = _check_parts(parts, target)
    names = [LEADS_NAME, *([SCORES_NAME] if target.key_field == "leadid" else [])]
    problems = [*checked.problems]
    if not parts:
        problems.append(Problem(folder.name, "a CSV part in the folder"))
    requests = {}
    for name in names:
        if (folder / name).is_file():
            requests[name] = check_batches(folder / name, target)
            problems += requests[name].problems
        else:
            problems.append(Problem(name, "this file"))
    if not problems:
        problems = [
            Problem(name, "one request for each row of the CSV parts, in their order")
            for name, batches in requests.items()
            if batches.keys.in_order() != checked.keys.in_order()
        ]
    return Checked(problems, checked.keys)


def validate(path: Path, target: DynamicsTarget) -> list[Problem]:
    """Return what is wrong with a CSV part, a JSON lines file, or a whole folder, read from the bytes."""
    if path.is_dir():
        return check(path, target).problems
    if path.suffix == ".jsonl":
        return check_batches(path, target).problems
    return _check_parts([path], target).problems


def check_target(target: DynamicsTarget) -> None:
    """Stop if the project file has names that Dataverse cannot have.

    Raises:
        ProjectError: with all of them.
    """
    problems = []
    if not _LOGICAL_NAME.fullmatch(target.key_field):
        problems.append(
            f"delivery.dynamics.key_field is {target.key_field!r}; expected leadid or a column's logical name, "
            "in lower case"
        )
    if not _PREFIX.fullmatch(target.prefix):
        problems.append(
            f"delivery.dynamics.prefix is {target.prefix!r}; expected the solution publisher's prefix of 2 to 8 "
            "lower-case letters and digits, and an underscore, such as new_"
        )
    if problems:
        raise ProjectError("\n".join(problems))


def _check_parts(parts: list[Path], target: DynamicsTarget) -> Checked:
    return check_parts(parts, _rules(target), without_case, max_bytes=MAX_BYTES, mark=True)


def _key_rule(target: DynamicsTarget) -> rules.Rule:
    return _LEAD_ID if target.key_field == "leadid" else _OWN_KEY


def _rules(target: DynamicsTarget) -> dict[str, rules.Rule]:
    return {
        target.key_field: _key_rule(target),
        **{target.prefix + name: rule for name, (_, rule) in FIELDS.items()},
    }


def _advice(target: DynamicsTarget) -> str:
    return (
        f"delivery.dynamics.key_field is {target.key_field}. Set it to leadid if lead_id is the lead's GUID, or to the "
        "logical name of a column of the lead table that is an alternate key and holds these ids."
    )
