"""The command line: ``leadgauge COMMAND PROJECT.yaml``.

Here are names and options only. What a command does is imported when it is called, so that
``--help`` does not wait for libraries.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pipelines import cli_loop
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
    VersionArgument,
)
from pipelines.console import fail

app = typer.Typer(
    name="leadgauge",
    help="Which leads will close, why, and what marketing should do about it.",
    epilog="Exit codes: 0 done, 2 usage, 3 project file, 4 data, 5 not enough data or no champion, "
    "6 stopped by a check, 7 busy, 70 a bug.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.command()
def demo(
    home: HomeOption = None,
    folder: Annotated[
        Path,
        typer.Option("--folder", help="Where the simulated company's tables are written."),
    ] = Path("leadgauge-demo"),
    leads: Annotated[int, typer.Option("--leads", min=300, help="How many leads it has.")] = 4000,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another company.")] = 7,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """A simulated company, from raw tables to scored leads and a report."""
    from pipelines.commands import run_demo

    run_demo(home, folder, leads=leads, seed=seed, as_json=as_json, verbose=verbose)


@app.command()
def check(
    project: ProjectFile,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Is my data good enough, and what would I get?"""
    from pipelines.commands import Call, run

    run("check", Call(project, home, data, as_of, as_json=as_json, verbose=verbose))


@app.command()
def train(
    project: ProjectFile,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    promote: Annotated[
        bool,
        typer.Option(
            "--promote/--no-promote",
            help="Make the model the champion if the gate lets it pass.",
        ),
    ] = True,
    as_json: JsonOption = False,
    prefect: PrefectOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Train a challenger, hold it against the champion, and promote it if it is better."""
    from pipelines.commands import Call, run

    call = Call(project, home, data, as_of, as_json=as_json, prefect=prefect, verbose=verbose)
    run("train", call, promote=promote)


@app.command()
def backtest(
    project: ProjectFile,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    first: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="The first night. Default: a year before the last, or as soon as there was enough to train on.",
        ),
    ] = None,
    last: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="TIME",
            help="The last night. Default: the last one whose outcomes are known.",
        ),
    ] = None,
    every: Annotated[
        int | None,
        typer.Option(
            "--every", metavar="DAYS", min=1, help="Days between nights. Default: the project's."
        ),
    ] = None,
    retrain_every: Annotated[
        int | None,
        typer.Option(
            "--retrain-every",
            metavar="DAYS",
            min=1,
            help="Days between trainings. Default: as scheduled, but no more than 12 trainings.",
        ),
    ] = None,
    capacity: Annotated[
        int | None,
        typer.Option(
            "--capacity",
            metavar="N",
            min=1,
            help="Leads that sales takes up a day. Default: as agreed, else a tenth of the leads.",
        ),
    ] = None,
    as_json: JsonOption = False,
    prefect: PrefectOption = False,
    verbose: VerboseOption = False,
) -> None:
    """What would have happened, had it been used for the last year?"""
    from pipelines.commands import Call, given, run

    call = Call(project, home, data, as_of, as_json=as_json, prefect=prefect, verbose=verbose)
    asked = given(
        first=first, last=last, every=every, retrain_every=retrain_every, capacity=capacity
    )
    run("backtest", call, **asked)


@app.command()
def score(
    project: ProjectFile,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Publish although the data are stale or tonight looks odd."),
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Tell seconds and rows by step, and the memory.")
    ] = False,
    as_json: JsonOption = False,
    prefect: PrefectOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Score the open leads with the champion and publish the files that the CRM takes."""
    from pipelines.commands import Call, run

    call = Call(project, home, data, as_of, as_json=as_json, prefect=prefect, verbose=verbose)
    run("score", call, force=force, profile=profile)


@app.command()
def explain(
    project: ProjectFile,
    lead_id: LeadArgument,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    html: HtmlOption = False,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Why one lead has the score that it has, in words and as a picture."""
    from pipelines.commands import Call, run

    call = Call(project, home, data, as_of, as_json=as_json, verbose=verbose)
    run("explain", call, lead_id=lead_id, html=html)


@app.command()
def report(
    project: ProjectFile,
    home: HomeOption = None,
    data: DataOption = None,
    as_of: AsOfOption = None,
    audience: AudienceOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Write the report: what makes a lead close, where leads leak, and where the money should go."""
    from pipelines.commands import Call, given, run

    call = Call(project, home, data, as_of, as_json=as_json, verbose=verbose)
    run("report", call, **given(audience=audience))


@app.command()
def promote(
    project: ProjectFile,
    version: VersionArgument,
    home: HomeOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make a registered version the champion, whatever the gate said."""
    from pipelines.commands import Call, run

    run(
        "promote",
        Call(project, home, as_json=as_json, verbose=verbose),
        version=version,
    )


@app.command()
def rollback(
    project: ProjectFile,
    home: HomeOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Go back to the champion before this one."""
    from pipelines.commands import Call, run

    run("rollback", Call(project, home, as_json=as_json, verbose=verbose))


@app.command()
def status(
    project: ProjectFile,
    home: HomeOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Which model is in use, what was published last, and who is running."""
    from pipelines.commands import Call, run

    run("status", Call(project, home, as_json=as_json, verbose=verbose))


@app.command()
def serve(
    project: ProjectFile,
    home: HomeOption = None,
    data: DataOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Let Prefect start the night, the training and the reviews as the project file schedules them."""
    from pipelines.commands import Call, run_serve

    run_serve(Call(project, home, data, verbose=verbose))


cli_loop.add_to(app)


def run_arguments(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    as_document = "--json" in arguments
    try:
        code = app(args=list(arguments), prog_name="leadgauge", standalone_mode=False)
    except typer.TyperException as error:  # a wrong option or argument
        return _wrong_usage(error, as_document=as_document)
    except (KeyboardInterrupt, Exception) as error:
        return fail(error, as_document=as_document)
    if code == 130:  # typer swallows the interrupt itself
        return fail(KeyboardInterrupt(), as_document=as_document)
    return code if isinstance(code, int) else 0


def _wrong_usage(error: typer.TyperException, *, as_document: bool) -> int:
    from features.errors import UsageError

    message = error.format_message()
    if message:
        return fail(UsageError(f"{message}. See `leadgauge --help`"), as_document=as_document)
    return 2


def main() -> None:
    """Run ``leadgauge``."""
    sys.exit(run_arguments(sys.argv[1:]))
