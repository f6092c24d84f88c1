"""Runs on a company that is drawn in the test."""

from datetime import datetime
from pathlib import Path

from pipelines.home import Home
from pipelines.settings import Request
from tests.features.company import Company, drawn

NOW = datetime.fromisoformat("2026-03-01T12:00")  # naive UTC

LEADS = """
    id | created          | team
    1  | 2026-01-01 10:00 | north
    2  | 2026-01-02 10:00 | south
    3  | 2026-02-03 10:00 | north
"""
DEALS = """
    lead | result | closed
    1    | won    | 2026-02-10
    2    | lost   | 2026-02-12
"""


def company(root: Path, leads: str = LEADS, deals: str = DEALS) -> Company:
    """Draw a company's leads and outcomes into a folder of ``root``."""
    folder = root / "company"
    folder.mkdir(exist_ok=True)
    made = Company(folder)
    made.draw("leads.csv", leads)
    made.draw("deals.csv", deals)
    return made


def request(
    company: Company, *, now: datetime = NOW, as_of: datetime | None = None, **options: str | bool
) -> Request:
    """Return a run of a drawn company, its home beside the company's folder."""
    home = Home(company.root.parent / "home")
    home.create()
    return Request(
        project_file=company.root / "company.yaml",
        project=company.project(),
        data_root=company.root,
        home=home,
        run_id=f"run-{len(list(home.root.glob('company/work/*')))}",
        now=now,
        as_of=as_of,
        options=dict(options),
    )


def written(path: Path, drawing: str, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write a drawn table as a CSV."""
    lines = [delimiter.join(row) for row in drawn(drawing)]
    path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return path
