"""Leads at chosen ages, as a model is asked about them: at their arrival, or after a week."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from features.catalogue import Catalogue
from features.frames import canonical, check_columns
from features.nearby import nearby
from features.portions import write_portions
from features.project import Project
from features.snapshots import aged_snapshots, drawn
from features.tables import TableSet, open_tables


def aged_frame(
    read: TableSet,
    project: Project,
    catalogue: Catalogue,
    ages: Sequence[int],
    folder: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    mature: bool = True,
    most_rows: int | None = None,
) -> Path | None:
    """Write every lead at these ages in days, while open, with the features of a model's catalogue.

    None where there is no such row: then nothing is written. A flat export has age 0 alone.

    Args:
        read: the tables.
        project: the project file.
        catalogue: what the rows are made of: the same functions as in training, so the same values.
        ages: in days.
        folder: where the file goes, named by the ages.
        since: leads created at or after it, naive UTC.
        until: leads created before it.
        mature: False for the moments without a label, too: then ``label`` is null there.
        most_rows: with more, whole accounts are drawn, always the same ones, down to about so many.

    Columns: ``lead_id, as_of, created_at, age_days, group_id, label, weight`` (a lead's rows share 1),
    ``days_to_win``, ``days_followed`` and the features, ordered by lead and moment.

    Raises:
        DataError: the data lack a column that the catalogue needs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    connection = open_tables(read, project.limits.memory_gb)
    try:
        tables = canonical(connection, read)
        check_columns(tables, read, catalogue)
        rows = connection.create_table(
            "aged",
            aged_snapshots(tables, project, ages, since=since, until=until, mature=mature),
        )
        count = int(rows.count().execute())
        if not count:
            return None
        if most_rows is not None and count > most_rows:
            rows = connection.create_table("aged_drawn", drawn(rows, most_rows / count))
            if not rows.count().execute():  # one account holds nearly all of them
                return None
        if since is not None or until is not None or most_rows is not None:
            tables = nearby(connection, tables, rows)
        name = "-".join(str(age) for age in ([0] if read.flat else sorted(set(ages))))
        path = folder / f"aged-{name}.parquet"
        write_portions(connection, tables, rows, catalogue, path, at=None)
    finally:
        connection.disconnect()
    return path
