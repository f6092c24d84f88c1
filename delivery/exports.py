"""All files of one publication: written together, checked together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from delivery import dynamics, hubspot, salesforce
from delivery.csv_files import LineEnding, read_strictly
from delivery.neutral_files import CSV_NAME, PARQUET_NAME, validate_neutral, write_neutral
from delivery.people import write_people
from delivery.problems import Problem
from features.project import Delivery

_Check = Callable[[Path, Any], list[Problem]]


def write_exports(rows: pd.DataFrame, delivery: Delivery, folder: Path) -> list[Path]:
    """Write every file of a publication into a folder: neutral, for people, and for each CRM of the project file.

    Raises:
        ProjectError: names in the project file that a CRM cannot have.
        StoppedError: ids or texts that a CRM's file cannot carry.
    """
    paths = [*write_neutral(rows, folder), *write_people(rows, folder)]
    if delivery.salesforce is not None:
        paths += salesforce.write(rows, delivery.salesforce, folder / "salesforce")
    if delivery.hubspot is not None:
        paths += hubspot.write(rows, delivery.hubspot, folder / "hubspot")
    if delivery.dynamics is not None:
        paths += dynamics.write(rows, delivery.dynamics, folder / "dynamics")
    return paths


def validate_exports(folder: Path, delivery: Delivery) -> list[Problem]:
    """Return what is wrong with the files of a publication, every format read from its bytes by its own rules."""
    problems = [*validate_neutral(folder / CSV_NAME), *validate_neutral(folder / PARQUET_NAME)]
    ids = set() if problems else set(read_strictly(folder / CSV_NAME).column("lead_id"))
    targets: list[tuple[str, Any, _Check]] = [
        ("salesforce", delivery.salesforce, salesforce.validate),
        ("hubspot", delivery.hubspot, hubspot.validate),
        ("dynamics", delivery.dynamics, dynamics.validate),
    ]
    for name, target, check in targets:
        if target is None:
            continue
        found = check(folder / name, target)
        problems += found
        if not found and not problems:
            problems += _check_leads(folder / name, target.key_field, target, ids)
    return problems


def _check_leads(folder: Path, key_field: str, target: Any, ids: set[str]) -> list[Problem]:  # noqa: ANN401  any target
    ending: LineEnding = getattr(target, "line_ending", "LF")
    delivered = {
        key
        for part in sorted(folder.glob("*.csv"))
        for key in read_strictly(part, ending=ending, mark=True).column(key_field)
    }
    if delivered == ids:
        return []
    return [
        Problem(folder.name, f"the {len(ids)} leads of {CSV_NAME}", value=f"{len(delivered)} leads")
    ]
