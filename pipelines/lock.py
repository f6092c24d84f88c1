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
    holder = project.root / ".lock.holder"
    lock = FileLock(project.lock, timeout=wait_seconds)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(_who(project, holder)) from None
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


def _who(project: ProjectHome, holder: Path) -> str:
    try:
        found = json.loads(holder.read_text())
        who = (
            f"`leadgauge {found['command']}` (process {found['pid']} on {found['host']}), "
            f"since {found['since']} UTC"
        )
    except (OSError, ValueError, KeyError, TypeError):
        who = "another run"  # it holds the lock and has not yet said who it is
    return (
        f"project {project.name!r} is busy: {who}, holds {project.lock}. "
        "Nothing was written. Wait until it is done and run this again; "
        "if the process hangs, end it: the lock goes with it"
    )
