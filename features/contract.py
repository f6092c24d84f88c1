"""From the company's tables to the canonical tables: read, clean, check, cut off, write."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb

from features import sql
from features.canonical_tables import Written, write_tables
from features.clean import clean
from features.cutoff import find_cutoff, latest_time
from features.errors import DataError, ProjectError
from features.judging import Cleaned, judge_all
from features.kept_files import Keeping, keeping
from features.kept_rows import keep_rows, kept_rows
from features.outcome_source import refuse_without_wins
from features.project import Project
from features.project_checks import each_source
from features.quarantine import Quarantine
from features.raw import REFUSED, RawTable, refuse_changed
from features.row_checks import parse
from features.sources import load_source
from features.tables import CANONICAL, EventFiles, TableCount, TableName, TableSet

Progress = Callable[[str], None]


def read_tables(
    project: Project,
    data_root: Path,
    folder: Path,
    *,
    now: datetime,
    as_of: datetime | None = None,
    trained: bool = False,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> TableSet:
    """Read every source of a project, check every row, and write the canonical tables to ``folder``.

    ``now`` and ``as_of`` are naive UTC. With ``as_of``, what came at or after it is passed over
    and counted; derived columns are computed before that, over all rows of the source.
    ``trained``: the columns' types are those of a model, and a column that is gone is for
    whoever scores with it to miss. ``kept``: a folder that this run alone uses, for the rows of events whose
    source says ``keep_read``; the tables are the same with and without it. ``progress`` is told what is
    being done. Beside the tables lie ``quarantine.csv``, one line per refused row, and ``tables.json``.

    Raises:
        ProjectError: a source, a column or an expression of the project file does not exist.
        DataError: a file cannot be read, too many rows are refused, or no lead is left.
    """
    tell = progress or (lambda _: None)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        keeping(kept, project.timezone) as held,
        _database(folder, project.limits.memory_gb) as connection,
    ):
        raws = _load(connection, project, data_root, folder, tell, held)
        read = _rows_read(connection, raws)
        _lock_in(connection, raws, [folder, *([held.folder] if held else [])])
        cleaned = _clean(connection, project, raws, tell, trained=trained)
        warnings = refuse_without_wins(connection, project, cleaned["outcomes"][0])
        tell("checking rows")
        cleaned["events"] = keep_rows(connection, cleaned["events"], project.timezone, held)
        for table in CANONICAL:
            rows = kept_rows(cleaned[table], held)
            parse(connection, table, cleaned[table], project.timezone, rows)
        cutoff = find_cutoff(connection, project, now, as_of)
        quarantine = Quarantine(connection)
        judge_all(connection, project, cleaned, cutoff, quarantine)
        tell("writing tables")
        written = write_tables(connection, project, cleaned, folder, quarantine)
        refuse_changed(raws)
        quarantine.write(folder / "quarantine.csv", raws)
        counts = quarantine.counts(read, written.kept)
        quarantine.refuse_too_many(
            counts, project.limits.quarantine_share, folder / "quarantine.csv"
        )
        if not written.kept["leads"]:
            passed = ", ".join(
                f"{number} {reason}" for reason, number in counts["leads"].ignored.items()
            )
            raise DataError(
                f"leads: no lead is left of {read['leads']} rows"
                + (f" ({passed})" if passed else "")
            )
        tables = TableSet(
            folder=folder,
            project=project.project,
            data_cutoff=cutoff.moment,
            stood_at=as_of,
            latest=latest_time(
                connection,
                f"read_parquet({sql.text(str(folder / '{}.parquet'))})",
                "IS NOT NULL",
            ),
            flat="closed_at" not in cleaned["outcomes"][0].canonical,
            tables=counts,
            attributes=written.attributes,
            left_out=written.left_out,
            warnings=[*warnings, *_refused(counts), *_unreadable(project, written)],
            digest=hashlib.sha256("\n".join(raw.digest for raw in raws).encode()).hexdigest(),
            event_files=_event_files(raws, cleaned) if held else None,
        )
    tables.save()
    return tables


@contextmanager
def _database(folder: Path, memory_gb: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database for the time of reading; what the memory limit does not hold goes to disk."""
    scratch = folder / "reading"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory_gb}GB",
        "temp_directory": str(scratch / "spill"),
    }
    connection = duckdb.connect(config=settings)
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(REFUSED)
        yield connection
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _load(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    data_root: Path,
    folder: Path,
    tell: Progress,
    held: Keeping | None,
) -> list[RawTable]:
    raws = []
    for key, table, source in each_source(project):
        tell(f"reading {key.removeprefix('sources.')}")
        scratch = folder / "reading"
        raws.append(load_source(connection, key, table, source, data_root, scratch, held))
    return raws


def _lock_in(
    connection: duckdb.DuckDBPyConnection, raws: list[RawTable], folders: list[Path]
) -> None:
    """From here on SQL of the project file runs: it sees the loaded rows, and no file of the machine."""
    lying = ", ".join(sql.text(str(file.path)) for raw in raws for file in raw.lies_in)
    connection.execute(f"SET allowed_paths = [{lying}]")
    connection.execute(
        f"SET allowed_directories = [{', '.join(sql.text(str(folder)) for folder in folders)}]"
    )
    connection.execute("SET enable_external_access = false")


def _rows_read(connection: duckdb.DuckDBPyConnection, raws: list[RawTable]) -> dict[TableName, int]:
    """Count rows, those that could not even be taken apart included."""
    read: dict[TableName, int] = dict.fromkeys(CANONICAL, 0)
    for raw in raws:
        row = connection.execute(
            f"SELECT (SELECT count(*) FROM {raw.name}) + (SELECT count(*) FROM refused WHERE source = {sql.text(raw.key)})"
        ).fetchone()
        read[raw.table] += (row[0] if row else 0) + sum(part.read for part in raw.kept)
    return read


def _event_files(raws: list[RawTable], cleaned: Cleaned) -> EventFiles | None:
    """Count files of the sources that say ``keep_read``, before and after the run; None if none does."""
    before = [part for raw in raws for part in raw.partitions]
    after = [part for source in cleaned["events"] for part in source.raw.partitions]
    if not before:
        return None
    kept = sum(part.rows is not None for part in before)
    return EventFiles(
        kept=kept, read=len(before) - kept, refused=sum(part.rows is None for part in after)
    )


def _clean(
    connection: duckdb.DuckDBPyConnection,
    project: Project,
    raws: list[RawTable],
    tell: Progress,
    *,
    trained: bool,
) -> Cleaned:
    """Clean every source; what the project file names and no source has is told at once."""
    cleaned: Cleaned = {table: [] for table in CANONICAL}
    problems: list[str] = []
    for raw, (_, table, source) in zip(raws, each_source(project), strict=True):
        tell(f"cleaning {raw.key.removeprefix('sources.')}")
        try:
            cleaned[table].append(clean(connection, raw, source, trained=trained))
        except ProjectError as error:
            problems.append(str(error))
    if problems:
        raise ProjectError("\n".join(problems))
    return cleaned


def _unreadable(project: Project, written: Written) -> list[str]:
    """Say where numbers do not read as numbers.

    Raises:
        DataError: more of a column than the project file lets be refused.
    """
    said = [
        (
            column.values / column.filled,
            f"{column.table}: {column.values} of {column.filled} values of {column.label!r} "
            f"are no numbers, {column.example!r} for one",
        )
        for column in written.unreadable
    ]
    worst, words = max(said, default=(0.0, ""))
    if worst > project.limits.quarantine_share:
        raise DataError(
            f"{words}. The column was a number when the model was trained, or is declared one: mend "
            "the export, say `decimal` or `missing_in` for the source, or declare it a category under "
            "`types` and train anew"
        )
    return [f"{words}; they count as missing" for _, words in said]


def _refused(counts: dict[TableName, TableCount]) -> list[str]:
    return [
        f"{table}: {count.quarantined} of {count.read} rows are refused: "
        + ", ".join(f"{number} x {reason}" for reason, number in count.reasons.items())
        for table, count in counts.items()
        if count.quarantined
    ]
