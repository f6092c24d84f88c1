"""The commands of the loop between marketing and sales: what was agreed, what became of it, what to say about it."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli_options import (
    AsOfOption,
    AudienceOption,
    DataOption,
    HomeOption,
    HtmlOption,
    JsonOption,
    LeadArgument,
    PrefectOption,
    ProjectFile,
    VerboseOption,
)


def add_to(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (agreement, feedback, history, account, review, texts):
        app.command()(command)


def agreement(
    project: ProjectFile,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    capacity: Annotated[
        int | None,
        typer.Option("--capacity", metavar="N", min=1, help="What if sales took N leads a day?"),
    ] = None,
    grade: Annotated[
        str | None,
        typer.Option(
            "--grade", metavar="GRADE", help="What if grades down to this one were sales-ready?"
        ),
    ] = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """What sales and marketing agreed, in words, and what it would have meant last quarter."""
    from pipelines.commands import Call, given, run

    call = Call(project, home, data, as_of, as_json=as_json, verbose=verbose)
    run("agreement", call, **given(capacity=capacity, grade=grade))


def feedback(
    project: ProjectFile,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="What sales filled in: CSV or XLSX."),
    ] = None,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    template: Annotated[
        bool, typer.Option("--template", help="Write a file for sales to fill in, instead.")
    ] = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Take in what sales says of the leads: accepted, rejected and why, contacted, recycled, overruled."""
    from features.errors import UsageError
    from pipelines.commands import Call, given, run

    if (file is None) != template:
        raise UsageError("say either the FILE that sales filled in, or --template")
    call = Call(project, home, data, as_of, as_json=as_json, verbose=verbose)
    run("feedback", call, template=template, **given(file=None if file is None else str(file)))


def history(
    project: ProjectFile,
    lead_id: LeadArgument,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Everything about one lead in one view: what it did, what was done with it, how it was scored."""
    from pipelines.commands import Call, run

    call = Call(project, home, data, as_of, as_json=as_json, verbose=verbose)
    run("history", call, lead_id=lead_id)


def account(
    project: ProjectFile,
    account_id: Annotated[str, typer.Argument(metavar="ACCOUNT_ID", help="The account.")],
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    html: HtmlOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """An account: its people, the roles seen and missing, and how likely anyone of it closes."""
    from pipelines.commands import Call, run

    call = Call(project, home, data, as_of, as_json=as_json, verbose=verbose)
    run("account", call, account_id=account_id, html=html)


def review(
    project: ProjectFile,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    kind: Annotated[str, typer.Option("--kind", help="monthly, quarterly or interim.")] = "interim",
    audience: AudienceOption = None,
    as_json: JsonOption = False,
    prefect: PrefectOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write the review of the last month or quarter, and say what changed since the one before."""
    from pipelines.commands import Call, given, run

    call = Call(project, home, data, as_of, as_json=as_json, prefect=prefect, verbose=verbose)
    run("review", call, kind=kind, **given(audience=audience))


def texts(
    language: Annotated[str, typer.Argument(metavar="LANGUAGE", help="Such as de, fr or es.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to write. Default: LANGUAGE.po."),
    ] = None,
) -> None:
    """Write the report's sentences for translation; what an existing file has translated is kept."""
    from pipelines.texts import write_texts

    write_texts(language, out or Path(f"{language}.po"))
