"""What a flow run leaves in Prefect's pages: sums and links, nothing about a lead.

Prefect's database is open to whoever reaches the server.
"""

from collections.abc import Mapping
from typing import Any

from pipelines.summary import Summary, plain


def leave_artifacts(summary: Summary) -> None:
    """Leave a summary, a table of grades if there is one, and a link to what was written."""
    from prefect.artifacts import (
        create_link_artifact,
        create_markdown_artifact,
        create_table_artifact,
    )

    base = artifact_key(summary)
    create_markdown_artifact(markdown(summary), key=base, description=summary.headline or None)
    grades = summary.facts.get("grades")
    if isinstance(grades, Mapping):
        create_table_artifact(
            [{"grade": grade, "leads": count} for grade, count in grades.items()],
            key=f"{base}-grades",
        )
    if summary.written:
        create_link_artifact(
            summary.written[0].as_uri(), key=f"{base}-written", link_text="written to"
        )


def leave_page(summary: Summary) -> None:
    """Leave the one-page summary of a report: sums and findings of groups, no lead."""
    from prefect.artifacts import create_markdown_artifact

    page = next((path for path in summary.written if path.suffix == ".md"), None)
    if page is not None:
        create_markdown_artifact(
            page.read_text(encoding="utf-8"),
            key=f"{artifact_key(summary)}-page",
            description=summary.headline or None,
        )


def artifact_key(summary: Summary) -> str:
    """Return a key that Prefect takes: lower case, digits and dashes."""
    return f"{summary.project}-{summary.command}".replace("_", "-")


def markdown(summary: Summary) -> str:
    """Return the summary as Markdown: the moment, the model and every plain number, no lead."""
    rows = {
        "as of": summary.as_of,
        "data cut-off": summary.data_cutoff,
        "run": summary.run_id,
        **{
            key.replace("_", " "): value
            for key, value in summary.facts.items()
            if isinstance(value, str | int | float | bool)
        },
    }
    lines = [f"# {summary.project}: {summary.command}", "", summary.headline, ""]
    lines += ["| | |", "|---|---|"]
    lines += [f"| {key} | {_cell(value)} |" for key, value in rows.items()]
    gate = summary.facts.get("gate")
    if isinstance(gate, Mapping):
        lines += _gate(gate)
    if summary.warnings:
        lines += ["", f"{len(summary.warnings)} warning(s): see the run's log."]
    return "\n".join(lines) + "\n"


def _gate(gate: Mapping[str, Any]) -> list[str]:
    """Return the gate's verdict: why, and the challenger's log loss less that of each other."""
    lines = ["", f"## The gate: {'passed' if gate['promoted'] else 'refused'}", ""]
    lines += [f"- {_cell(reason)}" for reason in gate["reasons"]]
    lines += [
        "",
        "| log loss less that of | | 90 % interval | rows | won |",
        "|---|---|---|---|---|",
    ]
    for one in gate["differences"]:
        wide = "" if one["low"] is None else f"{one['low']:+.5f} to {one['high']:+.5f}"
        lines.append(
            f"| {one['against']} | {one['mean']:+.5f} | {wide} | {one['rows']} | {one['won']} |"
        )
    return lines


def _cell(value: Any) -> str:  # noqa: ANN401  a plain value of a summary
    return str(plain(value)).replace("|", "\\|")
