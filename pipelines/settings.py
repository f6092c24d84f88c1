"""What a run is asked to do: the same whether a person, a schedule or a test asks."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, PositiveInt

from features.errors import ProjectError, UsageError
from features.project import Project, data_root
from pipelines.home import Home, ProjectHome

Options = dict[str, str | bool | int]


class FlowSettings(BaseModel):
    """The parameters of a Prefect flow.

    Prefect stores parameters in its database and shows them in its pages: here are paths
    and a moment, no secret and nobody's data.

    ``as_of``: None means the time that the run was scheduled for, or, if ``pinned``, the data
    cut-off, which is what the command line means by it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: Path
    data: Path | None = None
    home: Path = Path("leadgauge-home")
    as_of: datetime | None = None
    pinned: bool = False
    wait_hours: NonNegativeFloat = 6.0


class RetrainSettings(FlowSettings):
    """The parameters of the flow ``retrain``."""

    promote: bool = True


class NightlySettings(FlowSettings):
    """The parameters of the flow ``nightly``."""


class BacktestSettings(FlowSettings):
    """The parameters of the flow ``backtest``, as its command has them; None is what the body chooses."""

    first: str | None = None
    last: str | None = None
    every: PositiveInt | None = None
    retrain_every: PositiveInt | None = None
    capacity: PositiveInt | None = None


class ReviewSettings(FlowSettings):
    """The parameters of the flow ``review``."""

    kind: Literal["interim", "monthly", "quarterly"] = "interim"
    audience: Literal["leadership", "marketing", "sales", "joint"] | None = None


@dataclass(frozen=True)
class Request:
    """One run of one project.

    ``as_of`` and ``now`` are naive UTC; ``as_of`` None means the data cut-off.
    ``wait_seconds``: how long to wait for another run of the project to end.
    """

    project_file: Path
    project: Project
    data_root: Path
    home: Home
    run_id: str
    now: datetime
    as_of: datetime | None = None
    wait_seconds: float = 0
    options: Options = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """The working folder of this run, made if it is missing."""
        return self.project_home.work(self.run_id)

    @property
    def project_home(self) -> ProjectHome:
        """The project's folder under the home."""
        return self.home.project(self.project.project)

    @property
    def shown_file(self) -> Path:
        """The project file as a person would type it: from the working folder if it lies under it."""
        here = Path.cwd()
        return (
            self.project_file.relative_to(here)
            if self.project_file.is_relative_to(here)
            else self.project_file
        )

    def at(self, as_of: datetime | None) -> Self:
        """Return the same request, standing at another moment."""
        return replace(self, as_of=as_of)


def make_request(
    project_file: Path,
    data: Path | None,
    home: Home,
    *,
    options: Options | None = None,
    wait_seconds: float = 0,
) -> Request:
    """Read the project file and say what is asked for, at the data cut-off.

    Raises:
        ProjectError: the project file is missing or wrong.
    """
    from features.project_file import load_project

    path = require_project_file(project_file)
    now = utc_now()
    return Request(
        project_file=path,
        project=load_project(path),
        data_root=data_root(path, data),
        home=home,
        run_id=new_run_id(now),
        now=now,
        wait_seconds=wait_seconds,
        options=options or {},
    )


def parse_moment(text: str, project: Project, option: str = "--as-of") -> datetime:
    """Return an option's time as naive UTC.

    A date is its first moment; a time without an offset is in the project's time zone.

    Raises:
        UsageError: it is no date and no time.
    """
    try:
        return project.moment(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option}: {text!r} is no time; expected for example 2026-03-01, "
            "2026-03-01T04:30 or 2026-03-01T04:30+01:00"
        ) from None


def require_project_file(path: Path) -> Path:
    """Return the absolute path of the project file.

    Raises:
        ProjectError: there is no such file.
    """
    if path.is_file():
        return path.resolve()
    near = sorted(path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
    found = "; found there: " + ", ".join(file.name for file in near[:10]) if near else ""
    raise ProjectError(
        f"{path}: there is no such project file{found}. "
        "Say the path of a YAML file, or try `leadgauge demo`, which needs none"
    )


def new_run_id(now: datetime) -> str:
    """Return a name for a run's working folder: when it began, and something to tell twins apart."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def utc_now() -> datetime:
    """Return this moment as naive UTC: the one place where the clock is read."""
    return datetime.now(UTC).replace(tzinfo=None)
