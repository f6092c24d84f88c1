"""Where everything that a run writes lies, and what the libraries are told before they are imported."""

import os
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path

PRIVATE = 0o700  # leads are people: nobody else on the host reads the home

LOGGED_ROOMS = "leadgauge,pipelines,features,models,delivery,reports"


@dataclass(frozen=True)
class Home:
    """One ``leadgauge-home``: MLflow, Prefect and one folder per project, all under ``root``."""

    root: Path

    @property
    def mlflow_database(self) -> Path:
        """Runs, versions and aliases."""
        return self.root / "mlflow.db"

    @property
    def artifacts(self) -> Path:
        """Models and pictures of the runs."""
        return self.root / "mlartifacts"

    @property
    def prefect(self) -> Path:
        """Prefect's own database and profiles."""
        return self.root / "prefect"

    def project(self, name: str) -> "ProjectHome":
        """Return the folder of one project."""
        return ProjectHome(self.root / name, name)

    def create(self) -> None:
        """Make the folders, readable by the user alone."""
        for folder in (self.root, self.artifacts):
            make_private(folder)


@dataclass(frozen=True)
class ProjectHome:
    """What belongs to one project. ``root`` is its folder under the home."""

    root: Path
    name: str

    @property
    def reports(self) -> Path:
        """Pages and facts."""
        return self.root / "reports"

    @property
    def kept_events(self) -> Path:
        """What was read of event files whose source says ``keep_read``; may be removed at any time."""
        return self.root / "kept-events"

    @property
    def lock(self) -> Path:
        """The file that one run at a time holds."""
        return self.root / ".lock"

    def work(self, run_id: str) -> Path:
        """Make and return the working folder of one run."""
        folder = self.root / "work" / run_id
        make_private(folder)
        return folder

    def create(self) -> None:
        """Make the folder, readable by the user alone."""
        make_private(self.root)


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are missing, each readable by the user alone."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=PRIVATE, exist_ok=True)


def find_home(option: Path | None) -> Home:
    """Return the home: the option, or ``LEADGAUGE_HOME``, or ``leadgauge-home`` in the working folder."""
    chosen = option or Path(os.environ.get("LEADGAUGE_HOME") or "leadgauge-home")
    return Home(chosen.expanduser().resolve())


def find_data(option: Path | None) -> Path | None:
    """Return the data root: the option, or ``LEADGAUGE_DATA``, or None for the project file's folder."""
    if option is not None:
        return option
    given = os.environ.get("LEADGAUGE_DATA")
    return Path(given) if given else None


def prepare_environment(home: Home, environ: MutableMapping[str, str] | None = None) -> None:
    """Set defaults for MLflow and Prefect; what the user has set stands.

    Called before either is imported, since both read the environment at import.
    """
    environ = os.environ if environ is None else environ
    defaults = {
        "DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
        "PREFECT_HOME": str(home.prefect),
        "PREFECT_LOGGING_EXTRA_LOGGERS": LOGGED_ROOMS,
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # A fresh database is migrated before the server answers: that outlasts Prefect's 20 seconds on a small host.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    }
    for name, value in defaults.items():
        environ.setdefault(name, value)


def tracking_uri(home: Home) -> str:
    """Return where runs and models are recorded: ``MLFLOW_TRACKING_URI``, else SQLite under the home."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{home.mlflow_database}"
