"""Runs a command and says how long it and its children took, and how much memory they held at most."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

EVERY = 0.1  # seconds between looks at the memory


class BrokenRunError(Exception):
    """A command failed; the message holds the end of what it said."""


@dataclass(frozen=True)
class Ran:
    """Wall and processor seconds, the greatest sum of resident memory of the process and its children, and what it said."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    stdout: str
    stderr: str

    def to_json(self) -> dict[str, float]:
        """Return the figures."""
        return {
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "peak_mb": round(self.peak_mb, 1),
        }


def run(command: Sequence[str | Path], *, environment: Mapping[str, str] | None = None) -> Ran:
    """Run a command to its end.

    Memory that processes share is counted for each of them, so the peak is rather too high than too low.

    Raises:
        BrokenRunError: it ended with another code than 0.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        before, begun = os.times(), time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=out,
            stderr=errors,
            env={**os.environ, **(environment or {})},
        )
        watch = _Watch(process.pid)
        watch.start()
        code = process.wait()
        seconds, after = time.perf_counter() - begun, os.times()
        watch.ended.set()
        watch.join()
        out.seek(0)
        errors.seek(0)
        told, complaints = out.read(), errors.read()
    if code:
        raise BrokenRunError(
            f"{' '.join(map(str, command))}: ended with {code}\n{complaints[-3000:]}"
        )
    cpu = (
        after.children_user + after.children_system - before.children_user - before.children_system
    )
    return Ran(seconds, cpu, watch.peak / 1e6, told, complaints)


class _Watch(threading.Thread):
    """Looks at the memory of a process and its children until it has ended."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.ended = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(EVERY):
            self.peak = max(self.peak, self._held())

    def _held(self) -> float:
        total = 0.0
        try:
            root = psutil.Process(self.pid)
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return total
        for one in family:
            try:
                total += one.memory_info().rss
            except psutil.NoSuchProcess:
                continue  # it ended between the two looks
        return total
