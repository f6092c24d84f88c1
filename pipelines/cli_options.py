"""Arguments and options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

ProjectFile = Annotated[
    Path, typer.Argument(metavar="PROJECT.yaml", help="The company's project file.")
]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="LEADGAUGE_HOME",
        help="Where everything is written. Default: leadgauge-home.",
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="LEADGAUGE_DATA",
        help="The folder that paths in the project file start from. Default: the project file's.",
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="TIME",
        help="The moment to stand at: what came later does not exist.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
PrefectOption = Annotated[
    bool,
    typer.Option("--prefect", help="Run as a Prefect flow, visible in Prefect's pages."),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show what the libraries log.")
]
VersionArgument = Annotated[
    str, typer.Argument(metavar="VERSION", help="The number of a registered version.")
]
LeadArgument = Annotated[str, typer.Argument(metavar="LEAD_ID", help="The lead.")]
AudienceOption = Annotated[
    str | None,
    typer.Option(
        "--audience",
        help="leadership, marketing, sales or joint. Default: as the project file says.",
    ),
]
HtmlOption = Annotated[bool, typer.Option("--html", help="Write a page, too.")]
