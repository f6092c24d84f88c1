"""A tiny company that was trained on once, for all tests that need a champion."""

import json
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines.home import Home
from tests.pipelines.company import write_tiny

LEADGAUGE = Path(sys.executable).with_name("leadgauge")

Run = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Trained:
    """A project file and a home in which its first champion was promoted."""

    project: Path
    home: Home


@pytest.fixture(scope="session")
def leadgauge() -> Run:
    """Return a function that calls the real console script."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        import os

        return subprocess.run(
            [LEADGAUGE, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            env={**os.environ, **environment},
        )

    return run


@pytest.fixture
def in_process(capsys: pytest.CaptureFixture[str], mlflow_imported: None) -> Run:  # noqa: ARG001  it is there
    """Return a function that does as the script does, without a new process that imports everything anew."""
    from pipelines.cli import run_arguments

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        with warnings.catch_warnings():
            code = run_arguments([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, told.out, told.err)

    return run


@pytest.fixture(scope="session")
def trained_once(shared_folder: Path, migrated_database: Path, leadgauge: Run) -> Trained:
    """Train on the tiny company once for all workers."""
    folder = shared_folder / "leadgauge-trained"
    folder.mkdir(exist_ok=True)
    made = Trained(folder / "company" / "tiny.yaml", Home(folder / "home"))
    with FileLock(folder / "lock"):
        if not (folder / "done.json").exists():
            write_tiny(made.project.parent)
            made.home.create()
            shutil.copy(migrated_database, made.home.mlflow_database)
            done = leadgauge("train", made.project, "--home", made.home.root, "--json")
            assert done.returncode == 0, done.stderr
            if not json.loads(done.stdout)[
                "promoted"
            ]:  # a matter of models/, which these tests are not about
                assert (
                    leadgauge("promote", made.project, "1", "--home", made.home.root).returncode
                    == 0
                )
            (folder / "done.json").write_text(done.stdout)
    return made
