"""The lock and the project file agree, and the lock carries hashes and no addresses."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

REPO = Path(__file__).resolve().parents[1]
LOCK = (REPO / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))


def locked() -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", LOCK, re.MULTILINE
    ):
        pins.setdefault(name.lower().replace("_", "-"), set()).add(version)
    return pins


def test_every_requirement_is_locked_within_its_bounds() -> None:
    pins = locked()
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    for text in wanted:
        requirement = Requirement(text)
        versions = pins.get(requirement.name.lower().replace("_", "-"))
        assert versions, f"{requirement.name} is not locked: run `make lock`"
        for version in versions:
            assert requirement.specifier.contains(version), (
                f"{requirement} is locked at {version}: run `make lock`"
            )


def test_every_pin_has_hashes() -> None:
    for block in re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_names_no_address() -> None:
    assert "://" not in LOCK
    assert "index-url" not in LOCK


def test_every_dependency_says_why_it_is_there_or_is_named_by_the_design() -> None:
    text = (REPO / "pyproject.toml").read_text(encoding="utf-8")
    capped = [
        line
        for line in text.splitlines()
        if re.search(r'"(fastapi|sqlalchemy|shap|prefect|mlflow)[<>=]', line)
    ]
    assert len(capped) == 5
    assert all("#" in line for line in capped)
