"""Guards for top-level packages with ordinary names."""

import importlib
import pkgutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest

import delivery
import features
import models
import pipelines
import reports
import simulation

REPO = Path(__file__).resolve().parents[1]
PACKAGES = [delivery, features, models, pipelines, reports, simulation]
MODULES = sorted(
    module.name
    for package in PACKAGES
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.__name__)
def test_package_is_imported_from_this_checkout(package: ModuleType) -> None:
    assert Path(package.__path__[0]).parent == REPO


def test_no_module_of_pipelines_hides_a_package() -> None:
    # Prefect puts pipelines/ itself at the front of sys.path when it loads a flow by file.
    names = {module.name for module in pkgutil.iter_modules(pipelines.__path__)}
    assert not names & {
        *(package.__name__ for package in PACKAGES),
        "configs",
        "notebooks",
        "tests",
    }


@pytest.mark.parametrize("module", MODULES)
def test_every_module_imports(module: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # MLflow's, about its own type hints
        importlib.import_module(module)


def test_importing_everything_writes_nothing(tmp_path: Path) -> None:
    code = f"import importlib; [importlib.import_module(name) for name in {MODULES!r}]"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert list(tmp_path.iterdir()) == []
    assert run.stdout == ""


def test_every_file_fits_in_a_head() -> None:
    tracked = [path for package in PACKAGES for path in Path(package.__path__[0]).rglob("*.py")]
    long = {
        str(p.relative_to(REPO)): n for p in tracked if (n := len(p.read_text().splitlines())) > 400
    }
    assert long == {}
