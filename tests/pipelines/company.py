"""A company small enough to be trained on in seconds, made by the simulation."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from simulation.company import simulate
from simulation.export import write_company


def write_tiny(folder: Path, name: str = "tiny", **changes: Any) -> Path:
    """Write five hundred leads, plainly told apart, of fifteen months and return the project file; ``changes`` go over its blocks."""
    company = simulate(
        500,
        seed=3,
        events_per_lead=4,
        start=date(2025, 1, 1),
        end=date(2026, 3, 31),
        base_rate=0.2,
        accounts=False,
        signal=2.0,
    )
    path = write_company(company, folder, dirty=False)
    document = yaml.safe_load(path.read_text())
    document["project"] = name
    document["model"] = {
        "ladder": ["base_rate", "logistic"],
        "folds": 2,
        "ages_days": [0, 14, 60],
        "evaluate_every_days": 14,
    }
    document["features"] |= {
        "windows_days": [30],
        "event_kinds": ["pricing_page", "meeting"],
        "track_record": ["Lead Source"],
    }
    for block, values in changes.items():
        document[block] = (
            {**document.get(block, {}), **values} if isinstance(values, dict) else values
        )
    written = folder / f"{name}.yaml"
    written.write_text(yaml.safe_dump(document))
    return written
