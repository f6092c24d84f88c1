"""What a report is made from, gathered into files: the loop, scores at arrival, leads after a week, earlier nights."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.aged import aged_frame
from features.catalogue import Catalogue
from features.loop import Loop, write_loop
from features.tables import TableSet
from pipelines.arrivals import arrivals
from pipelines.feedback import known_feedback
from pipelines.scoring import ScoredNight, mean_amount
from pipelines.settings import Request

if TYPE_CHECKING:
    from reports.material import Material
    from reports.periods import Period

MOST_EXPLAINED = 60_000  # snapshots that conditions are compared on
A_WEEK = 7  # days: behaviour is compared on leads that are about so old


@dataclass(frozen=True)
class Gathered:
    """Files of the run's working folder: see `reports.material.Material`.

    ``aged`` are labelled snapshots at one age, None where no lead has one; ``nights`` the leads that earlier nights
    gave to sales, None where nothing was published.
    """

    loop: Loop
    arrivals: Path
    aged: Path | None
    nights: Path | None


def gather(
    request: Request, tables: TableSet, catalogue: Catalogue, bundle: Path, as_of: datetime
) -> Gathered:
    """Write what the report needs beside tonight's scores into the run's working folder.

    Raises:
        ProjectError: the agreement or the report names what is no column of the leads.
        DataError: the data do not fit the model.
    """
    from delivery.earlier_nights import sales_ready_nights

    folder = request.work / "gathered"
    folder.mkdir(exist_ok=True)
    project = request.project
    feedback = known_feedback(request, as_of)
    loop = write_loop(tables, project, as_of, folder, feedback=feedback, journey=True)
    aged = aged_frame(
        tables,
        project,
        catalogue,
        [compared_age(project.model.ages_days)],
        folder,
        since=as_of - timedelta(days=project.report.history_days),
        until=as_of,
        most_rows=MOST_EXPLAINED,
    )
    return Gathered(
        loop=loop,
        arrivals=arrivals(request, tables, catalogue, bundle, as_of),
        aged=aged,
        nights=sales_ready_nights(
            request.home.root, project.project, as_of, folder / "nights.parquet"
        ),
    )


def compared_age(ages: list[int]) -> int:
    """Return the age at which behaviour is compared: that of the ladder next to a week."""
    return min(ages, key=lambda age: (abs(age - A_WEEK), age))


def material(
    request: Request,
    tables: TableSet,
    gathered: Gathered,
    scored: ScoredNight,
    as_of: datetime,
    *,
    period: "Period",
    earlier: "dict[str, Any] | None",
) -> "Material":
    """Read what was gathered."""
    import pandas as pd

    from reports.material import Material

    return Material(
        project=request.project,
        as_of=as_of,
        data_cutoff=tables.data_cutoff,
        flat=tables.flat,
        loop=pd.read_parquet(gathered.loop.path),
        columns=gathered.loop.columns,
        arrivals=pd.read_parquet(gathered.arrivals),
        tonight=pd.read_parquet(
            scored.path, columns=["lead_id", "close_probability", "grade", "expected_value"]
        ),
        spend=pd.read_parquet(tables.path("spend")),
        mean_amount=mean_amount(tables),
        period=period,
        nights=None if gathered.nights is None else pd.read_parquet(gathered.nights),
        earlier=earlier,
    )
