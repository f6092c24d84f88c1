"""The model registry: versions of a project's model, and which of them is the champion.

Aliases say who is who: ``challenger`` is the version registered last, ``champion`` the one
that scores. Whoever scores asks for the champion once and then holds on to its number: the
alias may move while the night is running.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from features.errors import DataError, NotEnoughError, UsageError
from pipelines.home import Home, tracking_uri
from pipelines.provenance import folder_digest

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as Entity

CHAMPION = "champion"
CHALLENGER = "challenger"
PREVIOUS = "previous_champion"


@dataclass(frozen=True)
class ModelVersion:
    """One registered version.

    ``bundle_sha256`` is of the bundle's folder, ``procedure`` of all but the data that decides how it was made.
    """

    name: str
    version: str
    run_id: str
    project: str
    bundle_sha256: str
    as_of: str
    step: str
    previous: str | None
    procedure: str = ""

    def refreshes(self, other: "ModelVersion") -> bool:
        """Return whether it comes of the same procedure as another and of newer data."""
        return (
            bool(self.procedure) and self.procedure == other.procedure and self.as_of > other.as_of
        )


@dataclass(frozen=True)
class Logged:
    """A model that lies in MLflow's store and is not registered yet."""

    model_id: str
    run_id: str


def model_name(project: str) -> str:
    """Return the registered model's name."""
    return f"leadgauge-{project}"


def connect(home: Home) -> "MlflowClient":
    """Point MLflow at the home's database (or ``MLFLOW_TRACKING_URI``) and return its client."""
    import mlflow

    home.create()
    uri = tracking_uri(home)
    said = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    if said is None:
        # MLflow writes it into the environment, where the next home would take it for the user's wish.
        os.environ.pop("MLFLOW_TRACKING_URI", None)
    mlflow.set_registry_uri(uri)
    return mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


class Registry:
    """The versions of one project."""

    def __init__(self, home: Home, project: str) -> None:
        self._client = connect(home)
        self.project = project
        self.name = model_name(project)

    def register(self, logged: Logged, tags: dict[str, str], description: str) -> ModelVersion:
        """Register a logged model and make it the challenger, the alias last."""
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(self.name, tags={"project": self.project})
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        made = self._client.create_model_version(
            self.name,
            source=f"models:/{logged.model_id}",
            run_id=logged.run_id,
            model_id=logged.model_id,
            tags={**tags, "project": self.project},
            description=description,
            await_creation_for=0,
        )
        number = str(made.version)
        self._client.set_registered_model_alias(self.name, CHALLENGER, number)
        return self.version(number)

    def version(self, number: str) -> ModelVersion:
        """Return one version.

        Raises:
            UsageError: there is no such version.
            DataError: it was registered for another project.
        """
        from mlflow.exceptions import MlflowException

        try:
            return self._read(self._client.get_model_version(self.name, number))
        except MlflowException as error:
            if error.error_code not in {
                "RESOURCE_DOES_NOT_EXIST",
                "INVALID_PARAMETER_VALUE",
            }:
                raise
            known = ", ".join(found.version for found in self.versions())
            raise UsageError(
                f"model {self.name} has no version {number!r}; "
                f"it has {known or 'none: run `leadgauge train` first'}"
            ) from None

    def versions(self) -> list[ModelVersion]:
        """Return all versions, the newest first."""
        found = self._client.search_model_versions(f"name = '{self.name}'")
        return [
            self._read(entity)
            for entity in sorted(found, key=lambda v: int(v.version), reverse=True)
        ]

    def find_champion(self) -> ModelVersion | None:
        """Return the champion, or None as long as there is none."""
        return self._by_alias(CHAMPION)

    def find_challenger(self) -> ModelVersion | None:
        """Return the version registered last, or None once it is champion."""
        return self._by_alias(CHALLENGER)

    def champion(self, project_file: Path) -> ModelVersion:
        """Return the champion.

        Raises:
            NotEnoughError: nothing has been promoted yet.
        """
        found = self.find_champion()
        if found is None:
            waiting = self.find_challenger()
            hint = (
                f"version {waiting.version} waits for `leadgauge promote {project_file} {waiting.version}`"
                if waiting
                else f"run `leadgauge train {project_file}` first"
            )
            raise NotEnoughError(f"project {self.project!r} has no champion: {hint}")
        return found

    def fetch(self, version: ModelVersion, folder: Path) -> Path:
        """Download a version's bundle into ``folder`` and return where it lies.

        Raises:
            DataError: the files are not those that were registered.
        """
        import mlflow

        folder.mkdir(parents=True, exist_ok=True)
        bundle = Path(
            mlflow.artifacts.download_artifacts(
                artifact_uri=f"models:/{self.name}/{version.version}/artifacts/bundle",
                dst_path=str(folder),
            )
        )
        found = folder_digest(bundle)
        if found != version.bundle_sha256:
            raise DataError(
                f"model {self.name} version {version.version}: its files have changed since it was registered "
                f"(SHA-256 {found[:12]}, registered {version.bundle_sha256[:12] or 'without one'}); "
                "do not score with it: train again, or promote another version"
            )
        return bundle

    def fetch_record(self, version: ModelVersion, folder: Path) -> Path:
        """Download the evidence of a version's training into ``folder`` and return where it lies."""
        import mlflow

        folder.mkdir(parents=True, exist_ok=True)
        return Path(
            mlflow.artifacts.download_artifacts(
                artifact_uri=f"runs:/{version.run_id}/record", dst_path=str(folder / "evidence")
            )
        )

    def note_verdict(self, version: ModelVersion, *, promoted: bool) -> None:
        """Write the gate's verdict on the version, for whoever looks at the registry later."""
        self._client.set_model_version_tag(
            self.name, version.version, "gate", "passed" if promoted else "refused"
        )

    def promote(self, version: ModelVersion) -> ModelVersion | None:
        """Make a version the champion, the alias last; return the champion before it."""
        before = self.find_champion()
        if before is not None and before.version == version.version:
            return before
        if before is not None:
            self._client.set_model_version_tag(self.name, version.version, PREVIOUS, before.version)
        challenger = self.find_challenger()
        if challenger is not None and challenger.version == version.version:
            self._client.delete_registered_model_alias(self.name, CHALLENGER)
        self._client.set_registered_model_alias(self.name, CHAMPION, version.version)
        return before

    def rollback(self, project_file: Path) -> tuple[ModelVersion, ModelVersion]:
        """Move the champion's alias back to the champion before; return (from, to).

        Raises:
            NotEnoughError: there is no champion, or none before it.
        """
        current = self.champion(project_file)
        if current.previous is None:
            raise NotEnoughError(
                f"version {current.version} is the first champion of project {self.project!r}: "
                "there is none to go back to"
            )
        before = self.version(current.previous)
        self._client.set_registered_model_alias(self.name, CHAMPION, before.version)
        return current, before

    def _by_alias(self, alias: str) -> ModelVersion | None:
        from mlflow.exceptions import MlflowException

        try:
            return self._read(self._client.get_model_version_by_alias(self.name, alias))
        except MlflowException as error:
            # A missing alias and a missing model are told apart by different codes; both mean "none yet".
            if error.error_code in {
                "RESOURCE_DOES_NOT_EXIST",
                "INVALID_PARAMETER_VALUE",
            }:
                return None
            raise

    def _read(self, entity: "Entity") -> ModelVersion:
        tags = dict(entity.tags)
        owner = tags.get("project", "")
        if owner != self.project:
            raise DataError(
                f"model {self.name} version {entity.version} belongs to project {owner or '(none said)'!r}, "
                f"not to {self.project!r}: give one of the two projects another name, or another --home"
            )
        return ModelVersion(
            name=self.name,
            version=str(entity.version),
            run_id=str(entity.run_id or ""),
            project=owner,
            bundle_sha256=tags.get("bundle_sha256", ""),
            as_of=tags.get("as_of", ""),
            step=tags.get("step", ""),
            previous=tags.get(PREVIOUS),
            procedure=tags.get("procedure", ""),
        )
