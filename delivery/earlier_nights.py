"""Which leads the nights before gave to sales, and since when."""

from datetime import datetime, timedelta
from pathlib import Path

from delivery.clauses import SALES_READY
from delivery.publication import SCORES, follow, nights, project_folder
from features import sql

NIGHTS_BACK = 90  # days


def sales_ready_nights(home: Path, project: str, before: datetime, path: Path) -> Path | None:
    """Write ``lead_id, first_night, nights`` of the leads that nights of late routed to sales.

    Leads drawn by lot are left out: nobody promised that they are worth a call.

    Args:
        home: under which publications lie.
        project: the project's identifier.
        before: nights from ``NIGHTS_BACK`` days before this moment (naive UTC) up to it.
        path: the Parquet file that is written, sorted by ``lead_id``.

    Returns:
        the file; None where no such night was published.
    """
    import duckdb
    import pyarrow.parquet as pq

    since = before - timedelta(days=NIGHTS_BACK)
    folders = [
        follow(pointer)
        for night, pointer in nights(project_folder(home, project))
        if since <= night < before
    ]
    files = [str(folder / SCORES) for folder in folders if folder is not None]
    if not files:
        return None
    by_lot = any("explored" in pq.read_schema(file).names for file in files)
    lots = "AND explored IS NOT TRUE" if by_lot else ""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute("SET VARIABLE files = ?", [files])
        connection.execute(
            "COPY (SELECT lead_id, min(scored_at AT TIME ZONE 'UTC') AS first_night, count(*) AS nights "  # noqa: S608  our own words and path
            "FROM read_parquet(getvariable('files'), union_by_name = true) "
            f"WHERE route = '{SALES_READY}' {lots} GROUP BY lead_id ORDER BY lead_id) "
            f"TO {sql.text(str(path))} (FORMAT parquet)"
        )
    return path
