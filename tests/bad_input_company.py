"""A company of three small tables that trains in seconds, and a home in which it has published one night."""

import csv
import hashlib
import io
import json
import re
import shutil
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

Rows = list[dict[str, str]]

LEADS = 500
START = datetime.fromisoformat("2025-01-01T08:00:00")
SOURCES = {"Web": -2.0, "Fair": -0.5, "Referral": 1.0}
OPEN_DAYS = 40  # no lead closes later than this after it came

PROJECT: dict[str, Any] = {
    "project": "acme",
    "timezone": "UTC",
    "data_cutoff": "2025-11-01T00:00:00Z",
    "sources": {
        "leads": {
            "path": "leads.csv",
            "columns": {"lead_id": "Lead ID", "created_at": "Created", "source": "Source"},
        },
        "outcomes": {
            "path": "outcomes.csv",
            "columns": {"lead_id": "Lead ID", "status": "Stage", "closed_at": "Closed"},
        },
        "events": {
            "path": "events.csv",
            "columns": {"lead_id": "Lead ID", "kind": "Activity", "occurred_at": "At"},
        },
    },
    "label": {"horizon_days": 45, "won": "Won", "lost": "Lost"},
    "features": {"windows_days": [30], "track_record": []},
    "model": {
        "ladder": ["base_rate", "logistic"],
        "folds": 2,
        "ages_days": [0, 14],
        "evaluate_every_days": 14,
    },
}


@dataclass(frozen=True)
class Company:
    """A folder with a project file and its tables, and the home that its runs write to."""

    folder: Path
    home: Path

    @property
    def project(self) -> Path:
        """The project file."""
        return self.folder / "acme.yaml"

    def rows(self, table: str) -> Rows:
        """Return a table's rows."""
        with (self.folder / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def write(self, table: str, rows: Rows, columns: list[str] | None = None) -> None:
        """Write a table; ``columns`` are needed only where there are no rows."""
        with (self.folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns or list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the project file."""
        document = yaml.safe_load(self.project.read_text(encoding="utf-8"))
        change(document)
        self.project.write_text(yaml.safe_dump(document), encoding="utf-8")

    def without_rows(self, table: str) -> None:
        """Leave a table with its header only."""
        self.write(table, [], list(self.rows(table)[0]))

    def change_rows(self, table: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Write a table whose rows are what ``change`` makes of them."""
        self.write(table, [change(row) for row in self.rows(table)])

    def copy(self, folder: Path) -> "Company":
        """Return the same tables and the same home at another place."""
        shutil.copytree(self.folder, folder / "company")
        shutil.copytree(self.home, folder / "home", symlinks=True)
        return Company(folder / "company", folder / "home")

    def published(self) -> dict[str, str]:
        """Return what is published: each pointer's target and each file's digest, by path."""
        root = self.home / "publications"
        return {
            str(path.relative_to(root)): (
                str(path.readlink())
                if path.is_symlink()
                else hashlib.sha256(path.read_bytes()).hexdigest()
            )
            for path in sorted(root.rglob("*"))
            if path.is_symlink() or path.is_file()
        }


@dataclass(frozen=True)
class Told:
    """What a command said: its exit code, its JSON document, and standard error."""

    code: int
    document: dict[str, Any]
    err: str

    def failure(self, company: Company) -> tuple[str, str]:
        """Return the error's class and message; HERE is the company's folder, HOME its home, RUN a run's name."""
        assert self.document["error"]["exit_code"] == self.code
        assert "Traceback" not in self.err
        message = str(self.document["error"]["message"])
        for name, folder in (("HERE", company.folder), ("HOME", company.home)):
            message = message.replace(str(folder), name)
        return self.document["error"]["class"], re.sub(r"\d{8}T\d{6}-[0-9a-f]{6}", "RUN", message)


def leadgauge(command: str, company: Company, *options: str) -> Told:
    """Run the command line in this process, as the script does."""
    from pipelines.cli import run_arguments

    out, err = io.StringIO(), io.StringIO()
    arguments = [command, str(company.project), "--home", str(company.home), "--json", *options]
    with redirect_stdout(out), redirect_stderr(err), warnings.catch_warnings():
        code = run_arguments(arguments)
    return Told(code, json.loads(out.getvalue()), err.getvalue())


def write_company(folder: Path, home: Path) -> Company:
    """Write ten months of leads: referrals and those who ask for a demo close, the last are still open."""
    random = np.random.default_rng(11)
    made = Company(folder, home)
    folder.mkdir(parents=True)
    leads: Rows = []
    outcomes: Rows = []
    events: Rows = []
    cutoff = datetime.fromisoformat("2025-11-01T00:00:00")
    for number in range(LEADS):
        lead, created = f"L{number:04}", START + number * timedelta(hours=14.5)
        source = str(random.choice(list(SOURCES)))
        demo = bool(random.random() < 0.4)
        leads.append(
            {
                "Lead ID": lead,
                "Created": created.isoformat() + "Z",
                "Source": source,
                "Employees": str(random.integers(5, 900)),
                "Industry": str(random.choice(["Metal", "Food", "Software"])),
            }
        )
        events += [
            {
                "Lead ID": lead,
                "Activity": kind,
                "At": (created + timedelta(hours=hours)).isoformat() + "Z",
            }
            for kind, hours in [("visit", -5.0), ("visit", 30.0)] + [("demo", -1.0)] * demo
        ]
        closed = created + timedelta(days=float(random.uniform(15, OPEN_DAYS)))
        won = random.random() < 1 / (1 + np.exp(-(SOURCES[source] + 2.5 * demo - 1)))
        if closed < cutoff:
            outcomes.append(
                {
                    "Lead ID": lead,
                    "Stage": "Won" if won else "Lost",
                    "Closed": closed.isoformat(timespec="seconds") + "Z",
                }
            )
    made.write("leads", leads)
    made.write("outcomes", outcomes)
    made.write("events", events)
    made.project.write_text(yaml.safe_dump(PROJECT), encoding="utf-8")
    return made
