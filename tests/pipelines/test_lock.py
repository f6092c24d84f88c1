"""One run at a time per project."""

import multiprocessing
import os
import signal
import socket
from datetime import datetime
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from features.errors import BusyError
from pipelines.home import ProjectHome
from pipelines.lock import one_at_a_time

SINCE = datetime.fromisoformat("2026-03-01T04:30:00")


def hold(root: Path, held: Event) -> None:
    with one_at_a_time(ProjectHome(root, "acme"), command="score", since=SINCE):
        held.set()
        signal.pause()


def holding_process(root: Path) -> multiprocessing.process.BaseProcess:
    spawn = multiprocessing.get_context("spawn")
    held = spawn.Event()
    process = spawn.Process(target=hold, args=(root, held), daemon=True)
    process.start()
    assert held.wait(60)
    return process


def test_a_second_run_is_told_who_is_running_and_what_to_do(tmp_path: Path) -> None:
    process = holding_process(tmp_path)
    try:
        with (
            pytest.raises(BusyError) as caught,
            one_at_a_time(ProjectHome(tmp_path, "acme"), command="train", since=SINCE),
        ):
            pass
    finally:
        process.kill()
        process.join()
    assert str(caught.value) == (
        f"project 'acme' is busy: `leadgauge score` (process {process.pid} on {socket.gethostname()}), "
        f"since 2026-03-01T04:30:00 UTC, holds {tmp_path / '.lock'}. Nothing was written. "
        "Wait until it is done and run this again; if the process hangs, end it: the lock goes with it"
    )
    assert caught.value.exit_code == 7


def test_a_killed_run_blocks_nobody(tmp_path: Path) -> None:
    process = holding_process(tmp_path)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with one_at_a_time(ProjectHome(tmp_path, "acme"), command="train", since=SINCE):
        assert f'"pid": {os.getpid()}' in (tmp_path / ".lock.holder").read_text()


def test_the_lock_is_free_after_a_failure(tmp_path: Path) -> None:
    project = ProjectHome(tmp_path, "acme")
    with (
        pytest.raises(ZeroDivisionError),
        one_at_a_time(project, command="train", since=SINCE),
    ):
        _ = 1 / 0
    with one_at_a_time(project, command="train", since=SINCE):
        assert (tmp_path / ".lock.holder").exists()
    assert not (tmp_path / ".lock.holder").exists()


def test_two_projects_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with (
        one_at_a_time(ProjectHome(tmp_path / "a", "a"), command="train", since=SINCE),
        one_at_a_time(ProjectHome(tmp_path / "b", "b"), command="train", since=SINCE),
    ):
        assert (tmp_path / "b" / ".lock.holder").exists()
