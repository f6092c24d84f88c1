"""Dynamics 365 Sales: CSV parts for the import wizard, and JSON lines for the Dataverse Web API.

Each JSON line is one ``$batch`` of at most 1,000 requests. Leads are updated by PATCH with ``If-Match: *``, which never
creates a lead, and one refused lead does not take the others with it; ``UpsertMultiple`` would do both.

Source of the rules: Microsoft Learn, "Import data" (8 MB), "Execute batch operations using the Web API", "Update and
delete table rows" (If-Match), "Use an alternate key", "Populate predictive scores using custom scoring model".
"""

import re
from pathlib import Path

import pandas as pd

from delivery import rules
from delivery.csv_files import (
    check_cells,
    check_unique,
    check_unique_across,
    read_strictly,
    write_parts,
)
from delivery.dynamics_batches import (
    FIELDS,
    LEADS_NAME,
    SCORES_NAME,
    batch_urls,
    request_urls,
    validate_batches,
    write_lead_batches,
    write_score_batches,
)
from delivery.hubspot import joined
from delivery.keys import refuse_keys
from delivery.neutral import AGAINST, REASONS, texts
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


def write(rows: pd.DataFrame, target: DynamicsTarget, folder: Path) -> list[Path]:
    """Write neutral rows for the wizard and for the Web API; predictive scores only where ids are GUIDs.

    Raises:
        ProjectError: names in the project file that Dataverse cannot have.
        StoppedError: ids that cannot be keys, with what to set.
    """
    _check_target(target)
    cells = texts(rows)
    refuse_keys(
        cells["lead_id"],
        _key_rule(target),
        str.casefold,
        crm="Dynamics 365",
        advice=_advice(target),
    )
    cells["reasons"] = joined(cells, REASONS)
    cells["against"] = joined(cells, AGAINST)
    columns = [cells["lead_id"], *(cells[name] for name, _ in FIELDS.values())]
    parts = write_parts(
        folder,
        _STEM,
        list(_rules(target)),
        zip(*columns, strict=True),
        max_bytes=MAX_BYTES,
        # The wizard wants the mark for text beyond ASCII; machines do better without it.
        mark=not all(text.isascii() for text in (*cells["reasons"], *cells["against"])),
    )
    paths = [*parts, write_lead_batches(cells, target, folder)]
    if target.key_field == "leadid":
        paths.append(write_score_batches(cells, folder))
    return paths


def validate(path: Path, target: DynamicsTarget) -> list[Problem]:
    """Return what is wrong with a CSV part, a JSON lines file, or a whole folder, read from the bytes."""
    if path.is_dir():
        return _validate_folder(path, target)
    if path.suffix == ".jsonl":
        return validate_batches(path, target)
    sheet = read_strictly(path, max_bytes=MAX_BYTES, mark=True)
    problems = check_cells(sheet, _rules(target))
    return problems or check_unique(sheet, target.key_field, str.casefold)


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


def _check_target(target: DynamicsTarget) -> None:
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


def _validate_folder(folder: Path, target: DynamicsTarget) -> list[Problem]:
    parts = sorted(folder.glob("*.csv"))
    names = [LEADS_NAME, *([SCORES_NAME] if target.key_field == "leadid" else [])]
    problems = [problem for part in parts for problem in validate(part, target)]
    if not parts:
        problems.append(Problem(folder.name, "a CSV part in the folder"))
    for name in names:
        path = folder / name
        problems += (
            validate_batches(path, target) if path.is_file() else [Problem(name, "this file")]
        )
    if problems:
        return problems
    keys = [
        key for part in parts for key in read_strictly(part, mark=True).column(target.key_field)
    ]
    problems += [
        Problem(name, "one request for each row of the CSV parts, in their order")
        for name in names
        if batch_urls(folder / name) != request_urls(name, keys, target)
    ]
    return problems + check_unique_across(parts, target.key_field, str.casefold)
