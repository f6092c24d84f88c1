"""What a model was made with: code, packages and data, so that it can be made again."""

import hashlib
import json
import platform
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from features.project import Project

CODE = Path(__file__).resolve().parent.parent

PACKAGES = (
    "leadgauge",
    "duckdb",
    "ibis-framework",
    "lightgbm",
    "mlflow",
    "numpy",
    "pandas",
    "prefect",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "shap",
)

PLACES = frozenset({"path", "url", "encoding", "sheet", "keep_read"})  # of a source

# What a model needs to be served: MLflow writes it beside the model.
SERVING_PACKAGES = ("lightgbm", "mlflow", "numpy", "pandas")


@dataclass(frozen=True)
class Revision:
    """The git commit of the code, and whether files differ from it."""

    commit: str
    dirty: bool


def package_versions() -> dict[str, str]:
    """Return the versions of Python, the system and the packages that decide about the result."""
    versions = {"python": platform.python_version(), "system": platform.platform()}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def serving_requirements() -> list[str]:
    """Return what the packed model needs, pinned; said here, since guessing it takes MLflow seconds."""
    return [f"{name}=={metadata.version(name)}" for name in SERVING_PACKAGES]


def lock_digest(root: Path = CODE) -> str | None:
    """Return the SHA-256 of ``requirements.lock``, or None where the code lies without it."""
    lock = root / "requirements.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None


def procedure_digest(project: Project) -> str:
    """Return the SHA-256 of what decides, beside the data, how a model is made.

    Where tables lie is left out: a monthly export has another name each month. So is what is kept of them.
    """
    from models.scorer import FORMAT

    said = project.model_dump(
        mode="json", include={"timezone", "sources", "label", "features", "model"}
    )
    said["sources"] = _without(said["sources"], PLACES)
    said["format"] = FORMAT
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _without(value: Any, keys: frozenset[str]) -> Any:  # noqa: ANN401  JSON of any depth
    if isinstance(value, list):
        return [_without(one, keys) for one in value]
    if isinstance(value, dict):
        return {key: _without(one, keys) for key, one in value.items() if key not in keys}
    return value


def git_revision(root: Path = CODE) -> Revision | None:
    """Return the commit of the code, or None outside git.

    A package that was installed into somebody else's checkout is outside: that commit
    says nothing about this code.
    """
    top = _git(root, "rev-parse", "--show-toplevel")
    commit = _git(root, "rev-parse", "HEAD")
    if top is None or commit is None or Path(top).resolve() != root.resolve():
        return None
    return Revision(commit, dirty=bool(_git(root, "status", "--porcelain")))


def folder_digest(folder: Path) -> str:
    """Return the SHA-256 over the names and contents of a folder's files, whatever order they lie in."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603  fixed words, no shell
            ["git", "-C", str(root), *arguments],  # noqa: S607  whichever git the user has
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
