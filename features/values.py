"""How one value is read: SQL expressions for ids, texts, numbers and times.

Times become naive UTC. A time without an offset is local to the source's time zone: one that
the clock skips in spring is read as if it had not been moved yet (02:30 becomes 03:30), one
that happens twice in autumn is the later of the two, so that nothing is known too early.
"""

from dataclasses import dataclass

from features import sql
from features.project import Source
from features.project_checks import EPOCHS

# Spaces of all kinds, for trim().
_BLANKS = sql.text(" \t\r\n\f\v\u00a0\ufeff")
_BLANK_ENDS = sql.text(r"^[\s\v\x{a0}\x{feff}]|[\s\v\x{a0}\x{feff}]$")
# Control characters, and those that turn the direction of writing.
CONTROL = "'[\\x00-\\x1f\\x7f-\\x{9f}\\x{200e}\\x{200f}\\x{202a}-\\x{202e}\\x{2066}-\\x{2069}]'"

# Anything but a space and the printable letters of ASCII: only then are control characters looked for.
_UNUSUAL = "'*[! -~]*'"

_DAY = r"^\d{4}-\d{1,2}-\d{1,2}"
_CLOCK = r"[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?"
_OFFSET = r" ?(Z|z|UTC|[+-]\d{2}(:?\d{2})?)"
_ISO = f"{_DAY}({_CLOCK}({_OFFSET})?)?$"
_ISO_OFFSET = f"{_DAY}{_CLOCK}{_OFFSET}$"
_NUMERIC = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
)
_NUMBER = {
    ".": r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$",
    ",": r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)?(,\d*)?([eE][+-]?\d+)?$",
}


@dataclass(frozen=True)
class Reading:
    """What a column's text is read as: the value (NULL if it is none), and why it is none."""

    value: str
    problem: str


def trimmed(text: str) -> str:
    """Take blanks of all kinds off both ends.

    Looking first is ten times as fast as trimming every value, and two letters are looked at ten times
    as fast as an expression is matched.
    """
    plain = f"unicode({text}) BETWEEN 33 AND 126 AND ({text})[-1] BETWEEN '!' AND '~'"
    return f"CASE WHEN {plain} THEN {text} WHEN regexp_matches({text}, {_BLANK_ENDS}) THEN trim({text}, {_BLANKS}) ELSE {text} END"


def has_control(text: str) -> str:
    """Say whether a text holds a control character."""
    return f"({text} GLOB {_UNUSUAL} AND regexp_matches({text}, {CONTROL}))"


def without_control(text: str) -> str:
    """Take control characters out."""
    return f"CASE WHEN {text} GLOB {_UNUSUAL} THEN regexp_replace({text}, {CONTROL}, '', 'g') ELSE {text} END"


def is_number(kind: str) -> bool:
    """Say whether a DuckDB type holds numbers."""
    return kind in _NUMERIC or kind.startswith("DECIMAL")


def text_sql(column: str, kind: str) -> str:
    """Read as text; whole numbers without a decimal point, however the source stores them."""
    name = sql.identifier(column)
    if kind in ("FLOAT", "DOUBLE") or kind.startswith("DECIMAL"):
        whole = f"{name} = trunc({name}) AND abs({name}) < 1e15"
        return f"CASE WHEN {whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
    return f"CAST({name} AS VARCHAR)"


def number_sql(column: str, kind: str, decimal: str) -> Reading:
    """Read as DOUBLE; infinity and NaN are no numbers."""
    name = sql.identifier(column)
    if is_number(kind) or kind == "BOOLEAN":
        value = f"CAST({name} AS DOUBLE)"
    elif kind == "VARCHAR":
        plain = name if decimal == "." else f"replace(replace({name}, '.', ''), ',', '.')"
        fits = f"regexp_matches({name}, {sql.text(_NUMBER[decimal])}) AND regexp_matches({name}, '\\d')"
        value = f"CASE WHEN {fits} THEN TRY_CAST({plain} AS DOUBLE) END"
    else:
        value = "CAST(NULL AS DOUBLE)"
    comma = f"CASE WHEN CAST({name} AS VARCHAR) LIKE '%,%' THEN ' (a decimal comma needs decimal: \",\" in the project file)' ELSE '' END"
    advice = comma if decimal == "." else "' (with decimal: \",\")'"
    return Reading(f"CASE WHEN isfinite({value}) THEN {value} END", f"'not a number' || {advice}")


def time_sql(column: str, kind: str, source: Source, zone: str) -> Reading:
    """Read as naive UTC ``TIMESTAMP``: ISO 8601, or the source's formats in their order."""
    name = sql.identifier(column)
    zone = source.timezone or zone
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return Reading(f"timezone('UTC', {name})", "'not a time'")
    if kind.startswith(("TIMESTAMP", "DATE")):
        return Reading(_local(f"CAST({name} AS TIMESTAMP)", zone), "'not a time'")
    text = f"CAST({name} AS VARCHAR)"
    if not source.time_formats:
        return Reading(_iso(text, zone), _iso_problem(text))
    moments = [_formatted(text, form, zone) for form in source.time_formats]
    distinct = f"list_distinct([{', '.join(moments)}])"  # NULL is no member of it
    value = f"CASE WHEN len({distinct}) = 1 THEN {distinct}[1] END"
    formats = ", ".join(source.time_formats)
    problem = (
        f"CASE WHEN len({distinct}) > 1 THEN {sql.text(f'ambiguous: two of the time_formats ({formats}) read it as different times')} "
        f"ELSE {sql.text(f'not a time by time_formats ({formats})')} END"
    )
    return Reading(value, problem)


def _local(value: str, zone: str) -> str:
    return value if zone == "UTC" else f"timezone('UTC', timezone({sql.text(zone)}, {value}))"


def _iso(text: str, zone: str) -> str:
    plain = f"replace(replace(upper(replace({text}, ',', '.')), ' +', '+'), ' -', '-')"
    return (
        f"CASE WHEN NOT regexp_matches({text}, {sql.text(_ISO)}) THEN NULL "
        f"WHEN regexp_matches({text}, {sql.text(_ISO_OFFSET)}) THEN timezone('UTC', TRY_CAST({plain} AS TIMESTAMPTZ)) "
        f"ELSE {_local(f'TRY_CAST({plain} AS TIMESTAMP)', zone)} END"
    )


def _iso_problem(text: str) -> str:
    days = sql.text(r"^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}")
    return (
        f"CASE WHEN regexp_matches({text}, {days}) THEN 'not an ISO 8601 time: "
        f"say time_formats in the project file, %d/%m/%Y if days come first or %m/%d/%Y if months do' "
        f"WHEN regexp_matches({text}, '^\\d+$') THEN 'not an ISO 8601 time: say time_formats in the project file, "
        f"epoch_s or epoch_ms if it counts from 1970' ELSE 'not an ISO 8601 time, nor are time_formats given' END"
    )


def _formatted(text: str, form: str, zone: str) -> str:
    if form in EPOCHS:
        count = f"TRY_CAST({text} AS BIGINT)"
        sane = f"abs({count}) < {8_000_000_000 * 1_000_000 // EPOCHS[form]}"  # to the year 2223
        return f"CASE WHEN {sane} THEN make_timestamp({count} * {EPOCHS[form]}) END"
    parsed = f"try_strptime({text}, {sql.text(form)})"
    return f"timezone('UTC', {parsed})" if "%z" in form else _local(parsed, zone)
