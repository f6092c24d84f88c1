"""The locks and the project file agree, and the locks carry hashes and no addresses."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPO = Path(__file__).resolve().parents[1]
LOCKS = {
    name: (REPO / name).read_text(encoding="utf-8") for name in ("requirements.lock", "spark.lock")
}
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))


def locked(lock: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", LOCKS[lock], re.MULTILINE
    ):
        pins.setdefault(name.lower().replace("_", "-"), set()).add(version)
    return pins


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_locked_within_its_bounds(lock: str) -> None:
    pins, project = locked(lock), PROJECT["project"]
    wanted = {
        "requirements.lock": project["dependencies"] + PROJECT["dependency-groups"]["dev"],
        "spark.lock": project["optional-dependencies"]["spark"],
    }
    for text in wanted[lock]:
        requirement = Requirement(text)
        versions = pins.get(requirement.name.lower().replace("_", "-"))
        assert versions, f"{requirement.name} is not locked: run `make lock`"
        for version in versions:
            assert requirement.specifier.contains(version), (
                f"{requirement} is locked at {version}: run `make lock`"
            )


def test_what_both_locks_have_they_have_at_the_same_version() -> None:
    ours, sparks = locked("requirements.lock"), locked("spark.lock")
    assert {name: sparks[name] for name in ours.keys() & sparks} == {
        name: ours[name] for name in ours.keys() & sparks
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    for block in re.split(r"\n(?=[A-Za-z0-9])", LOCKS[lock].strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert "://" not in LOCKS[lock]
    assert "index-url" not in LOCKS[lock]


def test_every_dependency_says_why_it_is_there_or_is_named_by_the_design() -> None:
    text = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    capped = [
        line
        for line in text.splitlines()
        if re.search(r'"(fastapi|sqlalchemy|shap|prefect|mlflow)[<>=]', line)
    ]
    assert len(capped) == 5
    assert all("#" in line for line in capped)
