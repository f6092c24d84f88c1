"""One run at a time per project, whoever starts it: the command line, Prefect or cron."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from features.errors import BusyError
from pipelines.home import ProjectHome


@contextmanager
def one_at_a_time(
    project: ProjectHome, *, command: str, since: datetime, wait_seconds: float = 0
) -> Iterator[None]:
    """Hold the project's lock.

    The operating system frees it when the holder dies, so a killed run blocks nobody.

    Raises:
        BusyError: another run still holds it after ``wait_seconds``.
    """
    project.create()
    holder = _holder_file(project)
    lock = FileLock(project.lock, timeout=wait_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(_who(project)) from None
    try:
        holder.write_text(
            json.dumps(
                {
                    "command": command,
                    "pid": os.getpid(),
                    "host": socket.gethostname(),
                    "since": since.isoformat(timespec="seconds"),
                }
            )
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def holder_of(project: ProjectHome) -> dict[str, str | int] | None:
    """Return who holds the lock (command, pid, host, since), or None if nobody does."""
    if not project.lock.exists():
        return None
    lock = FileLock(project.lock, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        return _read(project)
    lock.release()
    return None


def _holder_file(project: ProjectHome) -> Path:
    return project.root / ".lock.holder"


def _read(project: ProjectHome) -> dict[str, str | int]:
    try:
        found = json.loads(_holder_file(project).read_text())
        return {key: found[key] for key in ("command", "pid", "host", "since")}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # it holds the lock and has not yet said who it is


def _who(project: ProjectHome) -> str:
    found = _read(project)
    who = (
        f"`leadgauge {found['command']}` (process {found['pid']} on {found['host']}), since {found['since']} UTC,"
        if found
        else "another run"
    )
    return (
        f"project {project.name!r} is busy: {who} holds {project.lock}. "
        "Nothing was written. Wait until it is done and run this again; "
        "if the process hangs, end it: the lock goes with it"
    )
