"""The dated rows of one company, built once: what every model of the benchmark learns from and is tested on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from features.catalogue import Catalogue
from features.contract import read_tables
from features.errors import UsageError
from features.frames import training_frames
from features.project import Project
from features.project_file import load_project
from features.tables import TableSet
from models.frames import in_order
from pipelines.reading import feature_frame

REPO = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class DatedRows:
    """One company's snapshots with a known outcome.

    ``ladder`` and ``mornings`` are what ``models.training.train`` takes. The catalogue, and with it the
    types of columns and the hindsight audit, comes from all the data: the same for every model.
    """

    project: Project
    catalogue: Catalogue
    ladder: pd.DataFrame
    mornings: pd.DataFrame
    left_out_as_hindsight: list[str]

    @property
    def gap_days(self) -> float:
        """How long a label takes to be known."""
        return float(self.project.label.horizon_days)

    @property
    def source(self) -> str | None:
        """The category that stands for where leads come from; see ``source_column``."""
        return source_column(self.catalogue, self.mornings)


def project_files(folder: Path = REPO / "configs") -> dict[str, Path]:
    """Return the project files of the sets by name."""
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def chosen_sets(wanted: Sequence[str] | None, known: Sequence[str]) -> list[str]:
    """Return the sets to run, in the order asked for; all of them by default.

    Raises:
        UsageError: there is no such set.
    """
    strange = [name for name in wanted or [] if name not in known]
    if strange:
        raise UsageError(
            f"--sets: there is no set {', '.join(repr(name) for name in strange)};"
            f" expected some of {', '.join(known)}"
        )
    return list(wanted or known)


def lies_in(project: Project, data: Path) -> bool:
    """Tell whether the tables of a project lie under a folder."""
    return all((data / path).is_file() for path in project.sources.leads.path)


def read_set(
    project_file: Path, data: Path, folder: Path, *, now: datetime, shuffled: int | None = None
) -> DatedRows:
    """Read a company's tables and build its ladder and mornings in ``folder``.

    ``shuffled``: seed by which outcomes are dealt anew among the leads; see ``shuffle_outcomes``.

    Raises:
        ProjectError: the project file or a source is missing or wrong.
        DataError: the data break the contract.
    """
    project = load_project(project_file)
    tables = folder / "tables"
    tables.mkdir(parents=True, exist_ok=True)
    read = read_tables(project, data, tables, now=now)
    if shuffled is not None:
        shuffle_outcomes(read, seed=shuffled)
    return dated_rows(read, project, folder)


def dated_rows(read: TableSet, project: Project, folder: Path) -> DatedRows:
    """Build the rows of tables that were read."""
    frames = training_frames(read, project, folder)
    ladder, mornings = (
        in_order(feature_frame(path, frames.catalogue), frames.catalogue, path.stem)
        for path in (frames.ladder, frames.mornings)
    )
    suspects = [suspect.label for suspect in frames.suspects if suspect.verdict == "left out"]
    return DatedRows(project, frames.catalogue, ladder, mornings, suspects)


def shuffle_outcomes(read: TableSet, *, seed: int) -> None:
    """Deal the outcomes anew among all leads, in place: a lead gets another's end, and the time it took.

    Leads without an outcome take part. An end that would come after the data cut-off is not known, so it
    is dropped. Whatever a model then finds beside the age is chance.
    """
    leads = pd.read_parquet(read.path("leads"))[["lead_id", "created_at"]]
    outcomes = pd.read_parquet(read.path("outcomes"))
    known = leads.merge(outcomes, on="lead_id", how="left", validate="one_to_one")
    lasted = known["closed_at"] - known["created_at"]
    dealt = np.random.default_rng(seed).permutation(len(known))
    made = known.drop(columns=["lead_id", "created_at"]).iloc[dealt].reset_index(drop=True)
    made = made.assign(
        lead_id=known["lead_id"], closed_at=known["created_at"] + lasted.iloc[dealt].to_numpy()
    )
    kept = made[made["won"].notna() & ~(made["closed_at"] >= read.data_cutoff)]
    kept = kept.astype({"won": bool})[list(outcomes.columns)]
    kept.astype({"closed_at": "datetime64[us]"}).to_parquet(read.path("outcomes"), index=False)


def source_column(catalogue: Catalogue, rows: pd.DataFrame) -> str | None:
    """Return the feature by which calibration is shown for each source, or the best equivalent.

    The lead's source if the company has one, else what says where leads came from, else an attribute,
    else any category; of 2 to 50 values.
    """
    features = [
        feature
        for feature in catalogue.features
        if feature.type == "category" and 2 <= rows[feature.name].nunique() <= 50
    ]
    ranked = sorted(
        features,
        key=lambda feature: (
            feature.name != "source",
            feature.group != "where they came from",
            feature.kind not in ("attribute", "account_attribute"),
        ),
    )
    return ranked[0].name if ranked else None
