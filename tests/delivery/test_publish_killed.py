"""A run that is killed at any step leaves yesterday's publication, and the next run completes."""

import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from delivery.publication import Publication, latest
from tests.delivery.killed_runs import publish_night

ROOT = Path(__file__).parents[2]


def run(home: Path, day: int, text: str, *, kill_at: int) -> int | None:
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


def content(home: Path) -> dict[str, bytes]:
    """The bytes of the current publication's files."""
    folder = current(home).folder
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    "second", [15, 14], ids=["another-night", "the-same-night-with-other-scores"]
)
def test_killed_at_any_step_the_old_or_the_new_publication_is_whole_and_a_rerun_completes(
    tmp_path: Path, second: int
) -> None:
    yesterday, whole = tmp_path / "yesterday", tmp_path / "whole"
    publish_night(yesterday, 14, "yesterday")
    shutil.copytree(yesterday, whole, symlinks=True)
    count = run(whole, second, "tonight", kill_at=0)
    assert count is not None
    assert count > 20
    saw = set()
    for step in range(1, count + 1):
        home = tmp_path / str(step)
        shutil.copytree(yesterday, home, symlinks=True)
        assert run(home, second, "tonight", kill_at=step) is None
        saw.add(leads(home))
        publish_night(home, second, "tonight")
        assert leads(home) == "tonight"
        assert content(home) == content(whole)
        assert list(home.rglob(".staging-*")) == []
    assert saw == {"yesterday", "tonight"}


def test_killed_before_anything_was_ever_published_there_is_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, 14, "first", kill_at=12) is None
    assert latest(tmp_path, "acme") is None
    publish_night(tmp_path, 14, "first")
    assert leads(tmp_path) == "first"
    assert current(tmp_path).as_of == datetime(2026, 1, 14, 4, 30, tzinfo=UTC).replace(tzinfo=None)
