"""What sales says of leads, from a file that a salesperson filled in, into the ledger."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from delivery import ledger
from delivery.publication import SCORES, latest
from features.errors import DataError, NotEnoughError, UsageError
from features.feedback import COLUMNS, Feedback, read_feedback
from features.feedback_checks import Refused
from features.tables import TableSet
from pipelines.lock import one_at_a_time
from pipelines.reading import read, tidy
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary

QUARANTINE = "feedback-quarantine.csv"
EXAMPLES = 5
TOLD = ("score", "grade")  # of a lead in the template, for whoever fills it in


@dataclass(frozen=True)
class Taken:
    """What became of a file's rows; ``quarantine`` is where the refused ones lie, None if there are none."""

    read: int
    added: int
    known: int
    blank: int
    refused: int
    reasons: dict[str, int] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    quarantine: Path | None = None


def feedback(request: Request, steps: Steps) -> Summary:
    """Take a file of feedback in, or write a template of one.

    Options: ``file``, and ``template`` (whether one is wanted; ``file`` is then where to).

    Raises:
        UsageError: there is no such file.
        DataError: the file cannot be read, or too many of its rows are refused: then none is taken in.
        BusyError: another run of the project is going on.
    """
    if request.options.get("template"):
        return _template(request, steps)
    file = _file(request)
    project = request.project
    with one_at_a_time(
        request.project_home,
        command="feedback",
        since=request.now,
        wait_seconds=request.wait_seconds,
    ):
        tables = steps.reach("read and check the tables", read, request, locked=True)
        taken = steps.run("take the feedback in", take_in, request, tables, file)
    steps.run("tidy up", tidy, request)
    return Summary(
        project=project.project,
        command="feedback",
        run_id=request.run_id,
        as_of=moment_of_recording(request),
        data_cutoff=tables.data_cutoff,
        written=[path for path in (taken.quarantine,) if path is not None],
        warnings=taken.notes,
        facts={
            "file": file.name,
            "rows": taken.read,
            "taken_in": taken.added,
            "known_before": taken.known,
            "not_filled_in": taken.blank,
            "refused": taken.refused,
            "reasons": taken.reasons,
            "steps": taken.steps,
        },
        headline=_headline(file, taken),
        next_steps=[f"leadgauge score {request.shown_file}"],
    )


def moment_of_recording(request: Request) -> datetime:
    """Return when the ledger learns of it: now, or the moment that the run stands at."""
    return request.as_of or request.now


def take_in(request: Request, tables: TableSet, file: Path) -> Taken:
    """Check every row, write the refused ones beside the run, and the others to the ledger.

    Raises:
        DataError: the file cannot be read, or more rows are refused than ``limits.quarantine_share`` allows.
    """
    import pyarrow as pa

    moment = moment_of_recording(request)
    found = read_feedback(file, request.project, tables, moment, request.work / "feedback")
    quarantine = _write_quarantine(request, file, found.refused)
    _refuse_too_many(request, file, found, quarantine)
    rows = [{**row, "recorded_at": moment, "file": file.name} for row in found.rows]
    told = ledger.take_in(
        request.home.root,
        request.project.project,
        pa.Table.from_pylist(rows, schema=ledger.SCHEMA),
    )
    return Taken(
        read=found.read,
        added=told.added,
        known=told.known,
        blank=found.blank,
        refused=found.refused_rows,
        reasons=_reasons(found.refused),
        steps=dict(sorted(Counter(row["step"] for row in found.rows).items())),
        notes=found.notes,
        quarantine=quarantine,
    )


def known_feedback(request: Request, before: datetime) -> Path | None:
    """Write the feedback that was known before a moment as Parquet into the run's folder, as `write_loop` takes it.

    None where there is none.

    Raises:
        DataError: the ledger cannot be read.
    """
    import pyarrow.parquet as pq

    rows = ledger.known(request.home.root, request.project.project, before)
    if not rows.num_rows:
        return None
    path = request.work / "feedback.parquet"
    pq.write_table(rows, path)
    return path


def _file(request: Request) -> Path:
    given = request.options.get("file")
    if not given:
        raise UsageError("say which FILE of feedback to take in, or --template to get one")
    file = Path(str(given)).expanduser().resolve()
    if not file.is_file():
        raise UsageError(
            f"{file}: there is no such file; expected a CSV or XLSX with the columns {', '.join(COLUMNS)}"
        )
    return file


def _write_quarantine(request: Request, file: Path, refused: list[Refused]) -> Path | None:
    if not refused:
        return None
    path = request.work / QUARANTINE
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "row", "column", "value", "reason"])
        writer.writerows(
            [file.name, line.row, line.column, line.value, line.reason] for line in refused
        )
    return path


def _refuse_too_many(
    request: Request, file: Path, found: Feedback, quarantine: Path | None
) -> None:
    filled, share = found.read - found.blank, request.project.limits.quarantine_share
    if not found.read:
        raise DataError(f"{file}: there is no row under the header; nothing was taken in")
    if found.refused_rows <= share * filled:
        return
    said = f"{found.refused_rows} of {filled} rows ({found.refused_rows / filled:.1%}) are refused"
    lines = [f"{file}: {said}; limits.quarantine_share allows {share:.1%}. Nothing was taken in"]
    lines += [f"  {count} x {reason}" for reason, count in _reasons(found.refused).items()]
    lines += [f"  for example {_shown(line)}" for line in found.refused[:EXAMPLES]]
    raise DataError(
        "\n".join([*lines, f"mend them and give the file again; all of them: {quarantine}"])
    )


def _shown(line: Refused) -> str:
    return f"row {line.row}" + (
        f", {line.column} = {line.value!r}: {line.reason}" if line.column else f": {line.reason}"
    )


def _reasons(refused: list[Refused]) -> dict[str, int]:
    """Count reasons, the most frequent first; what stands in brackets is of one row alone."""
    return dict(Counter(line.reason.split(" [")[0] for line in refused).most_common())


def _headline(file: Path, taken: Taken) -> str:
    said = f"{taken.added} of {taken.read} rows of {file.name} are new to the ledger"
    rest = [
        f"{count} {words}"
        for count, words in (
            (taken.known, "it knew already"),
            (taken.blank, "nobody had filled in"),
            (taken.refused, "were refused"),
        )
        if count
    ]
    return f"{said}; {', '.join(rest)}." if rest else f"{said}."


def _template(request: Request, steps: Steps) -> Summary:
    path, leads = steps.run("write the template", write_template, request)
    return Summary(
        project=request.project.project,
        command="feedback",
        run_id=request.run_id,
        written=[path],
        facts={"leads": leads},
        headline=f"{leads} leads that are sales-ready stand in {path.name}, for sales to fill in.",
        next_steps=[f"leadgauge feedback {request.shown_file} {path}"],
    )


def write_template(request: Request) -> tuple[Path, int]:
    """Write a CSV with the last night's sales-ready leads, best first; return where it lies and how many they are.

    Columns are separated as spreadsheets of the report's language expect it: by semicolons where commas are decimal.

    Raises:
        NotEnoughError: nothing was published yet.
        DataError: the last publication is damaged.
    """
    import pyarrow.parquet as pq

    published = latest(request.home.root, request.project.project)
    if published is None:
        raise NotEnoughError(
            f"nothing was published yet, so no lead is sales-ready; run `leadgauge score {request.shown_file}` first"
        )
    columns = ["lead_id", "route", "close_probability", *TOLD]
    rows = pq.read_table(published.folder / SCORES, columns=columns).to_pylist()
    ready = [row for row in rows if row["route"] == "sales_ready"]
    ready.sort(key=lambda row: (-row["close_probability"], row["lead_id"]))
    given = request.options.get("file")
    path = (
        Path(str(given)).expanduser().resolve()
        if given
        else request.project_home.reports / f"feedback-{published.as_of:%Y-%m-%d}.csv"
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    separator = "," if request.project.report.language.startswith("en") else ";"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerow([*COLUMNS, *TOLD])
        empty = [""] * (len(COLUMNS) - 1)
        writer.writerows([row["lead_id"], *empty, *(row[name] for name in TOLD)] for row in ready)
    return path, len(ready)
