"""What is printed, what is JSON, and what stops a night."""

import json
import subprocess
from datetime import datetime
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from features.errors import DataError
from pipelines import provenance
from pipelines.realised import fared
from pipelines.render import render
from pipelines.summary import Summary, as_json, exit_code, plain

NIGHT = datetime.fromisoformat("2026-03-01T04:30:00")


def test_moments_paths_and_what_is_no_number_can_be_said_in_json() -> None:
    value = {
        "at": NIGHT,
        "where": Path("a/b"),
        "auc": float("nan"),
        "rows": np.int64(3),
        "in": (1.5, None),
    }
    assert json.loads(as_json(plain(value))) == {
        "at": "2026-03-01T04:30:00Z",
        "where": "a/b",
        "auc": None,
        "rows": 3,
        "in": [1.5, None],
    }


def test_a_bug_is_no_user_error() -> None:
    assert [exit_code(error) for error in (DataError(""), ValueError(""), KeyboardInterrupt())] == [
        4,
        70,
        130,
    ]


def test_names_from_the_data_are_printed_and_never_read_as_markup() -> None:
    shown = StringIO()
    summary = Summary(
        project="acme",
        command="check",
        run_id="r",
        warnings=["column [bold]Budget[/bold]"],
        facts={"hindsight": [{"column": "[red]Stage[/red]", "evidence": "alone"}], "enough": True},
        headline="[link=x]Enough[/link]",
        next_steps=["leadgauge train acme.yaml"],
    )
    render(summary, Console(file=shown, width=100))
    text = shown.getvalue()
    expected = [
        "[link=x]Enough[/link]",
        "[red]Stage[/red]",
        "[bold]Budget[/bold]",
        "leadgauge train acme.yaml",
    ]
    assert [part for part in expected if part not in text] == []
    assert "enough: yes" in text


def test_everything_that_happened_with_a_lead_is_printed_and_findings_are_whole_numbered_lines() -> (
    None
):
    shown = StringIO()
    rows = [{"when": f"2026-01-{day:02}", "what": f"visit number {day}"} for day in range(1, 31)]
    finding = "Leads of [red] close more often. " + "They are many. " * 20
    facts = {"history": rows, "findings": [{"finding": finding}, {"finding": "No."}]}
    summary = Summary(project="acme", command="history", run_id="r", facts=facts)
    render(summary, Console(file=shown, width=120, soft_wrap=True))
    text = shown.getvalue()
    assert [row["what"] for row in rows if row["what"] not in text] == []
    assert "smaller" not in text
    assert f"What stands out:\n 1. {finding}\n 2. No.\n" in text


def test_how_a_night_fared_is_counted_by_grade() -> None:
    rows = pd.DataFrame(
        {
            "close_probability": [0.9, 0.6, 0.2, 0.1],
            "grade": ["A", "A", "D", "D"],
            "won": [True, False, True, False],
        }
    )
    found = fared(rows)
    assert (found["rows"], found["wins"], round(found["expected_wins"], 6)) == (4, 2, 1.8)
    assert found["auc"] == 0.75
    assert found["by_grade"]["A"] == {"leads": 2, "wins": 1, "expected_wins": 1.5}


def test_a_folders_digest_tells_names_and_contents_apart(tmp_path: Path) -> None:
    digests = set()
    for number, (name, text) in enumerate([("a", "x"), ("b", "x"), ("a", "y")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(text)
        digests.add(provenance.folder_digest(folder))
    again = tmp_path / "again"
    again.mkdir()
    (again / "a").write_text("x")
    assert len(digests) == 3
    assert provenance.folder_digest(again) in digests


def test_outside_git_there_is_no_revision_and_inside_it_says_whether_files_differ(
    tmp_path: Path,
) -> None:
    assert provenance.git_revision(tmp_path) is None
    assert provenance.lock_digest(tmp_path) is None

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "code.py").write_text("one")
    git("add", "code.py")
    git("-c", "user.name=a", "-c", "user.email=a@b.test", "commit", "-m", "one")
    clean = provenance.git_revision(tmp_path)
    (tmp_path / "code.py").write_text("two")
    changed = provenance.git_revision(tmp_path)
    assert clean is not None
    assert changed is not None
    assert (clean.dirty, changed.dirty, clean.commit == changed.commit) == (False, True, True)
    (tmp_path / "inside").mkdir()
    assert provenance.git_revision(tmp_path / "inside") is None
