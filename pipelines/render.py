"""A summary as a person reads it: what was done, the few numbers that matter, where it lies, what is next."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.summary import Summary, plain

if TYPE_CHECKING:
    from rich.console import Console

MOST_WARNINGS = 8
MOST_PATHS = 6
MOST_ROWS = 12
LONGEST_WARNING = 160


def render(summary: Summary, console: "Console") -> None:
    """Print a summary. Names from the data are printed as they are, never read as markup."""
    console.print()
    console.print(summary.headline or f"{summary.command}: done.", style="bold", markup=False)
    if summary.as_of is not None:
        console.print(
            f"as of {summary.as_of:%Y-%m-%d %H:%M} UTC, {summary.seconds:.0f} s", style="dim"
        )
    if summary.paragraphs:
        console.print()
    for paragraph in summary.paragraphs:
        console.print(paragraph, markup=False)
    for key, value in summary.facts.items():
        _fact(key, value, console)
    _written(summary.written, console)
    for warning in summary.warnings[:MOST_WARNINGS]:
        console.print(f"! {shortened(warning)}", style="yellow", markup=False)
    if len(summary.warnings) > MOST_WARNINGS:
        console.print(
            f"! and {len(summary.warnings) - MOST_WARNINGS} more warnings", style="yellow"
        )
    if summary.next_steps:
        console.print()
        console.print("Next:", style="bold")
        for step in summary.next_steps:
            console.print(f"  {step}", markup=False)


def shortened(text: str, longest: int = LONGEST_WARNING) -> str:
    """Return the text, or its beginning: the whole stands in the JSON."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _fact(key: str, value: Any, console: "Console") -> None:  # noqa: ANN401  whatever a command found out
    title = key.replace("_", " ")
    if key in _TELLERS and value:
        _TELLERS[key](value, console)
    elif key == "evaluation" and isinstance(value, Mapping):
        _evaluation(value, console)
    elif key == "gate" and isinstance(value, Mapping):
        _line("gate", "; ".join(value["reasons"]), console)
    elif (
        isinstance(value, Mapping)
        and value
        and all(isinstance(inner, Mapping) for inner in value.values())
    ):
        _table(title, [{"": name, **inner} for name, inner in value.items()], console)
    elif isinstance(value, Mapping):
        _line(title, ", ".join(f"{name} {_text(inner)}" for name, inner in value.items()), console)
    elif isinstance(value, list) and value and all(isinstance(inner, Mapping) for inner in value):
        _table(title, value, console)
    elif isinstance(value, list):
        _line(title, ", ".join(_text(inner) for inner in value), console)
    elif value is not None:
        _line(title, _text(value), console)


def _line(title: str, text: str, console: "Console") -> None:
    if text:
        console.print(f"{title}: {text}", markup=False)


def _table(
    title: str, rows: Sequence[Mapping[str, Any]], console: "Console", *, most: int = MOST_ROWS
) -> None:
    from rich.table import Table
    from rich.text import Text

    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0)
    )
    for column in columns:
        numbers = all(isinstance(row.get(column), int | float | None) for row in rows)
        table.add_column(Text(column.replace("_", " ")), justify="right" if numbers else "left")
    for row in rows[:most]:
        table.add_row(*(Text(shortened(_text(row.get(column)))) for column in columns))
    console.print()
    console.print(table)
    if len(rows) > most:
        console.print(f"and {len(rows) - most} more, smaller", style="dim")


def _evaluation(evaluation: Mapping[str, Any], console: "Console") -> None:
    shown = {
        "log_loss": "log loss",
        "auc": "AUC",
        "lift_top_10": "lift 10 %",
        "wins_in_top_20": "wins in 20 %",
        "calibration_slope": "slope",
        "calibration_intercept": "intercept",
        "ece": "ECE",
        "ece_noise_95": "by chance",
    }
    rows = [
        {"": name, **{words: metrics.get(key) for key, words in shown.items()}}
        for name, metrics in evaluation.items()
        if isinstance(metrics, Mapping)
    ]
    title = f"forward in time, over {evaluation.get('rows')} rows and {evaluation.get('wins')} wins"
    _table(title, rows, console)


def _policies(policies: Mapping[str, Any], console: "Console") -> None:
    """Print what each policy of a backtest caught, intervals beside the figures."""
    rows = [
        {
            "": name.replace("_", " "),
            "leads called": round(figures["leads_worked"]),
            "wins caught": _about(figures, "wins_caught", "{:,.0f}"),
            "of all": _about(figures, "share_of_wins", "{:.0%}", interval=False),
            "leads per win": _about(figures, "leads_per_win", "{:,.1f}"),
            "revenue": _about(figures, "revenue_caught", "{:,.0f}"),
            "leadgauge more": _about(figures, "leadgauge_more_wins", "{:,.0f}"),
        }
        for name, figures in policies.items()
    ]
    told = [key for key in rows[0] if any(row[key] != "" for row in rows)]
    title = "caught with the same capacity, with 95 % intervals"
    _table(title, [{key: row[key] for key in ("", *told)} for row in rows], console)


def _about(figures: Mapping[str, Any], key: str, form: str, *, interval: bool = True) -> str:
    """Return a figure with its interval, nothing if there is no such figure, a dash if it is not defined."""
    if key not in figures:
        return ""
    said = [
        "-" if value is None else form.format(value)
        for value in (figures[key], *figures[f"{key}_95"])
    ]
    return f"{said[0]} ({said[1]} to {said[2]})" if interval else said[0]


def _retrains(retrains: Sequence[Mapping[str, Any]], console: "Console") -> None:
    """Print the trainings of a backtest by day; the gate's whole word stands in the JSON."""
    rows = [
        {
            "as of": _day(row["as_of"]),
            **{key: row[key] for key in ("step", "leads", "wins", "seconds", "nights")},
            "scored by": _day(row["scored_by"]) or "no score",
            "": row["refused"] or ("put to use" if row["promoted"] else "not put to use"),
        }
        for row in retrains
    ]
    _table("trainings, each with what was known then", rows, console, most=len(rows))


def _months(months: Sequence[Mapping[str, Any]], console: "Console") -> None:
    _table("expected against realised wins", months, console, most=len(months))


def _history(rows: Sequence[Mapping[str, Any]], console: "Console") -> None:
    """Print everything that happened with a lead, in its order: nothing of it is smaller."""
    _table("history", rows, console, most=len(rows))


def _findings(findings: Sequence[Mapping[str, Any]], console: "Console") -> None:
    """Print what stands out as sentences, whole, the weightiest first."""
    console.print()
    console.print("What stands out:", style="bold")
    for place, one in enumerate(findings, 1):
        console.print(f"{place:>2}. {one['finding']}", markup=False)


def _chosen(sentences: Sequence[str], console: "Console") -> None:
    for sentence in sentences:
        _line("chosen", sentence, console)


def _profile(lines: Sequence[Mapping[str, Any]], console: "Console") -> None:
    _table("profile", lines, console, most=len(lines))


def _told_already(_value: Any, _console: "Console") -> None:  # noqa: ANN401  as all tellers
    """Print nothing: the paragraphs say it."""


# What has a shape of its own.
_TELLERS: dict[str, Callable[[Any, "Console"], None]] = {
    "agreement": _told_already,
    "replay": _told_already,
    "profile": _profile,
    "policies": _policies,
    "retrains": _retrains,
    "expected_by_month": _months,
    "chosen": _chosen,
    "history": _history,
    "findings": _findings,
}


def _day(value: Any) -> str:  # noqa: ANN401  a moment or nothing
    return _text(value)[:10]


def _written(paths: Sequence[Path], console: "Console") -> None:
    if not paths:
        return
    console.print()
    console.print("Written:", style="bold")
    for path in paths[:MOST_PATHS]:
        console.print(f"  {path}", markup=False)
    if len(paths) > MOST_PATHS:
        console.print(f"  and {len(paths) - MOST_PATHS} more beside them")


def _text(value: Any) -> str:  # noqa: ANN401  whatever a command found out
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(inner)}" for name, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(inner) for inner in value)
    return "" if value is None else str(plain(value))
