"""Feature rows on disk: what training and the night hand on between their steps."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from features.assemble import assemble
from features.canonical import Canonical
from features.catalogue import AccountAttribute, Attribute, Catalogue, TrackRecord
from features.declare import build_catalogue
from features.errors import DataError
from features.hindsight import Suspect, audit
from features.nearby import nearby
from features.nearest import hint
from features.portions import write_portions
from features.project import Project
from features.snapshots import (
    count_snapshots,
    drawn,
    morning_snapshots,
    open_snapshots,
    training_snapshots,
)
from features.tables import TableSet, open_tables


@dataclass(frozen=True)
class TrainingFrames:
    """Where the two frames of a training lie, and the catalogue that they follow.

    ``snapshots`` counts those of the ladder whose label is not known yet, too. ``share`` of the accounts
    are in the ladder: 1 unless there were more snapshots than the project file lets be learned from.
    """

    catalogue: Catalogue
    ladder: Path
    mornings: Path
    suspects: list[Suspect]
    snapshots: int
    share: float = 1.0


def canonical(connection: Backend, read: TableSet) -> Canonical:
    """Return the canonical tables of an opened table set."""
    return Canonical.of(connection, cutoff=read.data_cutoff, flat=read.flat, stood_at=read.stood_at)


def training_frames(read: TableSet, project: Project, folder: Path) -> TrainingFrames:
    """Declare the catalogue and write the training ladder and the evaluation mornings as Parquet.

    Raises:
        DataError: a file of the table set is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = open_tables(read, project.limits.memory_gb)
    try:
        tables = canonical(connection, read)
        suspects = audit(tables, read, project)
        condemned = {
            suspect.column: suspect.evidence
            for suspect in suspects
            if suspect.verdict == "left out"
        }
        catalogue = build_catalogue(tables, read, project, suspects=condemned)
        snapshots = count_snapshots(tables, project)
        frames = TrainingFrames(
            catalogue,
            folder / "ladder.parquet",
            folder / "mornings.parquet",
            suspects,
            snapshots,
            min(1.0, project.limits.training_rows / max(1, snapshots)),
        )
        # Snapshots are computed once: every family of features joins them anew.
        ladder = connection.create_table(
            "ladder", drawn(training_snapshots(tables, project), frames.share)
        )
        connection.to_parquet(assemble(tables, ladder, catalogue), frames.ladder)
        mornings = connection.create_table("mornings", morning_snapshots(tables, project))
        _write_mornings(connection, tables, mornings, catalogue, frames.mornings)
    finally:
        connection.disconnect()
    return frames


def open_frame(
    read: TableSet,
    project: Project,
    catalogue: Catalogue,
    as_of: datetime,
    folder: Path,
    *,
    leads: Collection[str] | None = None,
) -> Path:
    """Write the feature rows of the leads that are open at ``as_of`` (naive UTC) as Parquet, by ``lead_id``.

    ``leads``: only these, with the same values; their own events and their accounts' are read alone.

    Raises:
        DataError: the leads lack a column that the model was trained on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = open_tables(read, project.limits.memory_gb)
    try:
        tables = canonical(connection, read)
        check_columns(tables, read, catalogue)
        snapshots = open_snapshots(tables, project, as_of)
        if leads is not None:
            snapshots = snapshots.filter(snapshots.lead_id.isin(sorted(leads)))
            snapshots = connection.create_table("asked_for", snapshots)
            tables = nearby(connection, tables, snapshots)
        path = folder / "open.parquet"
        at = None if read.flat else as_of
        write_portions(connection, tables, snapshots, catalogue, path, at=at)
    finally:
        connection.disconnect()
    return path


def morning_frame(
    read: TableSet,
    project: Project,
    catalogue: Catalogue,
    folder: Path,
    since: datetime | None = None,
) -> Path | None:
    """Write the mature mornings, those after ``since`` (naive UTC), with the features of a model's catalogue.

    None where there is no such morning: then nothing is written.

    Raises:
        DataError: the data lack a column that the catalogue needs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = open_tables(read, project.limits.memory_gb)
    try:
        tables = canonical(connection, read)
        check_columns(tables, read, catalogue)
        snapshots = connection.create_table("mornings", morning_snapshots(tables, project, since))
        if not snapshots.count().execute():
            return None
        path = folder / "mornings.parquet"
        _write_mornings(connection, tables, snapshots, catalogue, path)
    finally:
        connection.disconnect()
    return path


def _write_mornings(
    connection: Backend, tables: Canonical, snapshots: ir.Table, catalogue: Catalogue, path: Path
) -> None:
    moments = snapshots.select("as_of").distinct().limit(2).execute()["as_of"]
    one = moments[0].to_pydatetime() if len(moments) == 1 and not tables.flat else None
    near = nearby(connection, tables, snapshots)
    write_portions(connection, near, snapshots, catalogue, path, at=one)


def unseen_kinds(read: TableSet, project: Project, catalogue: Catalogue) -> dict[str, int]:
    """Return the event kinds that training never saw, with how many events each has."""
    connection = open_tables(read, project.limits.memory_gb)
    try:
        events = connection.table("events")
        new = events.filter(~events.kind.isin(catalogue.event_kinds or [""]))
        counts = new.group_by("kind").aggregate(events=new.count()).order_by("kind").execute()
    finally:
        connection.disconnect()
    return dict(zip(counts["kind"], counts["events"].astype(int), strict=True))


def check_columns(tables: Canonical, read: TableSet, catalogue: Catalogue) -> None:
    """Check that every column that a catalogue's features are made of is there.

    Raises:
        DataError: some are not.
    """
    missing: dict[str, None] = {}
    for feature in catalogue.features:
        if not isinstance(feature, Attribute | AccountAttribute | TrackRecord):
            continue
        ours = isinstance(feature, Attribute | TrackRecord)
        table: Literal["leads", "accounts"] = "leads" if ours else "accounts"
        if feature.column not in (tables.leads if ours else tables.accounts).columns:
            there = [attribute.label for attribute in read.columns(table)]
            missing[
                f"  {table}: {feature.label!r}; {hint(feature.label, there, what='there are')}"
            ] = None
    if missing:
        raise DataError(
            "\n".join(
                [
                    "columns that the model was trained on are no longer in the data:",
                    *missing,
                    "put them back into the export, or train anew without them",
                ]
            )
        )
