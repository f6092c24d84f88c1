"""A run that is killed at any step leaves yesterday's publication, and the next run completes."""

import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from delivery.publication import Publication, latest, project_folder

ROOT = Path(__file__).parents[2]


def run(home: Path, day: int, text: str, *, kill_at: int = 0) -> int | None:
    """Publish in a process of its own; return how many steps it took, or None if it was killed."""
    command = [
        sys.executable,
        "-m",
        "tests.delivery.killed_runs",
        str(home),
        str(day),
        text,
        str(kill_at),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def current(home: Path) -> Publication:
    publication = latest(home, "acme")
    assert publication is not None
    return publication


def leads(home: Path) -> str:
    return (current(home).folder / "scores.csv").read_text(encoding="utf-8").split()[1]


def tree(home: Path) -> dict[str, bytes]:
    """What lies under a project's folder: the bytes of files, and where links lead to."""
    root = project_folder(home, "acme")
    return {
        path.relative_to(root).as_posix(): str(path.readlink()).encode()
        if path.is_symlink()
        else path.read_bytes()
        for path in root.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize(
    "second", [15, 14], ids=["another-night", "the-same-night-with-other-scores"]
)
def test_killed_at_any_step_the_old_or_the_new_publication_is_whole_and_a_rerun_completes(
    tmp_path: Path, second: int
) -> None:
    whole = tmp_path / "whole"
    run(whole, 14, "yesterday")
    count = run(whole, second, "tonight")
    run(whole, second, "tonight")  # clears away what the second replaced
    assert count is not None
    assert count > 20
    saw = set()
    for step in range(1, count + 1):
        home = tmp_path / str(step)
        run(home, 14, "yesterday")
        assert run(home, second, "tonight", kill_at=step) is None
        saw.add(leads(home))
        assert run(home, second, "tonight") is not None
        assert leads(home) == "tonight"
        run(home, second, "tonight")
        assert tree(home) == tree(whole)
    assert saw == {"yesterday", "tonight"}


def test_killed_before_anything_was_ever_published_there_is_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, 14, "first", kill_at=12) is None
    assert latest(tmp_path, "acme") is None
    assert run(tmp_path, 14, "first") is not None
    assert leads(tmp_path) == "first"
    assert current(tmp_path).as_of == datetime(2026, 1, 14, 4, 30, tzinfo=UTC).replace(tzinfo=None)
