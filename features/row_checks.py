"""What every row must keep to: each table's columns read, and the checks in their order.

The first check that a row fails is the one that is told. Rows that are not wrong and yet not
taken (still open, suppressed, of a lead that is not taken) are counted, not refused.
"""

from collections.abc import Sequence

import duckdb

from features import sql
from features.clean import TAKEN, CleanTable
from features.columns import category_sql
from features.cutoff import Cutoff
from features.project import Project
from features.quarantine import SOURCE, Verdict
from features.raw import FILE, ROW
from features.tables import TableName
from features.values import has_control, number_sql, text_sql, time_sql

MAX_ID = 255
SAME = "_leadgauge_same"

# How each canonical column is read; "?" marks what may be missing.
SHAPE: dict[str, dict[str, str]] = {
    "leads": {
        "lead_id": "id",
        "created_at": "time",
        "account_id": "text?",
        "owner": "text?",
        "source": "text?",
        "campaign": "text?",
    },
    "outcomes": {
        "lead_id": "id",
        "status": "text?",
        "closed_at": "time?",
        "amount": "number?",
        "reason": "text?",
        "competitor": "text?",
        "discount": "number?",
        "margin": "number?",
    },
    "events": {
        "lead_id": "id",
        "kind": "text",
        "occurred_at": "time",
        "recorded_at": "time?",
        "value": "number?",
        "actor": "text?",
        "reason": "text?",
    },
    "accounts": {"account_id": "id"},
    "history": {
        "lead_id": "id",
        "field": "text",
        "old_value": "text?",
        "new_value": "text?",
        "changed_at": "time",
    },
    "spend": {"spent_on": "time", "source": "text?", "campaign": "text?", "amount": "number"},
    "suppression": {"lead_id": "id"},
}
_TYPES = {"id": "VARCHAR", "text": "VARCHAR", "time": "TIMESTAMP", "number": "DOUBLE"}


def parse(
    connection: duckdb.DuckDBPyConnection,
    table: TableName,
    sources: Sequence[CleanTable],
    zone: str,
    kept: Sequence[str] = (),
) -> None:
    """Write ``parsed_<table>``: each canonical column, what the source said (``said_``) and why it is none (``why_``).

    ``kept`` are rows of the same columns that an earlier run has parsed.
    """
    selects = [parsed(table, cleaned, zone) for cleaned in sources] or [_nothing(table)]
    # Events are many: they are read again rather than copied, unless reading them is work.
    lies = table == "events" and bool(sources) and all(one.raw.lies_in for one in sources)
    if kept and not lies:
        connection.execute(f"CREATE TABLE read_{table} AS {' UNION ALL BY NAME '.join(selects)}")
        selects, lies = [f"SELECT * FROM read_{table}"], True
    connection.execute(
        f"CREATE OR REPLACE {'VIEW' if lies else 'TABLE'} parsed_{table} AS {' UNION ALL BY NAME '.join([*selects, *kept])}"
    )


def parsed(table: TableName, cleaned: CleanTable, zone: str) -> str:
    """Return SQL for the rows of one source, parsed."""
    listed = [f"{sql.text(cleaned.raw.key)} AS {SOURCE}", FILE, ROW, TAKEN]
    if table in ("leads", "accounts"):
        listed.append(
            f"hash({', '.join(sql.identifier(name) for name in cleaned.columns if name != TAKEN)}) AS {SAME}"
        )
    for name, shape in SHAPE[table].items():
        listed += _column(name, shape.rstrip("?"), cleaned, zone)
    return f"SELECT {', '.join(listed)} FROM {cleaned.name}"


def _column(name: str, shape: str, cleaned: CleanTable, zone: str) -> list[str]:
    column = cleaned.canonical.get(name)
    if name == "kind" and cleaned.source.kind is not None:
        constant = sql.text(cleaned.source.kind)
        return [
            f"{constant} AS kind",
            f"{constant} AS said_kind",
            "CAST(NULL AS VARCHAR) AS why_kind",
        ]
    if column is None:
        return [
            f"CAST(NULL AS {_TYPES[shape]}) AS {name}",
            f"CAST(NULL AS VARCHAR) AS said_{name}",
            f"CAST(NULL AS VARCHAR) AS why_{name}",
            *([f"false AS there_{name}"] if shape in ("time", "number") else []),
        ]
    kind = cleaned.columns[column]
    said = text_sql(column, kind)
    if shape in ("id", "text"):
        value = category_sql(column, kind) if shape == "text" and name != "status" else said
        return [
            f"{value} AS {name}",
            f"{said} AS said_{name}",
            f"CAST(NULL AS VARCHAR) AS why_{name}",
        ]
    reading = (
        time_sql(column, kind, cleaned.source, zone)
        if shape == "time"
        else number_sql(column, kind, cleaned.source.decimal)
    )
    why = f"CASE WHEN ({reading.value}) IS NULL THEN {reading.problem} END"
    return [
        f"{reading.value} AS {name}",
        f"{said} AS said_{name}",
        f"{why} AS why_{name}",
        f"{sql.identifier(column)} IS NOT NULL AS there_{name}",
    ]


def _nothing(table: TableName) -> str:
    columns = [
        f"CAST(NULL AS {_TYPES[shape.rstrip('?')]}) AS {name}"
        for name, shape in SHAPE[table].items()
    ]
    columns += [
        f"CAST(NULL AS VARCHAR) AS {prefix}_{name}"
        for prefix in ("said", "why")
        for name in SHAPE[table]
    ]
    columns += [
        f"CAST(NULL AS BOOLEAN) AS there_{name}"
        for name, shape in SHAPE[table].items()
        if shape.rstrip("?") in ("time", "number")
    ]
    internal = f"'' AS {SOURCE}, 0 AS {FILE}, CAST(0 AS BIGINT) AS {ROW}, true AS {TAKEN}, CAST(0 AS UBIGINT) AS {SAME}"
    return f"SELECT {internal}, {', '.join(columns)} WHERE false"


def label(name: str, sources: Sequence[CleanTable]) -> str:
    """Name a canonical column as the row's own source does."""
    cases = " ".join(
        f"WHEN {sql.text(cleaned.raw.key)} THEN {sql.text(cleaned.canonical.get(name, name))}"
        for cleaned in sources
    )
    return f"CASE {SOURCE} {cases} END" if cases else sql.text(name)


def column_verdicts(
    table: TableName, sources: Sequence[CleanTable], names: Sequence[str] | None = None
) -> list[Verdict]:
    """Return the checks that need one column each, of all columns or those named."""
    found: list[Verdict] = []
    for name, shape in SHAPE[table].items():
        if names is not None and name not in names:
            continue
        column, said = label(name, sources), f"said_{name}"
        # Whether a time was said is asked of every row; what was said, in words, of those refused alone.
        there = (
            f"there_{name}" if shape.rstrip("?") in ("time", "number") else f"{said} IS NOT NULL"
        )
        if not shape.endswith("?"):
            found.append(Verdict(f"NOT ({there})", f"'{name} is missing'", column, said))
        if shape == "id":
            found.append(
                Verdict(
                    f"length({said}) > {MAX_ID}",
                    f"'{name} is longer than {MAX_ID} characters'",
                    column,
                    said,
                )
            )
            found.append(
                Verdict(
                    has_control(said),
                    f"'{name} holds a control character'",
                    column,
                    said,
                )
            )
        if shape.rstrip("?") in ("time", "number"):
            found.append(Verdict(f"{there} AND {name} IS NULL", f"why_{name}", column, said))
        if shape.rstrip("?") == "time":
            found.append(
                Verdict(f"{name} < TIMESTAMP '1900-01-01'", "'earlier than 1900'", column, said)
            )
    return found


def lead_verdicts(sources: Sequence[CleanTable], cutoff: Cutoff) -> list[Verdict]:
    """Return the checks of a lead on its own; rows carry ``suppressed``."""
    filtered = Verdict(f"NOT {TAKEN}", "'filtered out by where'", ignored=True)
    created = label("created_at", sources)
    return [
        filtered,
        Verdict("suppressed", "'suppressed'", ignored=True),
        *column_verdicts("leads", sources),
        *cutoff.verdicts("created_at", created, "said_created_at"),
    ]


def repeat_verdicts(
    name: str,
    what: str,
    sources: Sequence[CleanTable],
) -> list[Verdict]:
    """Return the checks of rows with one id; rows carry ``place``, ``copies``, ``alike`` and ``other``."""
    return [
        Verdict("alike AND place > 1", "'exact repeat of an earlier row'", ignored=True),
        Verdict(
            "copies > 1 AND NOT alike",
            f"'two {what} [see row ' || other || ']'",
            label(name, sources),
            f"said_{name}",
        ),
    ]


def with_repeats(rows: str, name: str, same: str) -> str:
    """Add to rows what ``repeat_verdicts`` judges by."""
    window = f"OVER (PARTITION BY {name})"
    return f"""
        SELECT *, count(*) {window} AS copies, min({same}) {window} = max({same}) {window} AS alike,
            row_number() OVER (PARTITION BY {name} ORDER BY {SOURCE}, {FILE}, {ROW}) AS place,
            CASE WHEN {ROW} = min({ROW}) {window} THEN max({ROW}) {window} ELSE min({ROW}) {window} END AS other
        FROM ({rows})
    """


def of_a_lead(sources: Sequence[CleanTable]) -> list[Verdict]:
    """Return the checks that need the lead; rows carry its ``fate``."""
    return [
        Verdict("fate IS NULL", "'no lead has this id'", label("lead_id", sources), "said_lead_id"),
        Verdict("fate <> 'kept'", "'its lead is ' || fate", ignored=True),
    ]


def outcome_verdicts(
    project: Project, sources: Sequence[CleanTable], cutoff: Cutoff
) -> list[Verdict]:
    """Return the checks that decide whether there is an outcome at all by the cut-off."""
    known = sql.texts([*project.label.won, *project.label.lost])
    return [
        *column_verdicts("outcomes", sources, ["lead_id"]),
        *of_a_lead(sources),
        Verdict(f"said_status IS NULL OR said_status NOT IN {known}", "'open'", ignored=True),
        *cutoff.verdicts("closed_at", label("closed_at", sources), "said_closed_at"),
    ]


def closing_verdicts(sources: Sequence[CleanTable], *, flat: bool) -> list[Verdict]:
    """Return the checks of an outcome that there is; rows carry the lead's ``created_at``."""
    closed = label("closed_at", sources)
    missing = (
        []
        if flat
        else [
            Verdict(
                "said_closed_at IS NULL",
                "'closed_at is missing, though the lead is won or lost'",
                closed,
                "said_status",
            )
        ]
    )
    return [
        *column_verdicts("outcomes", sources, ["closed_at", "amount", "discount", "margin"]),
        *missing,
        Verdict(
            "closed_at < created_at",
            "'closed before the lead was created [' || created_at || 'Z]'",
            closed,
            "said_closed_at",
        ),
    ]
