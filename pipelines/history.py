"""Everything that is known of one lead, in the order of time: from the CRM, from sales' feedback, from leadgauge."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from delivery import ledger
from delivery.publication import SCORES, follow, night_name, nights, project_folder
from features.errors import UsageError
from features.loop import OVERRULED, STEPS
from features.named_leads import LeadColumns
from features.tables import TableSet
from pipelines.reading import read, tidy
from pipelines.settings import Request
from pipelines.steps import Steps
from pipelines.summary import Summary

From = Literal["crm", "feedback", "leadgauge"]
# What comes first of things of one moment.
_RANK = {"created": 0, "changed": 1, "scored": 3, "won": 4, "lost": 4}
_OTHER = 2


@dataclass(frozen=True)
class Line:
    """One thing that happened; ``at`` is naive UTC, None where nobody knows when."""

    at: datetime | None
    what: str
    detail: str = ""
    actor: str = ""
    origin: From = "crm"

    def to_json(self) -> dict[str, Any]:
        """Return the line as the summary tells it."""
        told = asdict(self)
        return {
            **{key: told[key] for key in ("at", "what", "detail", "actor")},
            "from": self.origin,
        }


@dataclass(frozen=True)
class Told:
    """A lead's lines in the order of time, and what could not be read."""

    lines: list[Line]
    warnings: list[str]


def history(request: Request, steps: Steps) -> Summary:
    """Tell everything about one lead. Options: ``lead_id``.

    Raises:
        UsageError: there is no such lead.
        DataError: the data break the contract, or the ledger is damaged.
    """
    lead_id = str(request.options["lead_id"])
    tables = steps.reach("read and check the tables", read, request)
    told = steps.run("gather what is known of the lead", gather, request, tables, lead_id)
    steps.run("tidy up", tidy, request)
    return Summary(
        project=request.project.project,
        command="history",
        run_id=request.run_id,
        as_of=request.as_of or request.now,
        data_cutoff=tables.data_cutoff,
        warnings=[*tables.warnings, *told.warnings],
        facts={"lead_id": lead_id, "history": [line.to_json() for line in told.lines]},
        headline=_headline(lead_id, told.lines),
        next_steps=[f"leadgauge explain {request.shown_file} {lead_id}"],
    )


def gather(request: Request, tables: TableSet, lead_id: str) -> Told:
    """Return a lead's lines.

    Raises:
        UsageError: there is no such lead.
        DataError: the ledger of feedback is damaged.
    """
    moment = request.as_of or request.now
    warnings: list[str] = []
    lines = [
        *_from_tables(request, tables, lead_id),
        *_from_feedback(request, lead_id, moment),
        *_from_publications(request, lead_id, moment, warnings),
    ]
    lines.sort(key=lambda line: (line.at is None, line.at, _RANK.get(line.what, _OTHER)))
    return Told(lines, warnings)


def _from_tables(request: Request, tables: TableSet, lead_id: str) -> list[Line]:
    import duckdb

    with duckdb.connect(
        config={"memory_limit": f"{request.project.limits.memory_gb}GB"}
    ) as connection:
        lead = _first(connection, tables.path("leads"), lead_id)
        if lead is None:
            raise UsageError(
                f"no lead has the id {lead_id!r}: check its spelling, whether it was created by then, whether it is on "
                f"the suppression list, and {tables.folder / 'quarantine.csv'}"
            )
        labels = LeadColumns.of(tables, request.project, list(lead)).labels
        return [
            _created(lead),
            *_events(connection, request, tables.path("events"), lead_id),
            *_changes(connection, tables.path("history"), lead_id, labels),
            *_outcome(_first(connection, tables.path("outcomes"), lead_id), request),
        ]


def _rows(connection: Any, query: str, *values: object) -> Iterator[dict[str, Any]]:  # noqa: ANN401  a DuckDB connection
    found = connection.execute(query, list(values))
    header = [column[0] for column in found.description]
    for row in found.fetchall():
        yield dict(zip(header, row, strict=True))


def _first(connection: Any, path: Path, lead_id: str) -> dict[str, Any] | None:  # noqa: ANN401
    query = "SELECT * FROM read_parquet(?) WHERE lead_id = ?"
    return next(_rows(connection, query, str(path), lead_id), None)


def _created(lead: dict[str, Any]) -> Line:
    known = [
        f"{name} {lead[name]}"
        for name in ("source", "campaign", "owner", "account_id")
        if lead.get(name) is not None
    ]
    return Line(lead["created_at"], "created", ", ".join(known).replace("account_id", "account"))


def _events(connection: Any, request: Request, path: Path, lead_id: str) -> Iterator[Line]:  # noqa: ANN401
    """Yield the lead's events; those of one kind and actor on one day of the company's clock are one line."""
    words = request.project.features.words
    query = """
        SELECT kind, actor, reason, min(occurred_at) AS first, max(occurred_at) AS last, count(*) AS times
        FROM read_parquet(?) WHERE lead_id = ?
        GROUP BY kind, actor, reason, date_trunc('day', timezone(?, timezone('UTC', occurred_at))),
            CASE WHEN list_contains(?, kind) THEN occurred_at END
        ORDER BY first, kind, actor, reason
    """
    zone = request.project.timezone
    for row in _rows(connection, query, str(path), lead_id, zone, list(STEPS)):
        step = row["kind"] in STEPS
        what = row["kind"].replace("_", " ") if step else words.get(row["kind"], row["kind"])
        often = f"{row['times']} times, the last at {row['last']:%H:%M} UTC"
        detail = [often] if row["times"] > 1 and not step else []
        detail += [row["reason"]] if row["reason"] else []
        yield Line(row["first"], what, ", ".join(detail), row["actor"] or "")


def _changes(
    connection: Any,  # noqa: ANN401
    path: Path,
    lead_id: str,
    labels: dict[str, str],
) -> Iterator[Line]:
    query = "SELECT * FROM read_parquet(?) WHERE lead_id = ? ORDER BY changed_at, field"
    for row in _rows(connection, query, str(path), lead_id):
        old, new = (
            row[name] if row[name] is not None else "-" for name in ("old_value", "new_value")
        )
        label = labels.get(row["field"], row["field"])
        yield Line(row["changed_at"], "changed", f"{label}: {old} to {new}")


def _outcome(outcome: dict[str, Any] | None, request: Request) -> Iterator[Line]:
    if outcome is None or outcome["won"] is None:
        return
    detail = []
    if outcome["amount"] is not None:
        detail.append(f"{request.project.report.currency} {outcome['amount']:,.0f}")
    if outcome["discount"] is not None:
        detail.append(f"discount {outcome['discount']:g}%")
    if outcome["reason"]:
        detail.append(str(outcome["reason"]))
    if outcome["competitor"]:
        detail.append(f"to {outcome['competitor']}")
    yield Line(outcome["closed_at"], "won" if outcome["won"] else "lost", ", ".join(detail))


def _from_feedback(request: Request, lead_id: str, moment: datetime) -> Iterator[Line]:
    import pyarrow.compute as pc

    known = ledger.known(request.home.root, request.project.project, moment)
    for row in known.filter(pc.equal(known["lead_id"], lead_id)).to_pylist():
        detail = [f"to {row['route'].replace('_', ' ')}"] if row["step"] == OVERRULED else []
        detail += [row[name] for name in ("reason", "note") if row[name]]
        yield Line(
            row["occurred_at"],
            row["step"].replace("_", " "),
            ", ".join(detail),
            row["actor"] or "",
            "feedback",
        )


def _from_publications(
    request: Request, lead_id: str, moment: datetime, warnings: list[str]
) -> Iterator[Line]:
    """Yield the nights on which the lead's score, grade or route was another than on the night before."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = ["score", "grade", "route", "model_version"]
    before: tuple[Any, ...] | None = None
    root = project_folder(request.home.root, request.project.project)
    for as_of, pointer in sorted(nights(root)):
        if as_of > moment:
            continue
        folder = follow(pointer)
        try:
            if folder is None:
                raise FileNotFoundError(pointer)
            found = pq.read_table(
                folder / SCORES, columns=columns, filters=[("lead_id", "=", lead_id)]
            ).to_pylist()
        except (OSError, pa.ArrowException):
            warnings.append(
                f"the night {night_name(as_of)} is damaged and left out; "
                f"`leadgauge score {request.shown_file} --as-of {night_name(as_of)}` restores it"
            )
            continue
        now = tuple(found[0][name] for name in columns[:3]) if found else None
        if now is not None and now != before:
            score, grade, route = now
            yield Line(
                as_of,
                "scored",
                f"score {score}, grade {grade}, {str(route).replace('_', ' ')}",
                f"model {found[0]['model_version']}",
                "leadgauge",
            )
        before = now


def _headline(lead_id: str, lines: list[Line]) -> str:
    created = next(line for line in lines if line.what == "created")
    end = next((line for line in reversed(lines) if line.what in ("won", "lost")), None)
    state = "open"
    if end is not None:
        state = end.what if end.at is None else f"{end.what} on {end.at:%Y-%m-%d}"
    return (
        f"Lead {lead_id}: created on {created.at:%Y-%m-%d}, {state}; {len(lines)} lines of history."
    )
